//! Which statistics can be those of data.
//!
//! Statistics are also read from files, and a file may state anything. Sums of squares and products
//! obey (Σab)² ≤ Σa²·Σb² (Cauchy and Schwarz), and more than two columns obey the like together. The
//! first bounds every entry by the diagonal, and with it the time of a solution, so it is checked
//! when statistics are read; the rest shows in the signs of the pivots when they are solved.

use crate::normal::Normal;
use dashu_int::IBig;

/// Statistics that are not those of any data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Impossible {
    /// A sum of squares below zero.
    #[error("not those of any data: the sum of squares `{0}` is below zero")]
    Square(String),
    /// A sum of products larger than its factors' sums of squares allow.
    #[error("not those of any data: `{product}` is larger than `{left}` and `{right}` allow")]
    Product {
        /// The entry.
        product: String,
        /// One factor's sum of squares.
        left: String,
        /// The other's.
        right: String,
    },
    /// Columns whose sums fit in pairs and not together.
    #[error("not those of any data: the sums of the first {terms} terms contradict each other")]
    Terms {
        /// How many terms.
        terms: usize,
    },
    /// A residual sum of squares below zero.
    #[error("not those of any data: `yty` is smaller than what the terms explain of it")]
    Residuals,
}

impl Normal {
    /// Checks each sum of products against its factors' sums of squares.
    pub(crate) fn check_pairs(&self) -> Result<(), Impossible> {
        let terms = self.terms();
        // The target is one more column, after the terms.
        let name = |left: usize, right: usize| match (left == terms, right == terms) {
            (true, true) => "yty".to_owned(),
            (false, true) => format!("xty[{left}]"),
            _ => format!("xtx[{left}][{right}]"),
        };
        let entry = |left: usize, right: usize| match (left == terms, right == terms) {
            (true, true) => self.yty(),
            (false, true) => self.xty(left),
            _ => self.xtx(left, right),
        };
        for right in 0..=terms {
            if *entry(right, right) < IBig::ZERO {
                return Err(Impossible::Square(name(right, right)));
            }
            for left in 0..right {
                let product = entry(left, right);
                if product * product > entry(left, left) * entry(right, right) {
                    return Err(Impossible::Product {
                        product: name(left, right),
                        left: name(left, left),
                        right: name(right, right),
                    });
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::decimal::Decimal;
    use crate::linear::{Solution, Unsolvable};
    use crate::normal::{Normal, NormalError};

    fn statistics(rows: u64, xtx: &[&[&str]], xty: &[&str], yty: &str) -> Result<Normal, NormalError> {
        let row = |row: &[&str]| row.iter().map(|text| text.parse().unwrap()).collect::<Vec<Decimal>>();
        let xtx: Vec<Vec<Decimal>> = xtx.iter().map(|entries| row(entries)).collect();
        Normal::from_decimals(rows, &xtx, &row(xty), &yty.parse().unwrap())
    }

    #[test]
    fn pairs_that_contradict_each_other_are_not_read() {
        let message = |statistics: Result<Normal, NormalError>| statistics.unwrap_err().to_string();
        assert_eq!(
            message(statistics(5, &[&["-4"]], &["1"], "1")),
            "not those of any data: the sum of squares `xtx[0][0]` is below zero"
        );
        assert_eq!(
            message(statistics(5, &[&["1", "0"], &["0", "1"]], &["0", "0"], "-0.1")),
            "not those of any data: the sum of squares `yty` is below zero"
        );
        assert_eq!(
            message(statistics(5, &[&["1", "2"], &["2", "3.9"]], &["0", "0"], "1")),
            "not those of any data: `xtx[0][1]` is larger than `xtx[0][0]` and `xtx[1][1]` allow"
        );
        assert_eq!(
            message(statistics(5, &[&["4"]], &["-2.1"], "1")),
            "not those of any data: `xty[0]` is larger than `xtx[0][0]` and `yty` allow"
        );
        assert!(statistics(5, &[&["4"]], &["-2"], "1").is_ok());
    }

    #[test]
    fn what_contradicts_only_together_is_not_solved() {
        // Three columns cannot point away from each other as far as two can.
        let apart: [&[&str]; 3] = [&["1", "-0.9", "-0.9"], &["-0.9", "1", "-0.9"], &["-0.9", "-0.9", "1"]];
        // A pivot of zero whose row is not zero: the first two are equal, the third meets them differently.
        let torn: [&[&str]; 3] = [&["1", "1", "0.5"], &["1", "1", "0"], &["0.5", "0", "1"]];
        for xtx in [apart, torn] {
            let normal = statistics(9, &xtx, &["0", "0", "0"], "1").unwrap();
            for solution in [Solution::of(normal.clone()), Solution::with_inverse(normal)] {
                assert!(matches!(solution, Err(Unsolvable::Impossible(_))), "{solution:?}");
            }
        }
        let unequal = statistics(9, &[&["1", "1"], &["1", "1"]], &["0.5", "0.25"], "1").unwrap();
        assert!(matches!(Solution::of(unequal), Err(Unsolvable::Impossible(_))));
        let explained = statistics(9, &[&["1", "0"], &["0", "1"]], &["0.9", "0.9"], "1").unwrap();
        let error = Solution::of(explained).unwrap_err().to_string();
        assert_eq!(error, "not those of any data: `yty` is smaller than what the terms explain of it");
    }
}
