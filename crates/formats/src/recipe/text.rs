//! A recipe as the TOML that a person would have written.

use super::{Distribution, Estimator, Fit, Recipe, Tare, Uncertainty};
use crate::handwritten::quoted;
use crate::reading::{Per, Reading, Reduction};
use crate::touches::State;
use std::fmt::Write;

impl Recipe {
    /// The recipe in TOML: what it says, and no key that has its default; [`Recipe::from_toml`] reads the same
    /// recipe from it.
    pub fn to_toml(&self) -> String {
        let mut out = format!("format = {}\nname = \"{}\"\n", quoted(self.format_name()), self.name);
        if let Some(reading) = &self.reading {
            write_reading(&mut out, reading, self.reads_places());
        }
        let terms: Vec<String> = self.model.terms.iter().map(|term| quoted(&term.to_string())).collect();
        let _ =
            write!(out, "\n[model]\ntarget = \"{}\"\nterms = [{}]\n", self.model.target, terms.join(", "));
        match self.model.tare {
            Tare::None => {}
            Tare::Signal => out.push_str("tare = \"signal\"\n"),
            Tare::Model => out.push_str("tare = \"model\"\n"),
        }
        let (fit, mut usual) = (&self.fit, Fit::default());
        usual.session_terms = fit.session_terms.as_ref().map(|_| self.usual_session_terms());
        if *fit != usual {
            out.push_str("\n[fit]\n");
            if fit.estimator != usual.estimator {
                let _ = writeln!(out, "estimator = \"{}\"", String::from(fit.estimator));
            }
            if fit.digits != usual.digits {
                let _ = writeln!(out, "digits = {}", fit.digits);
            }
            if fit.validation != usual.validation {
                let _ = writeln!(out, "validation = \"{}\"", String::from(fit.validation));
            }
            if let (Estimator::Declared, Some(coefficients)) = (fit.estimator, &fit.coefficients) {
                let texts: Vec<String> = coefficients.iter().map(|number| format!("\"{number}\"")).collect();
                let _ = writeln!(out, "coefficients = [{}]", texts.join(", "));
            }
            if let Some(terms) =
                fit.session_terms.as_ref().filter(|_| fit.session_terms != usual.session_terms)
            {
                let terms: Vec<String> = terms.iter().map(|term| quoted(&term.to_string())).collect();
                let _ = writeln!(out, "session_terms = [{}]", terms.join(", "));
            }
        }
        if let Some(uncertainty) = self.uncertainty.as_ref().filter(|own| **own != Uncertainty::default()) {
            write_uncertainty(&mut out, uncertainty);
        }
        out.push_str("\n[result]\n");
        if let Some(unit) = &self.result.unit {
            let _ = writeln!(out, "unit = {}", quoted(unit.as_str()));
        }
        let _ = writeln!(out, "decimals = {}", self.result.decimals);
        let two = openweigh_exact::Decimal::from(2);
        if let Some(coverage) = self.result.coverage.as_ref().filter(|coverage| coverage.0 != two) {
            let _ = writeln!(out, "coverage = \"{coverage}\"");
        }
        out
    }

    /// The value of the key `format`.
    fn format_name(&self) -> &'static str {
        match self.format {
            super::Format::V1 => super::FORMATS[0],
            super::Format::V2 => super::FORMATS[1],
        }
    }
}

/// The key `touches` of version 2 is written always: it says that the recipe is one for touch sessions.
fn write_reading(out: &mut String, reading: &Reading, of_touches: bool) {
    let usual = Reading::default();
    out.push_str("\n[reading]\n");
    let per = match reading.per {
        Per::Weighing => "weighing",
        Per::Frame => "frame",
    };
    let _ = writeln!(out, "per = \"{per}\"");
    if reading.reduction() != usual.reduction() || of_touches && reading.touches.is_some() {
        let touches = match reading.reduction() {
            Reduction::Sum => "sum",
            Reduction::First => "first",
            Reduction::Largest => "largest",
        };
        let _ = writeln!(out, "touches = \"{touches}\"");
    }
    if reading.counted_states() != usual.counted_states() || of_touches && reading.states.is_some() {
        let states: Vec<String> =
            reading.counted_states().iter().map(|state: &State| format!("\"{}\"", state.as_str())).collect();
        let _ = writeln!(out, "states = [{}]", states.join(", "));
    }
    if reading.settle_s != usual.settle_s {
        let _ = writeln!(out, "settle_s = \"{}\"", reading.settle_s);
    }
    if reading.statistic != usual.statistic {
        let _ = writeln!(out, "statistic = \"{}\"", String::from(reading.statistic.clone()));
    }
    if reading.decimals != usual.decimals {
        let _ = writeln!(out, "decimals = {}", reading.decimals);
    }
    if let Some(ceiling) = &reading.ceiling {
        let _ = writeln!(out, "ceiling = \"{ceiling}\"");
    }
}

fn write_uncertainty(out: &mut String, uncertainty: &Uncertainty) {
    out.push_str("\n[uncertainty]\n");
    let _ = writeln!(out, "coverage_probability = \"{}\"", uncertainty.coverage_probability);
    if uncertainty.confidence != Uncertainty::default().confidence {
        let _ = writeln!(out, "confidence = \"{}\"", uncertainty.confidence);
    }
    for one in &uncertainty.component {
        let _ = writeln!(out, "\n[[uncertainty.component]]\nname = \"{}\"", one.name);
        for (key, number) in [("value", &one.value), ("relative", &one.relative), ("dof", &one.dof)] {
            if let Some(number) = number {
                let _ = writeln!(out, "{key} = \"{number}\"");
            }
        }
        let distribution = match one.distribution {
            Distribution::Normal => continue,
            Distribution::Rectangular => "rectangular",
            Distribution::Triangular => "triangular",
            Distribution::Arcsine => "arcsine",
        };
        let _ = writeln!(out, "distribution = \"{distribution}\"");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_read() {
        let table = "format = \"openweigh.recipe/1\"\nname = \"a\"\n[model]\ntarget = \"y\"\nterms = [\"1\", \"hinge(x,-0.5)^2*z\"]\n[fit]\ndigits = 9\nvalidation = \"k-fold:7\"\n[result]\nunit = \"\\\"\\\\µg\"\ndecimals = 3\ncoverage = \"1.96\"\n";
        let declared = "format = \"openweigh.recipe/1\"\nname = \"b\"\n[reading]\nper = \"frame\"\ntouches = \"largest\"\nstates = [\"make-touch\", \"touching\"]\nsettle_s = \"0.25\"\nstatistic = \"trimmed-mean:0.1\"\ndecimals = 3\nceiling = \"254\"\n[model]\ntarget = \"reference_g\"\nterms = [\"pressure\"]\ntare = \"model\"\n[fit]\nestimator = \"declared\"\ncoefficients = [\"1\"]\n[result]\nunit = \"g\"\ndecimals = 2\n";
        let second = "format = \"openweigh.recipe/2\"\nname = \"c\"\n[model]\ntarget = \"Kraft\"\nterms = [\"1\", \"Größe\"]\n[fit]\nvalidation = \"leave-one-session-out\"\n[result]\ndecimals = 3\n";
        let budget = "format = \"openweigh.recipe/2\"\nname = \"d\"\n[model]\ntarget = \"y\"\nterms = [\"1\", \"x\"]\n[fit]\nsession_terms = [\"x\"]\n[uncertainty]\ncoverage_probability = \"0.99\"\nconfidence = \"0\"\n[[uncertainty.component]]\nname = \"drift\"\nvalue = \"0.1\"\ndistribution = \"arcsine\"\n[[uncertainty.component]]\nname = \"gravity\"\nrelative = \"0.002\"\ndof = \"8\"\n[result]\ndecimals = 3\n";
        for text in [table, declared, second, budget] {
            let recipe = Recipe::from_toml(text.as_bytes()).unwrap();
            let written = recipe.to_toml();
            assert_eq!(Recipe::from_toml(written.as_bytes()).unwrap(), recipe, "{written}");
        }
    }

    #[test]
    fn defaults_are_left_out() {
        let text = "format = \"openweigh.recipe/1\"\nname = \"a\"\n\n[model]\ntarget = \"y\"\nterms = [\"1\", \"x\"]\n\n[result]\nunit = \"g\"\ndecimals = 2\n";
        assert_eq!(Recipe::from_toml(text.as_bytes()).unwrap().to_toml(), text);
    }
}
