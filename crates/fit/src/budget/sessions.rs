//! What several sessions show: scatter at one load, lack of fit, and how sessions differ (4.12).

use super::{BothTerms, contribution, named, vector, whole};
use crate::estimate::sum;
use crate::weigh::of_sessions;
use crate::{Estimate, FitError, Readings};
use openweigh_exact::{Decimal, IBig, Normal, Ratio, Solution};
use openweigh_formats::number::Number;
use openweigh_formats::recipe::Recipe;
use openweigh_formats::weights::{Contribution, Of, Reason};
use std::collections::BTreeMap;
use std::ops::Range;

/// The components that sessions show, or why they show none.
pub(super) fn components(
    recipe: &Recipe,
    readings: &Readings<'_>,
    estimate: &Estimate,
    threads: usize,
) -> Result<Result<Vec<Contribution>, Reason>, FitError> {
    if estimate.is_declared() {
        return Ok(Err(Reason::Declared));
    }
    if readings.sessions().len() < 2 {
        return Ok(Err(Reason::OneSession));
    }
    let both = BothTerms::of(recipe);
    let sums = of_sessions(&both.recipe, readings, threads);
    let mut deviations: Vec<Vec<Number>> = Vec::new();
    for session in &sums {
        match deviation(&both, session, estimate) {
            Some(values) => deviations.push(vector(&values)?),
            None => return Ok(Err(Reason::SingularSessionTerms)),
        }
    }
    let loads = loads(recipe, &both, readings, (readings.sessions(), &deviations));
    let (rows, sessions) = (readings.rows(), sums.len());
    let (count, terms) = (loads.len(), both.terms);
    let Some(pure_dof) = rows.checked_sub(count + (sessions - 1) * both.places.len()).filter(|dof| *dof > 0)
    else {
        return Ok(Err(Reason::NoDegreesOfFreedom));
    };
    let between = between_loads(&loads, estimate);
    let within = squares(&both, &sums, estimate, &deviations).minus(&between);
    let pure = within.divided_by_count(pure_dof as u64).reduced();
    let dof = |count: usize| Some(whole(count as u64));
    let mut list = vec![contribution("repeatability", Of::Constant, &pure, dof(pure_dof))?];
    if let Some(lack_dof) = count.checked_sub(terms).filter(|dof| *dof > 0) {
        let excess = between.divided_by_count(lack_dof as u64).minus(&pure);
        // n̄ = n/m: dividing by it is multiplying by m and dividing by n.
        let lack = Ratio::new(excess.numerator() * IBig::from(count), excess.denominator().clone());
        let lack = lack.divided_by_count(rows as u64);
        let lack = if *lack.numerator() < IBig::ZERO { Ratio::from(&Decimal::ZERO) } else { lack };
        list.push(contribution("lack-of-fit", Of::Constant, &lack, dof(lack_dof))?);
    }
    let of_sessions = |name, of, vectors| Contribution {
        name: named(name),
        of,
        variance: None,
        vectors: Some(vectors),
        dof: dof(sessions - 1).map(Number),
    };
    let influences = estimate.influences(&sums);
    let influences = influences.iter().map(|values| vector(values)).collect::<Result<Vec<_>, _>>()?;
    list.push(of_sessions("sessions", Of::SessionTerms, deviations));
    list.push(of_sessions("coefficients", Of::Terms, influences));
    Ok(Ok(list))
}

/// Whether the means of the loads depart from the model more than single readings do from those means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LackOfFit {
    /// F = `MS_L`/`MS_pe`.
    pub statistic: Ratio,
    /// Degrees of freedom of `MS_L`: m - p.
    pub above: u64,
    /// Degrees of freedom of `MS_pe`: n - m.
    pub below: u64,
}

/// The lack of fit of all rows as one session; none without repeated loads, without more loads than terms, or where
/// repeated readings are all equal.
pub fn lack_of_fit(recipe: &Recipe, readings: &Readings<'_>, estimate: &Estimate) -> Option<LackOfFit> {
    let both = BothTerms::of(recipe);
    let rows = 0..readings.rows();
    let whole = Vec::from([Vec::from([rows])]);
    let none = vec![vec![Number(Decimal::ZERO); both.places.len()]];
    let loads = loads(recipe, &both, readings, (&whole, &none));
    let above = loads.len().checked_sub(both.terms).filter(|dof| *dof > 0)? as u64;
    let below = readings.rows().checked_sub(loads.len()).filter(|dof| *dof > 0)? as u64;
    let between = between_loads(&loads, estimate);
    let within = estimate.rss().minus(&between).reduced();
    (!within.is_zero()).then(|| LackOfFit {
        statistic: between.divided_by_count(above).divided_by(&within.divided_by_count(below)),
        above,
        below,
    })
}

/// d = (ZᵀZ)⁻¹Zᵀ(y - Xb) of a session, none if its rows do not determine it.
fn deviation(both: &BothTerms, session: &Normal, estimate: &Estimate) -> Option<Vec<Ratio>> {
    let zz: Vec<Vec<Decimal>> = (both.places.iter())
        .map(|&row| both.places.iter().map(|&column| session.xtx_decimal(row, column)).collect())
        .collect();
    let zy: Vec<Decimal> = both.places.iter().map(|&row| session.xty_decimal(row)).collect();
    let normal = Normal::from_decimals(session.rows(), &zz, &zy, &session.yty_decimal()).ok()?;
    let solution = Solution::with_inverse(normal).ok()?;
    let adjugate = solution.adjugate();
    let scores: Vec<Ratio> = both.places.iter().map(|&row| score(both, session, estimate, row)).collect();
    let entry = |row: usize| {
        sum((scores.iter().enumerate())
            .map(|(at, score)| solution.inverse_entry(&adjugate, row, at).times(score)))
    };
    Some((0..scores.len()).map(entry).collect())
}

/// The product of a term with the residuals of a session: wᵀy - wᵀXb.
fn score(both: &BothTerms, session: &Normal, estimate: &Estimate, row: usize) -> Ratio {
    let explained = (0..both.terms)
        .map(|at| Ratio::from(&session.xtx_decimal(row, at)).times(&estimate.coefficient(at)).reduced());
    Ratio::from(&session.xty_decimal(row)).minus(&sum(explained)).reduced()
}

/// Σe² with e = y - Xb - Z·d of the row's session, from the sums: rᵀr - 2·dᵀZᵀr + dᵀZᵀZd.
fn squares(both: &BothTerms, sums: &[Normal], estimate: &Estimate, deviations: &[Vec<Number>]) -> Ratio {
    let of_session = |(session, deviation): (&Normal, &Vec<Number>)| {
        let linear = (both.places.iter().zip(deviation))
            .map(|(&row, own)| score(both, session, estimate, row).times(&Ratio::from(&own.0)));
        let linear = sum(linear);
        let square = (both.places.iter().zip(deviation)).flat_map(|(&row, left)| {
            (both.places.iter().zip(deviation))
                .map(move |(&column, right)| left.0.times(&right.0).times(&session.xtx_decimal(row, column)))
        });
        let square = square.fold(Decimal::ZERO, |sum, part| sum.plus(&part));
        Ratio::from(&square).minus(&linear).minus(&linear)
    };
    estimate.rss().plus(&sum(sums.iter().zip(deviations).map(of_session)))
}

/// The rows of one load.
struct Load {
    rows: u64,
    /// Sums of the terms.
    terms: Vec<Decimal>,
    /// The sum of the target less Z·d.
    rest: Decimal,
}

/// The rows of each load: of sessions one target, of tables one target or one value of every feature, whichever are
/// fewer.
fn loads(
    recipe: &Recipe,
    both: &BothTerms,
    readings: &Readings<'_>,
    sessions: (&[Vec<Range<usize>>], &[Vec<Number>]),
) -> Vec<Load> {
    let by_target = gather(both, readings, sessions, &|row| readings.target().value(row).to_string());
    if recipe.reading.is_some() {
        return by_target;
    }
    let features = |row: usize| {
        let cells: Vec<String> =
            readings.features().map(|(_, column)| column.value(row).to_string()).collect();
        cells.join(",")
    };
    let by_features = gather(both, readings, sessions, &features);
    if by_features.len() <= by_target.len() { by_features } else { by_target }
}

fn gather(
    both: &BothTerms,
    readings: &Readings<'_>,
    (sessions, deviations): (&[Vec<Range<usize>>], &[Vec<Number>]),
    key: &dyn Fn(usize) -> String,
) -> Vec<Load> {
    let model = both.model();
    let mut loads: BTreeMap<String, Load> = BTreeMap::new();
    for (runs, deviation) in sessions.iter().zip(deviations) {
        for run in runs {
            for start in run.clone().step_by(PIECE) {
                let rows = start..run.end.min(start + PIECE);
                let part = readings.part(rows.clone());
                let columns = model.columns(part.inputs());
                for (at, row) in rows.enumerate() {
                    let values = model.row(&columns, at);
                    let own = (both.places.iter().zip(deviation))
                        .fold(Decimal::ZERO, |sum, (&at, own)| sum.plus(&own.0.times(&values[at])));
                    let rest = readings.target().value(row).minus(&own);
                    let load = loads.entry(key(row)).or_insert_with(|| Load {
                        rows: 0,
                        terms: vec![Decimal::ZERO; both.terms],
                        rest: Decimal::ZERO,
                    });
                    load.rows += 1;
                    load.rest = load.rest.plus(&rest);
                    for (sum, value) in load.terms.iter_mut().zip(&values) {
                        *sum = sum.plus(value);
                    }
                }
            }
        }
    }
    loads.into_values().collect()
}

/// Rows whose columns are formed at a time.
const PIECE: usize = 1 << 10;

/// Σ n·ē² over the loads.
fn between_loads(loads: &[Load], estimate: &Estimate) -> Ratio {
    let coefficients: Vec<Ratio> = loads
        .first()
        .map_or(0..0, |load| 0..load.terms.len())
        .map(|at| estimate.coefficient(at).reduced())
        .collect();
    let of_load = |load: &Load| {
        let explained = (load.terms.iter().zip(&coefficients)).map(|(sum, own)| Ratio::from(sum).times(own));
        let total = Ratio::from(&load.rest).minus(&sum(explained)).reduced();
        total.times(&total).divided_by_count(load.rows)
    };
    sum(loads.iter().map(of_load))
}
