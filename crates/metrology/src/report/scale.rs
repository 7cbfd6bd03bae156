//! An axis: which values it spans, where its ticks are, and where a value lies on it. Positions are rounded decimals of exact
//! values, so that equal data give equal pictures on every machine.

use openweigh_exact::{Decimal, IBig, Ratio, UBig, round};

/// Parts that a span is divided into, at most about twice as many.
const PARTS: u64 = 5;

/// A longer label of a tick is written with a power of ten at the axis.
const LONGEST: usize = 7;

/// An axis from one tick to another.
#[derive(Debug, Clone)]
pub(super) struct Scale {
    low: Ratio,
    span: Ratio,
    ticks: Vec<Decimal>,
    exponent: i64,
}

impl Scale {
    /// The scale that holds these values; 0 to 1 without any.
    pub(super) fn over<'a>(values: impl IntoIterator<Item = &'a Decimal>) -> Self {
        let mut bounds: Option<(Decimal, Decimal)> = None;
        for value in values {
            bounds = Some(match bounds {
                None => (value.clone(), value.clone()),
                Some((low, high)) => (low.min(value.clone()), high.max(value.clone())),
            });
        }
        let (low, high) = bounds.unwrap_or((Decimal::ZERO, Decimal::from(1)));
        let same = low == high;
        let span = match (same, low == Decimal::ZERO) {
            (false, _) => high.minus(&low),
            (true, false) => low.clone().max(Decimal::ZERO.minus(&low)),
            (true, true) => Decimal::from(1),
        };
        let step = step(&Ratio::from(&span).divided_by_count(PARTS));
        // A single value stands between two ticks.
        let beside = i32::from(same);
        let first = steps_below(&low, &step) - IBig::from(beside);
        let last = -steps_below(&Decimal::ZERO.minus(&high), &step) + IBig::from(beside);
        let (mut ticks, mut at) = (Vec::new(), first);
        while at <= last {
            ticks.push(Decimal::new(step.digits() * &at, step.places()));
            at += IBig::from(1);
        }
        let (low, high) = (&ticks[0], &ticks[ticks.len() - 1]);
        let span = Ratio::from(&high.minus(low));
        let exponent = exponent(&ticks);
        Self { low: Ratio::from(low), span, exponent, ticks: ticks.clone() }
    }

    /// The values at ticks, with their labels.
    pub(super) fn ticks(&self) -> impl Iterator<Item = (&Decimal, String)> {
        let scaled = |tick: &Decimal| Ratio::from(tick).times_power_of_ten(-self.exponent);
        // All labels of an axis have the places of the one that has most.
        let places = |tick: &Decimal| round::to_digits(&scaled(tick), 12).places();
        let places = self.ticks.iter().map(places).max().unwrap_or(0);
        self.ticks.iter().map(move |tick| {
            let label = round::to_places(&scaled(tick), places).to_string();
            (tick, label.replace('-', "\u{2212}"))
        })
    }

    /// The unit with the power of ten that the labels leave out: `g`, `10⁻³ g`.
    pub(super) fn unit(&self, unit: &str) -> String {
        if self.exponent == 0 {
            return unit.to_owned();
        }
        let digit = |digit: char| match digit {
            '-' => '⁻',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            other => other.to_digit(10).and_then(|own| char::from_u32(0x2070 + own)).unwrap_or(other),
        };
        let power: String = self.exponent.to_string().chars().map(digit).collect();
        format!("10{power} {unit}").trim_end().to_owned()
    }

    /// Where a value lies between two positions in the picture.
    pub(super) fn at(&self, value: &Decimal, from: u32, to: u32) -> Ratio {
        let share = Ratio::from(value).minus(&self.low).divided_by(&self.span);
        let whole = |position: u32| Ratio::from(&super::whole(position));
        whole(from).plus(&share.times(&whole(to).minus(&whole(from)))).reduced()
    }
}

/// The smallest of 1, 2, 5 times a power of ten that is not below a value.
fn step(least: &Ratio) -> Decimal {
    let text = round::to_digits(least, 1).to_string();
    let power = match text.strip_prefix("0.") {
        Some(behind) => -(i64::try_from(behind.len()).expect("texts are short")),
        None => i64::try_from(text.len()).expect("texts are short") - 1,
    };
    let unit = Ratio::new(IBig::from(1), UBig::from(1u32)).times_power_of_ten(power);
    let times = |count: u32| unit.times(&Ratio::from(&super::whole(count)));
    let is_enough = |step: &Ratio| {
        let difference = step.minus(least);
        difference.numerator() >= &IBig::ZERO
    };
    let chosen = [1, 2, 5, 10].map(times).into_iter().find(is_enough).unwrap_or_else(|| times(20));
    round::to_digits(&chosen, 2)
}

/// How many whole steps a value has below it.
fn steps_below(value: &Decimal, step: &Decimal) -> IBig {
    let quotient = Ratio::from(value).divided_by(&Ratio::from(step));
    let denominator = IBig::from(quotient.denominator().clone());
    let cut = quotient.numerator() / &denominator;
    // Division cuts towards zero.
    if &cut * &denominator > *quotient.numerator() { cut - IBig::from(1) } else { cut }
}

/// The power of ten, a multiple of 3, that makes the labels short.
fn exponent(ticks: &[Decimal]) -> i64 {
    let longest = ticks.iter().map(|tick| tick.to_string().len()).max().unwrap_or(0);
    if longest <= LONGEST {
        return 0;
    }
    let largest = ticks.iter().map(|tick| tick.clone().max(Decimal::ZERO.minus(tick))).max();
    let text = largest.unwrap_or(Decimal::ZERO).to_string();
    let (before, behind) = text.split_once('.').unwrap_or((&text, ""));
    let leading = if before == "0" {
        -(i64::try_from(behind.len() - behind.trim_start_matches('0').len()).unwrap_or(0) + 1)
    } else {
        i64::try_from(before.len()).unwrap_or(0) - 1
    };
    leading.div_euclid(3) * 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(texts: &[&str]) -> Scale {
        let values: Vec<Decimal> = texts.iter().map(|text| text.parse().unwrap()).collect();
        Scale::over(&values)
    }

    fn labels(texts: &[&str]) -> String {
        scale(texts).ticks().map(|(_, label)| label).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn ticks_are_round_numbers_around_the_values() {
        assert_eq!(labels(&["20", "300"]), "0 100 200 300");
        assert_eq!(labels(&["-0.99", "1.6"]), "\u{2212}1 0 1 2");
        assert_eq!(labels(&["0.1", "0.9"]), "0.0 0.2 0.4 0.6 0.8 1.0");
        assert_eq!(labels(&["5"]), "4 5 6");
        assert_eq!(labels(&["0"]), "\u{2212}0.2 0.0 0.2");
        assert_eq!(labels(&[]), "0.0 0.2 0.4 0.6 0.8 1.0");
        assert_eq!(labels(&["-7", "-7"]), "\u{2212}10 \u{2212}8 \u{2212}6 \u{2212}4");
    }

    #[test]
    fn long_labels_leave_their_power_to_the_unit() {
        let large = scale(&["150000000", "3000000000"]);
        assert_eq!(large.unit("lbf"), "10⁹ lbf");
        assert_eq!(labels(&["150000000", "3000000000"]), "0 1 2 3");
        let small = scale(&["-0.0000004", "0.0000011"]);
        assert_eq!(small.unit("in"), "10⁻⁶ in");
        assert_eq!(labels(&["-0.0000004", "0.0000011"]), "\u{2212}0.5 0.0 0.5 1.0 1.5");
        assert_eq!(scale(&["1"]).unit("g"), "g");
    }

    #[test]
    fn positions_are_exact() {
        let scale = scale(&["0", "1"]);
        let at = |text: &str| round::to_places(&scale.at(&text.parse().unwrap(), 60, 660), 1).to_string();
        assert_eq!((at("0").as_str(), at("1").as_str(), at("0.3333").as_str()), ("60.0", "660.0", "260.0"));
        assert_eq!(round::to_places(&scale.at(&"0.25".parse().unwrap(), 200, 0), 1).to_string(), "150.0");
    }

    #[test]
    fn values_of_any_size_have_few_ticks() {
        for exponent in [-120i32, -40, -3, 0, 5, 60] {
            for digits in ["1", "1.5", "2", "4.9", "7", "9.99"] {
                let shift = |text: &str| {
                    let value = Ratio::from(&text.parse::<Decimal>().unwrap());
                    round::to_digits(&value.times_power_of_ten(exponent.into()), 5)
                };
                let scale = Scale::over(&[shift("0.3"), shift(digits)]);
                let count = scale.ticks().count();
                assert!((2..=9).contains(&count), "{digits}e{exponent}: {count}");
                assert!(scale.ticks().all(|(_, label)| label.chars().count() <= 7), "{digits}e{exponent}");
            }
        }
    }
}
