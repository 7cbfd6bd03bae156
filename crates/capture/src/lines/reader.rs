//! Lines on a thread of their own, each with the moment at which it came.
//!
//! A read may wait for ever, and nobody can interrupt it: the thread ends with the process, or with what it reads.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// Lines that may wait to be read; whoever writes more waits.
const WAITING: usize = 1 << 14;

/// Bytes of a line; what is longer is no reading.
const LONGEST: usize = 4096;

/// What came.
#[derive(Debug)]
pub(super) enum Came {
    /// A whole line that is not empty, without its end.
    Line(String, Instant),
    /// What is no line: half of one, a longer one, or bytes that are no text.
    Broken,
    /// The end, and why if something went wrong.
    End(Option<String>),
    /// It cannot be opened.
    Refused(std::io::Error),
}

#[derive(Debug)]
pub(super) struct Reader {
    lines: Receiver<Came>,
    back: VecDeque<Came>,
    closed: bool,
}

impl Reader {
    /// Opens something and reads from there on; `within` says that the first line may be half of one. Opening may wait,
    /// too: for who writes into a pipe, or for a server.
    pub(super) fn new<R: Read>(
        open: impl FnOnce() -> std::io::Result<R> + Send + 'static,
        within: bool,
    ) -> Self {
        let (into, lines) = sync_channel(WAITING);
        std::thread::spawn(move || match open() {
            Ok(from) => read(from, within, &into),
            // An error of the receiver: nobody listens any more.
            Err(error) => drop(into.send(Came::Refused(error))),
        });
        Self { lines, back: VecDeque::new(), closed: false }
    }

    /// The next, if one comes within this time.
    pub(super) fn next(&mut self, longest: Duration) -> Option<Came> {
        if let Some(came) = self.back.pop_front() {
            return Some(came);
        }
        if self.closed {
            // What came before is still given.
            return Some(self.lines.try_recv().unwrap_or(Came::End(None)));
        }
        match self.lines.recv_timeout(longest) {
            Ok(came) => Some(came),
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => None,
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => Some(Came::End(None)),
        }
    }

    /// These come next, in this order.
    pub(super) fn put_back<const N: usize>(&mut self, came: [Came; N]) {
        for one in came.into_iter().rev() {
            self.back.push_front(one);
        }
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
    }
}

#[expect(clippy::disallowed_methods, reason = "when a line came is what is measured")]
fn read(mut from: impl Read, within: bool, into: &SyncSender<Came>) {
    let mut block = [0; 4096];
    // Half a line that began before anybody listened is none.
    let (mut line, mut broken, mut within) = (Vec::new(), false, within);
    // An error of the receiver: nobody listens any more.
    let end = loop {
        let got = match from.read(&mut block) {
            Ok(0) => break None,
            Ok(got) => got,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => break Some(error.to_string()),
        };
        let came = Instant::now();
        for &byte in &block[..got] {
            let ends = byte == b'\n' || byte == b'\r';
            if within {
                within = !ends;
                continue;
            }
            if !ends {
                broken |= line.len() == LONGEST;
                if !broken {
                    line.push(byte);
                }
                continue;
            }
            let whole = String::from_utf8(std::mem::take(&mut line)).ok().filter(|_| !broken);
            let told = match whole {
                Some(text) if text.trim().is_empty() => None,
                Some(text) => Some(Came::Line(text, came)),
                None => Some(Came::Broken),
            };
            broken = false;
            if told.is_some_and(|told| into.send(told).is_err()) {
                return;
            }
        }
    };
    if !line.is_empty() || broken {
        // The last line has no end: whether it is whole cannot be known.
        let _ = into.send(Came::Broken);
    }
    let _ = into.send(Came::End(end));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &'static [u8], within: bool) -> Vec<String> {
        let mut reader = Reader::new(move || Ok(bytes), within);
        let mut told = Vec::new();
        loop {
            match reader.next(Duration::from_secs(10)).expect("it ends") {
                Came::Line(line, _) => told.push(line),
                Came::Broken => told.push("broken".to_owned()),
                Came::End(_) => return told,
                Came::Refused(error) => panic!("{error}"),
            }
        }
    }

    #[test]
    fn whole_lines_are_lines() {
        assert_eq!(all(b"1\r\n\r\n2\n 3\r4", false), ["1", "2", " 3", "broken"]);
        assert_eq!(all(b"45\n6\n", true), ["6"]);
        assert_eq!(all(b"\xff\n7\n", false), ["broken", "7"]);
    }

    #[test]
    fn a_line_without_end_takes_no_memory() {
        let endless = std::io::repeat(b'1').take(1 << 22).chain(&b"\n8\n"[..]);
        let mut reader = Reader::new(move || Ok(endless), false);
        assert!(matches!(reader.next(Duration::from_mins(1)), Some(Came::Broken)));
        assert!(matches!(reader.next(Duration::from_mins(1)), Some(Came::Line(line, _)) if line == "8"));
    }
}
