//! Recording on a terminal: lines that are rewritten, and keys that are heard.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod bench;
mod scene;

use bench::{Bench, LONG, PROTOCOL, read, simulator};
use openweigh_formats::events;
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A program on a terminal of its own, and what it shows there.
struct Terminal {
    keys: File,
    peer: File,
    shown: Receiver<Vec<u8>>,
    text: String,
    child: Child,
}

impl Terminal {
    fn of(bench: &Bench, words: &[&str]) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
        let master = openpt(flags).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let peer = File::from(ioctl_tiocgptpeer(&master, flags).unwrap());
        let size = Winsize { ws_row: 24, ws_col: 60, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&peer, size).unwrap();
        let end = || Stdio::from(peer.try_clone().unwrap());
        let mut command = bench.command(words);
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        let keys = File::from(master);
        let mut output = keys.try_clone().unwrap();
        let (sender, shown) = channel();
        std::thread::spawn(move || {
            let mut block = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut block) {
                if sender.send(block[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { keys, peer, shown, text: String::new(), child }
    }

    /// Waits until this is shown, and forgets what was shown up to its end.
    fn until(&mut self, wanted: &str) -> String {
        loop {
            if let Some(at) = self.text.find(wanted) {
                let rest = self.text.split_off(at + wanted.len());
                return std::mem::replace(&mut self.text, rest);
            }
            let block = self.shown.recv_timeout(Duration::from_mins(1));
            let block = block.unwrap_or_else(|_| panic!("never shown: {wanted}\n{}", self.text));
            self.text.push_str(&String::from_utf8_lossy(&block));
        }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    fn is_raw(&self) -> bool {
        !tcgetattr(&self.peer).unwrap().local_modes.contains(LocalModes::ICANON)
    }
}

/// A failed test leaves nothing running.
impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn lines_are_rewritten_and_keys_are_heard() {
    let bench = Bench::new(&LONG.replace("PACE", "real-time"));
    std::fs::write(bench.path("protocol.toml"), PROTOCOL.replace("\"6\"", "\"0.5\"")).unwrap();
    let library = simulator();
    let library = library.to_str().unwrap();
    let mut terminal = Terminal::of(
        &bench,
        &["record", "--library", library, "--salt", "salt", "--name", "pad", "--protocol", "protocol.toml"],
    );
    terminal.until("recording session s01; q ends it");
    terminal.until("step 1 of 4: Rest a finger");
    // The line of the bar would be longer than the terminal is wide, and is cut.
    let drawn = terminal.until("frames/s");
    assert!(drawn.contains("] ") && !drawn.contains(" of 0.5"), "{drawn:?}");
    assert!(drawn.split("\r\n").all(|line| line.chars().count() < 60), "{drawn:?}");
    terminal.until("a accept now   r repeat   s skip   n note   q end");
    // Up by the four lines, which are wiped before they are written anew.
    terminal.until("\u{1b}[4A\u{1b}[J");
    assert!(terminal.is_raw());
    terminal.press("s");
    terminal.until("step 2 of 4: Put on 50 g");
    terminal.press("nhot, day");
    terminal.until("note: hot day_");
    terminal.press("\r");
    terminal.until("a accept now");
    terminal.press("q");
    terminal.until("session s01: ");
    terminal.until("ended by");
    assert_eq!(terminal.child.wait().unwrap().code(), Some(0));
    assert!(!terminal.is_raw(), "the terminal is as it was");
    let folder = bench.path("datasets/pad");
    assert!(read(&folder, "s01").session.quality.frames > 5);
    let told = events::read(&std::fs::read(folder.join("sessions/s01/events.csv")).unwrap()).unwrap();
    assert!(told.iter().any(|event| event.detail.as_str() == "hot day"), "{told:?}");
}
