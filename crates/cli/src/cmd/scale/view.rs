//! What the scale shows, and how it is drawn: a number, ± U, a state, a trace, the log, the keys.

use super::digits;
use openweigh_live::State;
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::style::{Color, Modifier, Style};

/// Everything that is on the screen, in words.
#[derive(Debug, Clone, Default)]
pub(super) struct View {
    /// Which weights, or that there are none.
    pub(super) title: String,
    /// Whether and where it is recorded.
    pub(super) kept: String,
    /// The number; none while there is none.
    pub(super) number: Option<String>,
    /// Its unit.
    pub(super) unit: String,
    /// `± 0.93`, if it is known.
    pub(super) uncertainty: String,
    pub(super) state: Option<State>,
    /// The state in words.
    pub(super) words: String,
    /// What is to be said about the number.
    pub(super) flags: String,
    /// How much of the time for which it has to rest is over, 0 to 1.
    pub(super) filled: f64,
    /// The last values, oldest first; none where nothing rested.
    pub(super) trace: Vec<Option<f64>>,
    /// What was weighed, newest first.
    pub(super) log: Vec<String>,
    pub(super) keys: String,
    pub(super) color: bool,
}

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

impl View {
    /// Draws it into an area of 20 columns and 5 lines at least; what has no room is left out, the log first.
    pub(super) fn draw(&self, area: Rect, buffer: &mut Buffer) {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        let faint = Style::new().add_modifier(Modifier::DIM);
        let mut lines = Lines { area, at: area.y, buffer };
        let width = usize::from(area.width);
        let gap = width.saturating_sub(self.title.chars().count() + self.kept.chars().count());
        if gap >= 2 {
            lines.put(&format!("{}{}{}", self.title, " ".repeat(gap), self.kept), faint);
        } else {
            lines.put(&self.title, faint);
        }
        lines.skip(usize::from(area.height >= 12));
        self.number(&mut lines, bold);
        lines.put(&format!("{} {}", self.uncertainty, self.flags), self.tone(!self.flags.is_empty()));
        let shape = match self.state {
            Some(State::Steady) => '●',
            Some(State::Settling) => '▲',
            Some(State::Empty) | None => '■',
        };
        lines.put(&format!("{shape} {}", self.words), self.of_state());
        self.bar(&mut lines, faint);
        if area.height >= 12 {
            self.trace(&mut lines, faint);
        }
        lines.skip(usize::from(area.height >= 16));
        let room = usize::from(area.bottom().saturating_sub(lines.at + 1));
        for line in self.log.iter().take(room) {
            lines.put(line, Style::new());
        }
        lines.at = area.bottom().saturating_sub(1);
        lines.put(&self.keys, faint);
    }

    fn number(&self, lines: &mut Lines<'_>, bold: Style) {
        let number = self.number.as_deref().unwrap_or("-");
        let rows = digits::rows(number).filter(|rows| {
            rows[0].chars().count() + 1 + self.unit.chars().count() <= usize::from(lines.area.width)
                && lines.area.height >= 11
        });
        let Some(rows) = rows else {
            return lines.put(&format!("{number} {}", self.unit), bold);
        };
        for (at, row) in rows.iter().enumerate() {
            let unit = if at == 4 { format!(" {}", self.unit) } else { String::new() };
            lines.put(&format!("{row}{unit}"), bold);
        }
    }

    fn bar(&self, lines: &mut Lines<'_>, style: Style) {
        let cells = u32::from(lines.area.width.min(40));
        let full =
            (0..cells).map(|cell| if f64::from(cell) < self.filled * f64::from(cells) { '━' } else { '·' });
        lines.put(&full.collect::<String>(), style);
    }

    fn trace(&self, lines: &mut Lines<'_>, style: Style) {
        let known = || self.trace.iter().flatten().copied();
        let (low, high) =
            known().fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
        let width = usize::from(lines.area.width);
        let from = self.trace.len().saturating_sub(width);
        let step = (high - low).max(f64::MIN_POSITIVE) / 8.0;
        let cell = |value: &Option<f64>| {
            let Some(value) = value else { return ' ' };
            let above = (0..7).filter(|at| (value - low) / step > f64::from(*at) + 1.0).count();
            BARS[above]
        };
        lines.put(&self.trace[from..].iter().map(cell).collect::<String>(), style);
    }

    fn of_state(&self) -> Style {
        let color = match self.state {
            Some(State::Steady) => Color::Green,
            Some(State::Settling) => Color::Yellow,
            Some(State::Empty) | None => Color::Reset,
        };
        if self.color { Style::new().fg(color) } else { Style::new() }
    }

    fn tone(&self, doubtful: bool) -> Style {
        if doubtful && self.color { Style::new().fg(Color::Yellow) } else { Style::new() }
    }
}

/// One line after the other, each cut where the area ends.
struct Lines<'a> {
    area: Rect,
    at: u16,
    buffer: &'a mut Buffer,
}

impl Lines<'_> {
    fn put(&mut self, text: &str, style: Style) {
        if self.at < self.area.bottom() {
            self.buffer.set_stringn(self.area.x, self.at, text, usize::from(self.area.width), style);
        }
        self.skip(1);
    }

    fn skip(&mut self, lines: usize) {
        self.at = self.at.saturating_add(u16::try_from(lines).unwrap_or(u16::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> View {
        View {
            title: "magic-trackpad-affine 1.0.0".to_owned(),
            kept: "records coins/s01".to_owned(),
            number: Some("52.30".to_owned()),
            unit: "g".to_owned(),
            uncertainty: "± 0.93 g".to_owned(),
            state: Some(State::Steady),
            words: "steady for 3 s".to_owned(),
            flags: String::new(),
            filled: 0.5,
            trace: (0..60).map(|at| if at < 20 { None } else { Some(f64::from((at / 10) % 4)) }).collect(),
            log: vec!["w02  52.30 ± 0.93 g".to_owned(), "w01  21.10 ± 0.91 g".to_owned()],
            keys: "space tare  enter log  u unit  q quit".to_owned(),
            color: false,
        }
    }

    fn drawn(view: &View, width: u16, height: u16) -> String {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        view.draw(area, &mut buffer);
        let row =
            |y: u16| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
        (0..height).map(row).collect::<Vec<_>>().join("\n") + "\n"
    }

    /// The pictures stand beside, so that a change of one is seen.
    #[test]
    fn screens_are_as_they_were() {
        for (width, height) in [(20, 5), (40, 12), (80, 24), (200, 60)] {
            let path = format!("{}/tests/screens/scale-{width}x{height}.txt", env!("CARGO_MANIFEST_DIR"));
            let found = drawn(&view(), width, height);
            #[expect(clippy::disallowed_methods, reason = "whether to write the pictures anew")]
            if std::env::var_os("OPENWEIGH_WRITE_SCREENS").is_some() {
                std::fs::write(&path, &found).unwrap();
            }
            assert_eq!(found, std::fs::read_to_string(&path).unwrap(), "{path}");
        }
    }

    #[test]
    fn no_size_breaks_a_line() {
        let long = View { number: Some("-123456.78".to_owned()), title: "x".repeat(300), ..view() };
        for width in 1..90 {
            for height in 1..30 {
                for view in [&view(), &long, &View::default()] {
                    assert_eq!(drawn(view, width, height).lines().count(), usize::from(height));
                }
            }
        }
    }
}
