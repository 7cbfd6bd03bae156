//! The rows of each load: how many, their errors, and how uncertain a new reading there is.

use super::Known;
use super::table::{Table, missing, paragraph};
use crate::observations::Observations;
use openweigh_exact::{Decimal, Fixed, Ratio, root, round};
use openweigh_formats::count;
use openweigh_markup::html::Element;
use openweigh_replay::Uncertain;
use std::collections::BTreeMap;

/// With more different loads than these, neighbouring ones are taken together.
const MOST: usize = 60;

/// The parts of the range that they are then taken together in.
const PARTS: u32 = 20;

/// The rows of one load, or of neighbouring ones.
pub(super) struct Load {
    /// The smallest of them.
    pub low: Decimal,
    /// The largest.
    pub high: Decimal,
    /// Number of rows.
    pub rows: u64,
    sum: Decimal,
    squares: Decimal,
    /// The largest expanded uncertainty among the rows.
    pub uncertain: Option<Uncertain>,
}

impl Load {
    /// The load, or from where to where.
    pub(super) fn words(&self) -> String {
        if self.low == self.high { self.low.to_string() } else { format!("{} to {}", self.low, self.high) }
    }

    /// The mean error.
    pub(super) fn mean(&self) -> Ratio {
        Ratio::from(&self.sum).divided_by_count(self.rows)
    }

    /// The variance of the errors, none of a single one.
    pub(super) fn variance(&self) -> Option<Ratio> {
        let below = self.rows.checked_sub(1).filter(|below| *below > 0)?;
        let squares = Ratio::from(&self.squares);
        let of_mean = Ratio::from(&self.sum.times(&self.sum)).divided_by_count(self.rows);
        Some(squares.minus(&of_mean).divided_by_count(below).reduced())
    }

    fn join(&mut self, other: Self) {
        self.high = other.high;
        self.rows += other.rows;
        self.sum = self.sum.plus(&other.sum);
        self.squares = self.squares.plus(&other.squares);
        self.uncertain = larger(self.uncertain.take(), other.uncertain);
    }
}

fn larger(left: Option<Uncertain>, right: Option<Uncertain>) -> Option<Uncertain> {
    let (Some(one), Some(other)) = (&left, &right) else { return left.or(right) };
    if other.expanded.digits() > one.expanded.digits() { right } else { left }
}

/// The loads, in order.
pub(super) fn of(found: &Observations<'_>) -> Vec<Load> {
    let mut loads: BTreeMap<Decimal, Load> = BTreeMap::new();
    for row in &found.rows {
        let own = Load {
            low: row.target.clone(),
            high: row.target.clone(),
            rows: 1,
            sum: row.error.clone(),
            squares: row.error.times(&row.error),
            uncertain: row.uncertain.clone(),
        };
        match loads.get_mut(&row.target) {
            Some(load) => load.join(own),
            None => {
                loads.insert(row.target.clone(), own);
            }
        }
    }
    let loads: Vec<Load> = loads.into_values().collect();
    if loads.len() <= MOST { loads } else { together(loads) }
}

/// Neighbouring loads, each part of the range as one.
fn together(loads: Vec<Load>) -> Vec<Load> {
    let (low, high) = (loads[0].low.clone(), loads[loads.len() - 1].high.clone());
    let span = high.minus(&low);
    let mut parts: Vec<(u32, Load)> = Vec::new();
    for load in loads {
        let above = load.low.minus(&low).times(&super::whole(PARTS));
        let part = (1..PARTS).take_while(|part| span.times(&super::whole(*part)) <= above).count();
        let part = u32::try_from(part).unwrap_or(PARTS);
        match parts.last_mut() {
            Some((own, before)) if *own == part => before.join(load),
            _ => parts.push((part, load)),
        }
    }
    parts.into_iter().map(|(_, load)| load).collect()
}

/// The table by load.
pub(super) fn write(known: &Known<'_>) -> Vec<Element> {
    let decimals = known.decimals();
    let stated = known.loads.iter().any(|load| load.uncertain.is_some());
    let budget = |load: &Load| load.uncertain.as_ref().and_then(|own| own.budget.clone());
    let head = [known.in_unit(known.target()), known.in_unit("mean error"), known.in_unit("s")];
    let expanded = known.in_unit("U");
    let mut table = Table::new([
        (head[0].as_str(), true),
        ("n", true),
        (head[1].as_str(), true),
        (head[2].as_str(), true),
        (expanded.as_str(), true),
        ("k", true),
        ("ν", true),
    ]);
    let coverage = known.weights.recipe.result.coverage.as_ref();
    for load in &known.loads {
        let of_load = budget(load);
        let k = of_load.as_ref().map(|own| own.k.to_string()).or_else(|| coverage.map(ToString::to_string));
        let dof = of_load.as_ref().map_or(known.weights.dof, |own| own.dof);
        let has = load.uncertain.is_some();
        table.row([
            load.words(),
            load.rows.to_string(),
            round::to_places(&load.mean(), decimals).to_string(),
            load.variance().map_or_else(dash, |square| root::to_places(&square, decimals).to_string()),
            load.uncertain.as_ref().map_or_else(dash, |own| own.expanded.to_string()),
            k.filter(|_| has).unwrap_or_else(dash),
            if has { dof.to_string() } else { dash() },
        ]);
    }
    let rows = count::of(known.found.rows.len(), "fitted row");
    let mut inside = vec![
        paragraph(format!(
            "Of {rows}: the mean error (predicted less known), the standard deviation s of the errors, and the largest U among the rows of the load."
        )),
        table.element(),
    ];
    if stated {
        inside.push(paragraph(known.coverage()));
    } else {
        inside.push(missing("U is undefined: the fit has no degrees of freedom."));
    }
    inside
}

fn dash() -> String {
    "–".to_owned()
}

/// An expanded uncertainty, as a number.
pub(super) fn expanded(load: &Load) -> Option<Decimal> {
    load.uncertain.as_ref().map(|own| Fixed::to_decimal(&own.expanded))
}
