//! `openweigh predict`

use crate::answer::Prediction;
use crate::exit;
use crate::failure::Failure;
use crate::place;
use crate::screen::{Screen, Tone};
use openweigh_exact::Decimal;
use openweigh_formats::recipe::Tare;
use openweigh_formats::text::ColumnName;
use openweigh_formats::weights::Weights;
use openweigh_replay::single::{self, PredictError};

/// Predict one value from numbers that you type, with its uncertainty
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh predict --weights scale-1.0.0 reading=20.6
  openweigh predict --weights magic-trackpad-affine-1.0.0 pressure=60.1 --tare pressure=12.2")]
pub(crate) struct Args {
    /// Weights, by `name-version` or path, or a release that has one
    #[arg(long, value_name = "W")]
    weights: String,
    /// A value for each feature, as `openweigh inspect W` lists them
    #[arg(value_name = "FEATURE=VALUE", value_parser = value)]
    values: Vec<(ColumnName, Decimal)>,
    /// The same of the tare [default: 0, as of readings whose tare is subtracted already]
    #[arg(long, value_name = "FEATURE=VALUE", value_parser = value)]
    tare: Vec<(ColumnName, Decimal)>,
}

fn value(text: &str) -> Result<(ColumnName, Decimal), String> {
    let (name, value) = text.split_once('=').ok_or("expected FEATURE=VALUE, as in reading=20.6")?;
    let name = name.trim().parse::<ColumnName>().map_err(|error| error.to_string())?;
    // What a person types may end in zeros; the number is the same.
    let value = openweigh_exact::Fixed::parse(value.trim()).map(|fixed| fixed.to_decimal());
    Ok((name, value.map_err(|error| error.to_string())?))
}

pub(crate) fn run(args: &Args, screen: &mut Screen) -> Result<u8, Failure> {
    let ledger = place::ledger()?;
    let (weights, _) = place::weights(&ledger, &args.weights)?;
    let found = single::predict(&weights, &args.values, &args.tare).map_err(|error| match error {
        PredictError::Replay(error) => error.into(),
        error => Failure::Predict { error, example: example(args, &weights) },
    })?;
    let target = &weights.recipe.model.target;
    let unit = weights.recipe.result.unit.as_ref().map(ToString::to_string);
    let in_unit = unit.as_ref().map_or_else(String::new, |unit| format!(" {unit}"));
    screen.document(&Prediction {
        weights: format!("{}-{}", weights.name, weights.version),
        target: target.to_string(),
        unit,
        predicted: found.predicted.to_string(),
        expanded_u: found.expanded_u.as_ref().map(ToString::to_string),
        u: found.stated.as_ref().map(|stated| stated.standard.to_string()),
        dof: found.stated.as_ref().map(|stated| stated.dof),
        k: found.stated.as_ref().map(|stated| stated.k.to_string()),
        repeatability_only: found.stated.as_ref().map(|stated| stated.repeatability_only),
        extrapolated: found.extrapolated.iter().map(ToString::to_string).collect(),
    });
    let uncertain = found.expanded_u.as_ref().map_or_else(String::new, |u| format!(" ± {u}"));
    screen
        .line(&screen.tone(Tone::Strong, &format!("{target} = {}{uncertain}{in_unit}", found.predicted)))?;
    match (&found.stated, &found.expanded_u) {
        (Some(stated), _) => screen.line(&format!("  ± {}", budgeted(&weights, stated)))?,
        (None, Some(_)) => screen.line(&format!("  ± {}", coverage(&weights)))?,
        (None, None) => {
            screen
                .line("  how uncertain this is, the weights do not say: they have no degrees of freedom")?;
        }
    }
    if weights.recipe.model.tare != Tare::None && args.tare.is_empty() {
        screen.line("  taken as read with the tare subtracted: give both readings (--tare) to compare with the fitted range")?;
    }
    for name in &found.extrapolated {
        let Some(range) = weights.range.iter().find(|range| range.feature == *name) else { continue };
        let word = screen.tone(Tone::Doubtful, "extrapolated");
        screen.line(&format!("  {word}: {name} was fitted from {} to {}", range.min, range.max))?;
    }
    Ok(exit::DONE)
}

/// What the uncertainty is.
pub(crate) fn coverage(weights: &Weights) -> String {
    match &weights.recipe.result.coverage {
        Some(factor) => format!("is the expanded uncertainty, coverage factor k = {factor}"),
        None => "is the expanded uncertainty".to_owned(),
    }
}

/// A command with a value for each feature.
fn example(args: &Args, weights: &Weights) -> String {
    let values: Vec<String> = (weights.recipe.features().iter())
        .map(|feature| {
            let given = args.values.iter().find(|(name, _)| name == feature).map(|(_, value)| value.clone());
            let range = weights.range.iter().find(|range| range.feature == *feature);
            let value = given.or_else(|| range.map(|range| range.max.0.clone())).unwrap_or(Decimal::ZERO);
            format!("{feature}={value}")
        })
        .collect();
    format!("openweigh predict --weights {} {}", args.weights, values.join(" "))
}

/// What the figure behind ± is, of weights with a budget.
fn budgeted(weights: &Weights, stated: &openweigh_replay::Stated) -> String {
    let share = weights.recipe.uncertainty.as_ref().map(|own| own.coverage_probability.to_string());
    let share = share.unwrap_or_default();
    let confidence = (stated.confidence.as_ref())
        .map_or_else(String::new, |confidence| format!(" with confidence {confidence}"));
    let whose = if stated.repeatability_only {
        "repeatability alone: one session does not show how the next one differs"
    } else {
        "for a new weighing by the same instrument"
    };
    format!(
        "expanded uncertainty (k = {}, coverage probability {share}{confidence}, {} {} of freedom), {whose}",
        stated.k,
        stated.dof,
        if stated.dof == 1 { "degree" } else { "degrees" }
    )
}
