//! Grams as they are shown to people: no digit that is not resolved.

use crate::unit::Unit;
use openweigh_exact::{Decimal, Fixed};

/// Significant digits of an uncertainty that is shown (GUM, 7.2.6: at most two).
const DIGITS: u32 = 2;

/// Decimals at which the uncertainty has two digits; no more than there are.
fn decimals(uncertainty: &Fixed, unit: Unit, of_grams: u32) -> u32 {
    let most = unit.decimals(of_grams);
    let full = unit.of_grams(&uncertainty.to_decimal(), most);
    let text = full.to_string();
    let digits = text.bytes().filter(u8::is_ascii_digit).skip_while(|digit| *digit == b'0').count();
    let surplus = u32::try_from(digits).unwrap_or(u32::MAX).saturating_sub(DIGITS);
    if digits == 0 { most } else { most.saturating_sub(surplus) }
}

/// A value and its uncertainty in a unit, in as many decimals as the uncertainty resolves.
pub fn shown(grams: &Fixed, uncertainty: Option<&Fixed>, unit: Unit) -> (Fixed, Option<Fixed>) {
    let of_grams = grams.places();
    let places = uncertainty.map_or_else(|| unit.decimals(of_grams), |u| decimals(u, unit, of_grams));
    let round = |value: &Decimal| unit.of_grams(value, places);
    (round(&grams.to_decimal()), uncertainty.map(|u| round(&u.to_decimal())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(grams: &str, uncertainty: &str, unit: Unit) -> String {
        let fixed = |text: &str| Fixed::parse(text).unwrap();
        let (value, u) = shown(&fixed(grams), Some(&fixed(uncertainty)), unit);
        format!("{value} ± {}", u.unwrap())
    }

    #[test]
    fn a_value_has_the_digits_that_its_uncertainty_resolves() {
        assert_eq!(says("52.30", "0.93", Unit::Gram), "52.30 ± 0.93");
        assert_eq!(says("52.34", "4.13", Unit::Gram), "52.3 ± 4.1");
        assert_eq!(says("-512.34", "41.30", Unit::Gram), "-512 ± 41");
        assert_eq!(says("512.34", "174.70", Unit::Gram), "512 ± 175");
        assert_eq!(says("52.30", "0.00", Unit::Gram), "52.30 ± 0.00");
        assert_eq!(says("52.30", "0.03", Unit::Gram), "52.30 ± 0.03");
        assert_eq!(says("52.30", "0.93", Unit::Kilogram), "0.05230 ± 0.00093");
        assert_eq!(says("52.30", "0.93", Unit::Ounce), "1.845 ± 0.033");
    }

    #[test]
    fn without_an_uncertainty_all_decimals_are_shown() {
        assert_eq!(shown(&Fixed::parse("9.73").unwrap(), None, Unit::Gram).0.to_string(), "9.73");
    }
}
