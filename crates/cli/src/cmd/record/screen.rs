//! What a recording shows while it runs: a few lines that are rewritten on a terminal, plain lines elsewhere.

use crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use crossterm::{cursor, queue, terminal};
use openweigh_capture::{Frame, Guide, Journal, News, Operator, View, Wish, load};
use openweigh_formats::csv::is_text_byte;
use openweigh_formats::events::Kind;
use openweigh_formats::shown::plain;
use openweigh_formats::weighings::Weighing;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often the lines are rewritten.
const REWRITTEN: Duration = Duration::from_millis(66);

/// How often it is said that frames are lost.
const LOSSES: Duration = Duration::from_secs(1);

/// How often keys are looked at.
const LISTENED: Duration = Duration::from_millis(20);

/// Cells of the stability bar.
const BAR: u32 = 24;

const KEYS: &str = "a accept now   r repeat   s skip   n note   q end";

/// A recording's voice and ear.
pub(super) struct Panel {
    ended: Arc<AtomicBool>,
    /// What is said before each line: which pad it is of.
    prefix: String,
    quiet: bool,
    tolerance: Option<f64>,
    told_loss: Option<Instant>,
    live: Option<Live>,
}

/// The lines on a terminal.
struct Live {
    begun: Instant,
    drawn: Option<Instant>,
    listened: Instant,
    lines: u16,
    frames: u64,
    rate: Option<(Instant, u64, f64)>,
    prompt: String,
    /// A note that is being typed.
    note: Option<String>,
}

impl Panel {
    /// `keys`: whether keys may be read and lines rewritten, if a terminal is there.
    pub(super) fn new(ended: Arc<AtomicBool>, prefix: String, keys: bool, quiet: bool) -> Self {
        let terminal = || std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        let live = (keys && !quiet && terminal() && terminal::enable_raw_mode().is_ok()).then(Live::new);
        Self { ended, prefix: plain(&prefix), quiet, tolerance: None, told_loss: None, live }
    }

    fn line(&mut self, text: &str) {
        if self.quiet {
            return;
        }
        let text = plain(text);
        let mut err = std::io::stderr().lock();
        match &mut self.live {
            Some(live) => {
                live.wipe(&mut err);
                let _ = write!(err, "{}{text}\r\n", self.prefix);
                let _ = err.flush();
            }
            None => drop(writeln!(err, "{}{text}", self.prefix)),
        }
    }
}

impl Drop for Panel {
    fn drop(&mut self) {
        if let Some(live) = &mut self.live {
            live.wipe(&mut std::io::stderr().lock());
            restore();
        }
    }
}

/// Says something before the recording begins.
pub(super) use crate::screen::say;

/// Gives the terminal back as it was. Does nothing where it is.
pub(crate) fn restore() {
    if terminal::is_raw_mode_enabled().unwrap_or(false) {
        let _ = terminal::disable_raw_mode();
        let mut err = std::io::stderr().lock();
        let _ = queue!(err, cursor::Show);
        let _ = err.flush();
    }
}

impl Operator for Panel {
    fn wish(&mut self) -> Option<Wish> {
        if self.ended.load(Ordering::SeqCst) {
            return Some(Wish::End);
        }
        self.live.as_mut().and_then(Live::wish)
    }

    fn tell(&mut self, news: &News<'_>) {
        match news {
            News::Begun(journal) => {
                let how = if self.live.is_some() { "q ends it" } else { "Ctrl-C ends it" };
                if let Some(id) = journal.id() {
                    self.line(&format!("recording session {id}; {how}"));
                }
            }
            News::Step(guide) => {
                let Some((at, step)) = guide.step() else { return };
                self.tolerance = Some(guide.protocol().stability.tolerance);
                let text = format!("step {} of {}: {}", at + 1, guide.protocol().steps.len(), step.prompt);
                match &mut self.live {
                    Some(live) => live.prompt = plain(&text),
                    None => self.line(&text),
                }
            }
            News::Weighed(weighing) => self.line(&weighed(weighing)),
            News::TimedOut(id) => self.line(&format!("{id}: not at rest in time; left out")),
            News::TakenBack(id) => self.line(&format!("{id}: taken back")),
            News::Event(Kind::Dropped, detail) => {
                // One that loses frames loses many times in a row; the report has the sum.
                if self.told_loss.is_none_or(|told| told.elapsed() >= LOSSES) {
                    self.told_loss = Some(now());
                    self.line(&format!("lost: {detail}; more may follow"));
                }
            }
            News::Event(kind, "") => self.line(kind.as_str()),
            News::Event(kind, detail) => self.line(&format!("{}: {detail}", kind.as_str())),
            News::NoFrames => {
                for text in NO_FRAMES {
                    self.line(text);
                }
            }
        }
    }

    fn show(&mut self, journal: &dyn Journal, guide: Option<&Guide>, frame: &Frame) {
        if let Some(live) = &mut self.live
            && live.drawn.is_none_or(|drawn| drawn.elapsed() >= REWRITTEN)
        {
            let bare = || View { pressure: load(frame), ..View::default() };
            let view = guide.map_or_else(bare, |guide| guide.view(frame));
            live.show(&self.prefix, journal, guide.and(self.tolerance), &view);
        }
    }
}

const NO_FRAMES: [&str; 5] = [
    "no frame so far. A pad that nothing touches is silent; if you do touch it:",
    "  Mac: allow this terminal in System Settings > Privacy & Security > Input Monitoring, then start it again",
    "  Mac: do not run it in a sandbox: the framework gives nothing to sandboxed programs",
    "  Linux: another program may keep the pad to itself",
    "  see `openweigh devices`: another pad may be the one you touch",
];

fn weighed(weighing: &Weighing) -> String {
    let label =
        if weighing.label.as_str().is_empty() { String::new() } else { format!(" ({})", weighing.label) };
    let (first, last) = (weighing.first_frame, weighing.last_frame);
    format!("{}{label}: {} at rest in frames {first} to {last}", weighing.id, weighing.role.as_str())
}

#[expect(clippy::disallowed_methods, reason = "a person reads how long it has been")]
fn now() -> Instant {
    Instant::now()
}

impl Live {
    fn new() -> Self {
        let _ = queue!(std::io::stderr().lock(), cursor::Hide);
        Self {
            begun: now(),
            drawn: None,
            listened: now(),
            lines: 0,
            frames: 0,
            rate: None,
            prompt: String::new(),
            note: None,
        }
    }

    fn wipe(&mut self, err: &mut impl Write) {
        if self.lines > 0 {
            let _ = queue!(
                err,
                cursor::MoveToColumn(0),
                cursor::MoveUp(self.lines),
                terminal::Clear(terminal::ClearType::FromCursorDown)
            );
        }
        self.lines = 0;
    }

    fn show(&mut self, prefix: &str, journal: &dyn Journal, tolerance: Option<f64>, view: &View) {
        self.drawn = Some(now());
        self.frames = journal.quality().frames;
        let reading = view.pressure.map_or_else(|| "   nothing".to_owned(), |value| format!("{value:10.2}"));
        let bar = |share: f64| {
            let full = (0..BAR).map(|cell| if f64::from(cell) < share * f64::from(BAR) { '#' } else { '-' });
            full.collect::<String>()
        };
        let mut lines = Vec::new();
        if let Some(tolerance) = tolerance {
            lines.push(self.prompt.clone());
            let at_rest = view.spread <= tolerance;
            let word = match (view.waiting, at_rest) {
                (true, _) => "waits for the change",
                (false, true) => "at rest",
                (false, false) => "moves",
            };
            lines.push(format!(
                "{reading}  [{}] {word}, spread {:.2} of {tolerance}",
                bar(view.filled),
                view.spread
            ));
        } else {
            lines.push(reading);
        }
        let rate = self.rate();
        lines.push(format!(
            "{} s   {} frames   {rate:.1} frames/s",
            self.begun.elapsed().as_secs(),
            self.frames,
        ));
        lines.push(self.note.as_ref().map_or_else(|| KEYS.to_owned(), |note| format!("note: {note}_")));
        let mut err = std::io::stderr().lock();
        self.wipe(&mut err);
        // A terminal that does not know its width says 0.
        let width = terminal::size().map_or(0, |(width, _)| usize::from(width));
        let width = if width > 1 { width - 1 } else { 79 };
        for line in &lines {
            let line: String = format!("{prefix}{line}").chars().take(width).collect();
            let _ = write!(err, "{line}\r\n");
        }
        self.lines = u16::try_from(lines.len()).unwrap_or(0);
        let _ = err.flush();
    }

    /// Frames a second, over about the last second.
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    fn rate(&mut self) -> f64 {
        let (since, frames, rate) = *self.rate.get_or_insert((now(), self.frames, 0.0));
        let elapsed = since.elapsed().as_secs_f64();
        if elapsed < 1.0 {
            return rate;
        }
        let rate = self.frames.saturating_sub(frames) as f64 / elapsed;
        self.rate = Some((now(), self.frames, rate));
        rate
    }

    fn wish(&mut self) -> Option<Wish> {
        if self.listened.elapsed() < LISTENED {
            return None;
        }
        while event::poll(Duration::ZERO).unwrap_or(false) {
            let Ok(Event::Key(key)) = event::read() else { continue };
            if key.kind == KeyEventKind::Release {
                continue;
            }
            if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
                return Some(Wish::End);
            }
            if let Some(wish) = self.key(key.code) {
                return Some(wish);
            }
        }
        self.listened = now();
        None
    }

    fn key(&mut self, code: KeyCode) -> Option<Wish> {
        let Some(note) = &mut self.note else {
            return match code {
                KeyCode::Char('a') | KeyCode::Enter => Some(Wish::Accept),
                KeyCode::Char('r') => Some(Wish::Repeat),
                KeyCode::Char('s') => Some(Wish::Skip),
                KeyCode::Char('q') => Some(Wish::End),
                KeyCode::Char('n') => {
                    self.note = Some(String::new());
                    None
                }
                _ => None,
            };
        };
        match code {
            KeyCode::Enter => return self.note.take().filter(|note| !note.is_empty()).map(Wish::Note),
            KeyCode::Esc => self.note = None,
            KeyCode::Backspace => drop(note.pop()),
            // Only what a cell may hold is taken, so that what is seen is what is written.
            KeyCode::Char(c) if u8::try_from(c).is_ok_and(is_text_byte) && note.len() < 200 => note.push(c),
            _ => {}
        }
        None
    }
}
