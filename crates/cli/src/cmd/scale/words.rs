//! Weighings and readings in words.

use openweigh_exact::{Decimal, Fixed};
use openweigh_formats::weighings::Role;
use openweigh_formats::weights::Weights;
use openweigh_live::{Reading, Unit, Weighing, shown};

/// Grams and their uncertainty in as many decimals as that resolves; else the sensor's own number, less the tare.
pub(super) fn value(reading: &Reading, unit: Unit) -> Option<(String, Option<String>, &'static str)> {
    let Some(weighed) = &reading.weighed else {
        return Some((rounded(reading.net.as_ref()?), None, "counts"));
    };
    let uncertainty = weighed.uncertain.as_ref().map(|known| &known.expanded);
    let (value, u) = shown(weighed.grams.as_ref()?, uncertainty, unit);
    Some((value.to_string(), u.map(|u| u.to_string()), unit.symbol()))
}

/// The same in all decimals, as results have them.
fn full(reading: &Reading, unit: Unit) -> Option<(String, Option<String>, &'static str)> {
    let Some(weighed) = &reading.weighed else { return value(reading, unit) };
    let in_unit =
        |grams: &Fixed| unit.of_grams(&grams.to_decimal(), unit.decimals(grams.places())).to_string();
    let uncertainty = weighed.uncertain.as_ref().map(|known| in_unit(&known.expanded));
    Some((in_unit(weighed.grams.as_ref()?), uncertainty, unit.symbol()))
}

/// A sensor's number with two decimals.
fn rounded(value: &Decimal) -> String {
    let ratio = openweigh_exact::Ratio::from(value);
    let fixed: Fixed = openweigh_exact::round::to_places(&ratio, 2);
    fixed.to_string()
}

/// A weighing in a line.
pub(super) fn said(weights: Option<&Weights>, made: &Weighing, unit: Unit) -> String {
    let weighing = &made.weighing;
    let frames = format!("frames {} to {}", weighing.first_frame, weighing.last_frame);
    if weighing.role == Role::Tare {
        return format!("{}  at rest in {frames}", weighing.id);
    }
    let value = match full(&made.reading, unit) {
        Some((value, Some(u), unit)) => format!("{value} ± {u} {unit}"),
        Some((value, None, unit)) => format!("{value} {unit}"),
        None => "not weighed: values are missing".to_owned(),
    };
    let tare = weighing.tare.as_ref().map_or_else(String::new, |tare| format!(", less {tare}"));
    let flags: Vec<&str> =
        made.reading.weighed.as_ref().map(|weighed| weighed.flags.words().collect()).unwrap_or_default();
    let flags = if flags.is_empty() { String::new() } else { format!("  {}", flags.join(", ")) };
    let plain = if weights.is_none() { "; without weights" } else { "" };
    format!("{}  {value}{flags}  ({frames}{tare}{plain})", weighing.id)
}

/// The name of weights, as a log has it.
pub(super) fn called(weights: &Weights) -> String {
    format!("{}-{}", weights.name, weights.version)
}
