//! A protocol: which loads to put on, in which order, and what counts as resting.

use openweigh_exact::Decimal;
use openweigh_formats::number::Number;
use openweigh_formats::text::{Line, Name};
use openweigh_formats::weighings::{Cell, Id, Role};
use openweigh_formats::{Fault, Malformed, Position, handwritten};
use serde::Deserialize;

const FORMAT: &str = "openweigh.protocol/1";

/// The word for the tare weighed last.
const PREVIOUS: &str = "previous";

/// A protocol that can be followed.
#[derive(Debug, Clone, PartialEq)]
pub struct Protocol {
    /// Its name.
    pub name: Name,
    /// When a load rests.
    pub stability: Stability,
    /// What to do, in order.
    pub steps: Vec<Step>,
}

/// When a load rests. Pressures are in the source's unit and summed over the touches that rest; times are
/// of the device.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stability {
    /// How far apart the pressures of the window may be.
    pub tolerance: f64,
    /// Length of the window.
    pub hold_s: f64,
    /// By how much the smoothed pressure must change for the next step to begin.
    pub min_change: f64,
    /// After how long a step is given up.
    pub timeout_s: Option<f64>,
}

/// One weighing to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What a person is told.
    pub prompt: Line,
    /// What rests.
    pub role: Role,
    /// The load in words.
    pub label: Cell,
    /// The weighing's id.
    pub id: Id,
    /// Mass of a reference.
    pub reference_g: Option<Number>,
    /// Its standard uncertainty.
    pub reference_u_g: Option<Number>,
    /// What to subtract.
    pub tare: Option<Tare>,
}

/// Which tare a load is weighed against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tare {
    /// The one weighed last.
    Previous,
    /// The one of this id.
    Named(Id),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    #[serde(rename = "format")]
    _format: String,
    name: Name,
    stability: StabilityText,
    step: Vec<toml::Spanned<StepText>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StabilityText {
    tolerance: toml::Spanned<Number>,
    hold_s: toml::Spanned<Number>,
    min_change: toml::Spanned<Number>,
    timeout_s: Option<toml::Spanned<Number>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepText {
    prompt: Line,
    role: RoleText,
    label: Option<Cell>,
    id: Option<Id>,
    reference_g: Option<Number>,
    reference_u_g: Option<Number>,
    tare: Option<Id>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum RoleText {
    Tare,
    Reference,
    Unknown,
}

impl Protocol {
    /// Reads a protocol.
    ///
    /// # Errors
    /// Where it breaks the format, or contradicts itself.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let text: Text = handwritten::read(bytes, FORMAT)?;
        text.check(bytes)
    }
}

fn wrong(bytes: &[u8], at: usize, what: &str, found: impl ToString, expected: impl ToString) -> Malformed {
    let (found, expected) = (found.to_string(), expected.to_string());
    Malformed {
        position: Position::of(bytes, at),
        fault: Fault::Inconsistent { what: what.to_owned(), found, expected },
    }
}

impl Text {
    fn check(self, bytes: &[u8]) -> Result<Protocol, Malformed> {
        let positive = |what: &str, number: &toml::Spanned<Number>| {
            let value: f64 = number.as_ref().to_string().parse().expect("a decimal is a number");
            if value > 0.0 && value.is_finite() {
                Ok(value)
            } else {
                Err(wrong(bytes, number.span().start, what, number.as_ref(), "a number above 0"))
            }
        };
        let told = &self.stability;
        let stability = Stability {
            tolerance: positive("stability.tolerance", &told.tolerance)?,
            hold_s: positive("stability.hold_s", &told.hold_s)?,
            min_change: positive("stability.min_change", &told.min_change)?,
            timeout_s: (told.timeout_s.as_ref())
                .map(|number| positive("stability.timeout_s", number))
                .transpose()?,
        };
        let mut steps: Vec<Step> = Vec::new();
        for spanned in self.step {
            let at = spanned.span().start;
            let step = spanned.into_inner().step(steps.len());
            step.check(&steps).map_err(|(what, found, expected)| wrong(bytes, at, what, found, expected))?;
            steps.push(step);
        }
        if steps.is_empty() {
            return Err(wrong(bytes, 0, "step", "none", "at least one [[step]]"));
        }
        Ok(Protocol { name: self.name, stability, steps })
    }
}

impl StepText {
    fn step(self, before: usize) -> Step {
        let numbered = || Id::try_from(format!("w{:02}", before + 1)).expect("an id");
        Step {
            prompt: self.prompt,
            role: match self.role {
                RoleText::Tare => Role::Tare,
                RoleText::Reference => Role::Reference,
                RoleText::Unknown => Role::Unknown,
            },
            label: self.label.unwrap_or_else(|| String::new().try_into().expect("an empty cell")),
            id: self.id.unwrap_or_else(numbered),
            reference_g: self.reference_g,
            reference_u_g: self.reference_u_g,
            tare: self.tare.map(
                |tare| {
                    if tare.as_str() == PREVIOUS { Tare::Previous } else { Tare::Named(tare) }
                },
            ),
        }
    }
}

impl Step {
    /// What a step must be by itself and behind those before: what, found, expected.
    fn check(&self, before: &[Self]) -> Result<(), (&'static str, String, String)> {
        let err = |what, found: &str, expected: &str| Err((what, format!("`{found}`"), expected.to_owned()));
        if self.id.as_str() == PREVIOUS || before.iter().any(|step| step.id == self.id) {
            return err("step.id", self.id.as_str(), "an id of its own, other than `previous`");
        }
        match (self.role, &self.reference_g, &self.reference_u_g, &self.tare) {
            (Role::Reference, None, ..) => {
                return err("step.reference_g", "", "the mass of a reference, in grams");
            }
            (Role::Tare | Role::Unknown, Some(mass), ..) => {
                return err(
                    "step.reference_g",
                    &mass.to_string(),
                    "nothing: only a reference has a known mass",
                );
            }
            (_, None, Some(uncertainty), _) => {
                return err("step.reference_u_g", &uncertainty.to_string(), "nothing without a mass");
            }
            (_, _, Some(uncertainty), _) if uncertainty.0 < Decimal::ZERO => {
                let expected = "a standard uncertainty, 0 or more";
                return err("step.reference_u_g", &uncertainty.to_string(), expected);
            }
            (Role::Tare, .., Some(_)) => {
                return err("step.tare", "a tare", "nothing: the step is a tare itself");
            }
            _ => {}
        }
        let tares = || before.iter().filter(|step| step.role == Role::Tare);
        match &self.tare {
            Some(Tare::Previous) if tares().next().is_none() => {
                err("step.tare", PREVIOUS, "an earlier step with the role `tare`")
            }
            Some(Tare::Named(id)) if !tares().any(|step| step.id == *id) => {
                err("step.tare", id.as_str(), "`previous`, or the id of an earlier step with the role `tare`")
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "format = \"openweigh.protocol/1\"\nname = \"p\"\n[stability]\ntolerance = \"4\"\n\
                        hold_s = \"2\"\nmin_change = \"1\"\n";

    #[test]
    fn the_shipped_ones_are_valid() {
        for (text, steps) in [
            (include_str!("../../../protocols/coins.toml"), 17),
            (include_str!("../../../protocols/mass-set.toml"), 25),
        ] {
            assert_eq!(Protocol::parse(text.as_bytes()).unwrap().steps.len(), steps);
        }
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        for (steps, message) in [
            ("", "1:1: missing: `step` (line 1)"),
            ("[[step]]\nprompt = \"\"\nrole = \"full\"\n", "9:8: unknown variant"),
            ("[[step]]\nprompt = \"\"\nrole = \"tare\"\nmass = \"1\"\n", "10:1: unknown field `mass`"),
            ("[[step]]\nprompt = \"\"\nrole = \"reference\"\n", "7:1: step.reference_g: found ``"),
            ("[[step]]\nprompt = \"\"\nrole = \"unknown\"\ntare = \"x\"\n", "7:1: step.tare: found `x`"),
            ("[[step]]\nprompt = \"\"\nrole = \"unknown\"\ntare = \"previous\"\n", "7:1: step.tare: found"),
        ] {
            let error = Protocol::parse(format!("{HEAD}{steps}").as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}");
        }
        let error =
            Protocol::parse(HEAD.replace("\"2\"", "\"0\"").replace("[stab", "step = []\n[stab").as_bytes());
        assert_eq!(
            error.unwrap_err().to_string(),
            "6:10: stability.hold_s: found 0, expected a number above 0"
        );
        let other = Protocol::parse(b"format = \"openweigh.recipe/1\"").unwrap_err();
        assert!(other.to_string().contains("openweigh.recipe/1"), "{other}");
    }
}
