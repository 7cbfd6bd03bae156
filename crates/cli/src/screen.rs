//! The only place that prints.

use crate::args::{Global, When};
use crate::failure::Failure;
use anstyle::{AnsiColor, Style};
use std::fs::File;
use std::io::{IsTerminal, Write};

/// Standard output and standard error, as the user wants them.
#[expect(clippy::struct_excessive_bools, reason = "four independent answers about two streams")]
pub(crate) struct Screen {
    color: bool,
    color_errors: bool,
    json: bool,
    volume: Volume,
    closed: bool,
    document: Option<serde_json::Value>,
    /// Standard output, where it was set aside.
    out: Option<File>,
    /// The command's words, which name the format of its document.
    command: String,
    started: std::time::Instant,
}

/// How much is said to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Volume {
    Quiet,
    Normal,
    Verbose,
}

/// What a text means; colour only repeats what the words say.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tone {
    Good,
    Bad,
    Doubtful,
    Strong,
    Faint,
}

/// Ends a tone, in a text that is yet to be printed.
const PLAIN: char = '\u{f8ff}';

impl Tone {
    const ALL: [Self; 5] = [Self::Good, Self::Bad, Self::Doubtful, Self::Strong, Self::Faint];

    /// Begins it, in a text that is yet to be printed.
    fn mark(self) -> char {
        match self {
            Self::Good => '\u{f8f0}',
            Self::Bad => '\u{f8f1}',
            Self::Doubtful => '\u{f8f2}',
            Self::Strong => '\u{f8f3}',
            Self::Faint => '\u{f8f4}',
        }
    }

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
    pub(crate) fn new(global: &Global, command: String) -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let wanted = |terminal: bool| match global.color {
            When::Always => true,
            When::Never => false,
            When::Auto => terminal && !plain,
        };
        Self {
            color: wanted(std::io::stdout().is_terminal()),
            color_errors: wanted(std::io::stderr().is_terminal()),
            json: global.json,
            volume: match (global.quiet, global.verbose) {
                (true, _) => Volume::Quiet,
                (false, true) => Volume::Verbose,
                (false, false) => Volume::Normal,
            },
            closed: false,
            document: None,
            out: None,
            command,
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
        if self.color { format!("{}{text}{PLAIN}", tone.mark()) } else { text.to_owned() }
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
        let line = format!("{}\n", rendered(self.color, text));
        self.raw(line.as_bytes())
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

    /// The document for machines; an artifact that is shown as it is has its own format.
    pub(crate) fn document(&mut self, mut document: serde_json::Value) {
        if let Some(keys) = document.as_object_mut() {
            let format = format!("openweigh.{}/1", self.command);
            keys.entry("format").or_insert_with(|| format.into());
        }
        self.document = Some(document);
    }

    /// Says how it ended and gives the exit code.
    pub(crate) fn close(mut self, outcome: Result<u8, Failure>) -> u8 {
        let printed = |screen: &mut Self, code: u8| match screen.document.take() {
            Some(document) if screen.json => match screen.raw(format!("{document:#}\n").as_bytes()) {
                Ok(()) => code,
                Err(failure) => failure.code(),
            },
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
                // Lines of a list stay lines; everything else that would command the terminal is shown.
                let text: Vec<String> =
                    failure.to_string().lines().map(|line| rendered(false, line)).collect();
                let _ = writeln!(std::io::stderr(), "{word}: {}", text.join("\n"));
                if let Some(advice) = failure.advice() {
                    let word = toned(self.color_errors, Tone::Strong, "what to do");
                    let _ = writeln!(std::io::stderr(), "{word}: {}", rendered(false, &advice));
                }
                if self.json {
                    let advice = failure.advice();
                    self.document = Some(
                        serde_json::json!({ "format": "openweigh.error/1", "error": failure.to_string(), "advice": advice, "exit": code }),
                    );
                }
                printed(&mut self, code)
            }
        }
    }
}

/// A line as it is printed: marks of tones become those of the terminal, and whatever else is no printable text is
/// escaped, so that a name from outside cannot command a terminal or look like a line of ours.
fn rendered(color: bool, text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            PLAIN if color => out.push_str(&Style::new().bold().render_reset().to_string()),
            _ if openweigh_formats::text::misleads(c) => out.extend(c.escape_unicode()),
            _ => match Tone::ALL.into_iter().find(|tone| tone.mark() == c) {
                Some(tone) if color => out.push_str(&tone.style().render().to_string()),
                Some(_) => out.extend(c.escape_unicode()),
                None if c == PLAIN => out.extend(c.escape_unicode()),
                None => out.push(c),
            },
        }
    }
    out
}

fn toned(color: bool, tone: Tone, text: &str) -> String {
    let style = tone.style();
    if color { format!("{style}{text}{style:#}") } else { text.to_owned() }
}
