//! Stage 5: claims recomputed from what was derived again (docs/spec/7-manifests.md, 7.3).

use crate::derive::Derived;
use crate::finding::{Finding, Kind, Open, Other};
use crate::opened::Opened;
use crate::report::{Note, Verdict};
use openweigh_dataset::{Data, SessionReadings};
use openweigh_exact::sum::BLOCK;
use openweigh_exact::{Decimal, Fixed, IBig, Ratio, UBig, root, round};
use openweigh_fit::{ErrorFigures, Fitted};
use openweigh_formats::claim::{Claim, Over, Quantity};
use openweigh_formats::dataset::Dataset;
use openweigh_formats::manifest::{Manifest, Role};
use openweigh_formats::path::RelativePath;
use openweigh_formats::reading::Per;
use openweigh_formats::table::Table;
use openweigh_formats::term::{Base, Term};
use openweigh_formats::text::Name;
use openweigh_formats::weighings::Id;
use openweigh_formats::weights::Weights;
use openweigh_replay::grams::Place;
use openweigh_replay::predict::Predictor;
use std::collections::{BTreeMap, BTreeSet};

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
pub fn check(claim: &Claim, manifest: &Manifest, opened: &Opened, derived: &Derived) -> Verdict {
    Claims::new(std::slice::from_ref(claim), manifest, opened, derived).check(claim)
}

/// The exact value of a claimed quantity, and its unit.
///
/// # Errors
/// The verdict, if it cannot be recomputed.
pub fn recompute(
    claim: &Claim,
    manifest: &Manifest,
    opened: &Opened,
    derived: &Derived,
) -> Result<(Exact, Option<String>), Verdict> {
    Claims::new(std::slice::from_ref(claim), manifest, opened, derived).recompute(claim)
}

/// Some claims, and what they are recomputed from. What several of them need is derived once: the cells of results
/// when the first claim asks for one, the figures of weights each when it is first asked for.
#[derive(Debug)]
pub struct Claims<'a> {
    all: &'a [Claim],
    manifest: &'a Manifest,
    opened: &'a Opened,
    derived: &'a Derived,
    cells: BTreeMap<&'a RelativePath, Cells<'a>>,
    figures: BTreeMap<(&'a RelativePath, Quantity, Option<String>), Exact>,
}

impl<'a> Claims<'a> {
    /// Prepares claims of a manifest.
    pub fn new(
        claims: &'a [Claim],
        manifest: &'a Manifest,
        opened: &'a Opened,
        derived: &'a Derived,
    ) -> Self {
        Self { all: claims, manifest, opened, derived, cells: BTreeMap::new(), figures: BTreeMap::new() }
    }

    /// Recomputes one of them and compares value and unit.
    pub fn check(&mut self, claim: &'a Claim) -> Verdict {
        self.judge(claim).0
    }

    /// As [`Claims::check`], with a note where the claim holds and says next to nothing.
    pub(crate) fn judge(&mut self, claim: &'a Claim) -> (Verdict, Option<Note>) {
        match self.recompute(claim) {
            Err(verdict) => (verdict, None),
            Ok((exact, unit)) => match compare(claim, &exact, unit.as_deref()) {
                Verdict::Checked => (Verdict::Checked, says_little(claim, &exact)),
                verdict => (verdict, None),
            },
        }
    }

    /// The exact value of one of them, and its unit.
    ///
    /// # Errors
    /// The verdict, if it cannot be recomputed.
    pub fn recompute(&mut self, claim: &'a Claim) -> Result<(Exact, Option<String>), Verdict> {
        let not_checkable = Verdict::NotCheckable;
        let (file, derived) = (&claim.over.file, self.derived);
        if let Some((fitted, _)) = derived.fits.get(file) {
            let unit = unit(claim, &fitted.weights);
            let key = (file, claim.quantity, claim.over.term.as_ref().map(ToString::to_string));
            if let Some(known) = self.figures.get(&key) {
                return Ok((known.clone(), unit));
            }
            let exact = of_fit(claim, fitted)?;
            self.figures.insert(key, exact.clone());
            return Ok((exact, unit));
        }
        if self.opened.weights.contains_key(file)
            || self.manifest.file(file).is_some_and(|file| file.role == Role::Weights)
        {
            return Err(not_checkable(Open::WeightsNotDerived));
        }
        let Some(outcome) = derived.results.get(file) else {
            return Err(not_checkable(Open::ResultsNotDerived));
        };
        let inputs = self.manifest.derivation_of(file).and_then(|own| own.inputs.split_first());
        let found = inputs.and_then(|(weights, datasets)| Some((&derived.fits.get(weights)?.0, datasets)));
        let (fitted, datasets) = found.ok_or_else(|| not_checkable(Open::WeightsNotDerived))?;
        let exact = match claim.quantity {
            Quantity::N => Exact::count(outcome.errors.rows()),
            Quantity::Predicted | Quantity::Grams | Quantity::ExpandedU => {
                let (claims, opened) = (self.all, self.opened);
                let cells = self.cells.entry(file);
                cells.or_insert_with(|| Cells::of(claims, file, fitted, datasets, opened)).exact(claim)?
            }
            _ => of_errors(claim, &outcome.errors)?,
        };
        Ok((exact, unit(claim, &fitted.weights)))
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

/// A claim's value and unit against what was derived again.
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

/// What a claim about one prediction names: a row, or a session and a weighing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Line<'a> {
    Row(usize),
    Weighing(&'a Id, &'a Id),
}

impl<'a> Line<'a> {
    fn of(over: &'a Over) -> Option<Self> {
        match (&over.row, &over.session, &over.weighing) {
            (Some(row), ..) => usize::try_from(*row).ok().map(Self::Row),
            (None, Some(session), Some(weighing)) => Some(Self::Weighing(session, weighing)),
            _ => None,
        }
    }
}

/// The lines of results that claims are about, by dataset: only the datasets that they were derived from have any.
#[derive(Debug)]
struct Cells<'a> {
    names: Vec<String>,
    lines: BTreeMap<(&'a Name, Line<'a>), String>,
}

impl<'a> Cells<'a> {
    fn of(
        claims: &'a [Claim],
        file: &RelativePath,
        fitted: &Fitted,
        datasets: &[RelativePath],
        opened: &Opened,
    ) -> Self {
        let mut wanted: BTreeMap<&'a Name, BTreeSet<Line<'a>>> = BTreeMap::new();
        for over in claims.iter().map(|claim| &claim.over).filter(|over| over.file == *file) {
            if let (Some(dataset), Some(line)) = (&over.dataset, Line::of(over)) {
                wanted.entry(dataset).or_default().insert(line);
            }
        }
        let (predictor, recipe) = (Predictor::of(fitted), &fitted.weights.recipe);
        let mut lines = BTreeMap::new();
        for (dataset, data) in datasets.iter().filter_map(|path| opened.dataset(path, recipe)) {
            let Some((name, wanted)) = wanted.get_key_value(&dataset.name) else { continue };
            let mut keep = |line: Line<'a>, text: &[u8]| {
                lines.entry((*name, line)).or_insert_with(|| String::from_utf8_lossy(text).into_owned());
            };
            match data {
                Data::Table(table) => rows(&predictor, dataset, table, wanted, &mut keep),
                // By frame there are no lines of weighings.
                Data::Sessions(_) if recipe.reading.as_ref().is_some_and(|own| own.per == Per::Frame) => {}
                Data::Sessions(sessions) => weighings(&predictor, dataset, sessions, wanted, &mut keep),
            }
        }
        let header = predictor.header();
        let names = String::from_utf8_lossy(&header).trim_end().split(',').map(str::to_owned).collect();
        Self { names, lines }
    }

    fn exact(&self, claim: &Claim) -> Result<Exact, Verdict> {
        let key = claim.over.dataset.as_ref().zip(Line::of(&claim.over));
        let line = key.and_then(|key| self.lines.get(&key)).ok_or_else(|| Verdict::failed(Kind::NoRow))?;
        // A feature may have the same name; what is predicted stands behind the features.
        let wanted = |name: &String| name.strip_suffix("_g").unwrap_or(name) == claim.quantity.as_str();
        let at = self.names.iter().rposition(wanted);
        let cell = at.and_then(|at| line.trim_end_matches('\n').split(',').nth(at)).unwrap_or("");
        Fixed::parse(cell).map(|cell| Exact::Value(Ratio::from(&cell))).map_err(|_| undefined(claim))
    }
}

/// The lines of the wanted rows: blocks that have none of them are not derived.
fn rows<'a>(
    predictor: &Predictor<'_>,
    dataset: &Dataset,
    table: &Table,
    wanted: &BTreeSet<Line<'a>>,
    keep: &mut impl FnMut(Line<'a>, &[u8]),
) {
    let rows: Vec<usize> = (wanted.iter())
        .filter_map(|line| if let Line::Row(row) = line { Some(*row) } else { None })
        .filter(|row| *row < table.rows())
        .collect();
    for block in rows.chunk_by(|left, right| left / BLOCK == right / BLOCK) {
        let first = block[0] / BLOCK * BLOCK;
        // Of a single row, no more than its line is derived.
        let first = if block.len() == 1 { block[0] } else { first };
        let last = block[block.len() - 1];
        let lines = predictor.lines_of(dataset, table, first..last + 1);
        for (at, line) in lines.split_inclusive(|byte| *byte == b'\n').enumerate() {
            if block.binary_search(&(first + at)).is_ok() {
                keep(Line::Row(first + at), line);
            }
        }
    }
}

/// The lines of the wanted weighings: sessions that have none of them are not derived.
fn weighings<'a>(
    predictor: &Predictor<'_>,
    dataset: &Dataset,
    sessions: &[SessionReadings],
    wanted: &BTreeSet<Line<'a>>,
    keep: &mut impl FnMut(Line<'a>, &[u8]),
) {
    let mut by_session: BTreeMap<&Id, BTreeMap<&Id, &Line<'a>>> = BTreeMap::new();
    for line in wanted {
        if let Line::Weighing(session, weighing) = line {
            by_session.entry(session).or_default().insert(weighing, line);
        }
    }
    for one in sessions {
        let Some(wanted) = by_session.get(&one.session.id) else { continue };
        let place = Place { dataset, session: &one.session.id, weighings: &one.weighings };
        for chunk in &one.chunks {
            let (lines, _) = predictor.chunk(place, chunk);
            for (key, text) in chunk.keys.iter().zip(lines.split_inclusive(|byte| *byte == b'\n')) {
                let id = key.weighing.map(|at| &one.weighings[at].id);
                if let Some(line) = id.and_then(|id| wanted.get(id)) {
                    keep((*line).clone(), text);
                }
            }
        }
    }
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
