//! Protocols that nobody has to write: those that the program carries, and those made from a list of masses.

use openweigh_formats::number::Number;
use openweigh_formats::text::Name;
use std::fmt::Write;

/// The protocols that the program carries, by name, with what each is for.
pub const PROTOCOLS: [(&str, &str, &str); 3] = [
    ("coins", "euro coins, each between two tares", include_str!("../protocols/coins.toml")),
    ("masses", "masses of 10 g to 500 g, up and down", include_str!("../protocols/mass-set.toml")),
    (
        "simulated-masses",
        "the masses of the simulated trackpad",
        include_str!("../protocols/simulated-masses.toml"),
    ),
];

/// The text of a protocol that the program carries.
pub fn named(name: &str) -> Option<&'static str> {
    PROTOCOLS.iter().find(|(own, _, _)| *own == name).map(|(_, _, text)| *text)
}

/// Masses to be put on one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Name of the protocol.
    pub name: Name,
    /// The masses in grams, in the order in which they are put on.
    pub masses: Vec<Number>,
    /// Whether they are put on again in the opposite order: what creeps and what lags shows in the difference.
    pub down: bool,
    /// How far apart the readings of a load at rest may be, in the sensor's unit.
    pub tolerance: Number,
    /// For how many seconds a load has to rest.
    pub hold_s: Number,
}

/// The protocol of a plan, in TOML: each mass between two tares.
pub fn protocol(plan: &Plan) -> String {
    let mut out = format!(
        "format = \"openweigh.protocol/1\"\nname = \"{}\"\n\n[stability]\ntolerance = \"{}\"     # in the sensor's unit\nhold_s = \"{}\"        # a load has to rest so many seconds\nmin_change = \"{}\"    # a change by this much begins the next step\ntimeout_s = \"120\"   # a step that takes longer is skipped\n",
        plan.name, plan.tolerance, plan.hold_s, plan.tolerance
    );
    let _ = write!(
        out,
        "\n[[step]]\nprompt = \"Leave it empty and let it rest\"\nrole = \"tare\"\nid = \"tare-0\"\n"
    );
    let up = plan.masses.iter().map(|mass| ("up", mass));
    let down = plan.masses.iter().rev().map(|mass| ("down", mass)).filter(|_| plan.down);
    for (at, (way, mass)) in up.chain(down).enumerate() {
        // Ids have no decimal point; the number of the step keeps two equal masses apart.
        let (step, tag) = (at + 1, mass.to_string().replace('.', "_"));
        let label = if plan.down { format!("{mass} g {way}") } else { format!("{mass} g") };
        let _ = write!(
            out,
            "\n[[step]]\nprompt = \"Put on {mass} g\"\nrole = \"reference\"\nid = \"m{step}-{way}-{tag}\"\nlabel = \"{label}\"\nreference_g = \"{mass}\"\ntare = \"previous\"\n\n[[step]]\nprompt = \"Take it off\"\nrole = \"tare\"\nid = \"tare-{step}\"\n"
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Protocol;

    #[test]
    fn every_protocol_that_is_carried_can_be_followed() {
        for (name, _, text) in PROTOCOLS {
            assert!(Protocol::parse(text.as_bytes()).is_ok(), "{name}");
            assert_eq!(named(name), Some(text));
        }
        assert_eq!(named("coin"), None);
    }

    #[test]
    fn a_plan_is_a_protocol() {
        let number = |text: &str| Number::try_from(text.to_owned()).unwrap();
        let plan = Plan {
            name: "mine".parse().unwrap(),
            masses: ["5", "0.5", "5"].map(number).to_vec(),
            down: true,
            tolerance: number("4"),
            hold_s: number("1.5"),
        };
        let text = protocol(&plan);
        let protocol = Protocol::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(protocol.steps.len(), 1 + 2 * 6);
        let masses: Vec<String> =
            protocol.steps.iter().filter_map(|step| Some(step.reference_g.as_ref()?.to_string())).collect();
        assert_eq!(masses, ["5", "0.5", "5", "5", "0.5", "5"]);
    }
}
