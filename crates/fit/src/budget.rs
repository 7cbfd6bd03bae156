//! What a future weighing is worth: the components of a budget, and what they amount to in a row (4.12).
//!
//! A component is rounded once, to 40 digits, and everything after follows exactly from its text: the weights say all
//! that a prediction's uncertainty is made of, and squares of products with vectors never turn negative.

mod sessions;

pub use sessions::{LackOfFit, lack_of_fit};

use crate::estimate::sum;
use crate::weigh::normals;
use crate::{Estimate, FitError, Model, Readings};
use openweigh_exact::{Decimal, DecimalError, IBig, Ratio, round};
use openweigh_formats::limits;
use openweigh_formats::number::Number;
use openweigh_formats::reading::Per;
use openweigh_formats::recipe::{Estimator, Format, Recipe};
use openweigh_formats::weights::{Contribution, Of, Reason, Weights};

/// The components of a budget, and why sessions are not among them if they are not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Components {
    /// The components, in the order of the weights.
    pub list: Vec<Contribution>,
    /// Why nothing is known of how sessions differ.
    pub without_sessions: Option<Reason>,
}

/// The components that a recipe's data show and its author declares; none of frames, of a recipe of version 1, and
/// without degrees of freedom.
///
/// # Errors
/// A number that is too long to be published.
pub fn components(
    recipe: &Recipe,
    readings: &Readings<'_>,
    estimate: &Estimate,
    threads: usize,
) -> Result<Components, FitError> {
    let by_frame = recipe.reading.as_ref().is_some_and(|reading| reading.per == Per::Frame);
    let residual = estimate.variance().filter(|_| recipe.format == Format::V2 && !by_frame);
    let Some(residual) = residual else { return Ok(Components::default()) };
    let (mut list, without_sessions) = match sessions::components(recipe, readings, estimate, threads)? {
        Ok(list) => (list, None),
        Err(reason) => {
            let of = if estimate.is_declared() { Of::Constant } else { Of::Row };
            let freedom = whole(estimate.degrees_of_freedom());
            (vec![contribution("repeatability", of, &residual, Some(freedom))?], Some(reason))
        }
    };
    if recipe.fit.estimator == Estimator::Ols {
        list.extend(references(recipe, readings, estimate, threads)?);
    }
    list.extend(declared(recipe)?);
    let rounding = Ratio::from(&Decimal::from(1)).times_power_of_ten(-2 * i64::from(recipe.result.decimals));
    list.push(contribution("rounding", Of::Constant, &rounding.divided_by_count(12), None)?);
    Ok(Components { list, without_sessions })
}

/// The uncertainties of the reference masses, which have a common cause: w = (XᵀX)⁻¹Xᵀu, none where none is stated.
fn references(
    recipe: &Recipe,
    readings: &Readings<'_>,
    estimate: &Estimate,
    threads: usize,
) -> Result<Option<Contribution>, FitError> {
    let stated = readings.of_uncertainty();
    let sums = normals(recipe, &stated, 0..stated.rows(), 1, threads).remove(0);
    let products: Vec<Ratio> = (0..sums.terms()).map(|term| Ratio::from(&sums.xty_decimal(term))).collect();
    if sums.yty_decimal() == Decimal::ZERO {
        return Ok(None);
    }
    let vector = vector(&estimate.through_inverse(&products))?;
    Ok(Some(Contribution {
        name: named("references"),
        of: Of::Terms,
        variance: None,
        vectors: Some(vec![vector]),
        dof: None,
    }))
}

fn declared(recipe: &Recipe) -> Result<Vec<Contribution>, FitError> {
    let declared = recipe.uncertainty.iter().flat_map(|uncertainty| &uncertainty.component);
    let one = |one: &openweigh_formats::recipe::Component| {
        let (of, amount) = match (&one.value, &one.relative) {
            (Some(value), _) => (Of::Constant, value),
            (None, Some(share)) => (Of::Prediction, share),
            (None, None) => return Ok(None),
        };
        let variance = number(&one.distribution.variance(&amount.0))?;
        let (name, dof) = (one.name.clone(), one.dof.clone());
        Ok(Some(Contribution { name, of, variance: Some(variance), vectors: None, dof }))
    };
    declared.filter_map(|component| one(component).transpose()).collect()
}

fn whole(count: u64) -> Decimal {
    Decimal::new(IBig::from(count), 0)
}

fn named(name: &str) -> openweigh_formats::text::Name {
    name.parse().expect("a name of the format")
}

fn contribution(
    name: &str,
    of: Of,
    variance: &Ratio,
    dof: Option<Decimal>,
) -> Result<Contribution, FitError> {
    let variance = Some(number(variance)?);
    Ok(Contribution { name: named(name), of, variance, vectors: None, dof: dof.map(Number) })
}

fn number(value: &Ratio) -> Result<Number, FitError> {
    let long = |error: DecimalError| FitError::LongNumber {
        what: "a component of the uncertainty".to_owned(),
        error,
    };
    Number::published(round::to_digits(value, limits::BUDGET_DIGITS)).map_err(long)
}

fn vector(values: &[Ratio]) -> Result<Vec<Number>, FitError> {
    values.iter().map(number).collect()
}

/// Terms and session terms as one model, so that the values of a row are formed once.
#[derive(Debug, Clone)]
pub struct BothTerms {
    recipe: Recipe,
    terms: usize,
    /// The place of each session term.
    places: Vec<usize>,
}

impl BothTerms {
    /// Those of a recipe.
    pub fn of(recipe: &Recipe) -> Self {
        let (mut both, mut places) = (recipe.clone(), Vec::new());
        for term in recipe.fit.session_terms.iter().flatten() {
            let terms = &mut both.model.terms;
            places.push(terms.iter().position(|own| own.sorted() == term.sorted()).unwrap_or_else(|| {
                terms.push(term.clone());
                terms.len() - 1
            }));
        }
        Self { recipe: both, terms: recipe.model.terms.len(), places }
    }

    /// The model whose rows are read.
    pub fn model(&self) -> Model {
        Model::of(&self.recipe)
    }
}

/// The budget of some weights, ready to be evaluated.
#[derive(Debug, Clone)]
pub struct Budget<'a> {
    components: &'a [Contribution],
    terms: BothTerms,
}

/// What a budget amounts to in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// u², exactly.
    pub variance: Ratio,
    /// Degrees of freedom by Welch and Satterthwaite, cut to an integer of at most [`limits::FREEDOM`].
    pub dof: u64,
    /// u² of each component, in the order of the weights.
    pub shares: Vec<Ratio>,
}

impl<'a> Budget<'a> {
    /// The budget of some weights, none if they have none.
    pub fn of(weights: &'a Weights) -> Option<Self> {
        let components = weights.components.value().filter(|list| !list.is_empty())?;
        Some(Self { components, terms: BothTerms::of(&weights.recipe) })
    }

    /// Whether sessions are among what it knows.
    pub fn knows_sessions(&self) -> bool {
        self.components.iter().any(|one| one.of == Of::SessionTerms)
    }

    /// Whether it needs the leverages of rows.
    pub fn needs_leverage(&self) -> bool {
        self.components.iter().any(|one| one.of == Of::Row)
    }

    /// Terms and session terms.
    pub fn model(&self) -> Model {
        self.terms.model()
    }

    /// 64-bit words that a row costs beyond its prediction.
    pub fn words(&self) -> usize {
        let numbers: usize = self.components.iter().flat_map(|one| &one.vectors).map(Vec::len).sum();
        (numbers * 3).max(1)
    }

    /// What it amounts to in a row: the values of [`Budget::model`]'s terms there, xᵀ(XᵀX)⁻¹x, and the prediction.
    pub fn judge(&self, row: &[Decimal], leverage: Option<&Ratio>, predicted: &Decimal) -> Judged {
        let shares: Vec<Ratio> =
            self.components.iter().map(|one| self.share(one, row, leverage, predicted)).collect();
        let variance = sum(shares.iter().cloned());
        // What sessions show of the session terms and of the coefficients is one estimate.
        let of_sessions =
            |one: &Contribution| matches!(one.of, Of::SessionTerms | Of::Terms) && one.dof.is_some();
        let mut groups: Vec<(Ratio, &Decimal)> = Vec::new();
        let mut together: Option<(Ratio, &Decimal)> = None;
        for (one, share) in self.components.iter().zip(&shares) {
            let Some(dof) = &one.dof else { continue };
            if of_sessions(one) {
                let before = together.take().map_or_else(|| Ratio::from(&Decimal::ZERO), |(sum, _)| sum);
                together = Some((before.plus(share), &dof.0));
            } else {
                groups.push((share.clone(), &dof.0));
            }
        }
        groups.extend(together);
        let spread = sum(groups.iter().map(|(share, dof)| share.times(share).divided_by(&Ratio::from(*dof))));
        let dof = if spread.is_zero() {
            limits::FREEDOM
        } else {
            let quotient = variance.times(&variance).divided_by(&spread);
            let whole = quotient.numerator() / IBig::from(quotient.denominator().clone());
            u64::try_from(whole).unwrap_or(limits::FREEDOM).clamp(1, limits::FREEDOM)
        };
        Judged { variance, dof, shares }
    }

    fn share(
        &self,
        one: &Contribution,
        row: &[Decimal],
        leverage: Option<&Ratio>,
        predicted: &Decimal,
    ) -> Ratio {
        let variance = || one.variance.as_ref().map_or(Decimal::ZERO, |variance| variance.0.clone());
        let terms: Vec<&Decimal> = match one.of {
            Of::Constant => return Ratio::from(&variance()),
            Of::Prediction => return Ratio::from(&variance().times(&predicted.times(predicted))),
            Of::Row => {
                let own = Ratio::from(&variance());
                return leverage.map_or_else(|| own.clone(), |leverage| own.plus(&own.times(leverage)));
            }
            Of::SessionTerms => self.terms.places.iter().map(|&at| &row[at]).collect(),
            Of::Terms => row[..self.terms.terms].iter().collect(),
        };
        let product = |vector: &Vec<Number>| {
            let sum = (vector.iter().zip(&terms))
                .fold(Decimal::ZERO, |sum, (number, term)| sum.plus(&number.0.times(term)));
            sum.times(&sum)
        };
        let squares = one.vectors.iter().flatten().map(product);
        let squares = Ratio::from(&squares.fold(Decimal::ZERO, |sum, square| sum.plus(&square)));
        let Some(dof) = &one.dof else { return squares };
        let squares = match one.of {
            Of::Terms => squares.times(&Ratio::from(&dof.0.plus(&Decimal::from(1)))),
            _ => squares,
        };
        squares.divided_by(&Ratio::from(&dof.0))
    }
}
