//! A column of decimals as integers over one power of ten.
//!
//! A column whose longest fraction has d digits is a vector of integers times 10^-d, so sums and
//! products need no fractions at all. Values that fit are 64-bit; a column with a longer one is held
//! in big integers.

use crate::decimal::{Decimal, Fixed, power_of_ten};
use crate::digits::write_narrow;
use dashu_int::IBig;
use dashu_int::ops::BitTest;

/// Exact decimals that share a count of places: value i is `integers[i]`·10^-`places`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    places: u32,
    integers: Integers,
}

/// The integers of a column, as narrow as they may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Integers {
    /// All fit 64 bits.
    Narrow(Vec<i64>),
    /// At least one does not.
    Wide(Vec<IBig>),
}

/// The powers of ten that fit 64 bits.
const POWERS: [i64; 19] = {
    let mut powers = [1; 19];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = 10 * powers[at - 1];
        at += 1;
    }
    powers
};

/// Bits of an integer's magnitude.
pub fn bit_length(integer: &IBig) -> usize {
    integer.bit_len()
}

impl Default for Column {
    fn default() -> Self {
        Self { places: 0, integers: Integers::Narrow(Vec::new()) }
    }
}

impl FromIterator<Decimal> for Column {
    fn from_iter<I: IntoIterator<Item = Decimal>>(values: I) -> Self {
        let mut column = Self::default();
        for value in values {
            column.push(&value);
        }
        column
    }
}

impl Column {
    /// A column of integers that are already scaled by 10^`places`.
    pub fn from_integers(places: u32, integers: Integers) -> Self {
        Self { places, integers }
    }

    /// An empty column with room for so many short values.
    pub fn with_capacity(values: usize) -> Self {
        Self { places: 0, integers: Integers::Narrow(Vec::with_capacity(values)) }
    }

    /// Fraction digits that the integers are scaled by.
    pub fn places(&self) -> u32 {
        self.places
    }

    /// The scaled integers.
    pub fn integers(&self) -> &Integers {
        &self.integers
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        match &self.integers {
            Integers::Narrow(values) => values.len(),
            Integers::Wide(values) => values.len(),
        }
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends `digits`·10^-`places`, the path that a CSV reader takes for every ordinary cell.
    #[inline]
    pub fn push_narrow(&mut self, digits: i64, places: u32) {
        match &mut self.integers {
            Integers::Narrow(values) if places == self.places => values.push(digits),
            _ => self.push_scaled(digits, places),
        }
    }

    /// Appends a short value of other places than the column's.
    fn push_scaled(&mut self, digits: i64, places: u32) {
        if places > self.places {
            self.rescale(places);
        }
        if let Integers::Narrow(values) = &mut self.integers {
            let power = POWERS.get((self.places - places) as usize);
            if let Some(scaled) = power.and_then(|power| digits.checked_mul(*power)) {
                values.push(scaled);
                return;
            }
        }
        self.push(&Decimal::new(IBig::from(digits), places));
    }

    /// Appends any decimal.
    pub fn push(&mut self, value: &Decimal) {
        if value.places() > self.places {
            self.rescale(value.places());
        }
        let scaled = value.scaled_to(self.places);
        match &mut self.integers {
            Integers::Narrow(values) => {
                if let Ok(narrow) = i64::try_from(&scaled) {
                    values.push(narrow);
                } else {
                    let mut wide = self.widened();
                    wide.push(scaled);
                    self.integers = Integers::Wide(wide);
                }
            }
            Integers::Wide(values) => values.push(scaled),
        }
    }

    fn widened(&self) -> Vec<IBig> {
        match &self.integers {
            Integers::Narrow(values) => values.iter().map(|&value| IBig::from(value)).collect(),
            Integers::Wide(values) => values.clone(),
        }
    }

    /// Multiplies every integer so that they are scaled by 10^`places`; happens at most once for
    /// each new longest fraction.
    fn rescale(&mut self, places: u32) {
        let steps = places - self.places;
        self.places = places;
        if let Integers::Narrow(values) = &self.integers {
            let power = 10i64.checked_pow(steps);
            let scaled: Option<Vec<i64>> =
                power.and_then(|power| values.iter().map(|value| value.checked_mul(power)).collect());
            if let Some(scaled) = scaled {
                self.integers = Integers::Narrow(scaled);
                return;
            }
            self.integers = Integers::Wide(self.widened());
        }
        if let Integers::Wide(values) = &mut self.integers {
            let power = IBig::from(power_of_ten(steps));
            for value in values {
                *value *= &power;
            }
        }
    }

    /// The scaled integer at `row`.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn integer(&self, row: usize) -> IBig {
        match &self.integers {
            Integers::Narrow(values) => IBig::from(values[row]),
            Integers::Wide(values) => values[row].clone(),
        }
    }

    /// The value at `row`.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn value(&self, row: usize) -> Decimal {
        Decimal::new(self.integer(row), self.places)
    }

    /// The value at `row`, written with all of the column's places.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn fixed(&self, row: usize) -> Fixed {
        Fixed::new(self.integer(row), self.places)
    }

    /// Appends the canonical text of the value at `row`.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn write_canonical(&self, row: usize, out: &mut Vec<u8>) {
        if let Integers::Narrow(values) = &self.integers {
            let (mut digits, mut places) = (values[row], self.places);
            if digits == 0 {
                places = 0;
            }
            while places > 0 && digits % 10 == 0 {
                digits /= 10;
                places -= 1;
            }
            write_narrow(digits, places as usize, out);
        } else {
            out.extend_from_slice(self.value(row).to_string().as_bytes());
        }
    }

    /// Appends the text of the value at `row` with exactly the column's places.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn write_fixed(&self, row: usize, out: &mut Vec<u8>) {
        if let Integers::Narrow(values) = &self.integers {
            write_narrow(values[row], self.places as usize, out);
        } else {
            out.extend_from_slice(self.fixed(row).to_string().as_bytes());
        }
    }

    /// Appends the value that another column has at `row`.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn push_from(&mut self, other: &Self, row: usize) {
        match &other.integers {
            Integers::Narrow(values) => self.push_narrow(values[row], other.places),
            Integers::Wide(_) => self.push(&other.value(row)),
        }
    }

    /// A column of the rows of a range.
    ///
    /// # Panics
    /// If the range reaches beyond the column.
    pub fn slice(&self, rows: std::ops::Range<usize>) -> Self {
        let integers = match &self.integers {
            Integers::Narrow(values) => Integers::Narrow(values[rows].to_vec()),
            Integers::Wide(values) => Integers::Wide(values[rows].to_vec()),
        };
        Self { places: self.places, integers }
    }

    /// The values, first to last.
    pub fn values(&self) -> impl Iterator<Item = Decimal> + '_ {
        (0..self.len()).map(|row| self.value(row))
    }

    /// A column of the chosen rows, in the order given.
    pub fn gather(&self, rows: &[usize]) -> Self {
        let integers = match &self.integers {
            Integers::Narrow(values) => Integers::Narrow(rows.iter().map(|&row| values[row]).collect()),
            Integers::Wide(values) => Integers::Wide(rows.iter().map(|&row| values[row].clone()).collect()),
        };
        Self { places: self.places, integers }
    }

    /// Appends all values of another column.
    pub fn extend(&mut self, other: &Self) {
        if self.is_empty() {
            *self = other.clone();
            return;
        }
        for row in 0..other.len() {
            match &other.integers {
                Integers::Narrow(values) => self.push_narrow(values[row], other.places),
                Integers::Wide(_) => self.push(&other.value(row)),
            }
        }
    }

    /// max(value - `knot`, 0) for every value: the hinge of a piecewise model.
    pub fn hinge(&self, knot: &Decimal) -> Self {
        let knot_on = |places| knot.scaled_to(places);
        let places = self.places.max(knot.places());
        let mut lifted = self.clone();
        if places > self.places {
            lifted.rescale(places);
        }
        let knot = knot_on(places);
        let integers = (&lifted.integers, i64::try_from(&knot));
        let integers = match integers {
            (Integers::Narrow(values), Ok(knot)) => {
                let above = |&value: &i64| if value > knot { value.checked_sub(knot) } else { Some(0) };
                values.iter().map(above).collect::<Option<Vec<i64>>>().map(Integers::Narrow)
            }
            _ => None,
        };
        let integers = integers.unwrap_or_else(|| {
            let above = |value: IBig| if value > knot { value - &knot } else { IBig::ZERO };
            Integers::Wide(lifted.widened().into_iter().map(above).collect())
        });
        Self { places, integers }
    }

    /// This column minus another of the same length, value by value.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn minus(&self, other: &Self) -> Self {
        assert_eq!(self.len(), other.len(), "columns of one table have one length");
        let places = self.places.max(other.places);
        let (mut left, mut right) = (self.clone(), other.clone());
        if left.places < places {
            left.rescale(places);
        }
        if right.places < places {
            right.rescale(places);
        }
        if let (Integers::Narrow(left), Integers::Narrow(right)) = (&left.integers, &right.integers) {
            let differences: Option<Vec<i64>> =
                left.iter().zip(right).map(|(left, right)| left.checked_sub(*right)).collect();
            if let Some(differences) = differences {
                return Self { places, integers: Integers::Narrow(differences) };
            }
        }
        let pairs = left.widened().into_iter().zip(right.widened());
        Self { places, integers: Integers::Wide(pairs.map(|(left, right)| left - right).collect()) }
    }

    /// Smallest and largest value, none of an empty column.
    pub fn range(&self) -> Option<(Decimal, Decimal)> {
        let (low, high) = match &self.integers {
            Integers::Narrow(values) => {
                (IBig::from(*values.iter().min()?), IBig::from(*values.iter().max()?))
            }
            Integers::Wide(values) => (values.iter().min()?.clone(), values.iter().max()?.clone()),
        };
        Some((Decimal::new(low, self.places), Decimal::new(high, self.places)))
    }

    /// Bits that hold the magnitude of every integer; zero for a column of zeros.
    pub fn bits(&self) -> usize {
        match &self.integers {
            Integers::Narrow(values) => {
                let all = values.iter().fold(0u64, |bits, value| bits | value.unsigned_abs());
                (u64::BITS - all.leading_zeros()) as usize
            }
            Integers::Wide(values) => values.iter().map(BitTest::bit_len).max().unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(texts: &[&str]) -> Column {
        texts.iter().map(|text| text.parse::<Decimal>().unwrap()).collect()
    }

    fn texts(column: &Column) -> Vec<String> {
        column.values().map(|value| value.to_string()).collect()
    }

    #[test]
    fn values_survive_every_change_of_scale_and_width() {
        let all = ["1", "0.5", "-2.25", "9223372036854775807", "0.000000000000000000001", "-7"];
        let column = column(&all);
        assert_eq!(texts(&column), all);
        assert_eq!(column.places(), 21);
        assert!(matches!(column.integers(), Integers::Wide(_)));
    }

    #[test]
    fn narrow_pushes_equal_wide_ones() {
        let mut narrow = Column::default();
        for (digits, places) in [(15, 1), (-3, 0), (i64::MAX, 0), (1, 18), (0, 0)] {
            narrow.push_narrow(digits, places);
        }
        assert_eq!(texts(&narrow), ["1.5", "-3", "9223372036854775807", "0.000000000000000001", "0"]);
    }

    #[test]
    fn hinges_are_zero_up_to_the_knot() {
        let hinged = column(&["0", "1.5", "1.75", "-3", "2"]).hinge(&"1.75".parse().unwrap());
        assert_eq!(texts(&hinged), ["0", "0", "0", "0", "0.25"]);
        let wide = column(&["9223372036854775807"]).hinge(&"-9223372036854775807".parse().unwrap());
        assert_eq!(texts(&wide), ["18446744073709551614"]);
    }

    #[test]
    fn differences_are_exact_at_any_scale_and_width() {
        let left = column(&["1.5", "-9223372036854775808", "0"]);
        let right = column(&["0.25", "9223372036854775807", "0.001"]);
        assert_eq!(texts(&left.minus(&right)), ["1.25", "-18446744073709551615", "-0.001"]);
        assert_eq!(texts(&column(&["3"]).minus(&column(&["0.5"]))), ["2.5"]);
    }

    #[test]
    fn texts_are_those_of_the_decimals() {
        let (narrow, wide) =
            (["1.5", "-0.001", "0", "-9223372036854775.808"], ["12345678901234567890.25"; 4]);
        for all in [narrow, wide] {
            let column = column(&all);
            for row in 0..column.len() {
                let (mut canonical, mut fixed) = (Vec::new(), Vec::new());
                column.write_canonical(row, &mut canonical);
                column.write_fixed(row, &mut fixed);
                assert_eq!(String::from_utf8(canonical).unwrap(), column.value(row).to_string());
                assert_eq!(String::from_utf8(fixed).unwrap(), column.fixed(row).to_string());
            }
        }
    }

    #[test]
    fn bits_cover_the_most_negative_integer() {
        assert_eq!(column(&["-9223372036854775808"]).bits(), 64);
        assert_eq!(column(&["0", "-7"]).bits(), 3);
        assert_eq!(column(&["0"]).bits(), 0);
    }
}
