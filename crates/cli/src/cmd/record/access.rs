//! What the system allows: whether this program may listen to input devices, and whether clicks can be switched off.

use super::screen::say;
use crate::args::Global;
use openweigh_multitouch::{Access, Library};

/// Asks the system for the right to listen, and says what it answered. A Mac lists the program from then on that
/// started this one: the terminal, tmux, ssh, an editor.
pub(super) fn ask(library: &Library, global: &Global) {
    let answer = library.access();
    let granted = match answer {
        None | Some(Access::Granted) => return,
        Some(Access::Denied | Access::Unknown) => library.request_access() == Some(true),
    };
    if granted || global.quiet {
        return;
    }
    let word = if answer == Some(Access::Denied) { "is not allowed" } else { "was not yet allowed" };
    say(&format!(
        "Input Monitoring {word} for the program that started openweigh (the terminal, tmux, ssh, an editor)."
    ));
    say(
        "  If no frame comes, allow it in System Settings > Privacy & Security > Input Monitoring, and start it again.",
    );
}

/// The pad refused to switch its clicks off, or does not say whether it did.
pub(super) fn clicks_stay_on() {
    say("--no-click: the pad does not say that its clicks are off; the session says what it said");
}
