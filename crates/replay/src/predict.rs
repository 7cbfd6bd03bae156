//! Results: predictions, their expanded uncertainties, errors and flags.

mod block;

use self::block::{Feature, Target};
use crate::ReplayError;
use openweigh_dataset::Data;
use openweigh_dataset::weighing::Chunk;
use openweigh_exact::decimal::power_of_ten;
use openweigh_exact::leverage::Leverage;
use openweigh_exact::sum::BLOCK;
use openweigh_exact::{Column, Decimal, Fixed, IBig, LinearForm, Ratio, root, student, tolerance};
use openweigh_fit::{Budget, ErrorFigures, Estimate, Fitted, Inputs, Model, Work, exclusion, reading};
use openweigh_formats::dataset::Dataset;
use openweigh_formats::limits;
use openweigh_formats::number::Number;
use openweigh_formats::reading::Per;
use openweigh_formats::recipe::Format;
use openweigh_formats::table::Table;
use openweigh_formats::text::ColumnName;
use openweigh_formats::weights::Weights;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

pub use self::block::{bound, is_outside};

/// Weights, ready to predict.
#[derive(Debug, Clone)]
pub struct Predictor<'a> {
    pub(crate) weights: &'a Weights,
    pub(crate) features: Vec<ColumnName>,
    pub(crate) model: Model,
    coefficients: Vec<Decimal>,
    estimate: Cow<'a, Estimate>,
    /// k²·s² under a recipe with k; none without degrees of freedom.
    scale: Option<Ratio>,
    /// The budget of weights of version 2, with the model of its terms.
    budget: Option<(Budget<'a>, Model)>,
    /// Coverage factors, by degrees of freedom, as they are needed.
    factors: Vec<OnceLock<Fixed>>,
}

/// The uncertainty of a prediction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uncertain {
    /// The expanded uncertainty.
    pub expanded: Fixed,
    /// What it is made of, of weights of version 2.
    pub budget: Option<Stated>,
}

/// What is stated with an expanded uncertainty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// The standard uncertainty.
    pub standard: Fixed,
    /// Degrees of freedom.
    pub dof: u64,
    /// Coverage factor.
    pub k: Fixed,
    /// Whether nothing is known of how sessions differ.
    pub repeatability_only: bool,
    /// The confidence with which it covers its share; none where that holds on average alone.
    pub confidence: Option<Number>,
}

/// What a dataset's results amount to.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Figures of the `error` column.
    pub errors: ErrorFigures,
}

impl<'a> Predictor<'a> {
    /// Prepares weights.
    ///
    /// # Errors
    /// Their `normal` does not determine the coefficients.
    pub fn new(weights: &'a Weights) -> Result<Self, ReplayError> {
        Self::within(weights, &mut Work::default())
    }

    /// As [`Predictor::new`], one of several that share a budget.
    ///
    /// # Errors
    /// As [`Predictor::new`], or the others have spent the budget.
    pub fn within(weights: &'a Weights, work: &mut Work) -> Result<Self, ReplayError> {
        let normal = weights.normal.to_normal().expect("checked when the weights were read");
        let estimate = Estimate::within(normal, &weights.recipe, work)?;
        Ok(Self::with(weights, Cow::Owned(estimate)))
    }

    /// Prepares weights that were just fitted, without solving for them again.
    pub fn of(fitted: &'a Fitted) -> Self {
        Self::with(&fitted.weights, Cow::Borrowed(&fitted.estimate))
    }

    fn with(weights: &'a Weights, estimate: Cow<'a, Estimate>) -> Self {
        let coverage = weights.recipe.result.coverage.as_ref().map(|coverage| Ratio::from(&coverage.0));
        let scale =
            coverage.and_then(|coverage| Some(estimate.variance()?.times(&coverage).times(&coverage)));
        let budget = Budget::of(weights).map(|budget| {
            let model = budget.model();
            (budget, model)
        });
        let kept = budget.as_ref().map_or(0, |_| limits::FREEDOM + 1);
        let factors = (0..kept).map(|_| OnceLock::new()).collect();
        Self {
            weights,
            features: weights.recipe.features(),
            model: Model::of(&weights.recipe),
            coefficients: weights.coefficients(),
            estimate,
            scale,
            factors,
            budget,
        }
    }

    /// The weights.
    pub fn weights(&self) -> &Weights {
        self.weights
    }

    /// The exact estimate that `normal` determines.
    pub fn estimate(&self) -> &Estimate {
        &self.estimate
    }

    /// The header line of the results.
    pub fn header(&self) -> Vec<u8> {
        let features = self.features.iter().map(ColumnName::as_str);
        let (before, behind): (&[&str], &[&str]) = match &self.weights.recipe.reading {
            None => columns(self.weights.recipe.format),
            Some(reading) => crate::grams::columns(reading.per, self.weights.recipe.format),
        };
        let mut line = Vec::new();
        let names = before.iter().copied().chain(features).chain(behind.iter().copied());
        openweigh_formats::csv::write_line(&mut line, names);
        line
    }

    /// Refuses data that the weights do not apply to.
    ///
    /// # Errors
    /// A feature that the dataset lacks, or another unit.
    pub fn check(&self, dataset: &Dataset, data: Data<'_>) -> Result<(), ReplayError> {
        reading::check_kind(&self.weights.recipe, dataset)?;
        let table = match data {
            Data::Table(table) => table,
            Data::Sessions(sessions) => return self.check_sessions(dataset, sessions),
        };
        exclusion::of_rows(dataset, table.rows())?;
        for feature in &self.features {
            reading::numbers(dataset, table, feature)?;
        }
        for column in &self.weights.applies_to.columns {
            let Some(found) = dataset.column(&column.name) else { continue };
            if found.unit != column.unit {
                return Err(ReplayError::Unit {
                    dataset: dataset.name.clone(),
                    column: column.name.clone(),
                    found: found.unit.clone(),
                    expected: column.unit.clone(),
                });
            }
        }
        Ok(())
    }

    /// Refuses data whose results would stall the machine (page 9), as far as the budget was not spent before.
    ///
    /// # Errors
    /// The budget does not suffice.
    pub fn check_work(&self, data: Data<'_>, work: &mut Work) -> Result<(), ReplayError> {
        match data {
            Data::Table(table) => {
                let column = |name: &ColumnName| table.numbers(name).expect("checked before").0;
                let features: Vec<Cow<'_, Column>> =
                    self.features.iter().map(|name| Cow::Borrowed(column(name))).collect();
                self.spend(Inputs { features: &features, tares: None, rows: table.rows() }, work)
            }
            Data::Sessions(sessions) => {
                sessions.iter().flat_map(|one| &one.chunks).try_for_each(|chunk| self.spend_on(chunk, work))
            }
        }
    }

    /// Spends what the lines of a chunk of readings take.
    ///
    /// # Errors
    /// The budget does not suffice.
    pub fn spend_on(&self, chunk: &Chunk, work: &mut Work) -> Result<(), ReplayError> {
        let features: Vec<Cow<'_, Column>> = chunk.features.iter().map(Cow::Borrowed).collect();
        self.spend(
            Inputs { features: &features, tares: chunk.tares.as_deref(), rows: chunk.keys.len() },
            work,
        )
    }

    fn spend(&self, inputs: Inputs<'_>, work: &mut Work) -> Result<(), ReplayError> {
        let words = self.model.words(inputs);
        let per = self.weights.recipe.reading.as_ref().map(|reading| reading.per);
        let form = if per == Some(Per::Frame) { 1 } else { self.form_of(inputs) };
        Ok(work.replay(inputs.rows, self.model.monomials().len(), words, form)?)
    }

    /// Words of the form of the leverages: its scale depends on the columns' places and not on their rows; and of
    /// the vectors of a budget.
    fn form_of(&self, inputs: Inputs<'_>) -> usize {
        let empty = |column: &Column| column.slice(0..0);
        let features: Vec<Cow<'_, Column>> =
            inputs.features.iter().map(|column| Cow::Owned(empty(column))).collect();
        let tares: Option<Vec<Column>> = inputs.tares.map(|tares| tares.iter().map(empty).collect());
        let columns = self.model.columns(Inputs { features: &features, tares: tares.as_deref(), rows: 0 });
        let form = self.leverage(&columns).map_or(1, |form| form.words().max(1));
        form + self.budget.as_ref().map_or(0, |(budget, _)| budget.words())
    }

    /// The form of the leverages, none where nothing is uncertain but the residuals.
    fn leverage(&self, columns: &[Cow<'_, Column>]) -> Option<Leverage> {
        let needed = match &self.budget {
            Some((budget, _)) => budget.needs_leverage(),
            None => self.scale.is_some(),
        };
        let columns: Vec<&Column> = columns.iter().map(AsRef::as_ref).collect();
        self.estimate.leverage(&self.model, &columns).filter(|_| needed)
    }

    /// Whether an uncertainty is of one session's scatter alone.
    pub fn is_repeatability_only(&self) -> bool {
        self.budget.as_ref().is_some_and(|(budget, _)| !budget.knows_sessions())
    }

    /// The predictions of some readings.
    pub fn predict(&self, inputs: Inputs<'_>) -> Column {
        let columns = self.model.columns(inputs);
        let columns: Vec<&Column> = columns.iter().map(AsRef::as_ref).collect();
        let decimals = self.weights.recipe.result.decimals;
        let form = LinearForm { coefficients: &self.coefficients, terms: self.model.monomials(), decimals };
        form.predict(&columns, 0..inputs.rows)
    }

    /// Appends the cells of an uncertainty, or empty ones, each with its comma: `expanded_u` of version 1, `u`,
    /// `dof`, `k` and `expanded_u` of version 2.
    pub fn write_uncertainty(&self, uncertainty: Option<&Uncertain>, out: &mut Vec<u8>) {
        if self.weights.recipe.format == Format::V2 {
            if let Some(stated) = uncertainty.and_then(|one| one.budget.as_ref()) {
                let cells = format!("{},{},{},", stated.standard, stated.dof, stated.k);
                out.extend_from_slice(cells.as_bytes());
            } else {
                out.extend_from_slice(b",,,");
            }
        }
        if let Some(uncertainty) = uncertainty {
            out.extend_from_slice(uncertainty.expanded.to_string().as_bytes());
        }
        out.push(b',');
    }

    /// The uncertainties of some readings, whose predictions are given: k·√(s²·(1 + xᵀ(XᵀX)⁻¹x)) in version 1, what
    /// the budget amounts to in version 2; none without degrees of freedom.
    pub fn uncertainties(&self, inputs: Inputs<'_>, predicted: &Column) -> Option<Vec<Uncertain>> {
        let decimals = self.weights.recipe.result.decimals;
        let columns = self.model.columns(inputs);
        let form = self.leverage(&columns);
        let leverages: Option<Vec<Ratio>> = form.map(|form| {
            let columns: Vec<&Column> = columns.iter().map(AsRef::as_ref).collect();
            form.of_rows(self.model.monomials(), &columns, &(0..inputs.rows))
        });
        let leverage = |row: usize| leverages.as_ref().map(|leverages| &leverages[row]);
        if let Some((budget, model)) = &self.budget {
            let columns = model.columns(inputs);
            let repeatability_only = !budget.knows_sessions();
            let confidence = self.confidence().cloned();
            let of_row = |row: usize| {
                let judged = budget.judge(&model.row(&columns, row), leverage(row), &predicted.value(row));
                let k = self.factor(judged.dof);
                let factor = Ratio::from(&k);
                let expanded = root::to_places(&judged.variance.times(&factor).times(&factor), decimals);
                let standard = root::to_places(&judged.variance, decimals);
                Uncertain {
                    expanded,
                    budget: Some(Stated {
                        standard,
                        dof: judged.dof,
                        k,
                        repeatability_only,
                        confidence: confidence.clone(),
                    }),
                }
            };
            return Some((0..inputs.rows).map(of_row).collect());
        }
        let scale = self.scale.as_ref()?;
        let of_row = |row: usize| {
            let expanded = match leverage(row) {
                None => root::to_places(scale, decimals),
                Some(leverage) => {
                    let numerator = leverage.numerator() + IBig::from(leverage.denominator().clone());
                    let one_more = Ratio::new(numerator, leverage.denominator().clone());
                    root::to_places(&scale.times(&one_more), decimals)
                }
            };
            Uncertain { expanded, budget: None }
        };
        Some((0..inputs.rows).map(of_row).collect())
    }

    /// The confidence with which U covers its share; none where that holds on average alone.
    pub fn confidence(&self) -> Option<&Number> {
        let told = self.weights.recipe.uncertainty.as_ref()?;
        let sessions = self.budget.as_ref().is_some_and(|(budget, _)| budget.knows_sessions());
        (sessions && told.confidence.0 != Decimal::ZERO).then_some(&told.confidence)
    }

    fn factor(&self, dof: u64) -> Fixed {
        let told = self.weights.recipe.uncertainty.as_ref().expect("recipes of version 2 have a probability");
        let share = Ratio::from(&told.coverage_probability.0);
        let make = || match self.confidence() {
            Some(confidence) => tolerance::factor(dof, &share, &Ratio::from(&confidence.0)),
            None => student::two_sided_t(dof, &share),
        };
        let kept = usize::try_from(dof).ok().and_then(|dof| self.factors.get(dof));
        kept.map_or_else(make, |kept| kept.get_or_init(make).clone())
    }

    /// Hands the lines of a dataset's results to `sink`, block by block in order, computed on so
    /// many threads.
    ///
    /// # Errors
    /// The weights do not apply to the dataset, or the sink fails.
    ///
    /// # Panics
    /// If a thread panicked.
    pub fn lines<E: From<ReplayError>>(
        &self,
        dataset: &Dataset,
        data: Data<'_>,
        threads: usize,
        mut sink: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<Outcome, E> {
        self.check(dataset, data)?;
        let table = match data {
            Data::Table(table) => table,
            Data::Sessions(sessions) => return self.sessions(dataset, sessions, sink),
        };
        self.check_work(data, &mut Work::default())?;
        let blocks: Vec<Range<usize>> =
            (0..table.rows()).step_by(BLOCK).map(|start| start..table.rows().min(start + BLOCK)).collect();
        let mut errors = ErrorFigures::default();
        for batch in blocks.chunks(threads.max(1)) {
            let done: Vec<(Vec<u8>, ErrorFigures)> = std::thread::scope(|scope| {
                let others: Vec<_> = batch[1..]
                    .iter()
                    .map(|block| scope.spawn(|| self.block(dataset, table, block.clone())))
                    .collect();
                let first = self.block(dataset, table, batch[0].clone());
                let others = others.into_iter().map(|thread| thread.join().expect("a block does not panic"));
                [first].into_iter().chain(others).collect()
            });
            for (bytes, figures) in done {
                sink(&bytes)?;
                errors = errors.plus(&figures);
            }
        }
        Ok(Outcome { errors })
    }

    /// The line of one row.
    ///
    /// # Panics
    /// If there is no such row, or [`Predictor::check`] would refuse the dataset.
    pub fn line(&self, dataset: &Dataset, table: &Table, row: usize) -> Vec<u8> {
        self.block(dataset, table, row..row + 1).0
    }

    /// The lines of some neighbouring rows.
    ///
    /// # Panics
    /// If there are no such rows, or [`Predictor::check`] would refuse the dataset.
    pub fn lines_of(&self, dataset: &Dataset, table: &Table, rows: Range<usize>) -> Vec<u8> {
        self.block(dataset, table, rows).0
    }

    /// The lines of one block of rows.
    fn block(&self, dataset: &Dataset, table: &Table, rows: Range<usize>) -> (Vec<u8>, ErrorFigures) {
        let features: Vec<Feature> =
            self.features.iter().map(|name| Feature::of(self.weights, table, name, &rows)).collect();
        let columns: Vec<Cow<'_, Column>> =
            features.iter().map(|feature| Cow::Borrowed(&feature.values)).collect();
        let inputs = Inputs { features: &columns, tares: None, rows: rows.len() };
        let predicted = self.predict(inputs);
        let uncertainties = self.uncertainties(inputs, &predicted);
        let target = Target::of(self.weights, table, &rows);
        // One that the table lacks was refused before.
        let excluded = exclusion::of_rows(dataset, table.rows()).unwrap_or_default();
        let mut errors = Vec::new();
        let mut out = Vec::with_capacity(rows.len() * 48);
        for (at, row) in rows.enumerate() {
            out.extend_from_slice(dataset.name.as_str().as_bytes());
            out.extend_from_slice(format!(",{row},").as_bytes());
            for feature in &features {
                feature.write(at, &mut out);
                out.push(b',');
            }
            let gap = features.iter().any(|feature| feature.is_missing(at));
            if !gap {
                predicted.write_fixed(at, &mut out);
            }
            out.push(b',');
            self.write_uncertainty(uncertainties.as_ref().filter(|_| !gap).map(|all| &all[at]), &mut out);
            if let Some(value) = target.value(at) {
                out.extend_from_slice(value.to_string().as_bytes());
                out.push(b',');
                if !gap {
                    let error = difference(&predicted, at, &value);
                    out.extend_from_slice(error.to_string().as_bytes());
                    errors.push(error.to_decimal());
                }
            } else {
                out.push(b',');
            }
            out.push(b',');
            if gap {
                out.extend_from_slice(b"gap");
            } else if features.iter().any(|feature| feature.is_outside(at)) {
                out.extend_from_slice(b"extrapolated");
            }
            if excluded.binary_search(&row).is_ok() {
                let joined: &[u8] = if out.ends_with(b",") { b"excluded" } else { b"+excluded" };
                out.extend_from_slice(joined);
            }
            if !gap && uncertainties.is_some() && self.is_repeatability_only() {
                if !out.ends_with(b",") {
                    out.push(b'+');
                }
                out.extend_from_slice(b"repeatability-only");
            }
            out.push(b'\n');
        }
        (out, ErrorFigures::of(&errors.into_iter().collect()))
    }
}

/// The columns of a table's results before and behind the features.
fn columns(format: Format) -> (&'static [&'static str], &'static [&'static str]) {
    let behind: &[&str] = match format {
        Format::V1 => &["predicted", "expanded_u", "target", "error", "flags"],
        Format::V2 => &["predicted", "u", "dof", "k", "expanded_u", "target", "error", "flags"],
    };
    (&["dataset", "row"], behind)
}

/// predicted - target, with the larger of the two numbers of places.
pub fn difference(predicted: &Column, row: usize, target: &Decimal) -> Fixed {
    let places = predicted.places().max(target.places());
    let lift = IBig::from(power_of_ten(places - predicted.places()));
    Fixed::new(predicted.integer(row) * lift - target.scaled_to(places), places)
}
