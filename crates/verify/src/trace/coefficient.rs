//! How a coefficient came to be, whether or not it is claimed.

use crate::claims::unit_of_coefficient;
use openweigh_exact::{Decimal, Ratio, root, round};
use openweigh_formats::weights::Weights;
use openweigh_replay::ReplayError;
use openweigh_replay::predict::Predictor;

/// A coefficient of weights, solved for again.
#[derive(Debug, Clone)]
pub struct CoefficientTrace {
    /// Its place among the terms, from 0.
    pub at: usize,
    /// The exact solution.
    pub exact: Ratio,
    /// The same, rounded to the recipe's digits.
    pub rounded: Decimal,
    /// The square of its standard error; none where that is undefined.
    pub variance: Option<Ratio>,
    /// The standard error, rounded to the recipe's digits.
    pub standard_error: Option<Decimal>,
    /// Whether what the weights state is that.
    pub same: bool,
    /// Its unit, where the sources state those of target and features.
    pub unit: Option<String>,
}

/// The place of a coefficient that is named as `b1`, or by its term.
pub fn place(weights: &Weights, word: &str) -> Option<usize> {
    let terms = &weights.terms;
    let by_term = terms.iter().position(|own| own.term.to_string() == word && !own.term.is_one());
    let by_number = || word.strip_prefix('b')?.parse::<usize>().ok().filter(|at| *at < terms.len());
    by_term.or_else(by_number)
}

/// Solves for a coefficient again, from the exact sums in the weights.
///
/// # Errors
/// The sums do not determine it.
///
/// # Panics
/// If there is no term at that place.
pub fn trace(weights: &Weights, at: usize) -> Result<CoefficientTrace, ReplayError> {
    let predictor = Predictor::new(weights)?;
    let (estimate, digits) = (predictor.estimate(), weights.recipe.fit.digits);
    let exact = estimate.coefficient(at);
    let rounded = round::to_digits(&exact, digits);
    let variance = estimate.covariance(at, at);
    let standard_error = variance.as_ref().map(|square| root::to_digits(square, digits));
    let own = &weights.terms[at];
    let stated = own.standard_error.as_ref().map(|number| &number.0);
    // Weights by frame have the standard errors of clustered readings, which these sums alone do not give.
    let same = own.coefficient.0 == rounded && (stated == standard_error.as_ref() || variance.is_none());
    let unit = weights.recipe.result.unit.as_ref();
    let unit = unit.and_then(|unit| unit_of_coefficient(unit.to_string(), &own.term, weights));
    Ok(CoefficientTrace { at, exact, rounded, variance, standard_error, same, unit })
}

#[cfg(test)]
mod tests {
    use super::*;
    use openweigh_formats::canonical;

    #[test]
    fn published_coefficients_follow_from_their_sums() {
        for bytes in [
            &include_bytes!("../../../../artifacts/weights/nist-pontius-1.0.0.json")[..],
            &include_bytes!("../../../../artifacts/weights/nist-longley-1.0.0.json")[..],
            &include_bytes!("../../../../artifacts/weights/magic-trackpad-affine-1.0.0.json")[..],
            &include_bytes!("../../../../artifacts/weights/trackweight-identity-1.0.0.json")[..],
        ] {
            let weights: Weights = canonical::read(bytes).unwrap();
            for at in 0..weights.terms.len() {
                assert!(trace(&weights, at).unwrap().same, "{} b{at}", weights.name);
                assert_eq!(place(&weights, &format!("b{at}")), Some(at));
            }
            assert_eq!(place(&weights, "b99"), None);
        }
        let bytes = include_bytes!("../../../../artifacts/weights/nist-pontius-1.0.0.json");
        let weights: Weights = canonical::read(bytes).unwrap();
        assert_eq!(place(&weights, "load^2"), Some(2));
        let square = trace(&weights, 2).unwrap();
        assert_eq!(square.exact.reduced_text(), "-1081/342000000000000000");
    }
}
