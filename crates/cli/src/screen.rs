//! The only place that prints.

mod marks;

use crate::answer::{Answer, Mistake};
use crate::args::{Global, When};
use crate::failure::Failure;
use anstyle::{AnsiColor, Style};
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use marks::Piece;
use openweigh_formats::shown::plain;
use std::fs::File;
use std::io::{IsTerminal, Write};

/// Standard output and standard error, as the user wants them.
#[expect(clippy::struct_excessive_bools, reason = "four independent answers about two streams")]
pub(crate) struct Screen {
    color: bool,
    color_errors: bool,
    /// Columns of the terminal, where standard output is one.
    width: Option<usize>,
    json: bool,
    volume: Volume,
    closed: bool,
    /// Whether documents come one a line.
    streams: bool,
    document: Option<serde_json::Value>,
    /// Standard output, where it was set aside.
    out: Option<File>,
    started: std::time::Instant,
}

/// How much is said to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Volume {
    Quiet,
    Normal,
    Verbose,
}

/// The deepest that a line of ours is set in.
const INDENT: usize = 12;

/// How much deeper the rest of a folded line is set in.
const FOLD: usize = 4;

/// The fewest columns that are folded to, and those of a terminal that does not say how many it has.
const NARROWEST: usize = 30;
const USUAL: usize = 80;

/// What a text means; colour only repeats what the words say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Bad,
    Doubtful,
    Strong,
    Faint,
}

impl Tone {
    const ALL: [Self; 5] = [Self::Good, Self::Bad, Self::Doubtful, Self::Strong, Self::Faint];

    fn style(self) -> Style {
        let colored = |color: AnsiColor| Style::new().fg_color(Some(color.into()));
        match self {
            Self::Good => colored(AnsiColor::Green),
            Self::Bad => colored(AnsiColor::Red).bold(),
            Self::Doubtful => colored(AnsiColor::Yellow),
            Self::Strong => Style::new().bold(),
            Self::Faint => Style::new().dimmed(),
        }
    }
}

impl Screen {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one door to the environment, and a clock for people waiting"
    )]
    pub(crate) fn new(global: &Global) -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let wanted = |terminal: bool| match global.color {
            When::Always => true,
            When::Never => false,
            When::Auto => terminal && !plain,
        };
        Self {
            color: wanted(std::io::stdout().is_terminal()),
            color_errors: wanted(std::io::stderr().is_terminal()),
            width: std::io::stdout().is_terminal().then(columns),
            json: global.json,
            volume: match (global.quiet, global.verbose) {
                (true, _) => Volume::Quiet,
                (false, true) => Volume::Verbose,
                (false, false) => Volume::Normal,
            },
            closed: false,
            streams: false,
            document: None,
            out: None,
            started: std::time::Instant::now(),
        }
    }

    /// Keeps standard output for this program alone, from now to its end: what a library in it prints goes to standard
    /// error. Apple's framework prints, and what it has gathered it prints when the program ends.
    #[cfg(unix)]
    pub(crate) fn set_aside(&mut self) {
        if self.out.is_none()
            && let Ok(own) = rustix::io::dup(rustix::stdio::stdout())
            && rustix::stdio::dup2_stdout(rustix::stdio::stderr()).is_ok()
        {
            self.out = Some(own.into());
        }
    }

    /// Elsewhere there is no such library.
    #[cfg(not(unix))]
    pub(crate) fn set_aside(&mut self) {}

    pub(crate) fn is_verbose(&self) -> bool {
        self.volume == Volume::Verbose
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.volume == Volume::Quiet
    }

    /// The text in its tone, to be printed by [`Screen::line`] or [`Screen::finding`].
    pub(crate) fn tone(&self, tone: Tone, text: &str) -> String {
        if self.color { marks::toned(tone, text) } else { text.to_owned() }
    }

    /// A line for people on standard output. What would command the terminal is escaped.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), Failure> {
        if self.volume == Volume::Quiet { Ok(()) } else { self.finding(text) }
    }

    /// A line that stays even when only mistakes are wanted.
    pub(crate) fn finding(&mut self, text: &str) -> Result<(), Failure> {
        if self.json {
            return Ok(());
        }
        let line = format!("{}\n", rendered(self.color, text, self.width));
        self.raw(line.as_bytes())
    }

    /// A command to type, which is not folded, so that it can be copied.
    pub(crate) fn command(&mut self, text: &str) -> Result<(), Failure> {
        let width = self.width.take();
        let printed = self.line(text);
        self.width = width;
        printed
    }

    /// Bytes on standard output: an artifact asked for as `-`.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if self.closed {
            return Ok(());
        }
        let written = if let Some(out) = &mut self.out {
            out.write_all(bytes)
        } else {
            let mut out = std::io::stdout().lock();
            out.write_all(bytes).and_then(|()| out.flush())
        };
        match written {
            Ok(()) => Ok(()),
            // Whoever read our output has gone; the work goes on, and its exit code is still owed.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            Err(error) => Err(Failure::Output(error)),
        }
    }

    /// The document for machines.
    pub(crate) fn document<A: Answer>(&mut self, answer: &A) {
        self.document = Some(document(answer));
    }

    /// An artifact that is shown as it is: it has its own format.
    pub(crate) fn artifact(&mut self, artifact: &impl serde::Serialize) {
        self.document = Some(serde_json::to_value(artifact).expect("artifacts have string keys"));
    }

    /// A document for machines at once, on a line of its own: one of a stream. What follows it at the end is on one, too.
    pub(crate) fn stream<A: Answer>(&mut self, answer: &A) -> Result<(), Failure> {
        self.streams = true;
        self.raw(format!("{}\n", document(answer)).as_bytes())
    }

    /// Whether whoever read standard output has gone.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    pub(crate) fn has_color(&self) -> bool {
        self.color_errors
    }

    /// Says how it ended and gives the exit code.
    pub(crate) fn close(mut self, outcome: Result<u8, Failure>) -> u8 {
        let printed = |screen: &mut Self, code: u8| match screen.document.take() {
            Some(document) if screen.json => {
                let text = if screen.streams { document.to_string() } else { format!("{document:#}") };
                match screen.raw(format!("{text}\n").as_bytes()) {
                    Ok(()) => code,
                    Err(failure) => failure.code(),
                }
            }
            _ => code,
        };
        match outcome {
            Ok(code) => {
                if self.is_verbose() && std::io::stderr().is_terminal() {
                    let millis = self.started.elapsed().as_millis();
                    let _ = writeln!(std::io::stderr(), "took {}.{:03} s", millis / 1000, millis % 1000);
                }
                printed(&mut self, code)
            }
            Err(failure) => {
                let code = failure.code();
                let word = toned(self.color_errors, Tone::Bad, "error");
                let _ = writeln!(std::io::stderr(), "{word}: {}", lines(&failure.told(), "error: ".len()));
                if let Some(advice) = failure.advice() {
                    let word = toned(self.color_errors, Tone::Strong, "what to do");
                    let _ = writeln!(std::io::stderr(), "{word}: {}", lines(&advice, "what to do: ".len()));
                }
                if self.json {
                    let advice = failure.advice().map(std::borrow::Cow::into_owned);
                    let error = failure.to_string();
                    self.document(&Mistake { error, advice, exit: code });
                }
                printed(&mut self, code)
            }
        }
    }
}

/// An answer with its format.
fn document<A: Answer>(answer: &A) -> serde_json::Value {
    let mut document = serde_json::to_value(answer).expect("answers have string keys");
    if let Some(keys) = document.as_object_mut() {
        keys.insert("format".to_owned(), A::FORMAT.into());
    }
    document
}

/// The text, filled with spaces to a width: a label, before what it is the label of.
pub(crate) fn padded(text: &str, width: usize) -> String {
    marks::gap(text, width.saturating_sub(text.chars().count()))
}

/// A line for standard error, for which there is no [`Screen`] yet or no more.
pub(crate) fn say(text: &str) {
    // Whoever closed standard error wants no words.
    let _ = writeln!(std::io::stderr().lock(), "{}", rendered(false, text, error_width()));
}

/// Whether somebody is there who can be asked: a terminal on both ends.
pub(crate) fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// A mistake in the words of the command, with what was typed escaped before clap puts it into sentences: what it makes
/// of them has no escape sequence any more, and so could not be found in them.
pub(crate) fn mistake(mut message: clap::Error, code: u8) -> u8 {
    if message.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        // A help text holds nothing that was typed, and has its own columns.
        let _ = message.print();
        if wants_json() {
            print_mistake("a command or an argument is missing", None, code);
        }
        return code;
    }
    let mut typed: Vec<String> = Vec::new();
    for (_, value) in message.context() {
        match value {
            ContextValue::String(one) => typed.push(one.clone()),
            ContextValue::Strings(many) => typed.extend(many.iter().cloned()),
            _ => {}
        }
    }
    typed.retain(|one| plain(one) != *one);
    // The longest first: one word may be a part of another.
    typed.sort_by_key(|one| std::cmp::Reverse(one.len()));
    let escaped =
        |text: &str| typed.iter().fold(text.to_owned(), |text, one| text.replace(one.as_str(), &plain(one)));
    let styled = |text: &StyledStr| StyledStr::from(escaped(&text.ansi().to_string()));
    let changed = |(kind, value): (ContextKind, &ContextValue)| {
        let value = match value {
            ContextValue::String(one) => ContextValue::String(escaped(one)),
            ContextValue::Strings(many) => {
                ContextValue::Strings(many.iter().map(|one| escaped(one)).collect())
            }
            ContextValue::StyledStr(text) => ContextValue::StyledStr(styled(text)),
            ContextValue::StyledStrs(texts) => ContextValue::StyledStrs(texts.iter().map(styled).collect()),
            _ => return None,
        };
        Some((kind, value))
    };
    let changed: Vec<_> = message.context().filter_map(changed).collect();
    for (kind, value) in changed.into_iter().filter(|_| !typed.is_empty()) {
        message.insert(kind, value);
    }
    let text = message.render().to_string();
    text.lines().for_each(say);
    if wants_json() {
        let (what, rest) = text.split_once("\n\n").unwrap_or((&text, ""));
        let advice = Some(rest.trim()).filter(|rest| !rest.is_empty());
        print_mistake(what.trim_start_matches("error: ").trim(), advice, code);
    }
    code
}

/// Whether words that could not be read ask for a document all the same.
fn wants_json() -> bool {
    let mut words = std::env::args_os().take_while(|word| word != "--");
    words.any(|word| word == "--json")
}

fn print_mistake(error: &str, advice: Option<&str>, exit: u8) {
    let answer = Mistake { error: error.to_owned(), advice: advice.map(str::to_owned), exit };
    // Whoever closed standard output wants no document.
    let _ = writeln!(std::io::stdout().lock(), "{:#}", document(&answer));
}

/// A text of several lines, each as it is printed, after a word of so many columns.
fn lines(text: &str, before: usize) -> String {
    let width = error_width().map(|width| width.saturating_sub(before));
    text.lines().map(|line| rendered(false, line, width)).collect::<Vec<_>>().join("\n")
}

/// Columns of the terminal; one that does not know says 0.
fn columns() -> usize {
    match crossterm::terminal::size() {
        Ok((columns @ 1.., _)) => usize::from(columns).max(NARROWEST),
        _ => USUAL,
    }
}

fn error_width() -> Option<usize> {
    std::io::stderr().is_terminal().then(columns)
}

/// A line as it is printed: its indentation, then [`plain`] text, in which our own marks become tones and gaps. All that
/// comes from outside goes through here, so that no name commands a terminal or looks like a line of ours. On a terminal
/// a line that is too long is folded and set in: what the terminal folds itself would begin like a line of its own.
pub(crate) fn rendered(color: bool, text: &str, width: Option<usize>) -> String {
    let inner = text.trim_start_matches(' ');
    let indent = (text.len() - inner.len()).min(INDENT);
    let mut out =
        Folded { text: " ".repeat(indent), column: indent, indent: indent + FOLD, width, word: None };
    for piece in marks::pieces(inner) {
        match piece {
            Piece::Text(text) => plain(text).chars().for_each(|c| out.push(c)),
            Piece::Tone(tone) if color => out.text.push_str(&tone.style().render().to_string()),
            Piece::Plain if color => out.text.push_str(&Style::new().bold().render_reset().to_string()),
            Piece::Tone(_) | Piece::Plain => {}
            Piece::Gap(spaces) => (0..spaces).for_each(|_| out.push(' ')),
        }
    }
    out.text
}

/// A text that is folded as it grows: at its last space, and inside a word only where the word is as long as a line.
struct Folded {
    text: String,
    column: usize,
    indent: usize,
    width: Option<usize>,
    /// Where the last space of the line stands in the text, and at which column the word behind it begins.
    word: Option<(usize, usize)>,
}

impl Folded {
    fn push(&mut self, c: char) {
        // What is no ASCII may be two columns wide.
        let wide = if c.is_ascii() { 1 } else { 2 };
        if let Some(width) = self.width
            && self.column + wide > width
        {
            let fold = format!("\n{}", " ".repeat(self.indent));
            match self.word.take() {
                Some((at, start)) if c != ' ' && self.indent + self.column - start + wide <= width => {
                    self.text.replace_range(at..=at, &fold);
                    self.column = self.indent + self.column - start;
                }
                _ => {
                    self.text.push_str(&fold);
                    self.column = self.indent;
                }
            }
            // The fold takes the place of a space.
            if c == ' ' {
                return;
            }
        }
        if c == ' ' {
            self.word = Some((self.text.len(), self.column + 1));
        }
        self.text.push(c);
        self.column += wide;
    }
}

fn toned(color: bool, tone: Tone, text: &str) -> String {
    let style = tone.style();
    if color { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::rendered;

    #[test]
    fn long_lines_are_folded_at_spaces_and_set_in() {
        let folded = |text| rendered(false, text, Some(20));
        assert_eq!(folded("twenty columns are 20"), "twenty columns are\n    20");
        assert_eq!(folded("  one two three four five six"), "  one two three four\n      five six");
        assert_eq!(folded("a 0123456789abcdef0123456789"), "a 0123456789abcdef01\n    23456789");
        assert_eq!(folded("exactly twenty chars"), "exactly twenty chars");
        assert_eq!(rendered(false, "no terminal, no fold at all", None), "no terminal, no fold at all");
    }
}
