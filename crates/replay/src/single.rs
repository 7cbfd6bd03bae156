//! One prediction from values that somebody typed, with its uncertainty and whether it extrapolates.

use crate::ReplayError;
use crate::predict::{Predictor, Stated};
use openweigh_exact::{Column, Decimal, Fixed};
use openweigh_fit::Inputs;
use openweigh_formats::recipe::Tare;
use openweigh_formats::term::Term;
use openweigh_formats::text::ColumnName;
use openweigh_formats::weights::Weights;
use std::borrow::Cow;

/// What the weights make of some values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prediction {
    /// The features with their values, in the order of the weights.
    pub features: Vec<(ColumnName, Decimal)>,
    /// The prediction, rounded as the recipe says.
    pub predicted: Fixed,
    /// Its expanded uncertainty; none without degrees of freedom.
    pub expanded_u: Option<Fixed>,
    /// What is stated with it, of weights of version 2.
    pub stated: Option<Stated>,
    /// Features that are outside the range that was fitted.
    pub extrapolated: Vec<ColumnName>,
}

/// Why values give no prediction.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PredictError {
    /// Features without a value.
    #[error("no value for {}", names(missing))]
    Missing {
        /// Which.
        missing: Vec<ColumnName>,
    },
    /// A value of something that is no feature.
    #[error("the weights have no feature `{found}`; theirs: {}", names(features))]
    Unknown {
        /// The name.
        found: ColumnName,
        /// The features.
        features: Vec<ColumnName>,
    },
    /// Two values of one feature.
    #[error("`{found}` is given twice")]
    Twice {
        /// The feature.
        found: ColumnName,
    },
    /// A tare for weights that subtract none.
    #[error("the weights subtract no tare")]
    NoTare,
    /// The weights cannot be used.
    #[error(transparent)]
    Replay(#[from] ReplayError),
}

fn names(names: &[ColumnName]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Predicts from one value of each feature, less one of the tare where the weights subtract one; a feature that
/// the tare does not name is 0 there.
///
/// # Errors
/// Values that are missing, unknown or given twice; weights that cannot be used.
pub fn predict(
    weights: &Weights,
    values: &[(ColumnName, Decimal)],
    tare: &[(ColumnName, Decimal)],
) -> Result<Prediction, PredictError> {
    let features = weights.recipe.features();
    check(&features, values)?;
    check(&features, tare)?;
    if weights.recipe.model.tare == Tare::None && !tare.is_empty() {
        return Err(PredictError::NoTare);
    }
    // What no term reads says only whether the place is one where somebody calibrated.
    let needed = Term::features(&weights.recipe.model.terms);
    let of = |name: &ColumnName, values: &[(ColumnName, Decimal)]| {
        values.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone())
    };
    let missing: Vec<ColumnName> = needed.iter().filter(|name| of(name, values).is_none()).cloned().collect();
    if !missing.is_empty() {
        return Err(PredictError::Missing { missing });
    }
    let given: Vec<(ColumnName, Decimal)> =
        features.into_iter().filter_map(|name| of(&name, values).map(|value| (name, value))).collect();
    let single = |value: Decimal| -> Column { [value].into_iter().collect() };
    let read = || given.iter().filter(|(name, _)| needed.contains(name));
    let columns: Vec<Cow<'_, Column>> = read().map(|(_, value)| Cow::Owned(single(value.clone()))).collect();
    let tares: Option<Vec<Column>> = (weights.recipe.model.tare != Tare::None)
        .then(|| read().map(|(name, _)| single(of(name, tare).unwrap_or(Decimal::ZERO))).collect());
    let inputs = Inputs { features: &columns, tares: tares.as_deref(), rows: 1 };
    let predictor = Predictor::new(weights)?;
    let predicted = predictor.predict(inputs);
    let decimals = weights.recipe.result.decimals;
    let uncertain = predictor.uncertainties(inputs, &predicted).and_then(|all| all.into_iter().next());
    let (expanded_u, stated) =
        uncertain.map_or((None, None), |uncertain| (Some(uncertain.expanded), uncertain.budget));
    let extrapolated = (given.iter())
        .filter(|(name, value)| {
            let subtracted = of(name, tare)
                .filter(|_| weights.recipe.model.tare == Tare::Signal && !weights.recipe.is_place(name));
            let value = subtracted.map_or_else(|| value.clone(), |tare| value.minus(&tare));
            let range = weights.range.iter().find(|range| range.feature == *name);
            // The range of weights that subtract term values is of whole readings; a difference alone is one at least
            // as large, and nothing is known of how small it is.
            let whole =
                weights.recipe.model.tare != Tare::Model || !tare.is_empty() || weights.recipe.is_place(name);
            range.is_some_and(|range| whole && value < range.min.0 || value > range.max.0)
        })
        .map(|(name, _)| name.clone())
        .collect();
    let predicted = Fixed::new(predicted.integer(0), decimals);
    Ok(Prediction { features: given, predicted, expanded_u, stated, extrapolated })
}

fn check(features: &[ColumnName], values: &[(ColumnName, Decimal)]) -> Result<(), PredictError> {
    for (at, (name, _)) in values.iter().enumerate() {
        if !features.contains(name) {
            return Err(PredictError::Unknown { found: name.clone(), features: features.to_vec() });
        }
        if values[..at].iter().any(|(earlier, _)| earlier == name) {
            return Err(PredictError::Twice { found: name.clone() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use openweigh_formats::canonical;

    fn values(texts: &[&str]) -> Vec<(ColumnName, Decimal)> {
        let one = |text: &&str| {
            let (name, value) = text.split_once('=').unwrap();
            (name.parse().unwrap(), value.parse().unwrap())
        };
        texts.iter().map(one).collect()
    }

    fn weights(name: &str) -> Weights {
        let bytes: &[u8] = match name {
            "pontius" => include_bytes!("../../../artifacts/weights/nist-pontius-1.0.0.json"),
            _ => include_bytes!("../../../artifacts/weights/magic-trackpad-affine-1.0.0.json"),
        };
        canonical::read(bytes).unwrap()
    }

    #[test]
    fn a_single_prediction_is_the_published_line() {
        let results = include_str!("../../../artifacts/results/nist-pontius-1.0.0.csv");
        for line in results.lines().skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            let given = values(&[&format!("load={}", cells[2])]);
            let found = predict(&weights("pontius"), &given, &[]).unwrap();
            assert_eq!(found.predicted.to_string(), cells[3]);
            assert_eq!(found.expanded_u.unwrap().to_string(), cells[4]);
            assert!(found.extrapolated.is_empty());
        }
    }

    #[test]
    fn a_tare_is_subtracted_and_ranges_are_kept() {
        let weights = weights("pad");
        let results = include_str!("../../../artifacts/results/magic-trackpad-affine-1.0.0.csv");
        let line = results.lines().find(|line| line.contains("up-100")).unwrap();
        let cells: Vec<&str> = line.split(',').collect();
        let found =
            predict(&weights, &values(&["pressure=60.123457"]), &values(&["pressure=12.246914"])).unwrap();
        assert_eq!(
            (found.predicted.to_string(), found.expanded_u.unwrap().to_string()),
            (cells[7].to_owned(), cells[8].to_owned())
        );
        let far = predict(&weights, &values(&["pressure=1000"]), &[]).unwrap();
        assert_eq!(far.extrapolated.len(), 1);
    }

    #[test]
    fn what_is_wrong_with_values_is_named() {
        let weights = weights("pontius");
        let says =
            |texts: &[&str]| predict(&weights, &values(texts), &[]).err().map(|error| error.to_string());
        assert_eq!(says(&[]).as_deref(), Some("no value for `load`"));
        assert_eq!(says(&["mass=1"]).as_deref(), Some("the weights have no feature `mass`; theirs: `load`"));
        assert_eq!(says(&["load=1", "load=2"]).as_deref(), Some("`load` is given twice"));
        let tare = predict(&weights, &values(&["load=1"]), &values(&["load=1"]));
        assert_eq!(tare.unwrap_err(), PredictError::NoTare);
    }
}
