//! Units that grams may be shown in. Logs and results are in grams; this is for the display alone.

use openweigh_exact::{Decimal, Fixed, Ratio, round};

/// A unit of mass, or of weight at standard gravity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unit {
    /// Gram.
    #[default]
    Gram,
    /// Kilogram.
    Kilogram,
    /// Avoirdupois ounce: 28.349523125 g (NIST Handbook 44, appendix C).
    Ounce,
    /// Avoirdupois pound: 453.59237 g.
    Pound,
    /// Metric carat: 0.2 g.
    Carat,
    /// Grain: 0.06479891 g.
    Grain,
    /// Newton: the weight of a mass at the standard acceleration of 9.80665 m/s² (SI brochure).
    Newton,
}

impl Unit {
    /// All of them, in the order that a key goes through.
    pub const ALL: [Self; 7] =
        [Self::Gram, Self::Kilogram, Self::Ounce, Self::Pound, Self::Carat, Self::Grain, Self::Newton];

    /// Its symbol.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Gram => "g",
            Self::Kilogram => "kg",
            Self::Ounce => "oz",
            Self::Pound => "lb",
            Self::Carat => "ct",
            Self::Grain => "gr",
            Self::Newton => "N",
        }
    }

    /// The unit of this symbol.
    pub fn named(symbol: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.symbol() == symbol)
    }

    /// The next one.
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|unit| *unit == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }

    /// How many of it a gram is, as a fraction: its numerator and denominator.
    fn of_a_gram(self) -> (&'static str, &'static str) {
        match self {
            Self::Gram => ("1", "1"),
            Self::Kilogram => ("1", "1000"),
            Self::Ounce => ("1", "28.349523125"),
            Self::Pound => ("1", "453.59237"),
            Self::Carat => ("1", "0.2"),
            Self::Grain => ("1", "0.06479891"),
            Self::Newton => ("9.80665", "1000"),
        }
    }

    /// Decimals that resolve as much as so many of a gram do, and not ten times as much.
    pub fn decimals(self, of_grams: u32) -> u32 {
        let lift = match self {
            Self::Gram | Self::Carat => 0,
            Self::Kilogram | Self::Pound => 3,
            Self::Ounce | Self::Newton => 2,
            Self::Grain => return of_grams.saturating_sub(1),
        };
        of_grams + lift
    }

    /// Grams in this unit, rounded once, ties to even.
    pub fn of_grams(self, grams: &Decimal, decimals: u32) -> Fixed {
        let (numerator, denominator) = self.of_a_gram();
        let ratio = |text: &str| Ratio::from(&text.parse::<Decimal>().expect("a decimal"));
        round::to_places(
            &Ratio::from(grams).times(&ratio(numerator)).divided_by(&ratio(denominator)),
            decimals,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grams_are_shown_in_each_unit() {
        let grams: Decimal = "52.3".parse().unwrap();
        let shown: Vec<String> = (Unit::ALL.iter())
            .map(|unit| format!("{} {}", unit.of_grams(&grams, unit.decimals(2)), unit.symbol()))
            .collect();
        let expected =
            ["52.30 g", "0.05230 kg", "1.8448 oz", "0.11530 lb", "261.50 ct", "807.1 gr", "0.5129 N"];
        assert_eq!(shown, expected);
        assert_eq!(Unit::ALL.iter().fold(Unit::Gram, |unit, _| unit.next()), Unit::Gram);
        assert_eq!(Unit::named("oz"), Some(Unit::Ounce));
    }
}
