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

impl Tone {
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
    #[expect(clippy::disallowed_methods, reason = "the one door to the environment")]
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
            json: global.json,
            volume: match (global.quiet, global.verbose) {
                (true, _) => Volume::Quiet,
                (false, true) => Volume::Verbose,
                (false, false) => Volume::Normal,
            },
            closed: false,
            document: None,
            out: None,
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

    /// The text in its tone.
    pub(crate) fn tone(&self, tone: Tone, text: &str) -> String {
        toned(self.color, tone, text)
    }

    /// A line for people on standard output.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), Failure> {
        if self.json || self.volume == Volume::Quiet {
            Ok(())
        } else {
            self.raw(format!("{text}\n").as_bytes())
        }
    }

    /// A line that stays even when only mistakes are wanted.
    pub(crate) fn finding(&mut self, text: &str) -> Result<(), Failure> {
        if self.json { Ok(()) } else { self.raw(format!("{text}\n").as_bytes()) }
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
    pub(crate) fn document(&mut self, document: serde_json::Value) {
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
            Ok(code) => printed(&mut self, code),
            Err(failure) => {
                let code = failure.code();
                let word = toned(self.color_errors, Tone::Bad, "error");
                let _ = writeln!(std::io::stderr(), "{word}: {failure}");
                if let Some(advice) = failure.advice() {
                    let word = toned(self.color_errors, Tone::Strong, "what to do");
                    let _ = writeln!(std::io::stderr(), "{word}: {advice}");
                }
                if self.json {
                    let advice = failure.advice();
                    self.document = Some(
                        serde_json::json!({ "error": failure.to_string(), "advice": advice, "exit": code }),
                    );
                }
                printed(&mut self, code)
            }
        }
    }
}

fn toned(color: bool, tone: Tone, text: &str) -> String {
    let style = tone.style();
    if color { format!("{style}{text}{style:#}") } else { text.to_owned() }
}
