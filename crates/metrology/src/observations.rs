//! The fitted rows of some weights, each with what the weights make of it and what a fit without it would.

use openweigh_dataset::Data;
use openweigh_exact::{Column, Decimal, Fixed, Ratio};
use openweigh_fit::budget::{LackOfFit, lack_of_fit};
use openweigh_fit::reading::is_fitted;
use openweigh_fit::{Budget, FitError, Model, Readings, Training, Work, exclusion, held_out};
use openweigh_formats::reading::Per;
use openweigh_formats::recipe::Validation;
use openweigh_formats::text::ColumnName;
use openweigh_formats::weighings::Weighing;
use openweigh_formats::weights::Weights;
use openweigh_replay::{Predictor, ReplayError, Uncertain};
use std::collections::BTreeMap;

/// A fitted row.
#[derive(Debug, Clone)]
pub struct Observation<'a> {
    /// The session, by its place among those that have fitted rows; none of tables without sessions.
    pub session: Option<usize>,
    /// The weighing; none of tables.
    pub weighing: Option<&'a Weighing>,
    /// The known value.
    pub target: Decimal,
    /// What the weights predict.
    pub predicted: Fixed,
    /// Prediction less known value.
    pub error: Decimal,
    /// How uncertain a new reading there is; none without degrees of freedom.
    pub uncertain: Option<Uncertain>,
    /// The error of the prediction by a fit without the row's fold.
    pub held_out: Option<Decimal>,
    /// The features, in the order of the weights, less those of the tare where readings are subtracted.
    pub features: Vec<Decimal>,
}

/// A budget at one row.
#[derive(Debug, Clone)]
pub struct Evaluated {
    /// The known value there.
    pub target: Decimal,
    /// What the weights predict there.
    pub predicted: Decimal,
    /// u² of each component, in the order of the weights.
    pub shares: Vec<Ratio>,
    /// Their sum.
    pub variance: Ratio,
    /// The uncertainty that follows.
    pub uncertain: Option<Uncertain>,
}

/// The fitted rows of some weights.
#[derive(Debug, Clone)]
pub struct Observations<'a> {
    /// The rows, in the order of the data.
    pub rows: Vec<Observation<'a>>,
    /// The names of the sessions that have fitted rows.
    pub sessions: Vec<String>,
    /// The features.
    pub features: Vec<ColumnName>,
    /// The budget at a small, a middle and a large known value, of weights that have one.
    pub budgets: Vec<Evaluated>,
    /// The lack of fit of all rows as one session; none where the data cannot show one, and of rows that are frames.
    pub lack_of_fit: Option<LackOfFit>,
    /// Whether errors of held-out rows are missing although the recipe validates: the work would be beyond the limits, or
    /// some fold cannot be fitted.
    pub without_held_out: bool,
}

/// Rows whose uncertainties are computed at a time.
const PIECE: usize = 1 << 10;

impl<'a> Observations<'a> {
    /// Gathers the rows that the weights were fitted on.
    ///
    /// # Errors
    /// Data and weights do not go together, or the work is beyond the limits.
    pub fn gather(
        weights: &Weights,
        training: &[Training<'a>],
        threads: usize,
        work: &mut Work,
    ) -> Result<Self, ReplayError> {
        let predictor = Predictor::within(weights, work)?;
        for one in training {
            predictor.check(one.dataset, one.data)?;
            predictor.check_work(one.data, work)?;
        }
        let readings = Readings::gather(&weights.recipe, training)?;
        let validates = weights.recipe.fit.validation != Validation::None;
        let held_out = match held_out(&weights.recipe, &readings, threads, work) {
            Err(error) if error.is_limit() || matches!(error, FitError::Folds { .. }) => None,
            other => other?,
        };
        let (weighings, mut sessions) = placed(weights, training)?;
        let mut of_row = vec![None; readings.rows()];
        for (at, runs) in readings.sessions().iter().enumerate() {
            runs.iter().cloned().flatten().for_each(|row| of_row[row] = Some(at));
        }
        // Sessions of tables have no names of folders.
        sessions.extend((sessions.len()..readings.sessions().len()).map(|at| format!("session {}", at + 1)));
        let decimals = weights.recipe.result.decimals;
        let mut rows = Vec::with_capacity(readings.rows());
        for start in (0..readings.rows()).step_by(PIECE) {
            let part = readings.part(start..readings.rows().min(start + PIECE));
            let predicted = predictor.predict(part.inputs());
            let uncertain = predictor.uncertainties(part.inputs(), &predicted);
            let features = part.ranged(&weights.recipe);
            for at in 0..part.rows() {
                let (row, target) = (start + at, part.target().value(at));
                let own = predicted.value(at);
                rows.push(Observation {
                    session: of_row[row],
                    weighing: weighings.get(row).copied(),
                    error: own.minus(&target),
                    predicted: Fixed::new(own.scaled_to(decimals), decimals),
                    uncertain: uncertain.as_ref().map(|all| all[at].clone()),
                    held_out: held_out.as_ref().map(|all| all[row].minus(&target)),
                    features: features.iter().map(|column| column.value(at)).collect(),
                    target,
                });
            }
        }
        let by_frame = weights.recipe.reading.as_ref().is_some_and(|reading| reading.per == Per::Frame);
        let lack_of_fit = if by_frame || predictor.estimate().is_declared() {
            None
        } else {
            lack_of_fit(&weights.recipe, &readings, predictor.estimate())
        };
        let features = weights.recipe.features();
        let budgets = evaluated(&predictor, weights, &readings);
        Ok(Self {
            rows,
            sessions,
            features,
            budgets,
            lack_of_fit,
            without_held_out: validates && held_out.is_none(),
        })
    }
}

/// The budget at the rows with the smallest, the middle and the largest known value.
fn evaluated(predictor: &Predictor<'_>, weights: &Weights, readings: &Readings<'_>) -> Vec<Evaluated> {
    let Some(budget) = Budget::of(weights) else { return Vec::new() };
    let mut first: BTreeMap<Decimal, usize> = BTreeMap::new();
    for (row, target) in readings.target().values().enumerate() {
        first.entry(target).or_insert(row);
    }
    let places: Vec<usize> = first.into_values().collect();
    let mut chosen = vec![places[0], places[places.len() / 2], places[places.len() - 1]];
    chosen.dedup();
    let part = readings.chosen(&chosen);
    let predicted = predictor.predict(part.inputs());
    let uncertain = predictor.uncertainties(part.inputs(), &predicted);
    let (own, all) = (Model::of(&weights.recipe), budget.model());
    let columns = own.columns(part.inputs());
    let columns: Vec<&Column> = columns.iter().map(AsRef::as_ref).collect();
    let leverages = (predictor.estimate().leverage(&own, &columns))
        .map(|form| form.of_rows(own.monomials(), &columns, &(0..part.rows())));
    let columns = all.columns(part.inputs());
    let of_row = |row: usize| {
        let leverage = leverages.as_ref().map(|leverages| &leverages[row]);
        let judged = budget.judge(&all.row(&columns, row), leverage, &predicted.value(row));
        Evaluated {
            target: part.target().value(row),
            predicted: predicted.value(row),
            shares: judged.shares,
            variance: judged.variance,
            uncertain: uncertain.as_ref().map(|all| all[row].clone()),
        }
    };
    (0..part.rows()).map(of_row).collect()
}

/// The weighing of each fitted row of sessions, in their order, and the names of the sessions that have some.
fn placed<'a>(
    weights: &Weights,
    training: &[Training<'a>],
) -> Result<(Vec<&'a Weighing>, Vec<String>), FitError> {
    let (mut weighings, mut names) = (Vec::new(), Vec::new());
    for one in training {
        let Data::Sessions(sessions) = one.data else { continue };
        for session in sessions {
            let own = &session.session.id;
            let tare = weights.recipe.model.tare;
            let excluded = exclusion::of_weighings(one.dataset, own, &session.weighings, tare)?;
            let before = weighings.len();
            for key in session.chunks.iter().flat_map(|chunk| &chunk.keys) {
                let Some(at) = key.weighing.filter(|at| !excluded.has(*at)) else { continue };
                let weighing = &session.weighings[at];
                if weighing.reference_g.is_some() && is_fitted(key, weighing) {
                    weighings.push(weighing);
                }
            }
            if weighings.len() > before {
                // Sessions of several datasets may have one name.
                let name =
                    if training.len() > 1 { format!("{}/{own}", one.dataset.name) } else { own.to_string() };
                names.push(name);
            }
        }
    }
    Ok((weighings, names))
}
