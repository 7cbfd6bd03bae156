//! Figures that a laboratory states of an instrument (docs/spec/12-reports.md, 12.4): each from the fitted rows, exactly, and
//! undefined by name where the data do not have what it takes. Figures, never a verdict.

mod figure;

pub use figure::{Figure, In, Quantity, Reason, Value};

use crate::observations::{Observation, Observations};
use openweigh_exact::{Decimal, Fixed, Ratio, fisher, root, round};
use openweigh_formats::weighings::Direction;
use openweigh_formats::weights::Weights;
use std::collections::{BTreeMap, BTreeSet};

/// Degrees of freedom up to which a probability is computed.
const FREEDOM: u64 = 10_000;

/// Seconds after which creep is stated first.
const SETTLED_S: u32 = 30;

/// All figures, in order.
pub fn characterise(weights: &Weights, found: &Observations<'_>) -> Vec<Figure> {
    let all = Rows { weights, found };
    let of = |quantity: Quantity| match quantity {
        Quantity::Repeatability => all.repeatability(),
        Quantity::Reproducibility => all.reproducibility(),
        Quantity::Hysteresis => all.hysteresis(),
        Quantity::ZeroReturn => all.zero_return(),
        Quantity::Creep => all.creep(),
        Quantity::LinearityEndPoints => all.linearity(false),
        Quantity::LinearityLeastSquares => all.linearity(true),
        Quantity::Eccentricity => all.eccentricity(),
        Quantity::Drift => all.drift(),
        Quantity::LackOfFit => all.lack_of_fit(),
        Quantity::Resolution => all.resolution(),
        Quantity::MinimumWeight => all.minimum_weight(),
    };
    Quantity::ALL.into_iter().map(|quantity| Figure { quantity, values: of(quantity) }).collect()
}

type Values = Result<Vec<Value>, Reason>;

/// A session with a load.
type Place = (Option<usize>, Decimal);

struct Rows<'a> {
    weights: &'a Weights,
    found: &'a Observations<'a>,
}

/// A sum of numbers with how many there are.
#[derive(Default, Clone)]
struct Mean {
    sum: Option<Decimal>,
    count: u64,
}

impl Mean {
    fn add(&mut self, value: &Decimal) {
        self.sum = Some(self.sum.take().map_or_else(|| value.clone(), |sum| sum.plus(value)));
        self.count += 1;
    }

    /// The mean of what was added; there is something.
    fn value(&self) -> Ratio {
        Ratio::from(self.sum.as_ref().unwrap_or(&Decimal::ZERO)).divided_by_count(self.count.max(1))
    }
}

fn total(values: impl IntoIterator<Item = Ratio>) -> Ratio {
    values.into_iter().fold(Ratio::from(&Decimal::ZERO), |sum, value| sum.plus(&value).reduced())
}

fn mean(values: &[Ratio]) -> Ratio {
    total(values.iter().cloned()).divided_by_count(values.len().max(1) as u64).reduced()
}

/// Σ(v - v̄)².
fn squares(values: &[Ratio]) -> Ratio {
    let middle = mean(values);
    total(values.iter().map(|value| {
        let off = value.minus(&middle).reduced();
        off.times(&off)
    }))
}

fn is_negative(value: &Ratio) -> bool {
    *value.numerator() < Decimal::ZERO.digits().clone()
}

fn magnitude(value: &Ratio) -> Ratio {
    if is_negative(value) { Ratio::from(&Decimal::ZERO).minus(value) } else { value.clone() }
}

/// The largest in magnitude, the first of equals.
fn largest(values: impl IntoIterator<Item = Ratio>) -> Option<Ratio> {
    let mut found: Option<Ratio> = None;
    for value in values {
        if found.as_ref().is_none_or(|own| is_negative(&magnitude(own).minus(&magnitude(&value)))) {
            found = Some(value);
        }
    }
    found
}

impl Rows<'_> {
    /// Two places more than results have.
    fn places(&self) -> u32 {
        self.weights.recipe.result.decimals + 2
    }

    fn fixed(&self, value: &Ratio) -> String {
        round::to_places(value, self.places()).to_string()
    }

    fn value(&self, at: impl Into<String>, value: &Ratio) -> Value {
        Value { at: at.into(), value: self.fixed(value), unit: In::Result, dof: Vec::new() }
    }

    fn deviation(&self, variance: &Ratio, dof: u64) -> Value {
        let value: Fixed = root::to_places(variance, self.places());
        Value { at: String::new(), value: value.to_string(), unit: In::Result, dof: vec![dof] }
    }

    /// What a row is read to be.
    fn read(row: &Observation<'_>) -> Decimal {
        row.predicted.to_decimal()
    }

    /// Whether the rows of a table repeat features rather than targets, as those do whose target was read.
    fn repeats_features(&self) -> bool {
        let rows = &self.found.rows;
        let targets: BTreeSet<&Decimal> = rows.iter().map(|row| &row.target).collect();
        let features: BTreeSet<&Vec<Decimal>> = rows.iter().map(|row| &row.features).collect();
        self.weights.recipe.reading.is_none() && features.len() < targets.len()
    }

    /// The pooled variance of repeated readings, with its degrees of freedom.
    fn pooled(&self) -> Option<(Ratio, u64)> {
        let by_features = self.repeats_features();
        let mut groups: BTreeMap<_, Vec<Ratio>> = BTreeMap::new();
        for row in &self.found.rows {
            let position = row.weighing.and_then(|own| own.details.as_ref()?.position.as_ref());
            let load = if by_features { row.features.clone() } else { vec![row.target.clone()] };
            let key = (row.session, load, position.map(ToString::to_string));
            groups.entry(key).or_default().push(Ratio::from(&row.error));
        }
        let dof: u64 = groups.values().map(|own| own.len() as u64 - 1).sum();
        let sum = total(groups.values().filter(|own| own.len() > 1).map(|own| squares(own)));
        (dof > 0).then(|| (sum.divided_by_count(dof).reduced(), dof))
    }

    fn repeatability(&self) -> Values {
        let (variance, dof) = self.pooled().ok_or(Reason::NoRepeats)?;
        Ok(vec![self.deviation(&variance, dof)])
    }

    /// The mean error of each session.
    fn of_sessions(&self) -> Result<Vec<Ratio>, Reason> {
        let mut sessions: BTreeMap<usize, Mean> = BTreeMap::new();
        for row in &self.found.rows {
            if let Some(session) = row.session {
                sessions.entry(session).or_default().add(&row.error);
            }
        }
        if sessions.len() < 2 {
            Err(Reason::OneSession)
        } else {
            Ok(sessions.values().map(Mean::value).collect())
        }
    }

    fn reproducibility(&self) -> Values {
        let means = self.of_sessions()?;
        let dof = means.len() as u64 - 1;
        Ok(vec![self.deviation(&squares(&means).divided_by_count(dof), dof)])
    }

    fn drift(&self) -> Values {
        let means = self.of_sessions()?;
        Ok(vec![self.value("", &means[means.len() - 1].minus(&means[0]))])
    }

    /// The span of known values.
    fn span(&self) -> Ratio {
        let targets: BTreeSet<&Decimal> = self.found.rows.iter().map(|row| &row.target).collect();
        match (targets.first(), targets.last()) {
            (Some(low), Some(high)) => Ratio::from(&high.minus(low)),
            _ => Ratio::from(&Decimal::ZERO),
        }
    }

    fn hysteresis(&self) -> Values {
        let mut loads: BTreeMap<Place, [Mean; 2]> = BTreeMap::new();
        for row in &self.found.rows {
            let Some(direction) = row.weighing.and_then(|own| own.details.as_ref()?.direction) else {
                continue;
            };
            let at = usize::from(direction == Direction::Down);
            loads.entry((row.session, row.target.clone())).or_default()[at].add(&Self::read(row));
        }
        let both = loads.into_iter().filter(|(_, own)| own.iter().all(|mean| mean.count > 0));
        let mut by_load: BTreeMap<Decimal, Vec<Ratio>> = BTreeMap::new();
        for ((_, load), [up, down]) in both {
            by_load.entry(load).or_default().push(down.value().minus(&up.value()).reduced());
        }
        if by_load.is_empty() {
            return Err(Reason::NoDirections);
        }
        let means: Vec<(Decimal, Ratio)> =
            by_load.into_iter().map(|(load, own)| (load, mean(&own))).collect();
        let mut values: Vec<Value> =
            means.iter().map(|(load, own)| self.value(load.to_string(), own)).collect();
        let span = self.span();
        if let Some(most) = largest(means.into_iter().map(|(_, own)| own)).filter(|_| !span.is_zero()) {
            values.push(percent("largest", &most, &span));
        }
        Ok(values)
    }

    fn zero_return(&self) -> Values {
        let mut zeros: BTreeMap<Option<usize>, Vec<Decimal>> = BTreeMap::new();
        for row in self.found.rows.iter().filter(|row| row.target == Decimal::ZERO) {
            zeros.entry(row.session).or_default().push(Self::read(row));
        }
        let returns = zeros.values().filter(|own| own.len() > 1);
        let most = largest(returns.map(|own| Ratio::from(&own[own.len() - 1].minus(&own[0]))));
        Ok(vec![self.value("", &most.ok_or(Reason::NoZero)?)])
    }

    fn creep(&self) -> Values {
        let mut first: BTreeMap<(Place, Option<String>), (Decimal, Decimal)> = BTreeMap::new();
        let mut later: BTreeMap<Decimal, Vec<Ratio>> = BTreeMap::new();
        for row in &self.found.rows {
            let Some(details) = row.weighing.and_then(|own| own.details.as_ref()) else { continue };
            let Some(hold) = details.hold_s.as_ref().map(|own| own.0.clone()) else { continue };
            let key = ((row.session, row.target.clone()), details.series.as_ref().map(ToString::to_string));
            match first.get(&key) {
                Some((least, read)) if hold >= Decimal::new(SETTLED_S.into(), 0) && hold > *least => {
                    later.entry(hold).or_default().push(Ratio::from(&Self::read(row).minus(read)));
                }
                Some(_) => {}
                None => {
                    first.insert(key, (hold, Self::read(row)));
                }
            }
        }
        if later.is_empty() {
            return Err(Reason::NoHolds);
        }
        let value = |(hold, own): (Decimal, Vec<Ratio>)| {
            let most = largest(own).unwrap_or_else(|| Ratio::from(&Decimal::ZERO));
            self.value(format!("{hold} s"), &most)
        };
        Ok(later.into_iter().map(value).collect())
    }

    /// The largest departure of the mean readings of the loads from a line.
    fn linearity(&self, least_squares: bool) -> Values {
        if self.found.features.len() != 1 {
            return Err(Reason::NotOneFeature);
        }
        let mut loads: BTreeMap<Decimal, Mean> = BTreeMap::new();
        for row in &self.found.rows {
            loads.entry(row.target.clone()).or_default().add(&row.features[0]);
        }
        if loads.len() < 3 {
            return Err(Reason::FewLoads);
        }
        let points: Vec<(Ratio, Ratio)> =
            loads.iter().map(|(load, own)| (Ratio::from(load), own.value().reduced())).collect();
        let ((x, y), (last_x, last_y)) = (&points[0], &points[points.len() - 1]);
        let span = magnitude(&last_y.minus(y)).reduced();
        if span.is_zero() {
            return Err(Reason::FewLoads);
        }
        let (through, slope) = if least_squares {
            let xs: Vec<Ratio> = points.iter().map(|(x, _)| x.clone()).collect();
            let ys: Vec<Ratio> = points.iter().map(|(_, y)| y.clone()).collect();
            let (x, y) = (mean(&xs), mean(&ys));
            let products = total(points.iter().map(|(own, read)| own.minus(&x).times(&read.minus(&y))));
            ((x, y), products.divided_by(&squares(&xs)).reduced())
        } else {
            let slope = last_y.minus(y).divided_by(&last_x.minus(x)).reduced();
            ((x.clone(), y.clone()), slope)
        };
        let off = points.iter().map(|(x, y)| {
            let line = through.1.plus(&slope.times(&x.minus(&through.0)));
            y.minus(&line).reduced()
        });
        let most = largest(off).unwrap_or_else(|| Ratio::from(&Decimal::ZERO));
        Ok(vec![percent("", &most, &span)])
    }

    fn eccentricity(&self) -> Values {
        let mut loads: BTreeMap<Decimal, BTreeMap<String, Mean>> = BTreeMap::new();
        for row in &self.found.rows {
            let Some(position) = row.weighing.and_then(|own| own.details.as_ref()?.position.as_ref()) else {
                continue;
            };
            let load = loads.entry(row.target.clone()).or_default();
            load.entry(position.to_string()).or_default().add(&row.error);
        }
        let is_centre = |name: &str| matches!(name, "centre" | "center");
        let mut values = Vec::new();
        for (load, positions) in &loads {
            let Some((_, centre)) = positions.iter().find(|(name, _)| is_centre(name)) else { continue };
            for (name, own) in positions.iter().filter(|(name, _)| !is_centre(name)) {
                values.push(self.value(format!("{load}, {name}"), &own.value().minus(&centre.value())));
            }
        }
        if values.is_empty() { Err(Reason::NoPositions) } else { Ok(values) }
    }

    fn lack_of_fit(&self) -> Values {
        let lack = self.found.lack_of_fit.as_ref().ok_or(Reason::NoLackOfFit)?;
        let one = |at: &str, value: String| Value {
            at: at.to_owned(),
            value,
            unit: In::One,
            dof: vec![lack.above, lack.below],
        };
        let mut values = vec![one("F", round::to_places(&lack.statistic, 4).to_string())];
        if lack.above.max(lack.below) <= FREEDOM {
            let p = fisher::upper_tail(&lack.statistic, lack.above, lack.below);
            values.push(one("p", p.to_string()));
        }
        Ok(values)
    }

    fn resolution(&self) -> Values {
        let applies = &self.weights.applies_to;
        let [feature] = self.found.features.as_slice() else { return Err(Reason::NotOneFeature) };
        let step = match (&applies.pad, &applies.channels) {
            (Some(pad), _) if feature.as_str() == "pressure" => pad.quantum.as_ref(),
            (_, Some(channels)) => {
                channels.iter().find(|own| own.name == *feature).and_then(|own| own.quantum.as_ref())
            }
            _ => None,
        };
        // Of a straight line, the reading's coefficient is what a step is worth everywhere.
        let terms = &self.weights.terms;
        let slope = terms.iter().find(|own| own.term.to_string() == feature.as_str());
        let straight = terms.iter().all(|own| own.term.is_one() || own.term.to_string() == feature.as_str());
        let (Some(step), Some(slope), true) = (step, slope, straight) else { return Err(Reason::NoStep) };
        Ok(vec![self.value("", &magnitude(&Ratio::from(&step.0.times(&slope.coefficient.0))))])
    }

    fn minimum_weight(&self) -> Values {
        let (variance, dof) = self.pooled().ok_or(Reason::NoRepeats)?;
        // 2·s at most a hundredth of the load.
        let square = variance.times(&Ratio::from(&Decimal::new(40_000.into(), 0)));
        Ok(vec![Value { at: "1 %".to_owned(), ..self.deviation(&square, dof) }])
    }
}

fn percent(at: &str, value: &Ratio, span: &Ratio) -> Value {
    let share = value.divided_by(span).times_power_of_ten(2);
    let value = round::to_places(&share, 4).to_string();
    Value { at: at.to_owned(), value, unit: In::PercentOfSpan, dof: Vec::new() }
}
