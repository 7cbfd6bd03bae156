//! Results of touch sessions: grams by weighing or by frame (docs/spec/6-results.md, 6.2).

use crate::ReplayError;
use crate::predict::{self, Outcome, Predictor, Uncertain};
use openweigh_dataset::SessionReadings;
use openweigh_dataset::weighing::{Chunk, Key};
use openweigh_exact::column::Integers;
use openweigh_exact::digits::write_natural;
use openweigh_exact::{Column, Fixed, IBig};
use openweigh_fit::exclusion::{self, Excluded};
use openweigh_fit::reading::check_tares;
use openweigh_fit::{ErrorFigures, Inputs};
use openweigh_formats::dataset::Dataset;
use openweigh_formats::number::Number;
use openweigh_formats::reading::Per;
use openweigh_formats::recipe::{Format, Recipe, Tare};
use openweigh_formats::text::ColumnName;
use openweigh_formats::weighings::{Id, Role, Weighing};
use openweigh_formats::weights::Instrument;
use std::borrow::Cow;

/// The columns before and behind the features.
pub fn columns(per: Per, format: Format) -> (&'static [&'static str], &'static [&'static str]) {
    match (per, format) {
        (Per::Weighing, Format::V1) => (
            &["dataset", "session", "weighing", "role", "label", "frames"],
            &["grams", "expanded_u_g", "reference_g", "error_g", "flags"],
        ),
        (Per::Weighing, Format::V2) => (
            &["dataset", "session", "weighing", "role", "label", "frames"],
            &["grams", "u_g", "dof", "k", "expanded_u_g", "reference_g", "error_g", "flags"],
        ),
        (Per::Frame, _) => (&["dataset", "session", "frame"], &["grams", "flags"]),
    }
}

impl Predictor<'_> {
    /// Refuses sessions of another pad, or of other channels.
    ///
    /// # Errors
    /// As [`Predictor::check_session`], of the first of them.
    pub fn check_sessions(&self, dataset: &Dataset, sessions: &[SessionReadings]) -> Result<(), ReplayError> {
        sessions.iter().try_for_each(|one| self.check_session(dataset, &one.session, &one.weighings))
    }

    /// Refuses a session of another pad, of other channels, or without the tares that are to be subtracted.
    ///
    /// # Errors
    /// Its model, way of connection or unit is not that of the weights, or a load has no tare.
    pub fn check_session(
        &self,
        dataset: &Dataset,
        session: &openweigh_formats::session::Session,
        weighings: &[Weighing],
    ) -> Result<(), ReplayError> {
        check_tares(&self.weights.recipe, &session.id, weighings)?;
        exclusion::of_weighings(dataset, &session.id, weighings, self.weights.recipe.model.tare)?;
        let found = Instrument::of(session, &self.weights.recipe);
        match self.weights.applies_to.instrument() {
            Some(expected) if expected != found => Err(ReplayError::Pad {
                dataset: dataset.name.clone(),
                session: session.id.clone(),
                found: Box::new(found),
                expected: Box::new(expected),
            }),
            _ => Ok(()),
        }
    }

    /// Hands the lines of some sessions to `sink`.
    ///
    /// # Errors
    /// The sink's own.
    pub fn sessions<E: From<ReplayError>>(
        &self,
        dataset: &Dataset,
        sessions: &[SessionReadings],
        mut sink: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<Outcome, E> {
        let mut outcome = Outcome::default();
        for one in sessions {
            let place = Place { dataset, session: &one.session.id, weighings: &one.weighings };
            for chunk in &one.chunks {
                let (lines, errors) = self.chunk(place, chunk);
                sink(&lines)?;
                outcome.errors = outcome.errors.plus(&errors);
            }
        }
        Ok(outcome)
    }

    /// The lines of a chunk of readings, of a session that [`Predictor::check_session`] accepts.
    pub fn chunk(&self, place: Place<'_>, chunk: &Chunk) -> (Vec<u8>, ErrorFigures) {
        let mut lines = Vec::with_capacity(chunk.keys.len() * 64);
        let errors = self.append(place, chunk, &mut lines);
        (lines, errors)
    }

    /// Appends the lines of a chunk of readings, as [`Predictor::chunk`] has them.
    pub fn append(&self, place: Place<'_>, chunk: &Chunk, out: &mut Vec<u8>) -> ErrorFigures {
        let features: Vec<Cow<'_, Column>> = chunk.features.iter().map(Cow::Borrowed).collect();
        let inputs = Inputs { features: &features, tares: chunk.tares.as_deref(), rows: chunk.keys.len() };
        let predicted = self.predict(inputs);
        let reading = self.weights.recipe.reading.as_ref();
        let per = reading.map_or(Per::Weighing, |reading| reading.per);
        let uncertainties = if per == Per::Weighing { self.uncertainties(inputs, &predicted) } else { None };
        let ranges = Ranges::of(self, inputs);
        let excluded = place.excluded(&self.weights.recipe);
        let (mut errors, prefix) = (Vec::new(), place.prefix());
        for (at, key) in chunk.keys.iter().enumerate() {
            let weighing = key.weighing.map(|weighing| &place.weighings[weighing]);
            out.extend_from_slice(&prefix);
            Place::begin(key, weighing, out);
            write_features(key, chunk, at, out);
            let weighed = key.complete && key.tared && weighing.is_none_or(|load| load.role != Role::Tare);
            let outside = weighed && ranges.is_outside(at);
            if weighed {
                predicted.write_fixed(at, out);
            }
            out.push(b',');
            if per == Per::Weighing {
                self.write_uncertainty(uncertainties.as_ref().filter(|_| weighed).map(|all| &all[at]), out);
                if let Some(mass) = weighing.and_then(|load| load.reference_g.as_ref()) {
                    out.extend_from_slice(mass.to_string().as_bytes());
                    out.push(b',');
                    if weighed {
                        let error = predict::difference(&predicted, at, &mass.0);
                        out.extend_from_slice(error.to_string().as_bytes());
                        errors.push(error.to_decimal());
                    }
                } else {
                    out.push(b',');
                }
                out.push(b',');
            }
            let excluded = key.weighing.is_some_and(|at| excluded.has(at));
            let alone = weighed && uncertainties.is_some() && self.is_repeatability_only();
            write_flags(key, [outside, excluded, alone], out);
            out.push(b'\n');
        }
        ErrorFigures::of(&errors.into_iter().collect())
    }
}

/// A reading, weighed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weighed {
    /// Grams; none where values or the tare are missing.
    pub grams: Option<Fixed>,
    /// Their uncertainty; none without degrees of freedom, and of readings by frame.
    pub uncertain: Option<Uncertain>,
    /// What is to be said about it.
    pub flags: Flags,
}

impl Predictor<'_> {
    /// The readings of a chunk, weighed: what its lines say, as values.
    pub fn weighed(&self, weighings: &[Weighing], chunk: &Chunk) -> Vec<Weighed> {
        let features: Vec<Cow<'_, Column>> = chunk.features.iter().map(Cow::Borrowed).collect();
        let inputs = Inputs { features: &features, tares: chunk.tares.as_deref(), rows: chunk.keys.len() };
        let predicted = self.predict(inputs);
        let per = self.weights.recipe.reading.as_ref().map_or(Per::Weighing, |reading| reading.per);
        let uncertainties = if per == Per::Weighing { self.uncertainties(inputs, &predicted) } else { None };
        let ranges = Ranges::of(self, inputs);
        let one = |(at, key): (usize, &Key)| {
            let tare = key.weighing.is_some_and(|weighing| weighings[weighing].role == Role::Tare);
            let is_weighed = key.complete && key.tared && !tare;
            let alone = is_weighed && uncertainties.is_some() && self.is_repeatability_only();
            let places = self.weights.recipe.result.decimals;
            Weighed {
                grams: is_weighed.then(|| Fixed::new(predicted.integer(at), places)),
                uncertain: uncertainties.as_ref().filter(|_| is_weighed).map(|all| all[at].clone()),
                flags: Flags {
                    saturated: key.saturated,
                    extrapolated: is_weighed && ranges.is_outside(at),
                    gap: key.gap,
                    excluded: false,
                    no_load: key.no_load,
                    repeatability_only: alone,
                },
            }
        };
        chunk.keys.iter().enumerate().map(one).collect()
    }
}

/// What is to be said about a reading (docs/spec/6-results.md, 6.2).
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags {
    /// A frame was at the ceiling.
    pub saturated: bool,
    /// A feature is outside the range that was fitted.
    pub extrapolated: bool,
    /// Frames are missing, or values in them.
    pub gap: bool,
    /// It is stated that it is not to be fitted.
    pub excluded: bool,
    /// A reference that reads no more than its tare.
    pub no_load: bool,
    /// Nothing is known of how sessions differ.
    pub repeatability_only: bool,
}

impl Flags {
    /// The words that are set, in the order of results.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        let flags = [
            (self.saturated, "saturated"),
            (self.extrapolated, "extrapolated"),
            (self.gap, "gap"),
            (self.excluded, "excluded"),
            (self.no_load, "no-load"),
            (self.repeatability_only, "repeatability-only"),
        ];
        flags.into_iter().filter(|(is_set, _)| *is_set).map(|(_, word)| word)
    }
}

/// The header of the readings that a recipe makes, before any weights.
pub fn readings_header(recipe: &Recipe) -> Vec<u8> {
    let per = recipe.reading.as_ref().map_or(Per::Weighing, |reading| reading.per);
    let behind: &[&str] = match per {
        Per::Weighing => &["tare", "reference_g", "reference_u_g", "flags"],
        Per::Frame => &["flags"],
    };
    let features = recipe.features();
    let names = columns(per, recipe.format).0.iter().copied().chain(features.iter().map(ColumnName::as_str));
    let mut line = Vec::new();
    openweigh_formats::csv::write_line(&mut line, names.chain(behind.iter().copied()));
    line
}

/// The lines of a chunk of readings, before any weights.
pub fn readings_lines(recipe: &Recipe, place: Place<'_>, chunk: &Chunk) -> Vec<u8> {
    let excluded = place.excluded(recipe);
    let (mut out, prefix) = (Vec::with_capacity(chunk.keys.len() * 64), place.prefix());
    for (at, key) in chunk.keys.iter().enumerate() {
        let weighing = key.weighing.map(|weighing| &place.weighings[weighing]);
        out.extend_from_slice(&prefix);
        Place::begin(key, weighing, &mut out);
        write_features(key, chunk, at, &mut out);
        if let (None, Some(weighing)) = (key.frame, weighing) {
            let number =
                |number: &Option<Number>| number.as_ref().map(ToString::to_string).unwrap_or_default();
            let tare = weighing.tare.as_ref().map_or("", |tare| tare.as_str());
            let cells =
                format!("{tare},{},{},", number(&weighing.reference_g), number(&weighing.reference_u_g));
            out.extend_from_slice(cells.as_bytes());
        }
        let excluded = key.weighing.is_some_and(|at| excluded.has(at));
        write_flags(key, [false, excluded, false], &mut out);
        out.push(b'\n');
    }
    out
}

fn write_features(key: &Key, chunk: &Chunk, at: usize, out: &mut Vec<u8>) {
    for column in &chunk.features {
        if key.complete {
            column.write_canonical(at, out);
        }
        out.push(b',');
    }
}

/// Which session a chunk is of.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The dataset.
    pub dataset: &'a Dataset,
    /// The session's id.
    pub session: &'a Id,
    /// Its weighings.
    pub weighings: &'a [Weighing],
}

impl Place<'_> {
    /// The weighings that are not fitted; one that the session lacks is told when the session is checked.
    fn excluded(&self, recipe: &Recipe) -> Excluded {
        let found = exclusion::of_weighings(self.dataset, self.session, self.weighings, recipe.model.tare);
        found.unwrap_or_default()
    }

    /// The cells that all lines of the session begin with.
    fn prefix(&self) -> Vec<u8> {
        format!("{},{},", self.dataset.name, self.session).into_bytes()
    }

    /// The cells before the features, behind the prefix.
    fn begin(key: &Key, weighing: Option<&Weighing>, out: &mut Vec<u8>) {
        let cell = |text: &str, out: &mut Vec<u8>| {
            out.extend_from_slice(text.as_bytes());
            out.push(b',');
        };
        match (key.frame, weighing) {
            (Some(frame), _) => {
                write_natural(frame, out);
                out.push(b',');
            }
            (None, weighing) => {
                cell(weighing.map_or("", |weighing| weighing.id.as_str()), out);
                cell(weighing.map_or("", |weighing| weighing.role.as_str()), out);
                cell(weighing.map_or("", |weighing| weighing.label.as_str()), out);
                cell(&key.frames.to_string(), out);
            }
        }
    }
}

fn write_flags(key: &Key, [extrapolated, excluded, repeatability_only]: [bool; 3], out: &mut Vec<u8>) {
    let flags = Flags {
        saturated: key.saturated,
        extrapolated,
        gap: key.gap,
        excluded,
        no_load: key.no_load,
        repeatability_only,
    };
    for (at, word) in flags.words().enumerate() {
        if at > 0 {
            out.push(b'+');
        }
        out.extend_from_slice(word.as_bytes());
    }
}

/// The features as the model sees them, and the range of each while fitting.
struct Ranges<'a> {
    columns: Vec<Cow<'a, Column>>,
    bounds: Vec<Bounds>,
}

/// The range of a feature as integers of a column's places.
struct Bounds {
    exact: (IBig, IBig),
    /// The same for short values; a bound beyond 128 bits is one that no short value reaches.
    short: (i128, i128),
}

impl Bounds {
    fn of(low: IBig, high: IBig) -> Self {
        let short = |bound: &IBig| {
            i128::try_from(bound).unwrap_or(if *bound < IBig::ZERO { i128::MIN } else { i128::MAX })
        };
        Self { short: (short(&low), short(&high)), exact: (low, high) }
    }
}

impl<'a> Ranges<'a> {
    fn of(predictor: &Predictor<'_>, inputs: Inputs<'a>) -> Self {
        let signal = predictor.weights.recipe.model.tare == Tare::Signal;
        let columns: Vec<Cow<'a, Column>> = match inputs.tares.filter(|_| signal) {
            Some(tares) => {
                let one = |((name, load), tare): ((&ColumnName, &'a Cow<'a, Column>), &Column)| {
                    let place = predictor.weights.recipe.is_place(name);
                    if place { Cow::Borrowed(load.as_ref()) } else { Cow::Owned(load.minus(tare)) }
                };
                predictor.features.iter().zip(inputs.features).zip(tares).map(one).collect()
            }
            None => inputs.features.iter().map(|column| Cow::Borrowed(column.as_ref())).collect(),
        };
        let bounds = (predictor.weights.range.iter().zip(&columns))
            .map(|(range, column)| {
                let low = predict::bound(&range.min.0, column, true);
                Bounds::of(low, predict::bound(&range.max.0, column, false))
            })
            .collect();
        Self { columns, bounds }
    }

    fn is_outside(&self, at: usize) -> bool {
        self.columns.iter().zip(&self.bounds).any(|(column, bounds)| match column.integers() {
            Integers::Narrow(values) => {
                let value = i128::from(values[at]);
                value < bounds.short.0 || value > bounds.short.1
            }
            Integers::Wide(_) => predict::is_outside(column, at, &bounds.exact.0, &bounds.exact.1),
        })
    }
}
