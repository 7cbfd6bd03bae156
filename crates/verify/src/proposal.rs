//! Claims that weights and results support, with as many decimals as are worth to be vouched for.

use crate::claims::{Exact, unit};
use openweigh_exact::{Column, Decimal, Fixed, Ratio, root, round};
use openweigh_fit::ErrorFigures;
use openweigh_formats::claim::{Claim, Over, Quantity};
use openweigh_formats::number::Stated;
use openweigh_formats::path::RelativePath;
use openweigh_formats::term::Term;
use openweigh_formats::text::Unit;
use openweigh_formats::weights::Weights;
use openweigh_formats::{Malformed, csv};
use openweigh_replay::ReplayError;
use openweigh_replay::predict::Predictor;

/// Significant digits of a standard error, and so the decimals of its coefficient.
const UNCERTAIN: u32 = 2;

/// Significant digits of other figures.
const FIGURES: u32 = 3;

/// Significant digits of a coefficient of which nothing says how uncertain it is.
const CERTAIN: u32 = 6;

/// Why no claims are proposed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProposalError {
    /// The weights cannot be used.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The results are not results.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

/// The claims that follow from weights, and from results of theirs.
///
/// # Errors
/// The weights do not determine their coefficients, or the results are malformed.
pub fn claims(
    path: &RelativePath,
    weights: &Weights,
    results: Option<(&RelativePath, &[u8])>,
) -> Result<Vec<Claim>, ProposalError> {
    let predictor = Predictor::new(weights)?;
    let estimate = predictor.estimate();
    let own = Proposals { path, weights };
    let mut claims = Vec::new();
    for (at, term) in weights.terms.iter().enumerate() {
        let (id, term) = (format!("b{at}"), &term.term);
        let coefficient = estimate.coefficient(at);
        let error = estimate.covariance(at, at).map(|square| root::to_digits(&square, UNCERTAIN));
        let places = error
            .as_ref()
            .filter(|error| **error != Decimal::ZERO)
            .map_or_else(|| round::to_digits(&coefficient, CERTAIN).places(), Decimal::places);
        let value = round::to_places(&coefficient, places);
        claims.push(own.of_term(id.clone(), Quantity::Coefficient, term, value));
        if let Some(square) = estimate.covariance(at, at).filter(|_| !estimate.is_declared()) {
            let value = root::to_places(&square, places);
            claims.push(own.of_term(format!("{id}-se"), Quantity::StandardError, term, value));
        }
    }
    if let Some(variance) = estimate.variance() {
        claims.push(own.of_file("residual-sd", Quantity::ResidualSd, &Exact::Root(variance)));
    }
    let count =
        Exact::Value(Ratio::from(&Decimal::from(i64::try_from(weights.normal.n).unwrap_or(i64::MAX))));
    claims.push(own.of_file("n", Quantity::N, &count));
    if let Some((path, bytes)) = results {
        let own = Proposals { path, weights };
        let errors = errors(bytes)?;
        let decimals = weights.recipe.result.decimals;
        let figures = [
            ("rmse", Quantity::Rmse, errors.mean_square().map(|square| root::to_places(&square, decimals))),
            (
                "mean-error",
                Quantity::MeanError,
                // One that rounds to nothing would claim nothing.
                (errors.mean().map(|mean| round::to_places(&mean, decimals)))
                    .filter(|mean| mean.to_decimal() != Decimal::ZERO),
            ),
            (
                "largest-error",
                Quantity::MaxAbsError,
                errors.largest().map(|largest| round::to_places(&largest, decimals)),
            ),
        ];
        claims.extend(
            figures
                .into_iter()
                .filter_map(|(id, quantity, value)| Some(own.claim(id.to_owned(), quantity, None, value?))),
        );
    }
    Ok(claims)
}

/// The figures of the results' errors.
fn errors(bytes: &[u8]) -> Result<ErrorFigures, Malformed> {
    let mut lines = csv::checked(bytes)?;
    let header: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let at = header.iter().rposition(|name| matches!(*name, "error" | "error_g"));
    let cells = lines.filter_map(|line| line.split(',').nth(at?));
    let errors: Column =
        cells.filter_map(|cell| Fixed::parse(cell).ok()).map(|error| error.to_decimal()).collect();
    Ok(ErrorFigures::of(&errors))
}

/// Claims about one file.
struct Proposals<'a> {
    path: &'a RelativePath,
    weights: &'a Weights,
}

impl Proposals<'_> {
    fn of_term(&self, id: String, quantity: Quantity, term: &Term, value: Fixed) -> Claim {
        self.claim(id, quantity, Some(term), value)
    }

    fn of_file(&self, id: &str, quantity: Quantity, exact: &Exact) -> Claim {
        let places = match (quantity, exact) {
            (Quantity::N, _) => 0,
            (_, Exact::Value(value)) => round::to_digits(value, FIGURES).places(),
            (_, Exact::Root(square)) => root::to_digits(square, FIGURES).places(),
        };
        self.claim(id.to_owned(), quantity, None, exact.to_places(places))
    }

    fn claim(&self, id: String, quantity: Quantity, term: Option<&Term>, value: Fixed) -> Claim {
        let target = &self.weights.recipe.model.target;
        let statement = match (quantity, term) {
            (Quantity::Coefficient, Some(term)) if term.is_one() => {
                "Coefficient of the constant term".to_owned()
            }
            (Quantity::Coefficient, Some(term)) => format!("Coefficient of {term}"),
            (Quantity::StandardError, Some(term)) if term.is_one() => {
                "Standard error of the constant term".to_owned()
            }
            (Quantity::StandardError, Some(term)) => format!("Standard error of the coefficient of {term}"),
            (Quantity::ResidualSd, _) => "Standard deviation of the residuals".to_owned(),
            (Quantity::N, _) => "Rows that were fitted".to_owned(),
            (Quantity::Rmse, _) => format!("Root mean square error of the predicted {target}"),
            (Quantity::MeanError, _) => format!("Mean error of the predicted {target}"),
            _ => format!("Largest error of the predicted {target}"),
        };
        let over = Over {
            file: self.path.clone(),
            term: term.cloned(),
            dataset: None,
            row: None,
            session: None,
            weighing: None,
        };
        let mut claim = Claim {
            id: id.try_into().expect("an id of letters, digits and hyphens"),
            statement: statement.try_into().expect("terms and columns are printable"),
            quantity,
            over,
            value: Stated(value),
            unit: None,
        };
        claim.unit = unit(&claim, self.weights).and_then(|unit| Unit::try_from(unit).ok());
        claim
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use openweigh_formats::{canonical, claim};

    #[test]
    fn what_is_proposed_follows_from_the_published_artifacts() {
        let weights: Weights =
            canonical::read(include_bytes!("../../../artifacts/weights/nist-pontius-1.0.0.json")).unwrap();
        let path: RelativePath = "artifacts/weights/nist-pontius-1.0.0.json".parse().unwrap();
        let results = include_bytes!("../../../artifacts/results/nist-pontius-1.0.0.csv");
        let results_path: RelativePath = "artifacts/results/nist-pontius-1.0.0.csv".parse().unwrap();
        let claims = claims(&path, &weights, Some((&results_path, results))).unwrap();
        let value = |id: &str| {
            claims.iter().find(|claim| claim.id.as_str() == id).map(|claim| claim.value.to_string())
        };
        // NIST certifies 0.673565789473684E-03 with 0.107938612033077E-03, and 0.205177424076185E-03.
        assert_eq!(value("b0").as_deref(), Some("0.00067"));
        assert_eq!(value("b0-se").as_deref(), Some("0.00011"));
        assert_eq!(value("residual-sd").as_deref(), Some("0.000205"));
        assert_eq!(value("n").as_deref(), Some("40"));
        assert!(value("rmse").is_some() && value("largest-error").is_some());
        // What is written is read again.
        let text = claim::to_toml(&claims);
        assert_eq!(claim::from_toml(text.as_bytes()).unwrap(), claims, "{text}");
    }
}
