//! `openweigh characterise`

use crate::answer::{self, Characterised, FigureValue};
use crate::args::Global;
use crate::cmd::report::training;
use crate::failure::Failure;
use crate::place;
use crate::screen::{Screen, Tone};
use crate::{exit, show};
use openweigh_fit::{Training, Work};
use openweigh_formats::Digest;
use openweigh_formats::weights::Weights;
use openweigh_ledger::{Kind, Ledger};
use openweigh_metrology::characterise::{Figure, In, Value};
use openweigh_metrology::{Observations, characterise};

/// State a laboratory's figures of an instrument: repeatability, hysteresis, linearity and more
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh characterise load-cell
  openweigh characterise simulated-magic-trackpad --weights magic-trackpad-affine-1.0.0")]
pub(crate) struct Args {
    /// Dataset that some weights were fitted on, by name or folder
    #[arg(value_name = "DATASET")]
    dataset: String,
    /// Weights, by `name-version` or path [default: the ledger's only ones that were fitted on DATASET]
    #[arg(long, value_name = "W")]
    weights: Option<String>,
}

pub(crate) fn run(args: &Args, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
    let ledger = place::ledger()?;
    let (_, dataset, sha256) = place::describe(&ledger, &args.dataset)?;
    let word = match &args.weights {
        Some(word) => word.clone(),
        None => only(&ledger, &args.dataset, &sha256)?,
    };
    let (weights, _) = place::weights(&ledger, &word)?;
    if !weights.trained_on.iter().any(|own| own.sha256 == sha256) {
        let what = format!(
            "{}-{} were not fitted on it; fit on it first: openweigh fit --dataset {} --recipe {} --name {} --version NEW",
            weights.name, weights.version, dataset.name, weights.recipe.name, weights.name
        );
        return Err(Failure::input(place::harmless(&args.dataset), what));
    }
    let loaded = training(&ledger, &weights, global)?;
    let training: Vec<Training<'_>> = loaded.iter().map(place::Loaded::training).collect();
    let found = Observations::gather(&weights, &training, global.threads(), &mut Work::default())?;
    let figures = characterise(&weights, &found);
    let unit = weights.recipe.result.unit.as_ref().map(ToString::to_string);
    tell(&figures, &weights, unit.as_deref(), screen)?;
    screen.document(&Characterised {
        weights: format!("{}-{}", weights.name, weights.version),
        rows: found.rows.len(),
        sessions: found.sessions.len(),
        figures: figures.iter().map(|figure| document(figure, unit.as_deref())).collect(),
    });
    Ok(exit::DONE)
}

/// The ledger's only weights that were fitted on a dataset.
fn only(ledger: &Ledger, word: &str, sha256: &Digest) -> Result<String, Failure> {
    let of_dataset = |name: &String| {
        let path = ledger.find(Kind::Weights, name).ok()?;
        let (weights, _): (Weights, Digest) = place::document(&path).ok()?;
        weights.trained_on.iter().any(|own| own.sha256 == *sha256).then(|| name.clone())
    };
    let found: Vec<String> = ledger.names(Kind::Weights).iter().filter_map(of_dataset).collect();
    let word = place::harmless(word);
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(Failure::input(
            word.clone(),
            format!(
                "no weights were fitted on it; fit some first: openweigh fit --dataset {word} --preset affine"
            ),
        )),
        several => {
            let commands: Vec<String> = several
                .iter()
                .map(|own| format!("  openweigh characterise {word} --weights {}", place::harmless(own)))
                .collect();
            Err(Failure::usage(format!(
                "several weights were fitted on it: type one of\n{}",
                commands.join("\n")
            )))
        }
    }
}

fn unit_of(unit: In, result: Option<&str>) -> Option<&str> {
    match unit {
        In::Result => result,
        In::PercentOfSpan => Some("% of span"),
        In::One => Some("1"),
    }
}

fn tell(
    figures: &[Figure],
    weights: &Weights,
    unit: Option<&str>,
    screen: &mut Screen,
) -> Result<(), Failure> {
    let title = show::title(&weights.name, &weights.version, &weights.title);
    screen.line(&screen.tone(Tone::Strong, &title))?;
    let mut rows = vec![["figure", "at", "value", "unit", "degrees of freedom"].map(str::to_owned).to_vec()];
    for figure in figures {
        for own in figure.values.iter().flatten() {
            let dof: Vec<String> = own.dof.iter().map(ToString::to_string).collect();
            let unit = unit_of(own.unit, unit).unwrap_or_default().to_owned();
            let name = figure.quantity.words().to_owned();
            rows.push(vec![name, own.at.clone(), own.value.clone(), unit, dof.join(", ")]);
        }
    }
    show::table(&rows, &[false, false, true, false, true], screen)?;
    for figure in figures {
        if let Err(reason) = figure.values {
            screen.line(&format!("  {}: undefined: {}", figure.quantity.words(), reason.words()))?;
        }
    }
    Ok(())
}

fn document(figure: &Figure, unit: Option<&str>) -> answer::Figure {
    let value = |own: &Value| FigureValue {
        at: own.at.clone(),
        value: own.value.clone(),
        unit: unit_of(own.unit, unit).map(str::to_owned),
        dof: own.dof.clone(),
    };
    answer::Figure {
        quantity: figure.quantity.as_str(),
        values: figure.values.iter().flatten().map(value).collect(),
        undefined: figure.values.as_ref().err().map(|reason| reason.as_str()),
    }
}
