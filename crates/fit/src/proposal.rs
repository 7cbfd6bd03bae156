//! Recipes that nobody has to write: from terms or a preset, and from the data.
//!
//! [`draft`] needs the descriptions of the datasets alone, and says how they are read; [`settle`] adds what follows
//! from the readings themselves: knots, decimals, the way of validation.

mod columns;

pub use columns::{readings, targets};

use crate::FitError;
use crate::reading::{Readings, Training};
use openweigh_exact::{Column, Decimal};
use openweigh_formats::dataset::{Dataset, Kind};
use openweigh_formats::number::Number;
use openweigh_formats::reading::{Reading, Reduction};
use openweigh_formats::recipe::{
    Estimator, Fit, Format, Model, Outcome, REFERENCE, Recipe, Tare, Validation,
};
use openweigh_formats::term::Term;
use openweigh_formats::text::{ColumnName, Name, Unit};
use openweigh_formats::{Fault, limits};

/// Models that have a name; f is the first feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// f alone: a line through zero.
    Proportional,
    /// 1 and f: a line.
    Affine,
    /// 1, f and f².
    Quadratic,
    /// A line with two bends, at a third and two thirds of the readings.
    Piecewise,
    /// Pressure whose share depends on the place on the pad.
    PositionQuadratic,
    /// Pressure taken for grams, as the TrackWeight app does: nothing is fitted.
    Trackweight,
}

impl Preset {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Proportional,
        Self::Affine,
        Self::Quadratic,
        Self::Piecewise,
        Self::PositionQuadratic,
        Self::Trackweight,
    ];

    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proportional => "proportional",
            Self::Affine => "affine",
            Self::Quadratic => "quadratic",
            Self::Piecewise => "piecewise",
            Self::PositionQuadratic => "position-quadratic",
            Self::Trackweight => "trackweight",
        }
    }

    /// What it is, in a few words.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Proportional => "a line through zero",
            Self::Affine => "a line",
            Self::Quadratic => "a parabola",
            Self::Piecewise => "a line with two bends",
            Self::PositionQuadratic => "trackpads: the factor depends on the place",
            Self::Trackweight => "trackpads: pressure taken for grams, nothing fitted",
        }
    }

    /// The terms, as far as they do not depend on the readings.
    fn terms(self, feature: &ColumnName, tare: Tare) -> Vec<Term> {
        let texts: Vec<String> = match self {
            Self::Proportional | Self::Trackweight => vec![feature.to_string()],
            Self::Affine | Self::Piecewise => vec!["1".to_owned(), feature.to_string()],
            Self::Quadratic => vec!["1".to_owned(), feature.to_string(), format!("{feature}^2")],
            Self::PositionQuadratic => ["1", "pressure", "pressure*x", "pressure*y", "pressure*x*y"]
                .into_iter()
                .chain(["pressure*x^2", "pressure*y^2"])
                .map(str::to_owned)
                .collect(),
        };
        // Where the tare's term values are subtracted, nothing is left of a constant.
        let kept = texts.into_iter().filter(|text| tare != Tare::Model || text != "1");
        kept.map(|text| text.parse().expect("terms over columns")).collect()
    }

    /// How a tare is subtracted: from the signal where the model has a constant of its own, else as the model has it.
    fn tare(self) -> Tare {
        match self {
            Self::Affine | Self::Quadratic | Self::Piecewise => Tare::Signal,
            Self::Proportional | Self::PositionQuadratic | Self::Trackweight => Tare::Model,
        }
    }
}

/// What the target is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// These terms.
    Terms(Vec<Term>),
    /// Those of a preset.
    Preset(Preset),
}

/// What is wanted of a recipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Its name.
    pub name: Name,
    /// What is predicted; of sessions, it is the reference.
    pub target: Option<ColumnName>,
    /// From what.
    pub shape: Shape,
    /// Decimals of a prediction; none stands for one more than the target has, and two at least.
    pub decimals: Option<u32>,
    /// How the fit is judged; none stands for by sessions where there are several, else by leaving one row out.
    pub validation: Option<Validation>,
}

/// Why there is no recipe.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProposalError {
    /// Which column is predicted was not said.
    #[error("which column is predicted? `{dataset}` has the number columns {}", names(available))]
    Target {
        /// The dataset.
        dataset: Name,
        /// Its number columns.
        available: Vec<ColumnName>,
        /// The one that is likely meant.
        likely: Option<ColumnName>,
    },
    /// Which of several columns is the reading was not said.
    #[error("which column is the reading? `{dataset}` has the {what} {}{}", names(available), besides(target.as_ref()))]
    Reading {
        /// The dataset.
        dataset: Name,
        /// What its columns are called: number columns, or channels.
        what: &'static str,
        /// The target, where it is one of its columns.
        target: Option<ColumnName>,
        /// Its other columns, those that rather count the time or the rows last.
        available: Vec<ColumnName>,
        /// The terms of the preset on each of them. A knot that the readings would give is written as `KNOT`.
        terms: Vec<String>,
    },
    /// No column but the target.
    #[error("`{dataset}` has no number column but the target, so there is nothing to predict it from")]
    NoFeature {
        /// The dataset.
        dataset: Name,
    },
    /// A preset of trackpads for something else.
    #[error("the preset `{}` is for the touch sessions of trackpads, and `{dataset}` is a {kind}", preset.as_str())]
    Pads {
        /// The preset.
        preset: Preset,
        /// The dataset.
        dataset: Name,
        /// Its kind.
        kind: &'static str,
    },
    /// No dataset at all.
    #[error("there is no dataset")]
    Nothing,
    /// What was wanted contradicts itself.
    #[error("{0}")]
    Inconsistent(Fault),
}

fn names(names: &[ColumnName]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn besides(target: Option<&ColumnName>) -> String {
    target.map_or_else(String::new, |target| format!(" besides the target `{target}`"))
}

/// The recipe that is wanted, as far as the datasets' descriptions say; of signals, the channels as well.
///
/// # Errors
/// Target or features are not clear, or contradict the datasets.
pub fn draft(wish: &Wish, datasets: &[&Dataset], channels: &[ColumnName]) -> Result<Recipe, ProposalError> {
    let first = *datasets.first().ok_or(ProposalError::Nothing)?;
    let sessions = first.kind != Kind::Table;
    let numbers: Vec<&ColumnName> = match first.kind {
        Kind::Table => targets(first).0,
        Kind::TouchSessions | Kind::SignalSessions => channels.iter().collect(),
    };
    let target = match &wish.target {
        Some(target) => target.clone(),
        None if sessions => column(REFERENCE),
        None => {
            let available = numbers.into_iter().cloned().collect();
            let likely = targets(first).1.cloned();
            return Err(ProposalError::Target { dataset: first.name.clone(), available, likely });
        }
    };
    let tare = match &wish.shape {
        _ if !sessions => Tare::None,
        Shape::Preset(preset) => preset.tare(),
        Shape::Terms(terms) if terms.iter().any(Term::is_one) => Tare::Signal,
        Shape::Terms(_) => Tare::Model,
    };
    let terms = match &wish.shape {
        Shape::Terms(terms) => terms.clone(),
        Shape::Preset(preset @ (Preset::PositionQuadratic | Preset::Trackweight))
            if first.kind != Kind::TouchSessions =>
        {
            let dataset = first.name.clone();
            return Err(ProposalError::Pads { preset: *preset, dataset, kind: first.kind.as_str() });
        }
        Shape::Preset(preset) if first.kind == Kind::TouchSessions => preset.terms(&column("pressure"), tare),
        Shape::Preset(preset) => {
            let available = if sessions { numbers } else { readings(first, &target).0 };
            match available.as_slice() {
                [] => return Err(ProposalError::NoFeature { dataset: first.name.clone() }),
                [feature] => preset.terms(feature, tare),
                _ => return Err(which_reading(*preset, tare, first, &target, &available)),
            }
        }
    };
    let declared = wish.shape == Shape::Preset(Preset::Trackweight);
    let one = || Number(Decimal::from(1));
    let fit = Fit {
        estimator: if declared { Estimator::Declared } else { Estimator::Ols },
        coefficients: declared.then(|| vec![one()]),
        validation: if declared { Validation::None } else { validation(wish, datasets, sessions) },
        ..Fit::default()
    };
    let unit = if sessions { Some(grams()) } else { first.column(&target).and_then(|own| own.unit.clone()) };
    let touches = (first.kind == Kind::TouchSessions).then_some(Reduction::Sum);
    let recipe = Recipe {
        format: version(datasets, &target, &terms),
        name: wish.name.clone(),
        reading: sessions.then(|| Reading { touches, ..Reading::default() }),
        model: Model { target, terms, tare, direction: None },
        fit,
        uncertainty: None,
        result: Outcome { unit, decimals: wish.decimals.unwrap_or(2), coverage: None },
        derive: None,
    };
    // What is left out is filled in as it is in a file.
    Recipe::from_toml(recipe.to_toml().as_bytes())
        .map_err(|malformed| ProposalError::Inconsistent(malformed.fault))
}

/// That several columns may be the reading, with what to say for each.
fn which_reading(
    preset: Preset,
    tare: Tare,
    dataset: &Dataset,
    target: &ColumnName,
    available: &[&ColumnName],
) -> ProposalError {
    let terms = |feature: &&ColumnName| {
        let mut terms: Vec<String> = preset.terms(feature, tare).iter().map(ToString::to_string).collect();
        terms.extend((preset == Preset::Piecewise).then(|| format!("hinge({feature},KNOT)")));
        terms.join(",")
    };
    let table = dataset.kind == Kind::Table;
    ProposalError::Reading {
        dataset: dataset.name.clone(),
        what: if table { "number columns" } else { "channels" },
        target: table.then(|| target.clone()),
        terms: available.iter().map(terms).collect(),
        available: available.iter().map(|name| (*name).clone()).collect(),
    }
}

/// Version 1 where it suffices: for tables without sessions, whose rows show repeatability alone.
fn version(datasets: &[&Dataset], target: &ColumnName, terms: &[Term]) -> Format {
    let later = |dataset: &&Dataset| {
        dataset.kind != Kind::Table || dataset.session_column.is_some() || !dataset.excluded.is_empty()
    };
    let mut names = Term::features(terms).into_iter().chain([target.clone()]);
    if datasets.iter().any(later) || names.any(|name| !name.is_of_version_1()) {
        Format::V2
    } else {
        Format::V1
    }
}

fn column(name: &str) -> ColumnName {
    name.parse().expect("a name of the format")
}

fn grams() -> Unit {
    "g".parse().expect("a unit")
}

fn validation(wish: &Wish, datasets: &[&Dataset], sessions: bool) -> Validation {
    let several = datasets.iter().map(|dataset| dataset.sessions().len()).sum::<usize>() > 1;
    let by_session = sessions && several || datasets.iter().any(|dataset| dataset.session_column.is_some());
    wish.validation.unwrap_or(if by_session {
        Validation::LeaveOneSessionOut
    } else {
        Validation::LeaveOneOut
    })
}

/// Completes a draft from the readings: the knots of `piecewise`, the decimals of a prediction, and a way of
/// validation that so many rows allow. What the wish says stays.
///
/// # Errors
/// The draft does not go with the data.
pub fn settle(wish: &Wish, recipe: &mut Recipe, training: &[Training<'_>]) -> Result<(), FitError> {
    let readings = Readings::gather(recipe, training)?;
    if wish.shape == Shape::Preset(Preset::Piecewise)
        && let Some((feature, _)) = readings.features().next()
        && let Some(column) = readings.ranged(recipe).first()
    {
        for knot in knots(column) {
            let hinge: Term = format!("hinge({feature},{knot})").parse().expect("a hinge on a column");
            if !recipe.model.terms.contains(&hinge) {
                recipe.model.terms.push(hinge);
            }
        }
    }
    if wish.decimals.is_none() {
        recipe.result.decimals = (readings.target().places() + 1).clamp(2, limits::DIGITS);
    }
    if wish.validation.is_none()
        && recipe.fit.validation == Validation::LeaveOneSessionOut
        && readings.sessions().len() < 2
    {
        recipe.fit.validation = Validation::LeaveOneOut;
    }
    if wish.validation.is_none() && recipe.fit.validation == Validation::LeaveOneOut {
        recipe.fit.validation = match readings.rows() {
            0..=1 => Validation::None,
            rows if rows <= limits::FOLDS => Validation::LeaveOneOut,
            _ => Validation::KFold(10),
        };
    }
    Ok(())
}

/// The values of rank ⌈n/3⌉ and ⌈2n/3⌉.
fn knots(column: &Column) -> Vec<Decimal> {
    let mut values: Vec<Decimal> = (0..column.len()).map(|row| column.value(row)).collect();
    values.sort();
    let rank = |thirds: usize| (thirds * values.len()).div_ceil(3).checked_sub(1);
    let mut knots: Vec<Decimal> =
        [1, 2].into_iter().filter_map(|thirds| values.get(rank(thirds)?).cloned()).collect();
    knots.dedup();
    knots
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Header, fit};
    use openweigh_dataset::Data;
    use openweigh_formats::dataset::ColumnSpec;
    use openweigh_formats::table::{Table, TableReader};
    use openweigh_formats::{Digest, canonical};

    fn pontius() -> (Dataset, Table) {
        let dataset = include_bytes!("../../../datasets/nist-pontius/dataset.json");
        let dataset: Dataset = canonical::read(dataset).unwrap();
        let mut reader = TableReader::new(dataset.columns.iter().map(|column| (&column.name, true)));
        reader.feed(include_bytes!("../../../datasets/nist-pontius/measurements.csv")).unwrap();
        (dataset, reader.finish().unwrap())
    }

    fn wish(shape: Shape) -> Wish {
        let target = Some(column("deflection"));
        Wish { name: "trial".parse().unwrap(), target, shape, decimals: None, validation: None }
    }

    #[test]
    fn every_preset_of_tables_is_fitted_as_it_is_proposed() {
        let (dataset, table) = pontius();
        let sha256 = Digest::of(b"");
        let training = [Training { dataset: &dataset, sha256: &sha256, data: Data::Table(&table) }];
        for (preset, terms) in [
            (Preset::Proportional, vec!["load"]),
            (Preset::Affine, vec!["1", "load"]),
            (Preset::Quadratic, vec!["1", "load", "load^2"]),
            (Preset::Piecewise, vec!["1", "load", "hinge(load,1050000)", "hinge(load,2100000)"]),
        ] {
            let wish = wish(Shape::Preset(preset));
            let mut recipe = draft(&wish, &[&dataset], &[]).unwrap();
            settle(&wish, &mut recipe, &training).unwrap();
            let found: Vec<String> = recipe.model.terms.iter().map(ToString::to_string).collect();
            assert_eq!(found, terms);
            assert_eq!((recipe.result.decimals, recipe.fit.validation), (6, Validation::LeaveOneOut));
            assert_eq!(Recipe::from_toml(recipe.to_toml().as_bytes()).unwrap(), recipe);
            let header = Header {
                name: "trial".parse().unwrap(),
                version: "1.0.0".parse().unwrap(),
                title: "trial".parse().unwrap(),
                licence: None,
                parent: None,
            };
            assert!(fit(header, &recipe, &training, 1).is_ok(), "{found:?}");
        }
    }

    #[test]
    fn what_is_not_said_is_asked() {
        let (dataset, _) = pontius();
        let unsaid = Wish { target: None, ..wish(Shape::Preset(Preset::Affine)) };
        let asked = draft(&unsaid, &[&dataset], &[]).unwrap_err().to_string();
        assert_eq!(
            asked,
            "which column is predicted? `nist-pontius` has the number columns `deflection`, `load`"
        );
        let pad = draft(&wish(Shape::Preset(Preset::Trackweight)), &[&dataset], &[]).unwrap_err();
        assert!(pad.to_string().contains("touch sessions"), "{pad}");
        let own = draft(&wish(Shape::Terms(Term::list("1,deflection").unwrap())), &[&dataset], &[]);
        assert!(own.unwrap_err().to_string().contains("the target `deflection` in a term"));
    }

    #[test]
    fn of_several_columns_none_is_taken_for_the_reading() {
        let columns = |names: &[(&str, Option<&str>)]| {
            let (mut dataset, _) = pontius();
            let own = dataset.columns[0].clone();
            let spec = |(name, unit): &(&str, Option<&str>)| ColumnSpec {
                name: column(name),
                unit: unit.map(|unit| unit.parse().unwrap()),
                ..own.clone()
            };
            dataset.columns = names.iter().map(spec).collect();
            dataset
        };
        let dataset =
            columns(&[("Zeit", Some("s")), ("Gewicht", Some("g")), ("U", Some("mV")), ("T", Some("K"))]);
        let wish = |preset| Wish { target: Some(column("Gewicht")), ..wish(Shape::Preset(preset)) };
        let Err(ProposalError::Reading { available, terms, .. }) =
            draft(&wish(Preset::Affine), &[&dataset], &[])
        else {
            panic!("a column was taken for the reading")
        };
        assert_eq!(available, ["U", "T", "Zeit"].map(column));
        assert_eq!(terms, ["1,U", "1,T", "1,Zeit"]);
        // Each of them is what can be typed.
        for terms in terms {
            let shape = Shape::Terms(Term::list(&terms).unwrap());
            assert!(draft(&Wish { shape, ..wish(Preset::Affine) }, &[&dataset], &[]).is_ok(), "{terms}");
        }
        let bent = draft(&wish(Preset::Piecewise), &[&dataset], &[]).unwrap_err();
        let ProposalError::Reading { terms, .. } = bent else { panic!("{bent}") };
        assert_eq!(terms[0], "1,U,hinge(U,KNOT)");
        let dataset = columns(&[("time", None), ("mass", Some("g"))]);
        assert_eq!(readings(&dataset, &column("mass")), (vec![&column("time")], 0));
        let channels = ["thrust", "temperature"].map(column);
        let (mut sessions, _) = pontius();
        sessions.kind = Kind::SignalSessions;
        let own = Wish { target: None, ..wish(Preset::Proportional) };
        let asked = draft(&own, &[&sessions], &channels).unwrap_err().to_string();
        assert_eq!(
            asked,
            "which column is the reading? `nist-pontius` has the channels `thrust`, `temperature`"
        );
    }

    #[test]
    fn commas_inside_hinges_end_no_term() {
        let terms = Term::list("1, x,hinge(x,5)^2*y").unwrap();
        let texts: Vec<String> = terms.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["1", "x", "hinge(x,5)^2*y"]);
        assert!(Term::list("1,,x").is_err());
    }
}
