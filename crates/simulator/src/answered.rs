//! A scenario from a file of `openweigh doctor` (docs/how-to/doctor.md): the simulator answers as that machine did, as far as a
//! scenario has a line for it. The file is read here a second time, from the description of its format alone.

use crate::scenario::{Scenario, ScenarioError};
use std::fmt::Write;

/// The format that is read.
const FORMAT: &str = "openweigh.doctor/1";

/// The most of a file that is read, in bytes.
const MOST_BYTES: usize = 1 << 20;

/// An answer of a table, by the table's path.
struct Told(toml::Table);

impl Told {
    fn get(&self, path: &[&str]) -> Option<&toml::Value> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.0.get(*first)?, |value, key| value.get(key))
    }

    fn text(&self, path: &[&str]) -> Option<&str> {
        self.get(path)?.as_str()
    }

    fn truth(&self, path: &[&str]) -> Option<bool> {
        self.get(path)?.as_bool()
    }

    fn whole(&self, path: &[&str]) -> Option<i64> {
        self.get(path)?.as_integer()
    }

    /// Numbers of the pads of the framework.
    fn pads(&self) -> Vec<String> {
        let pads = self.0.get("pad").and_then(toml::Value::as_table);
        let mut numbers: Vec<String> = pads.into_iter().flatten().map(|(number, _)| number.clone()).collect();
        numbers.retain(|number| self.text(&["pad", number, "kind"]) == Some("framework"));
        numbers.sort_by_key(|number| number.parse::<u32>().unwrap_or(u32::MAX));
        numbers
    }
}

/// The text of a scenario in which the pads answer as in this file, with a base that lies on each.
///
/// # Errors
/// It is no such file.
pub fn scenario(file: &str) -> Result<String, ScenarioError> {
    let wrong = |message: &str| ScenarioError { line: 1, column: 1, message: message.to_owned() };
    if file.len() > MOST_BYTES {
        return Err(wrong("the file is larger than 1 MiB"));
    }
    let told: toml::Table = toml::from_str(file).map_err(|error| {
        ScenarioError::at(file, error.span().map_or(0, |span| span.start), error.message())
    })?;
    if told.get("format").and_then(toml::Value::as_str) != Some(FORMAT) {
        return Err(wrong("expected a file of `openweigh doctor`, format = \"openweigh.doctor/1\""));
    }
    let told = Told(told);
    let mut text = String::from(
        "# Made from a file of `openweigh doctor`.\nbehaviour = \"mac\"\npace = 10.0\n\n[answers]\n",
    );
    // A `String` takes everything.
    for (key, value) in answers(&told) {
        let _ = writeln!(text, "{key} = {value}");
    }
    for number in told.pads() {
        text.push_str(&pad(&told, &number));
    }
    if told.pads().is_empty() {
        text = format!("pad = []\n{text}");
    }
    Scenario::parse(&text)?;
    Ok(text)
}

/// The lines of the table `[answers]`. What the pads disagree on is told by the first.
fn answers(told: &Told) -> Vec<(&'static str, String)> {
    let pads = told.pads();
    let number = pads.first().map_or("1", String::as_str);
    let of = |question, key| told.get(&["pad", number, question, key]);
    let mut lines = Vec::new();
    let mut put = |key, value: Option<String>| lines.extend(value.map(|value| (key, value)));
    put("tells_life", of("started", "alive").and_then(toml::Value::as_bool).map(|alive| alive.to_string()));
    let stops =
        of("slept", "running").or(of("unplugged", "running_while_away")).and_then(toml::Value::as_bool);
    put("tells_stops", stops.map(|running| (!running).to_string()));
    let second = of("second-start", "status").and_then(toml::Value::as_str);
    put("second_start", second.map(|status| status.starts_with("0x00000000").to_string()));
    let alone = of("slept", "frames_by_themselves").and_then(toml::Value::as_bool);
    put("survives_sleep", alone.map(|alone| alone.to_string()));
    put("restart_pause_s", pause_s(told, number));
    let slope = told.text(&["pad", number, "clocks", "framework"]).or(told.text(&["clocks", "framework"]));
    // Only what is a number becomes one; a clock that stood still was not measured.
    let slope = slope.and_then(|slope| slope.parse::<f64>().ok()).filter(|slope| (0.1..10.0).contains(slope));
    put("clock_slope", slope.map(|slope| format!("{slope:.4}")));
    let without = of("run-loop", "frames_without").and_then(toml::Value::as_bool);
    let with = of("run-loop", "frames_with").and_then(toml::Value::as_bool);
    put("needs_run_loop", (without == Some(false) && with == Some(true)).then(|| "true".to_owned()));
    let access = match told.text(&["permission", "before"]) {
        Some("granted") => Some("granted"),
        // Denied, and frames all the same: that is no denial.
        Some("denied") if without == Some(false) => Some("denied"),
        Some(_) => Some("unknown"),
        None => None,
    };
    put("input_monitoring", access.map(|access| format!("\"{access}\"")));
    lines
}

/// The longest pause after which no frame came, and a little more.
fn pause_s(told: &Told, number: &str) -> Option<String> {
    let tries = told.get(&["pad", number, "restarted"])?.as_table()?;
    // Where no try worked, it was not the pause.
    tries.values().find(|what| what.as_str() == Some("frames"))?;
    let silent = tries.iter().filter(|(_, what)| what.as_str() == Some("status 0 and no frame"));
    let pauses =
        silent.filter_map(|(key, _)| key.strip_prefix("after_")?.strip_suffix("_ms")?.parse::<u32>().ok());
    Some(
        pauses
            .max()
            .map_or_else(|| "0.0".to_owned(), |pause| format!("{:.2}", f64::from(pause) / 1000.0 + 0.15)),
    )
}

fn pad(told: &Told, number: &str) -> String {
    let mut text = String::from("\n[[pad]]\n");
    let mut put = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = writeln!(text, "{key} = {value}");
        }
    };
    let of = |key| told.get(&["pad", number, key]);
    let built_in = told.truth(&["pad", number, "built_in"]) == Some(true);
    let kind = match (built_in, told.truth(&["pad", number, "opaque_surface"])) {
        (true, Some(false)) => "touch-bar",
        (true, _) => "apple-silicon",
        (false, _) => "magic-trackpad",
    };
    put("kind", Some(format!("\"{kind}\"")));
    put("family", whole(of("family")));
    put("transport", whole(of("transport_number")));
    put("says_force", told.truth(&["pad", number, "says_it_has_force"]).map(|force| force.to_string()));
    let kept = told.text(&["pad", number, "clicks", "switched_off"]) == Some("on");
    put("clicks_fixed", kept.then(|| "true".to_owned()));
    put("seconds", Some("3000.0".to_owned()));
    // Nothing lies on a pad of which nothing came.
    let silent = told.whole(&["pad", number, "touched", "frames"]) == Some(0)
        && told.truth(&["pad", number, "run-loop", "frames_with"]) != Some(true);
    if !silent {
        text.push_str("[[pad.contact]]\nkind = \"base\"\nfrom_s = 0.0\nuntil_s = 2990.0\nforce_g = 60.0\n");
    }
    text
}

/// A number that a scenario can have.
fn whole(value: Option<&toml::Value>) -> Option<String> {
    i32::try_from(value?.as_integer()?).ok().map(|number| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_part_of_a_file_makes_a_scenario() {
        let whole = scenario(
            "format = \"openweigh.doctor/1\"\n[pad.2]\nkind = \"framework\"\nfamily = 130\n[pad.2.slept]\nrunning = false\n\
             [pad.10]\nkind = \"event device\"\n[pad.2.restarted]\nafter_0_ms = \"status 0 and no frame\"\nafter_100_ms = \"frames\"\n",
        )
        .unwrap();
        assert!(whole.contains("family = 130") && whole.contains("tells_stops = true"), "{whole}");
        assert!(whole.contains("restart_pause_s = 0.15") && whole.matches("[[pad]]").count() == 1, "{whole}");
        assert!(scenario("format = \"openweigh.doctor/1\"\n").unwrap().contains("pad = []"));
        for wrong in ["", "format = \"openweigh.doctor/2\"", "format = ", "format = 1\n[pad]\n"] {
            assert!(scenario(wrong).is_err(), "{wrong}");
        }
    }
}
