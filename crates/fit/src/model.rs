//! The recipe's terms as products of columns.

use openweigh_exact::column::bit_length;
use openweigh_exact::{Column, Decimal, Monomial};
use openweigh_formats::recipe::{Recipe, Tare};
use openweigh_formats::term::{Base, Term};
use openweigh_formats::text::ColumnName;
use std::borrow::Cow;

/// Values of computed columns that are kept at a time, 16 MiB where they are narrow.
const COMPUTED_AT_ONCE: usize = 1 << 21;

/// Terms over variables; a variable is a feature or a hinge on one.
#[derive(Debug, Clone)]
pub struct Model {
    features: Vec<ColumnName>,
    variables: Vec<Base>,
    products: Vec<Monomial>,
    tare: Tare,
    /// What X is made of: the products, or columns that are their differences already.
    monomials: Vec<Monomial>,
}

/// Readings of all features, in the recipe's order, and those of their tares if some are subtracted.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// One column for each feature.
    pub features: &'a [Cow<'a, Column>],
    /// The same of the tares.
    pub tares: Option<&'a [Column]>,
    /// Number of readings.
    pub rows: usize,
}

impl Model {
    /// The model of a recipe.
    pub fn of(recipe: &Recipe) -> Self {
        let terms = &recipe.model.terms;
        let mut variables: Vec<Base> = Vec::new();
        let mut index = |base: &Base| {
            variables.iter().position(|known| known == base).unwrap_or_else(|| {
                variables.push(base.clone());
                variables.len() - 1
            })
        };
        let products: Vec<Monomial> = (terms.iter())
            .map(|term| {
                Monomial::new(term.factors().iter().map(|factor| (index(&factor.base), factor.exponent)))
            })
            .collect();
        let tare = recipe.model.tare;
        let monomials = match tare {
            Tare::None | Tare::Signal => products.clone(),
            Tare::Model => (0..terms.len()).map(|term| Monomial::new([(term, 1)])).collect(),
        };
        Self { features: Term::features(terms), variables, products, tare, monomials }
    }

    /// The features that the terms read, in order of first appearance.
    pub fn features(&self) -> &[ColumnName] {
        &self.features
    }

    /// The columns of X, over the columns that [`Model::columns`] gives.
    pub fn monomials(&self) -> &[Monomial] {
        &self.monomials
    }

    /// The terms as products of the columns that [`Model::variables`] gives.
    pub fn products(&self) -> &[Monomial] {
        &self.products
    }

    /// 64-bit words that hold the terms of any row.
    pub fn words(&self, inputs: Inputs<'_>) -> usize {
        let bits = |base: &Base| {
            let (Base::Feature(name) | Base::Hinge(name, _)) = base;
            let at = self.place(name);
            let columns = [Some(inputs.features[at].as_ref()), inputs.tares.map(|tares| &tares[at])];
            let bits = columns.into_iter().flatten().map(|column| match base {
                Base::Feature(_) => column.bits(),
                Base::Hinge(_, knot) => hinge_bits(column, knot),
            });
            // A difference has one bit more than the longer of the two, on the finer scale of both.
            bits.max().unwrap_or(0) + if inputs.tares.is_some() { 64 } else { 0 }
        };
        let bits: Vec<usize> = self.variables.iter().map(bits).collect();
        self.products.iter().map(|term| term.bits(&bits).div_ceil(64)).sum()
    }

    /// Rows whose computed columns may be kept at a time: hundreds of hinges on one feature are hundreds of
    /// columns that are not in the data, and so are differences. Without any, all rows.
    pub fn rows_at_once(&self) -> usize {
        let hinges = self.variables.iter().filter(|base| matches!(base, Base::Hinge(..))).count();
        let differences =
            if self.tare == Tare::None { 0 } else { self.variables.len() + self.products.len() };
        COMPUTED_AT_ONCE.checked_div(hinges + differences).map_or(usize::MAX, |rows| rows.max(1))
    }

    /// The columns that X is made of.
    pub fn columns<'a>(&self, inputs: Inputs<'a>) -> Vec<Cow<'a, Column>> {
        match (self.tare, inputs.tares) {
            (Tare::None, _) | (_, None) => self.variables(inputs.features),
            (Tare::Signal, Some(tares)) => {
                let differences: Vec<Cow<'_, Column>> = (inputs.features.iter().zip(tares))
                    .map(|(load, tare)| Cow::Owned(load.minus(tare)))
                    .collect();
                self.variables(&differences)
                    .into_iter()
                    .map(|column| Cow::Owned(column.into_owned()))
                    .collect()
            }
            (Tare::Model, Some(tares)) => {
                let tares: Vec<Cow<'_, Column>> = tares.iter().map(Cow::Borrowed).collect();
                let (loads, tares) = (self.variables(inputs.features), self.variables(&tares));
                let term = |monomial: &Monomial| -> Cow<'a, Column> {
                    Cow::Owned(product(monomial, &loads, inputs.rows).minus(&product(
                        monomial,
                        &tares,
                        inputs.rows,
                    )))
                };
                self.products.iter().map(term).collect()
            }
        }
    }

    /// The features themselves, and hinges on them.
    pub fn variables<'a>(&self, features: &'a [Cow<'a, Column>]) -> Vec<Cow<'a, Column>> {
        let column = |base: &Base| match base {
            Base::Feature(name) => Cow::Borrowed(features[self.place(name)].as_ref()),
            Base::Hinge(name, knot) => Cow::Owned(features[self.place(name)].hinge(knot)),
        };
        self.variables.iter().map(column).collect()
    }

    /// The values of X's columns in a row of the columns that [`Model::columns`] gives.
    pub fn row(&self, columns: &[Cow<'_, Column>], row: usize) -> Vec<Decimal> {
        self.monomials.iter().map(|term| value(term, columns, row)).collect()
    }

    fn place(&self, name: &ColumnName) -> usize {
        self.features.iter().position(|own| own == name).expect("terms read features")
    }
}

/// The values of a product of columns, row by row.
fn product(monomial: &Monomial, columns: &[Cow<'_, Column>], rows: usize) -> Column {
    (0..rows).map(|row| value(monomial, columns, row)).collect()
}

/// The value of a product of columns in a row.
fn value(monomial: &Monomial, columns: &[Cow<'_, Column>], row: usize) -> Decimal {
    (monomial.factors().iter()).fold(Decimal::from(1), |product, &(variable, exponent)| {
        let value = columns[variable].value(row);
        (0..exponent).fold(product, |product, _| product.times(&value))
    })
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

    fn recipe(terms: &[&str], tare: &str) -> Recipe {
        let terms: Vec<String> = terms.iter().map(|term| format!("\"{term}\"")).collect();
        let text = format!(
            "format = \"openweigh.recipe/1\"\nname = \"a\"\n[reading]\n[model]\ntarget = \"reference_g\"\nterms = [{}]\ntare = \"{tare}\"\n[result]\nunit = \"g\"\ndecimals = 2\n",
            terms.join(", ")
        );
        Recipe::from_toml(text.as_bytes()).unwrap()
    }

    fn column(texts: &[&str]) -> Column {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn words_hold_every_term() {
        let column = column(&["-0.5", "9223372036854775807"]);
        for knot in ["0", "-12345678901234567890123", "0.0000000000000000000000000000001"] {
            let hinge = format!("hinge(x,{knot})^3*x");
            let model = Model::of(&recipe(&["1", "x^12", &hinge], "none"));
            let features = [Cow::Borrowed(&column)];
            let inputs = Inputs { features: &features, tares: None, rows: 2 };
            let columns = model.columns(inputs);
            let bits: Vec<usize> = columns.iter().map(|column| column.bits()).collect();
            let needed: usize = model.monomials().iter().map(|term| term.bits(&bits).div_ceil(64)).sum();
            assert!((needed..needed + 3).contains(&model.words(inputs)), "{knot}");
        }
    }

    #[test]
    fn a_tare_is_subtracted_before_the_terms_or_after() {
        let features = [Cow::Owned(column(&["3", "5.5"]))];
        let tares = [column(&["1", "2"])];
        let inputs = Inputs { features: &features, tares: Some(&tares), rows: 2 };
        let terms = ["1", "pressure^2"];
        let signal = Model::of(&recipe(&terms, "signal"));
        assert_eq!(signal.columns(inputs)[0].as_ref(), &column(&["2", "3.5"]));
        let model = Model::of(&recipe(&terms, "model"));
        let columns = model.columns(inputs);
        assert_eq!(columns[0].as_ref(), &column(&["0", "0"]));
        assert_eq!(columns[1].as_ref(), &column(&["8", "26.25"]));
    }
}
