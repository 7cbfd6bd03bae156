//! Figures of a column of errors: root mean square, mean, largest.

use openweigh_exact::normal::Design;
use openweigh_exact::{Column, Decimal, Monomial, Ratio};

/// The exact sums behind rmse, mean error and largest error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorFigures {
    rows: u64,
    sum: Decimal,
    squares: Decimal,
    largest: Decimal,
}

impl Default for ErrorFigures {
    fn default() -> Self {
        Self { rows: 0, sum: Decimal::ZERO, squares: Decimal::ZERO, largest: Decimal::ZERO }
    }
}

impl ErrorFigures {
    /// The figures of some errors.
    pub fn of(errors: &Column) -> Self {
        // Σe and Σe² are the sufficient statistics of the model with the one term `1`.
        let one = [Monomial::new([])];
        let design = Design { columns: &[], terms: &one, target: errors };
        let sums = design.normals(0..errors.len(), 1).remove(0);
        let zero = Decimal::ZERO;
        let (low, high) = errors.range().unwrap_or_else(|| (zero.clone(), zero.clone()));
        let largest = zero.minus(&low).max(high).max(zero);
        Self { rows: sums.rows(), sum: sums.xty_decimal(0), squares: sums.yty_decimal(), largest }
    }

    /// The figures of both.
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            rows: self.rows + other.rows,
            sum: self.sum.plus(&other.sum),
            squares: self.squares.plus(&other.squares),
            largest: self.largest.clone().max(other.largest.clone()),
        }
    }

    /// Number of errors.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Σe²/m, none without errors.
    pub fn mean_square(&self) -> Option<Ratio> {
        (self.rows > 0).then(|| Ratio::from(&self.squares).divided_by_count(self.rows))
    }

    /// Σe/m, none without errors.
    pub fn mean(&self) -> Option<Ratio> {
        (self.rows > 0).then(|| Ratio::from(&self.sum).divided_by_count(self.rows))
    }

    /// The largest absolute error, none without errors.
    pub fn largest(&self) -> Option<Ratio> {
        (self.rows > 0).then(|| Ratio::from(&self.largest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_parts_add_up() {
        let column = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Column>();
        let whole = ErrorFigures::of(&column(&["-0.03", "0.19", "-0.33", "0.37"]));
        let parts = ErrorFigures::of(&column(&["-0.03", "0.19"]))
            .plus(&ErrorFigures::of(&column(&["-0.33", "0.37"])));
        assert_eq!(whole, parts);
        assert_eq!(whole.largest, "0.37".parse().unwrap());
        assert_eq!(whole.squares, "0.2828".parse().unwrap());
        assert_eq!(whole.sum, "0.2".parse().unwrap());
        assert_eq!(ErrorFigures::default().mean(), None);
    }
}
