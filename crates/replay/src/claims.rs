//! Stage 5: claims recomputed from what was derived again (docs/spec/7-manifests.md, 7.3).

use crate::finding::{Finding, Kind, Open, Other};
use crate::grams::Place;
use crate::listing::Contents;
use crate::predict::Predictor;
use crate::report::{Note, Verdict};
use crate::verify::Derived;
use openweigh_dataset::{Data, SessionReadings};
use openweigh_exact::{Decimal, Fixed, IBig, Ratio, UBig, root, round};
use openweigh_fit::{ErrorFigures, Fitted};
use openweigh_formats::claim::{Claim, Quantity};
use openweigh_formats::dataset::Dataset;
use openweigh_formats::manifest::Manifest;
use openweigh_formats::path::RelativePath;
use openweigh_formats::term::{Base, Term};
use openweigh_formats::weights::Weights;

/// Digits that are shown of a value that a claim says too little of.
const SHOWN: u32 = 6;

/// An exact value of which a claim states some decimals.
#[derive(Debug, Clone)]
pub enum Exact {
    /// A rational.
    Value(Ratio),
    /// The square root of a rational.
    Root(Ratio),
}

impl Exact {
    fn count(count: u64) -> Self {
        Self::Value(Ratio::new(IBig::from(count), UBig::ONE))
    }

    /// The value to so many decimals.
    pub fn to_places(&self, places: u32) -> Fixed {
        match self {
            Self::Value(value) => round::to_places(value, places),
            Self::Root(square) => root::to_places(square, places),
        }
    }
}

/// Recomputes a claim and compares value and unit.
pub fn check(claim: &Claim, manifest: &Manifest, contents: &Contents, derived: &Derived) -> Verdict {
    judge(claim, manifest, contents, derived).0
}

/// As [`check`], with a note where the claim holds and says next to nothing.
pub(crate) fn judge(
    claim: &Claim,
    manifest: &Manifest,
    contents: &Contents,
    derived: &Derived,
) -> (Verdict, Option<Note>) {
    match recompute(claim, manifest, contents, derived) {
        Err(verdict) => (verdict, None),
        Ok((exact, unit)) => match compare(claim, &exact, unit.as_deref()) {
            Verdict::Checked => (Verdict::Checked, says_little(claim, &exact)),
            verdict => (verdict, None),
        },
    }
}

/// What a claim says that states 0 of something that is not 0, or a coefficient of determination of 1 that is not: no
/// more than how near the value is.
fn says_little(claim: &Claim, exact: &Exact) -> Option<Note> {
    let stated = claim.value.0.to_decimal();
    let (Exact::Value(value) | Exact::Root(value)) = exact;
    let hides_nothing = Ratio::from(&stated) == *value;
    let one = || claim.quantity == Quantity::RSquared && stated == Decimal::new(IBig::from(1), 0);
    if hides_nothing || stated != Decimal::ZERO && !one() {
        return None;
    }
    let places = usize::try_from(claim.value.0.places()).unwrap_or(usize::MAX);
    let digits = match exact {
        Exact::Value(value) => round::to_digits(value, SHOWN),
        Exact::Root(square) => root::to_digits(square, SHOWN),
    };
    Some(Note::SaysLittle {
        claim: claim.id.clone(),
        claimed: claim.value.to_string(),
        within: format!("0.{}5", "0".repeat(places)),
        derived: round::brief(&digits, SHOWN),
    })
}

fn compare(claim: &Claim, exact: &Exact, unit: Option<&str>) -> Verdict {
    let expected = exact.to_places(claim.value.0.places());
    if expected != claim.value.0 {
        let apart = claim.value.0.to_decimal().minus(&expected.to_decimal());
        return Verdict::Failed(Finding {
            published: Some(claim.value.to_string()),
            other: Some(Other::Derived(expected.to_string())),
            distance: Some(apart.to_string()),
            ..Kind::ClaimedValue { quantity: claim.quantity, statement: claim.statement.to_string() }.into()
        });
    }
    if unit != claim.unit.as_ref().map(openweigh_formats::text::Unit::as_str) {
        let text = |unit: Option<&str>| unit.map_or_else(|| "no unit".to_owned(), str::to_owned);
        return Verdict::Failed(Finding {
            published: Some(text(claim.unit.as_ref().map(openweigh_formats::text::Unit::as_str))),
            other: Some(Other::Derived(text(unit))),
            ..Kind::ClaimedUnit { quantity: claim.quantity, statement: claim.statement.to_string() }.into()
        });
    }
    Verdict::Checked
}

/// The exact value of a claimed quantity, and its unit.
///
/// # Errors
/// The verdict, if it cannot be recomputed.
pub fn recompute(
    claim: &Claim,
    manifest: &Manifest,
    contents: &Contents,
    derived: &Derived,
) -> Result<(Exact, Option<String>), Verdict> {
    let not_checkable = Verdict::NotCheckable;
    let file = &claim.over.file;
    if let Some((fitted, _)) = derived.fits.get(file) {
        let unit = unit(claim, &fitted.weights);
        return Ok((of_fit(claim, fitted)?, unit));
    }
    if contents.weights.contains_key(file)
        || manifest.file(file).is_some_and(|file| file.role == openweigh_formats::manifest::Role::Weights)
    {
        return Err(not_checkable(Open::WeightsNotDerived));
    }
    let Some(outcome) = derived.results.get(file) else {
        return Err(not_checkable(Open::ResultsNotDerived));
    };
    let inputs = manifest.derivation_of(file).and_then(|derivation| derivation.inputs.split_first());
    let found = inputs.and_then(|(weights, datasets)| Some((&derived.fits.get(weights)?.0, datasets)));
    let (fitted, datasets) = found.ok_or_else(|| not_checkable(Open::WeightsNotDerived))?;
    let exact = match claim.quantity {
        Quantity::N => Exact::count(outcome.errors.rows()),
        Quantity::Predicted | Quantity::Grams | Quantity::ExpandedU => {
            of_line(claim, fitted, datasets, contents)?
        }
        _ => of_errors(claim, &outcome.errors)?,
    };
    Ok((exact, unit(claim, &fitted.weights)))
}

fn wrong_file(claim: &Claim, of: &'static str) -> Verdict {
    let (quantity, file) = (claim.quantity, claim.over.file.clone());
    Verdict::Malformed(Kind::QuantityOf { quantity, of, file }.into())
}

fn undefined(claim: &Claim) -> Verdict {
    Verdict::Failed(Finding {
        published: Some(claim.value.to_string()),
        ..Kind::Undefined(claim.quantity).into()
    })
}

fn of_fit(claim: &Claim, fitted: &Fitted) -> Result<Exact, Verdict> {
    let estimate = &fitted.estimate;
    let term = || {
        let named = claim.over.term.as_ref();
        let at = fitted.weights.terms.iter().position(|own| Some(&own.term) == named);
        at.ok_or_else(|| Verdict::failed(Kind::NoTerm))
    };
    let defined = |value: Option<Ratio>| value.ok_or_else(|| undefined(claim));
    Ok(match claim.quantity {
        Quantity::Coefficient => Exact::Value(estimate.coefficient(term()?)),
        Quantity::StandardError => {
            let term = term()?;
            Exact::Root(defined(estimate.covariance(term, term))?)
        }
        Quantity::ResidualSd => Exact::Root(defined(estimate.variance())?),
        Quantity::Rss => Exact::Value(estimate.rss()),
        Quantity::RSquared => Exact::Value(defined(estimate.r_squared())?),
        Quantity::N => Exact::count(fitted.weights.normal.n),
        Quantity::Dof => Exact::count(fitted.weights.dof),
        Quantity::Rmse | Quantity::MeanError | Quantity::MaxAbsError => {
            of_errors(claim, fitted.validation.as_ref().ok_or_else(|| undefined(claim))?)?
        }
        Quantity::Predicted | Quantity::Grams | Quantity::ExpandedU => {
            return Err(wrong_file(claim, "results"));
        }
    })
}

fn of_errors(claim: &Claim, figures: &ErrorFigures) -> Result<Exact, Verdict> {
    let defined = |value: Option<Ratio>| value.ok_or_else(|| undefined(claim));
    Ok(match claim.quantity {
        Quantity::Rmse => Exact::Root(defined(figures.mean_square())?),
        Quantity::MeanError => Exact::Value(defined(figures.mean())?),
        Quantity::MaxAbsError => Exact::Value(defined(figures.largest())?),
        _ => return Err(wrong_file(claim, "weights")),
    })
}

/// A cell of results: only the datasets that they were derived from have lines there.
fn of_line(
    claim: &Claim,
    fitted: &Fitted,
    datasets: &[RelativePath],
    contents: &Contents,
) -> Result<Exact, Verdict> {
    let no_row = || Verdict::failed(Kind::NoRow);
    let recipe = &fitted.weights.recipe;
    let pairs = datasets.iter().filter_map(|path| contents.dataset(path, recipe));
    let mut named = pairs.filter(|(dataset, _)| Some(&dataset.name) == claim.over.dataset.as_ref());
    let (dataset, data) = named.next().ok_or_else(no_row)?;
    let predictor = Predictor::of(fitted);
    let header = predictor.header();
    let line = match data {
        Data::Table(table) => {
            let row = claim.over.row.and_then(|row| usize::try_from(row).ok());
            predictor.line(dataset, table, row.filter(|row| *row < table.rows()).ok_or_else(no_row)?)
        }
        Data::Sessions(sessions) => {
            line_of_weighing(claim, &predictor, dataset, sessions).ok_or_else(no_row)?
        }
    };
    let (names, line) = (String::from_utf8_lossy(&header), String::from_utf8_lossy(&line));
    // A feature may have the same name; what is predicted stands behind the features.
    let names: Vec<&str> = names.trim_end().split(',').collect();
    let wanted = |name: &&str| name.strip_suffix("_g").unwrap_or(name) == claim.quantity.as_str();
    let at = names.iter().rposition(wanted);
    let cell = at.and_then(|at| line.trim_end_matches('\n').split(',').nth(at)).unwrap_or("");
    Fixed::parse(cell).map(|cell| Exact::Value(Ratio::from(&cell))).map_err(|_| undefined(claim))
}

fn line_of_weighing(
    claim: &Claim,
    predictor: &Predictor<'_>,
    dataset: &Dataset,
    sessions: &[SessionReadings],
) -> Option<Vec<u8>> {
    let (session, weighing) = (claim.over.session.as_ref()?, claim.over.weighing.as_ref()?);
    let one = sessions.iter().find(|one| one.session.id == *session)?;
    let at = one.weighings.iter().position(|own| own.id == *weighing)?;
    let place = Place { dataset, session, weighings: &one.weighings };
    let (lines, _) = predictor.chunk(place, one.chunks.first()?);
    lines.split_inclusive(|byte| *byte == b'\n').nth(at).map(<[u8]>::to_vec)
}

/// The unit of a claimed quantity, none where the sources state none.
pub(crate) fn unit(claim: &Claim, weights: &Weights) -> Option<String> {
    let result = weights.recipe.result.unit.as_ref().map(|unit| unit.as_str().to_owned());
    match claim.quantity {
        Quantity::RSquared | Quantity::N | Quantity::Dof => Some("1".to_owned()),
        Quantity::Rss => result.map(|unit| format!("({unit})^2")),
        Quantity::Coefficient | Quantity::StandardError => {
            unit_of_coefficient(result?, claim.over.term.as_ref()?, weights)
        }
        _ => result,
    }
}

/// U, then `/u` or `/u^e` for each factor of the term.
pub fn unit_of_coefficient(result: String, term: &Term, weights: &Weights) -> Option<String> {
    term.factors().iter().try_fold(result, |unit, factor| {
        let (Base::Feature(feature) | Base::Hinge(feature, _)) = &factor.base;
        let column = weights.applies_to.columns.iter().find(|column| column.name == *feature)?;
        let of_feature = column.unit.as_ref()?;
        Some(match factor.exponent {
            1 => format!("{unit}/{of_feature}"),
            exponent => format!("{unit}/{of_feature}^{exponent}"),
        })
    })
}
