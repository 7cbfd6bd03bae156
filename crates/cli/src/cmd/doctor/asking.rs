//! A person at a terminal, who is asked; or nobody.

use crate::args::Global;
use crate::place;
use crate::screen::{self, say};
use openweigh_capture::doctor::{Person, Reply, Wish};
use openweigh_formats::session::DeviceHash;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// How often it is looked whether the person has left.
const LOOK: Duration = Duration::from_millis(100);

/// Who is asked.
pub(super) struct Asking {
    /// Whether the end was asked for, by a key or a signal.
    ended: Arc<AtomicBool>,
    /// Lines that are typed. None where nobody is there.
    lines: Option<Receiver<String>>,
    verbose: bool,
    /// For another process that does the same.
    library: PathBuf,
    salt: String,
}

impl Asking {
    pub(super) fn new(ended: Arc<AtomicBool>, global: &Global, library: &Path, salt: &str) -> Self {
        let there = screen::can_ask() && !global.quiet;
        let lines = there.then(|| {
            let (sender, lines) = channel();
            std::thread::spawn(move || {
                for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            });
            lines
        });
        let (library, salt) = (library.to_owned(), salt.to_owned());
        Self { ended, lines, verbose: global.verbose, library, salt }
    }

    pub(super) fn is_there(&self) -> bool {
        self.lines.is_some()
    }

    pub(super) fn has_left(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    pub(super) fn welcome(&self) {
        if self.is_there() {
            say(
                "This takes about ten minutes. You see the whole file before it is written, and nothing is sent.",
            );
            say("Enter answers a question, s and Enter skips it, q and Enter (or Ctrl-C) ends.");
        }
    }

    /// Whether the file is to be written. Where nobody is there, the command line has said so.
    pub(super) fn agrees(&self, output: &Path) -> bool {
        let Some(lines) = &self.lines else { return true };
        say(&format!("Read it. Enter writes it to {}, n and Enter does not.", place::shown(output)));
        lines.recv().is_ok_and(|line| line.trim().is_empty() || line.trim().eq_ignore_ascii_case("y"))
    }
}

fn words(wish: Wish) -> &'static str {
    match wish {
        Wish::Touch => "Rest a finger on the trackpad and leave it there.",
        Wish::Press => {
            "Press with one finger: first lightly, then slowly as hard as is comfortable, and back, for ten seconds. Begin after Enter."
        }
        Wish::TouchAgain => {
            "Rest a finger on the trackpad again, and leave it there: it is stopped and started."
        }
        Wish::Sleep => {
            "Let the machine sleep for at least ten seconds, wake it, and rest a finger on the trackpad."
        }
        Wish::Unplug => "Pull out the trackpad's cable; if it has none, switch the trackpad off.",
        Wish::PlugIn => "Plug it in again, or switch it on, and rest a finger on it.",
        Wish::PlugOtherWay => {
            "Connect it the other way: by Bluetooth if it has a cable now, by cable if it has none. Then rest a finger on it."
        }
    }
}

impl Person for Asking {
    fn asked(&mut self, wish: Wish) -> Reply {
        let Some(lines) = &self.lines else { return Reply::Nobody };
        // What was typed before is no answer.
        while lines.try_recv().is_ok() {}
        say(words(wish));
        say("  Enter: done   s: skip   q: end");
        loop {
            match lines.recv_timeout(LOOK) {
                Ok(line) => match line.trim() {
                    "s" => return Reply::Skipped,
                    "q" => {
                        self.ended.store(true, Ordering::SeqCst);
                        return Reply::Skipped;
                    }
                    _ => return Reply::Done,
                },
                Err(RecvTimeoutError::Timeout) if self.has_left() => return Reply::Skipped,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Reply::Nobody,
            }
        }
    }

    fn follows(&mut self, question: &str) {
        if self.is_there() || self.verbose {
            say(&format!("asking: {question}"));
        }
    }

    fn is_leaving(&self) -> bool {
        self.has_left()
    }

    fn kill_while_clicks_are_off(&mut self, pad: &DeviceHash) -> bool {
        let Ok(own) = std::env::current_exe() else { return false };
        let mut command = Command::new(own);
        command.args(["doctor", "--hold-clicks", pad.as_str(), "--salt", &self.salt, "--library"]);
        command.arg(&self.library).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let Ok(mut child) = command.spawn() else { return false };
        let mut line = String::new();
        let output = child.stdout.take().map(BufReader::new);
        let held = output.is_some_and(|mut output| output.read_line(&mut line).is_ok() && line == "off\n");
        // A process that cannot be killed has ended already, which is as good.
        let _ = child.kill();
        let _ = child.wait();
        held
    }
}
