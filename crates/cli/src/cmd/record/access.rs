//! What the system allows: whether this program may listen to input devices, and whether clicks can be switched off.

use super::screen::say;
use crate::args::Global;
use crate::place;
use openweigh_multitouch::{Access, Library};

/// Asks the system for the right to listen, and says what it answered. A Mac lists the program from then on that
/// started this one: the terminal, tmux, ssh, an editor.
pub(crate) fn ask(library: &Library, global: &Global) {
    let answer = library.access();
    let granted = match answer {
        None | Some(Access::Granted) => return,
        Some(Access::Denied | Access::Unknown) => library.request_access() == Some(true),
    };
    if granted || global.quiet {
        return;
    }
    let word = if answer == Some(Access::Denied) { "is not allowed" } else { "was not yet allowed" };
    // A right belongs to the program that the system holds responsible, and not to the one that asks.
    let responsible = library.responsible().as_deref().and_then(openweigh_capture::doctor::program);
    say(&format!("Input Monitoring {word} for {}.", who(responsible)));
    say(
        "  If no frame comes, allow it in System Settings > Privacy & Security > Input Monitoring, and start it again.",
    );
}

/// Whom the system asks about: by name, if it is another program than this one.
fn who(responsible: Option<String>) -> String {
    responsible.filter(|name| name != "openweigh").map_or_else(
        || "the program that started openweigh (the terminal, tmux, ssh, an editor)".to_owned(),
        |name| format!("{}, the program that started openweigh", place::harmless(&name)),
    )
}

/// The pad refused to switch its clicks off, or does not say whether it did.
pub(crate) fn clicks_stay_on() {
    say("--no-click: the pad does not say that its clicks are off; the session says what it said");
}

#[cfg(test)]
mod tests {
    use super::who;

    #[test]
    fn the_responsible_program_is_named_if_the_system_knows_another_one() {
        assert_eq!(who(Some("iTerm.app".to_owned())), "iTerm.app, the program that started openweigh");
        for unknown in [None, Some("openweigh".to_owned())] {
            assert!(who(unknown).starts_with("the program that started openweigh (the terminal"));
        }
    }
}
