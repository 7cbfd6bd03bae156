//! The recipe's terms as products of columns.

use openweigh_exact::column::bit_length;
use openweigh_exact::{Column, Decimal, Monomial};
use openweigh_formats::term::{Base, Term};
use openweigh_formats::text::ColumnName;
use std::borrow::Cow;

/// Values of hinges that are kept at a time, 16 MiB where they are narrow.
const HINGES_AT_ONCE: usize = 1 << 21;

/// Terms over variables; a variable is a feature or a hinge on one.
#[derive(Debug, Clone)]
pub struct Model {
    variables: Vec<Base>,
    monomials: Vec<Monomial>,
}

impl Model {
    /// The model of some terms.
    pub fn new(terms: &[Term]) -> Self {
        let mut variables: Vec<Base> = Vec::new();
        let mut index = |base: &Base| {
            variables.iter().position(|known| known == base).unwrap_or_else(|| {
                variables.push(base.clone());
                variables.len() - 1
            })
        };
        let monomials = (terms.iter())
            .map(|term| {
                Monomial::new(term.factors().iter().map(|factor| (index(&factor.base), factor.exponent)))
            })
            .collect();
        Self { variables, monomials }
    }

    /// The terms, over the columns that [`Model::columns`] gives.
    pub fn monomials(&self) -> &[Monomial] {
        &self.monomials
    }

    /// 64-bit words that hold the terms of any row, from the features' columns.
    pub fn words<'a>(&self, feature: impl Fn(&ColumnName) -> &'a Column) -> usize {
        let bits = |base: &Base| match base {
            Base::Feature(name) => feature(name).bits(),
            Base::Hinge(name, knot) => hinge_bits(feature(name), knot),
        };
        let bits: Vec<usize> = self.variables.iter().map(bits).collect();
        self.monomials.iter().map(|term| term.bits(&bits).div_ceil(64)).sum()
    }

    /// Rows whose hinges may be computed at a time: hundreds of hinges on one feature are hundreds of
    /// columns that are not in the data. Without a hinge, all rows.
    pub fn rows_at_once(&self) -> usize {
        let hinges = self.variables.iter().filter(|base| matches!(base, Base::Hinge(..))).count();
        HINGES_AT_ONCE.checked_div(hinges).map_or(usize::MAX, |rows| rows.max(1))
    }

    /// The variables' columns, from the features' columns.
    pub fn columns<'a>(&self, feature: impl Fn(&ColumnName) -> &'a Column) -> Vec<Cow<'a, Column>> {
        let column = |base: &Base| match base {
            Base::Feature(name) => Cow::Borrowed(feature(name)),
            Base::Hinge(name, knot) => Cow::Owned(feature(name).hinge(knot)),
        };
        self.variables.iter().map(column).collect()
    }
}

/// Bits that a hinge's values have at most: a difference of the column and its knot, on one scale.
fn hinge_bits(column: &Column, knot: &Decimal) -> usize {
    let places = column.places().max(knot.places());
    // Ten is less than 2^(10/3).
    let lifted = column.bits() + (places - column.places()) as usize * 10 / 3 + 1;
    lifted.max(bit_length(&knot.scaled_to(places))) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_hold_every_term() {
        let column: Column =
            ["-0.5", "9223372036854775807"].map(|text| text.parse().unwrap()).into_iter().collect();
        for knot in ["0", "-12345678901234567890123", "0.0000000000000000000000000000001"] {
            let terms = ["1".to_owned(), "x^12".to_owned(), format!("hinge(x,{knot})^3*x")];
            let model = Model::new(&terms.map(|text| text.parse().unwrap()));
            let columns = model.columns(|_| &column);
            let bits: Vec<usize> = columns.iter().map(|column| column.bits()).collect();
            let needed: usize = model.monomials().iter().map(|term| term.bits(&bits).div_ceil(64)).sum();
            assert!((needed..needed + 3).contains(&model.words(|_| &column)), "{knot}");
        }
    }
}
