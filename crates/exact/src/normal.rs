//! The sufficient statistics of least squares, exactly: n, XᵀX, Xᵀy, yᵀy.
//!
//! Exact sums form a group. So statistics of parts of the data add up to those of the whole in any
//! order and any split, and a part can be taken out again; every coefficient, standard error and
//! validation fold follows from them without another pass over the rows.

use crate::column::Column;
use crate::decimal::{Decimal, power_of_ten};
use crate::lane::{self, Lane};
use crate::possible::Impossible;
use crate::sum::Stride;
use dashu_int::IBig;
use std::collections::BTreeMap;
use std::ops::Range;

/// A product of powers of variables, the shape of every term: `(variable, exponent)` by variable.
/// The empty product is the term `1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Monomial(Vec<(usize, u32)>);

impl Monomial {
    /// The product of the factors; equal variables are united.
    pub fn new(factors: impl IntoIterator<Item = (usize, u32)>) -> Self {
        let mut united = BTreeMap::new();
        for (variable, exponent) in factors {
            *united.entry(variable).or_insert(0) += exponent;
        }
        Self(united.into_iter().filter(|&(_, exponent)| exponent > 0).collect())
    }

    /// The factors, by variable.
    pub fn factors(&self) -> &[(usize, u32)] {
        &self.0
    }

    fn times(&self, other: &Self) -> Self {
        Self::new(self.0.iter().chain(&other.0).copied())
    }

    /// Bits that hold the magnitude of the product of columns of so many bits.
    pub fn bits(&self, column_bits: &[usize]) -> usize {
        let bits = |&(variable, exponent): &(usize, u32)| column_bits[variable] * exponent as usize;
        self.0.iter().map(bits).sum::<usize>().max(1)
    }

    /// Places of the product of columns with these places.
    pub fn places(&self, columns: &[&Column]) -> u32 {
        self.0.iter().map(|&(variable, exponent)| columns[variable].places() * exponent).sum()
    }
}

/// n, XᵀX, Xᵀy and yᵀy as integers: entry (i, j) is `xtx(i, j)`·10^-(`places[i]` + `places[j]`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Normal {
    rows: u64,
    places: Vec<u32>,
    target_places: u32,
    /// Upper triangle, row by row.
    xtx: Vec<IBig>,
    xty: Vec<IBig>,
    yty: IBig,
}

/// The design whose statistics are wanted: terms over columns, and the target column.
#[derive(Debug, Clone, Copy)]
pub struct Design<'a> {
    /// The variables of the terms: features and hinges.
    pub columns: &'a [&'a Column],
    /// The columns of X.
    pub terms: &'a [Monomial],
    /// y.
    pub target: &'a Column,
}

fn triangle(row: usize, column: usize, terms: usize) -> usize {
    let (low, high) = if row <= column { (row, column) } else { (column, row) };
    low * terms - low * (low + 1) / 2 + high
}

impl Design<'_> {
    /// The statistics of rows `rows`, one set for each fold: row i belongs to fold i mod `folds`.
    ///
    /// Gram entries of monomials repeat (x·x³ = x²·x²): each distinct product is summed once.
    pub fn normals(&self, rows: Range<usize>, folds: usize) -> Vec<Normal> {
        let with_target = self.with_target();
        let columns: Vec<&Column> = self.columns.iter().copied().chain([self.target]).collect();
        let column_bits: Vec<usize> = columns.iter().map(|column| column.bits()).collect();
        let bits: Vec<usize> = with_target.iter().map(|term| term.bits(&column_bits)).collect();
        let products = distinct_products(&with_target, &bits);
        let mut sums = vec![vec![IBig::ZERO; products.len()]; folds];
        let mut start = rows.start;
        while start < rows.end {
            let block = start..rows.end.min(start + lane::rows_at_once(&bits));
            let lanes: Vec<Lane> = (with_target.iter().zip(&bits))
                .map(|(term, &bits)| Lane::of(term, &columns, bits, &block))
                .collect();
            for (fold, sums) in sums.iter_mut().enumerate() {
                let first = (fold + folds - block.start % folds) % folds;
                if first >= block.len() {
                    continue;
                }
                let stride = Stride { start: first, step: folds };
                for (sum, product) in sums.iter_mut().zip(&products) {
                    let (left, right) = product.pair;
                    *sum += lanes[left].dot(&lanes[right], (bits[left], bits[right]), stride);
                }
            }
            start = block.end;
        }
        // Rows below `end` that belong to `fold` are those of the form fold + m·folds.
        let below = |end: usize, fold: usize| end.saturating_sub(fold).div_ceil(folds);
        let counted = |fold| (below(rows.end, fold) - below(rows.start, fold)) as u64;
        (sums.into_iter().enumerate())
            .map(|(fold, sums)| self.assemble(&products, &sums, counted(fold)))
            .collect()
    }

    /// The terms, with the target as one more monomial of one more variable.
    fn with_target(&self) -> Vec<Monomial> {
        let target = Monomial::new([(self.columns.len(), 1)]);
        self.terms.iter().cloned().chain([target]).collect()
    }

    fn assemble(&self, products: &[Product], sums: &[IBig], rows: u64) -> Normal {
        let terms = self.terms.len();
        let mut normal = Normal::empty(
            self.terms.iter().map(|term| term.places(self.columns)).collect(),
            self.target.places(),
        );
        normal.rows = rows;
        for (product, sum) in products.iter().zip(sums) {
            for &(left, right) in &product.entries {
                if right < terms {
                    normal.xtx[triangle(left, right, terms)] = sum.clone();
                } else if left < terms {
                    normal.xty[left] = sum.clone();
                } else {
                    normal.yty = sum.clone();
                }
            }
        }
        normal
    }
}

/// One distinct product of two terms, the entries that share it, and the pair it is computed from.
struct Product {
    pair: (usize, usize),
    entries: Vec<(usize, usize)>,
}

fn distinct_products(terms: &[Monomial], bits: &[usize]) -> Vec<Product> {
    let mut distinct: BTreeMap<Monomial, Product> = BTreeMap::new();
    for left in 0..terms.len() {
        for right in left..terms.len() {
            let product = distinct
                .entry(terms[left].times(&terms[right]))
                .or_insert_with(|| Product { pair: (left, right), entries: Vec::new() });
            product.entries.push((left, right));
            // x³·x³ is cheaper than x·x⁵: the wider factor decides the width of the loop.
            let widest = |(left, right): (usize, usize)| bits[left].max(bits[right]);
            if widest((left, right)) < widest(product.pair) {
                product.pair = (left, right);
            }
        }
    }
    distinct.into_values().collect()
}

/// What is wrong with statistics given as text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NormalError {
    /// A row of XᵀX, or Xᵀy, has another length than there are terms.
    #[error("`{part}` has {found} entries where {expected} terms need {expected}")]
    Shape {
        /// Which part.
        part: &'static str,
        /// Entries found.
        found: usize,
        /// Terms.
        expected: usize,
    },
    /// XᵀX is symmetric by construction.
    #[error("`xtx` is not symmetric: entry [{row}][{column}] differs from its mirror image")]
    Asymmetric {
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        column: usize,
    },
    /// Sums that contradict each other.
    #[error(transparent)]
    Impossible(#[from] Impossible),
}

impl Normal {
    /// The statistics of no rows, for terms and a target of these places.
    pub fn empty(places: Vec<u32>, target_places: u32) -> Self {
        let terms = places.len();
        Self {
            rows: 0,
            places,
            target_places,
            xtx: vec![IBig::ZERO; terms * (terms + 1) / 2],
            xty: vec![IBig::ZERO; terms],
            yty: IBig::ZERO,
        }
    }

    /// The statistics as published: decimals, XᵀX in full.
    ///
    /// # Errors
    /// A wrong shape, an asymmetric XᵀX, or sums that are not those of any data.
    pub fn from_decimals(
        rows: u64,
        xtx: &[Vec<Decimal>],
        xty: &[Decimal],
        yty: &Decimal,
    ) -> Result<Self, NormalError> {
        let terms = xty.len();
        let shape = |part, found| NormalError::Shape { part, found, expected: terms };
        if xtx.len() != terms {
            return Err(shape("xtx", xtx.len()));
        }
        if let Some(row) = xtx.iter().find(|row| row.len() != terms) {
            return Err(shape("a row of xtx", row.len()));
        }
        for row in 0..terms {
            if let Some(column) = (0..row).find(|&column| xtx[row][column] != xtx[column][row]) {
                return Err(NormalError::Asymmetric { row, column });
            }
        }
        let (places, target_places) = scales(xtx, xty, yty);
        let mut normal = Self::empty(places, target_places);
        normal.rows = rows;
        for row in 0..terms {
            for column in row..terms {
                normal.xtx[triangle(row, column, terms)] =
                    xtx[row][column].scaled_to(normal.places[row] + normal.places[column]);
            }
            normal.xty[row] = xty[row].scaled_to(normal.places[row] + target_places);
        }
        normal.yty = yty.scaled_to(2 * target_places);
        normal.check_pairs()?;
        Ok(normal)
    }

    /// Number of rows summed.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Number of terms.
    pub fn terms(&self) -> usize {
        self.places.len()
    }

    /// Places that term `term` is scaled by.
    pub fn places(&self, term: usize) -> u32 {
        self.places[term]
    }

    /// Places that the target is scaled by.
    pub fn target_places(&self) -> u32 {
        self.target_places
    }

    /// Entry (i, j) of XᵀX as a scaled integer.
    pub fn xtx(&self, row: usize, column: usize) -> &IBig {
        &self.xtx[triangle(row, column, self.terms())]
    }

    /// Entry i of Xᵀy as a scaled integer.
    pub fn xty(&self, row: usize) -> &IBig {
        &self.xty[row]
    }

    /// yᵀy as a scaled integer.
    pub fn yty(&self) -> &IBig {
        &self.yty
    }

    /// Entry (i, j) of XᵀX.
    pub fn xtx_decimal(&self, row: usize, column: usize) -> Decimal {
        Decimal::new(self.xtx(row, column).clone(), self.places[row] + self.places[column])
    }

    /// Entry i of Xᵀy.
    pub fn xty_decimal(&self, row: usize) -> Decimal {
        Decimal::new(self.xty[row].clone(), self.places[row] + self.target_places)
    }

    /// yᵀy.
    pub fn yty_decimal(&self) -> Decimal {
        Decimal::new(self.yty.clone(), 2 * self.target_places)
    }

    /// The statistics of both sets of rows.
    ///
    /// # Panics
    /// If the two have different numbers of terms.
    pub fn plus(&self, other: &Self) -> Self {
        self.combined(other, self.rows + other.rows, |left, right| left + right)
    }

    /// The statistics without the rows of `part`, which must be among these.
    ///
    /// # Panics
    /// If the two have different numbers of terms, or `part` has more rows.
    pub fn minus(&self, part: &Self) -> Self {
        self.combined(part, self.rows - part.rows, |left, right| left - right)
    }

    fn combined(&self, other: &Self, rows: u64, combine: impl Fn(&IBig, &IBig) -> IBig) -> Self {
        assert_eq!(self.terms(), other.terms(), "statistics of different models do not combine");
        if self.places != other.places || self.target_places != other.target_places {
            let both = |left: u32, right: u32| left.max(right);
            let places: Vec<u32> = self.places.iter().zip(&other.places).map(|(&l, &r)| both(l, r)).collect();
            let target = both(self.target_places, other.target_places);
            let (left, right) = (self.at_places(&places, target), other.at_places(&places, target));
            return left.combined(&right, rows, combine);
        }
        let merged = |left: &[IBig], right: &[IBig]| {
            left.iter().zip(right).map(|(left, right)| combine(left, right)).collect()
        };
        Self {
            rows,
            places: self.places.clone(),
            target_places: self.target_places,
            xtx: merged(&self.xtx, &other.xtx),
            xty: merged(&self.xty, &other.xty),
            yty: combine(&self.yty, &other.yty),
        }
    }

    /// The same statistics, scaled by more places.
    fn at_places(&self, places: &[u32], target_places: u32) -> Self {
        let terms = self.terms();
        let lift = |by: u32| IBig::from(power_of_ten(by));
        let steps: Vec<u32> = places.iter().zip(&self.places).map(|(new, old)| new - old).collect();
        let target_steps = target_places - self.target_places;
        let mut lifted = Self::empty(places.to_vec(), target_places);
        lifted.rows = self.rows;
        for row in 0..terms {
            for column in row..terms {
                let at = triangle(row, column, terms);
                lifted.xtx[at] = &self.xtx[at] * lift(steps[row] + steps[column]);
            }
            lifted.xty[row] = &self.xty[row] * lift(steps[row] + target_steps);
        }
        lifted.yty = &self.yty * lift(2 * target_steps);
        lifted
    }
}

/// Places for each term and the target that hold every entry: half of the diagonal's, and more only
/// where an entry beside it asks for it.
fn scales(xtx: &[Vec<Decimal>], xty: &[Decimal], yty: &Decimal) -> (Vec<u32>, u32) {
    let mut places: Vec<u32> = (0..xty.len()).map(|term| xtx[term][term].places().div_ceil(2)).collect();
    let mut target = yty.places().div_ceil(2);
    for row in 0..xty.len() {
        for column in 0..row {
            let needed = xtx[row][column].places();
            places[row] = places[row].max(needed.saturating_sub(places[column]));
        }
    }
    for (row, entry) in xty.iter().enumerate() {
        target = target.max(entry.places().saturating_sub(places[row]));
    }
    (places, target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sum::BLOCK;
    use proptest::prelude::*;

    fn column(values: &[i64], places: u32) -> Column {
        values.iter().map(|&value| Decimal::new(IBig::from(value), places)).collect()
    }

    fn cubic() -> Vec<Monomial> {
        vec![
            Monomial::new([]),
            Monomial::new([(0, 1)]),
            Monomial::new([(0, 2), (1, 1)]),
            Monomial::new([(0, 3)]),
        ]
    }

    fn total(parts: impl IntoIterator<Item = Normal>) -> Normal {
        parts.into_iter().reduce(|sum, part| sum.plus(&part)).unwrap()
    }

    /// The definition, row by row in decimals.
    fn by_definition(design: &Design<'_>) -> Normal {
        let rows = design.target.len();
        let power = |value: &Decimal, exponent: u32| {
            let digits = value.digits().clone().pow(exponent as usize);
            Decimal::new(digits, value.places() * exponent)
        };
        let times = |l: &Decimal, r: &Decimal| Decimal::new(l.digits() * r.digits(), l.places() + r.places());
        let term = |term: &Monomial, row: usize| {
            (term.factors().iter())
                .map(|&(variable, exponent)| power(&design.columns[variable].value(row), exponent))
                .fold(Decimal::from(1), |product, factor| times(&product, &factor))
        };
        let sum = |f: &dyn Fn(usize) -> Decimal| (0..rows).fold(Decimal::ZERO, |sum, row| sum.plus(&f(row)));
        let y = |row| design.target.value(row);
        let xtx: Vec<Vec<Decimal>> = (design.terms.iter())
            .map(|l| design.terms.iter().map(|r| sum(&|row| times(&term(l, row), &term(r, row)))).collect())
            .collect();
        let xty: Vec<Decimal> =
            design.terms.iter().map(|l| sum(&|row| times(&term(l, row), &y(row)))).collect();
        Normal::from_decimals(rows as u64, &xtx, &xty, &sum(&|row| times(&y(row), &y(row)))).unwrap()
    }

    fn same(left: &Normal, right: &Normal) -> bool {
        let terms = left.terms();
        left.rows == right.rows
            && left.yty_decimal() == right.yty_decimal()
            && (0..terms).all(|i| left.xty_decimal(i) == right.xty_decimal(i))
            && (0..terms).all(|i| (0..terms).all(|j| left.xtx_decimal(i, j) == right.xtx_decimal(i, j)))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn sums_equal_the_definition_at_every_width(
            rows in prop::collection::vec((any::<i64>(), any::<i64>(), any::<i32>()), 1..20),
            shift in 0u32..60,
            places in (0u32..12, 0u32..12, 0u32..4),
        ) {
            let x: Vec<i64> = rows.iter().map(|row| row.0 >> shift).collect();
            let z: Vec<i64> = rows.iter().map(|row| row.1 >> shift).collect();
            let y: Vec<i64> = rows.iter().map(|row| i64::from(row.2)).collect();
            let (x, z, y) = (column(&x, places.0), column(&z, places.1), column(&y, places.2));
            let terms = cubic();
            let design = Design { columns: &[&x, &z], terms: &terms, target: &y };
            let whole = &design.normals(0..y.len(), 1)[0];
            prop_assert!(same(whole, &by_definition(&design)));
        }

        #[test]
        fn folds_splits_and_order_change_nothing(
            rows in prop::collection::vec((-1000i64..1000, -1000i64..1000, -1000i64..1000), 2..60),
            folds in 1usize..7,
            cut in 0usize..60,
        ) {
            let take = |f: fn(&(i64, i64, i64)) -> i64, rows: &[(i64, i64, i64)]| rows.iter().map(f).collect::<Vec<_>>();
            let terms = cubic();
            let normals = |rows: &[(i64, i64, i64)], range: Range<usize>, folds| {
                let (x, z, y) = (column(&take(|r| r.0, rows), 2), column(&take(|r| r.1, rows), 0), column(&take(|r| r.2, rows), 1));
                Design { columns: &[&x, &z], terms: &terms, target: &y }.normals(range, folds)
            };
            let whole = &normals(&rows, 0..rows.len(), 1)[0];
            let cut = cut.min(rows.len());
            let split = total(normals(&rows, 0..cut, folds).into_iter().chain(normals(&rows, cut..rows.len(), folds)));
            prop_assert!(same(whole, &split));
            let part = &normals(&rows, 0..cut, 1)[0];
            prop_assert!(same(&whole.minus(part), &normals(&rows, cut..rows.len(), 1)[0]));
            let mut reversed = rows.clone();
            reversed.reverse();
            prop_assert!(same(whole, &normals(&reversed, 0..rows.len(), 1)[0]));
        }
    }

    #[test]
    fn blocks_join_without_a_seam() {
        let count = i64::try_from(2 * BLOCK + 17).unwrap();
        let x = column(&(0..count).collect::<Vec<_>>(), 0);
        let y = column(&vec![1; usize::try_from(count).unwrap()], 0);
        let terms = [Monomial::new([(0, 1)])];
        let design = Design { columns: &[&x], terms: &terms, target: &y };
        let folds = design.normals(0..x.len(), 3);
        assert_eq!(folds.iter().map(Normal::rows).sum::<u64>(), 2 * BLOCK as u64 + 17);
        let whole = total(folds);
        assert_eq!(whole.xty(0), &IBig::from(count * (count - 1) / 2));
        assert_eq!(whole.xtx(0, 0), &IBig::from((count - 1) * count * (2 * count - 1) / 6));
    }

    #[test]
    fn statistics_as_text_are_checked() {
        let d = |text: &str| text.parse::<Decimal>().unwrap();
        let wrong = Normal::from_decimals(
            1,
            &[vec![d("1"), d("2")], vec![d("3"), d("1")]],
            &[d("1"), d("1")],
            &d("1"),
        );
        assert_eq!(wrong, Err(NormalError::Asymmetric { row: 1, column: 0 }));
        let short = Normal::from_decimals(1, &[vec![d("1")]], &[d("1"), d("1")], &d("1"));
        assert_eq!(short, Err(NormalError::Shape { part: "xtx", found: 1, expected: 2 }));
    }
}
