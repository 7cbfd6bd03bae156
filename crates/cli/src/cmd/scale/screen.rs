//! The scale on a terminal: drawn where it changed, a few times a second, and given back as it was.

use super::view::View;
use super::words;
use crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use crossterm::{execute, terminal};
use openweigh_formats::shown::plain;
use openweigh_formats::weighings::{Id, Role};
use openweigh_live::{Reading, State, Unit};
use ratatui_core::terminal::Terminal;
use ratatui_crossterm::CrosstermBackend;
use std::collections::VecDeque;
use std::io::{IsTerminal, Stderr};
use std::time::{Duration, Instant};

/// How often it is drawn.
const DRAWN: Duration = Duration::from_millis(66);

/// Drawings that the trace remembers: half a minute.
const TRACE: usize = 450;

/// Lines of the log that are remembered.
const LOG: usize = 200;

/// What a person wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Tare,
    Log,
    Unit,
    Quit,
}

const KEYS: &str = "space tare   enter log   u unit   q quit";

/// The screen.
pub(super) struct Panel {
    terminal: Terminal<CrosstermBackend<Stderr>>,
    title: String,
    dataset: Option<String>,
    color: bool,
    drawn: Option<Instant>,
    trace: VecDeque<Option<f64>>,
    log: VecDeque<String>,
}

impl Panel {
    /// None where there is no terminal to draw on, or to type at.
    pub(super) fn open(title: String, dataset: Option<String>, color: bool) -> Option<Self> {
        if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
            return None;
        }
        terminal::enable_raw_mode().ok()?;
        let terminal = execute!(std::io::stderr(), terminal::EnterAlternateScreen)
            .and_then(|()| Terminal::new(CrosstermBackend::new(std::io::stderr())));
        let Ok(terminal) = terminal else {
            restore();
            return None;
        };
        Some(Self {
            terminal,
            title: plain(&title),
            dataset: dataset.map(|name| plain(&name)),
            color,
            drawn: None,
            trace: VecDeque::new(),
            log: VecDeque::new(),
        })
    }

    pub(super) fn is_due(&self) -> bool {
        self.drawn.is_none_or(|drawn| drawn.elapsed() >= DRAWN)
    }

    /// A line of the log.
    pub(super) fn note(&mut self, line: String) {
        self.log.push_front(plain(&line));
        self.log.truncate(LOG);
    }

    /// What was pressed, if anything.
    pub(super) fn key(&mut self) -> Option<Key> {
        while event::poll(Duration::ZERO).unwrap_or(false) {
            let Ok(Event::Key(key)) = event::read() else { continue };
            if key.kind == KeyEventKind::Release {
                continue;
            }
            let control = key.modifiers.contains(KeyModifiers::CONTROL);
            let meant = match key.code {
                KeyCode::Char('c') if control => Key::Quit,
                KeyCode::Char(' ' | 't') => Key::Tare,
                KeyCode::Enter | KeyCode::Char('l') => Key::Log,
                KeyCode::Char('u') => Key::Unit,
                KeyCode::Char('q') | KeyCode::Esc => Key::Quit,
                _ => continue,
            };
            return Some(meant);
        }
        None
    }

    pub(super) fn show(&mut self, reading: &Reading, wanted: Option<Role>, unit: Unit, session: Option<&Id>) {
        self.drawn = Some(now());
        let found = words::value(reading, unit);
        self.trace.push_back(found.as_ref().and_then(|(value, ..)| value.parse().ok()));
        if self.trace.len() > TRACE {
            self.trace.pop_front();
        }
        let words = match (wanted, reading.state, reading.rested_s) {
            (Some(Role::Tare), ..) => "tare: waits until it rests".to_owned(),
            (Some(_), ..) => "log: waits until it rests".to_owned(),
            (None, State::Empty, _) => "nothing on the pad".to_owned(),
            (None, State::Settling, _) => "settling".to_owned(),
            (None, State::Steady, seconds) => format!("steady for {:.0} s", seconds.unwrap_or(0.0)),
        };
        let flags = reading.weighed.as_ref().map(|weighed| weighed.flags.words().collect::<Vec<_>>());
        let needs_tare =
            reading.weighed.as_ref().is_some_and(|weighed| weighed.grams.is_none()) && reading.tare.is_none();
        let (number, uncertainty, symbol) = match found {
            Some((number, u, symbol)) => (Some(number), u, symbol),
            None => (None, None, unit.symbol()),
        };
        let uncertainty = match uncertainty {
            Some(u) => format!("± {u} {symbol}"),
            None if needs_tare => "no tare yet: lay your finger down, press space".to_owned(),
            None => String::new(),
        };
        let view = View {
            title: self.title.clone(),
            kept: match (&self.dataset, session) {
                (Some(dataset), Some(session)) => format!("records {dataset}/{session}"),
                _ => "not recorded".to_owned(),
            },
            number,
            unit: symbol.to_owned(),
            uncertainty,
            state: Some(reading.state),
            words,
            flags: flags.unwrap_or_default().join(", "),
            filled: if reading.state == State::Empty { 0.0 } else { reading.filled },
            trace: self.trace.iter().copied().collect(),
            log: self.log.iter().cloned().collect(),
            keys: KEYS.to_owned(),
            color: self.color,
        };
        // A terminal that cannot be drawn on is no reason to lose a recording.
        let _ = self.terminal.draw(|frame| view.draw(frame.area(), frame.buffer_mut()));
    }
}

impl Drop for Panel {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal back.
pub(super) fn restore() {
    let _ = execute!(std::io::stderr(), terminal::LeaveAlternateScreen, crossterm::cursor::Show);
    let _ = terminal::disable_raw_mode();
}

#[expect(clippy::disallowed_methods, reason = "how often a person is shown something")]
fn now() -> Instant {
    Instant::now()
}
