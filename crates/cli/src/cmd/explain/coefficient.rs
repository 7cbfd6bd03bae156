//! How a coefficient of weights came to be.

use super::{cut, fraction};
use crate::answer::{Explained, ExplainedCoefficient};
use crate::exit;
use crate::failure::Failure;
use crate::place;
use crate::screen::{Screen, Tone, padded};
use openweigh_formats::count;
use openweigh_formats::recipe::Estimator;
use openweigh_formats::weights::Weights;
use openweigh_verify::claims::Exact;
use openweigh_verify::trace::coefficient;
use std::path::Path;

/// Digits shown of what does not end.
const DIGITS: u32 = 40;

/// Tells of the coefficient that a word names: `b1`, or its term. None if the weights have no such.
pub(super) fn tell(
    weights: &Weights,
    from: &str,
    word: &str,
    screen: &mut Screen,
) -> Option<Result<u8, Failure>> {
    coefficient::place(weights, word).map(|at| of(weights, from, at, screen))
}

/// That weights have no such coefficient, and which they have.
pub(super) fn unknown(weights: &Weights, word: &str) -> Failure {
    let known: Vec<String> =
        weights.terms.iter().enumerate().map(|(at, own)| format!("b{at} ({})", own.term)).collect();
    Failure::usage(format!(
        "`{word}` is no coefficient of {}-{}; it has {}",
        weights.name,
        weights.version,
        known.join(", ")
    ))
}

fn of(weights: &Weights, from: &str, at: usize, screen: &mut Screen) -> Result<u8, Failure> {
    let trace = coefficient::trace(weights, at)?;
    let own = &weights.terms[at];
    let unit = trace.unit.as_ref().map_or_else(String::new, |unit| format!(" {unit}"));
    screen
        .line(&screen.tone(Tone::Strong, &format!("b{at}: the coefficient of `{}` in {from}", own.term)))?;
    screen.line(&format!("  stated    {}{unit}", own.coefficient))?;
    if weights.recipe.fit.estimator == Estimator::Declared {
        screen.line("  declared  by the recipe, not fitted")?;
    } else {
        screen.line(&format!(
            "  solved    exactly over the rationals, from the sums in `normal` of {} and {}",
            count::of(weights.normal.n, "row"),
            count::of(weights.terms.len(), "term")
        ))?;
        for trained in &weights.trained_on {
            screen.line(&format!("  {}{} {}", padded("from", 10), trained.name, trained.version))?;
        }
    }
    let fraction = fraction(&trace.exact);
    if let Some(fraction) = &fraction {
        screen.line(&format!("  exactly   {fraction}"))?;
    }
    let digits = weights.recipe.fit.digits;
    screen.line(&format!("  that is   {}", cut(&Exact::Value(trace.exact.clone()), DIGITS)))?;
    screen.line(&format!("  rounded   {} to {digits} significant digits, half to even", trace.rounded))?;
    match (&trace.standard_error, &trace.variance) {
        (Some(error), Some(square)) => {
            screen.line(&format!("  standard error {error}{unit}"))?;
            if let Some(text) = super::fraction(square) {
                screen.line(&format!("    the root of {text}"))?;
            }
        }
        _ => screen.line("  standard error undefined")?,
    }
    let (tone, verdict, code) = if trace.same {
        (Tone::Good, "the stated digits follow from the sums", exit::DONE)
    } else {
        (Tone::Bad, "the stated digits do not follow from the sums", exit::FAILED)
    };
    screen.finding(&format!("  {}", screen.tone(tone, verdict)))?;
    screen.document(&Explained::Coefficient(ExplainedCoefficient {
        file: from.to_owned(),
        coefficient: format!("b{at}"),
        term: own.term.to_string(),
        stated: own.coefficient.to_string(),
        exactly: trace.exact.reduced_text(),
        rounded: trace.rounded.to_string(),
        unit: trace.unit.as_ref().map(ToString::to_string),
        standard_error: trace.standard_error.as_ref().map(ToString::to_string),
        same: trace.same,
    }));
    Ok(code)
}

/// Weights alone, without a manifest.
pub(super) fn of_weights(path: &Path, subject: Option<&str>, screen: &mut Screen) -> Result<u8, Failure> {
    let (weights, _): (Weights, _) = place::document(path)?;
    let Some(word) = subject else {
        screen.artifact(&weights);
        crate::show::weights(&weights, screen)?;
        let (name, version) = (&weights.name, &weights.version);
        crate::show::next(&format!("explain {name}-{version} b0"), screen)?;
        return Ok(exit::DONE);
    };
    tell(&weights, &place::shown(path), word, screen).unwrap_or_else(|| Err(unknown(&weights, word)))
}
