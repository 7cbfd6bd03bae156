//! The recipe's terms as products of columns.

use openweigh_exact::{Column, Monomial};
use openweigh_formats::term::{Base, Term};
use openweigh_formats::text::ColumnName;
use std::borrow::Cow;

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

    /// The variables' columns, from the features' columns.
    pub fn columns<'a>(&self, feature: impl Fn(&ColumnName) -> &'a Column) -> Vec<Cow<'a, Column>> {
        let column = |base: &Base| match base {
            Base::Feature(name) => Cow::Borrowed(feature(name)),
            Base::Hinge(name, knot) => Cow::Owned(feature(name).hinge(knot)),
        };
        self.variables.iter().map(column).collect()
    }
}
