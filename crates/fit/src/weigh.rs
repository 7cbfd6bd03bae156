//! From readings to weights.

use crate::FitError;
use crate::budget;
use crate::estimate::{Estimate, check_sums, check_work};
use crate::figures::ErrorFigures;
use crate::model::Model;
use crate::reading::{Readings, Training};
use crate::validate::{Verdict, validate};
use crate::work::Work;
use openweigh_dataset::Data;
use openweigh_exact::normal::Design;
use openweigh_exact::{Column, Decimal, DecimalError, Normal, root, round};
use openweigh_formats::Digest;
use openweigh_formats::licence::Licence;
use openweigh_formats::limits;
use openweigh_formats::number::Number;
use openweigh_formats::reading::Per;
use openweigh_formats::recipe::{self, REFERENCE, Recipe, Validation};
use openweigh_formats::session::PressureUnit;
use openweigh_formats::text::{ColumnName, Line, Name, Unit, Version};
use openweigh_formats::versioned::Versioned;
use openweigh_formats::weights::{
    About, AppliesTo, Coefficient, ColumnUnit, FeatureRange, Format, Instrument, NormalText, RSquared,
    Reason, TrainedOn, Undefined, UndefinedQuantity, ValidationFigures, Weights,
};
use std::borrow::Cow;
use std::ops::Range;

/// What a publisher chooses about weights; no number depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Name.
    pub name: Name,
    /// Semantic version.
    pub version: Version,
    /// One line for people.
    pub title: Line,
    /// Licence; none stands for that of the data.
    pub licence: Option<Licence>,
    /// SHA-256 of the weights that these continue.
    pub parent: Option<Digest>,
}

impl Header {
    /// The header that some weights have.
    pub fn of(weights: &Weights) -> Self {
        Self {
            name: weights.name.clone(),
            version: weights.version.clone(),
            title: weights.title.clone(),
            licence: Some(weights.licence.clone()),
            parent: weights.parent.value().cloned(),
        }
    }
}

/// Weights, and the exact values that their texts were rounded from.
#[derive(Debug, Clone)]
pub struct Fitted {
    /// The weights to publish.
    pub weights: Weights,
    /// The exact estimate.
    pub estimate: Estimate,
    /// The exact validation errors, if there are any.
    pub validation: Option<ErrorFigures>,
}

impl Fitted {
    /// Whether a fit of this recipe on these data would be the same, but for its header.
    pub fn is_of(&self, recipe: &Recipe, training: &[Training<'_>]) -> bool {
        let own = self.weights.trained_on.iter().map(|own| &own.sha256);
        self.weights.recipe == *recipe && own.eq(training.iter().map(|training| training.sha256))
    }

    /// The same fit under another header that states a licence.
    #[must_use]
    pub fn under(&self, header: Header) -> Self {
        let mut fitted = self.clone();
        let weights = &mut fitted.weights;
        (weights.name, weights.version, weights.title) = (header.name, header.version, header.title);
        if let Some(licence) = header.licence {
            weights.licence = licence;
        }
        if weights.format == Format::V1 {
            weights.parent = Versioned::Present(header.parent);
        }
        fitted
    }
}

/// Fits weights.
///
/// # Errors
/// Data and recipe do not go together, or do not determine the coefficients.
pub fn fit(
    header: Header,
    recipe: &Recipe,
    training: &[Training<'_>],
    threads: usize,
) -> Result<Fitted, FitError> {
    fit_within(header, recipe, training, threads, &mut Work::default())
}

/// Fits weights, one of several that share a budget.
///
/// # Errors
/// As [`fit`], or the others have spent the budget.
pub fn fit_within(
    header: Header,
    recipe: &Recipe,
    training: &[Training<'_>],
    threads: usize,
    work: &mut Work,
) -> Result<Fitted, FitError> {
    if recipe.format == recipe::Format::V2 && header.parent.is_some() {
        return Err(FitError::Parent);
    }
    let readings = Readings::gather(recipe, training)?;
    let folds = folds(recipe, &readings)?;
    check_sums(&budget::BothTerms::of(recipe).model(), &readings, folds, work)?;
    let parts = if recipe.fit.validation == Validation::LeaveOneSessionOut {
        of_sessions(recipe, &readings, threads)
    } else {
        normals(recipe, &readings, 0..readings.rows(), folds, threads)
    };
    let whole = parts.iter().skip(1).fold(parts[0].clone(), |sum, part| sum.plus(part));
    check_work(&whole, folds, work)?;
    let mut estimate = Estimate::of(whole.clone(), recipe)?;
    if recipe.reading.as_ref().is_some_and(|reading| reading.per == Per::Frame) {
        estimate = estimate.clustered(&of_sessions(recipe, &readings, threads));
    }
    let verdict = (recipe.fit.validation != Validation::None)
        .then(|| validate(recipe, &readings, &whole, &parts, threads));
    let components = budget::components(recipe, &readings, &estimate, threads)?;
    let text = Texts { recipe, estimate: &estimate };
    let first = recipe.format == recipe::Format::V1;
    let weights = Weights {
        format: if first { Format::V1 } else { Format::V2 },
        name: header.name,
        version: header.version,
        title: header.title,
        licence: (header.licence)
            .unwrap_or_else(|| Licence::united(training.iter().map(|training| &training.dataset.licence))),
        applies_to: applies_to(recipe, training),
        recipe: recipe.clone(),
        terms: text.terms()?,
        covariance: text.covariance()?,
        residual_sd: text.root("residual_sd", estimate.variance())?,
        dof: estimate.degrees_of_freedom(),
        rss: text.number("rss", round::to_digits(&estimate.rss(), recipe.fit.digits))?,
        r_squared: text.r_squared()?,
        range: ranges(recipe, &readings)?,
        validation: verdict
            .as_ref()
            .map(|verdict| text.validation(verdict, folds, readings.rows()))
            .transpose()?,
        undefined: undefined(&estimate, verdict.as_ref(), components.without_sessions),
        normal: NormalText::of(&whole).map_err(|error| long("an exact sum in `normal`", error))?,
        trained_on: training.iter().map(trained_on).collect(),
        components: if first { Versioned::Absent } else { Versioned::some(components.list.clone()) },
        sessions: if first { Versioned::Absent } else { Versioned::some(Vec::new()) },
        blocks: if first { Versioned::Absent } else { Versioned::NULL },
        parent: if first { Versioned::Present(header.parent) } else { Versioned::Absent },
        lineage: if first { Versioned::Absent } else { Versioned::NULL },
    };
    let validation = match verdict {
        Some(Verdict::Errors(figures)) => Some(figures),
        Some(Verdict::RankDeficient) | None => None,
    };
    Ok(Fitted { weights, estimate, validation })
}

fn long(what: &str, error: DecimalError) -> FitError {
    FitError::LongNumber { what: what.to_owned(), error }
}

/// The number of folds of the recipe's validation, 1 without one.
pub(crate) fn folds(recipe: &Recipe, readings: &Readings<'_>) -> Result<usize, FitError> {
    let (limit, rows) = (limits::FOLDS, readings.rows());
    let folds = match recipe.fit.validation {
        Validation::None => return Ok(1),
        Validation::LeaveOneOut => rows,
        Validation::KFold(folds) => folds,
        Validation::LeaveOneSessionOut if readings.sessions().len() == 1 => return Err(FitError::OneSession),
        Validation::LeaveOneSessionOut => readings.sessions().len(),
    };
    if (2..=limit.min(rows)).contains(&folds) {
        Ok(folds)
    } else {
        Err(FitError::Folds { rows, folds, limit })
    }
}

/// The statistics of each session.
pub(crate) fn of_sessions(recipe: &Recipe, readings: &Readings<'_>, threads: usize) -> Vec<Normal> {
    let of_run = |rows: &Range<usize>| normals(recipe, readings, rows.clone(), 1, threads).remove(0);
    let of_session = |runs: &Vec<Range<usize>>| {
        let sums = runs.iter().map(of_run).reduce(|sum, run| sum.plus(&run));
        sums.expect("a session has rows")
    };
    readings.sessions().iter().map(of_session).collect()
}

/// The statistics of each fold of some rows, summed on so many threads.
pub(crate) fn normals(
    recipe: &Recipe,
    readings: &Readings<'_>,
    rows: Range<usize>,
    folds: usize,
    threads: usize,
) -> Vec<Normal> {
    let model = Model::of(recipe);
    let sum = |share| sums(&model, readings, share, folds, model.rows_at_once());
    let share = rows.len().div_ceil(threads.max(1)).max(openweigh_exact::sum::BLOCK);
    let shares: Vec<_> =
        rows.clone().step_by(share).map(|start| start..rows.end.min(start + share)).collect();
    std::thread::scope(|scope| {
        let running: Vec<_> = shares.iter().skip(1).map(|share| scope.spawn(|| sum(share.clone()))).collect();
        let mut sums = sum(shares[0].clone());
        for thread in running {
            let part = thread.join().expect("sums do not panic");
            sums = sums.iter().zip(&part).map(|(sum, part)| sum.plus(part)).collect();
        }
        sums
    })
}

/// The statistics of each fold in a share of the rows, so many rows at once.
fn sums(
    model: &Model,
    readings: &Readings<'_>,
    share: Range<usize>,
    folds: usize,
    at_once: usize,
) -> Vec<Normal> {
    let design = |columns: &[Cow<'_, Column>], target: &Column, rows| {
        let columns: Vec<&Column> = columns.iter().map(AsRef::as_ref).collect();
        Design { columns: &columns, terms: model.monomials(), target }.normals(rows, folds)
    };
    if share.len() <= at_once {
        return design(&model.columns(readings.inputs()), readings.target(), share);
    }
    let piece = |start: usize| {
        let rows = start..share.end.min(start.saturating_add(at_once));
        let part = readings.part(rows);
        let mut sums = design(&model.columns(part.inputs()), part.target(), 0..part.rows());
        // The first row of the piece is not of the first fold.
        sums.rotate_right(start % folds);
        sums
    };
    let pieces = share.clone().step_by(at_once).map(piece);
    let both = |sums: Vec<Normal>, part: Vec<Normal>| {
        sums.iter().zip(&part).map(|(sum, part)| sum.plus(part)).collect()
    };
    pieces.reduce(both).expect("a share has rows")
}

fn applies_to(recipe: &Recipe, training: &[Training<'_>]) -> AppliesTo {
    let session = training.iter().find_map(|training| match training.data {
        Data::Sessions([first, ..]) => Some(&first.session),
        Data::Sessions([]) | Data::Table(_) => None,
    });
    let instrument = session.map(|session| Instrument::of(session, recipe));
    let unit = |name: &ColumnName| match &instrument {
        Some(Instrument::Pad(pad)) => unit_of_reading(name, pad.unit),
        Some(Instrument::Channels(_)) if name.as_str() == REFERENCE => "g".parse().ok(),
        Some(Instrument::Channels(channels)) => {
            channels.iter().find(|channel| channel.name == *name)?.unit.clone()
        }
        None => training.first()?.dataset.column(name)?.unit.clone(),
    };
    let names = [recipe.model.target.clone()].into_iter().chain(recipe.features());
    let columns = names.map(|name| ColumnUnit { unit: unit(&name), name }).collect();
    let (pad, channels) = match instrument {
        Some(Instrument::Pad(pad)) => (Some(pad), None),
        Some(Instrument::Channels(channels)) => (None, Some(channels)),
        None => (None, None),
    };
    AppliesTo { pad, channels, columns }
}

/// The unit of a session's quantity: grams of the reference, the pad's own unit of pressure, shares of the
/// surface; none where the framework states none.
fn unit_of_reading(name: &ColumnName, pressure: PressureUnit) -> Option<Unit> {
    match (name.as_str(), pressure) {
        (REFERENCE, _) | ("pressure", PressureUnit::Grams) => "g".parse().ok(),
        ("pressure", PressureUnit::Counts) => "counts".parse().ok(),
        _ => None,
    }
}

fn trained_on(training: &Training<'_>) -> TrainedOn {
    TrainedOn {
        name: training.dataset.name.clone(),
        version: training.dataset.version.clone(),
        sha256: training.sha256.clone(),
    }
}

fn ranges(recipe: &Recipe, readings: &Readings<'_>) -> Result<Vec<FeatureRange>, FitError> {
    let number = |value| Number::published(value).map_err(|error| long("a feature's range", error));
    (readings.features().zip(readings.ranged(recipe)))
        .map(|((feature, _), column)| {
            let (min, max) = column.range().ok_or(FitError::NoRows)?;
            Ok(FeatureRange { feature: feature.clone(), min: number(min)?, max: number(max)? })
        })
        .collect()
}

fn undefined(
    estimate: &Estimate,
    verdict: Option<&Verdict>,
    without_sessions: Option<Reason>,
) -> Vec<Undefined> {
    use UndefinedQuantity as Q;
    let mut undefined = Vec::new();
    let mut add = |quantity, reason| undefined.push(Undefined { quantity, reason });
    if estimate.is_declared() {
        add(Q::StandardError, Reason::Declared);
        add(Q::Covariance, Reason::Declared);
    } else if estimate.is_of_one_session() && estimate.variance().is_some() {
        add(Q::StandardError, Reason::OneSession);
        add(Q::Covariance, Reason::OneSession);
    }
    if estimate.variance().is_none() {
        for quantity in [Q::ResidualSd, Q::StandardError, Q::Covariance] {
            add(quantity, Reason::NoDegreesOfFreedom);
        }
    }
    if estimate.r_squared().is_none() {
        add(Q::RSquared, Reason::ConstantTarget);
    }
    if verdict == Some(&Verdict::RankDeficient) {
        add(Q::Validation, Reason::FoldRankDeficient);
    }
    if let Some(reason) = without_sessions {
        add(Q::BetweenSessions, reason);
    }
    undefined
}

/// Rounds exact values to the recipe's digits.
struct Texts<'a> {
    recipe: &'a Recipe,
    estimate: &'a Estimate,
}

impl Texts<'_> {
    fn number(&self, what: &str, value: Decimal) -> Result<Number, FitError> {
        Number::published(value).map_err(|error| long(what, error))
    }

    fn root(&self, what: &str, square: Option<openweigh_exact::Ratio>) -> Result<Option<Number>, FitError> {
        square.map(|square| self.number(what, root::to_digits(&square, self.recipe.fit.digits))).transpose()
    }

    fn r_squared(&self) -> Result<Option<RSquared>, FitError> {
        let Some(value) = self.estimate.r_squared() else { return Ok(None) };
        let value = self.number("r_squared", round::to_digits(&value, self.recipe.fit.digits))?;
        Ok(Some(match self.recipe.format {
            recipe::Format::V1 => RSquared::First(value),
            recipe::Format::V2 => {
                let about = if self.estimate.is_about_mean() { About::Mean } else { About::Zero };
                RSquared::Second { value, about }
            }
        }))
    }

    fn terms(&self) -> Result<Vec<Coefficient>, FitError> {
        let digits = self.recipe.fit.digits;
        let coefficient = |(at, term): (usize, &openweigh_formats::term::Term)| {
            let what = format!("the coefficient of `{term}`");
            Ok(Coefficient {
                term: term.clone(),
                coefficient: self.number(&what, round::to_digits(&self.estimate.coefficient(at), digits))?,
                standard_error: self.root(&what, self.estimate.covariance(at, at))?,
            })
        };
        self.recipe.model.terms.iter().enumerate().map(coefficient).collect()
    }

    fn covariance(&self) -> Result<Option<Vec<Vec<Number>>>, FitError> {
        let size = self.recipe.model.terms.len();
        let entry = |row, column| {
            let value = self.estimate.covariance(row, column)?;
            Some(self.number("a covariance", round::to_digits(&value, self.recipe.fit.digits)))
        };
        let rows = (0..size).map(|row| (0..size).map(move |column| (row, column)));
        rows.map(|row| row.map(|(row, column)| entry(row, column)).collect::<Option<Result<Vec<_>, _>>>())
            .collect::<Option<Result<Vec<_>, _>>>()
            .transpose()
    }

    fn validation(
        &self,
        verdict: &Verdict,
        folds: usize,
        rows: usize,
    ) -> Result<ValidationFigures, FitError> {
        let digits = self.recipe.fit.digits;
        let figures = match verdict {
            Verdict::Errors(figures) => Some(figures),
            Verdict::RankDeficient => None,
        };
        let rounded = |what, value: Option<openweigh_exact::Ratio>| {
            value.map(|value| self.number(what, round::to_digits(&value, digits))).transpose()
        };
        Ok(ValidationFigures {
            method: self.recipe.fit.validation,
            folds: folds as u64,
            rows: rows as u64,
            rmse: self.root("rmse", figures.and_then(ErrorFigures::mean_square))?,
            mean_error: rounded("mean_error", figures.and_then(ErrorFigures::mean))?,
            max_abs_error: rounded("max_abs_error", figures.and_then(ErrorFigures::largest))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use openweigh_formats::canonical;
    use openweigh_formats::dataset::Dataset;
    use openweigh_formats::table::TableReader;

    #[test]
    fn pieces_of_any_size_have_the_same_sums() {
        let dataset = include_bytes!("../../../datasets/nist-pontius/dataset.json");
        let dataset: Dataset = canonical::read(dataset).unwrap();
        let mut reader = TableReader::new(dataset.columns.iter().map(|column| (&column.name, true)));
        reader.feed(include_bytes!("../../../datasets/nist-pontius/measurements.csv")).unwrap();
        let recipe = include_str!("../../../artifacts/recipes/nist-pontius.toml");
        let recipe = recipe.replace("\"load^2\"", "\"hinge(load,1500000.5)*load\"");
        let recipe = Recipe::from_toml(recipe.as_bytes()).unwrap();
        let (sha256, table) = (Digest::of(b""), reader.finish().unwrap());
        let training = [Training { dataset: &dataset, sha256: &sha256, data: Data::Table(&table) }];
        let readings = Readings::gather(&recipe, &training).unwrap();
        let model = Model::of(&recipe);
        for folds in [1, 3, 40] {
            for share in [0..40, 7..33] {
                let whole = sums(&model, &readings, share.clone(), folds, usize::MAX);
                for at_once in [1, 2, 5, 39] {
                    assert_eq!(sums(&model, &readings, share.clone(), folds, at_once), whole);
                }
            }
        }
    }
}
