//! What the Hugging Face Hub reads of a card's front matter: tables for its viewer, metrics for its index of models.

use crate::source::Source;
use openweigh_formats::claim::{Claim, Quantity};
use openweigh_formats::manifest::Role;
use openweigh_formats::path::RelativePath;
use openweigh_formats::text::Unit;
use openweigh_formats::weights::Weights;

/// The front matter behind the licence, its last line of hyphens included: the same in both generators.
pub(super) fn behind_the_licence(source: &Source<'_>) -> String {
    let mut text = String::new();
    if source.weights().next().is_some() {
        text += "library_name: openweigh\npipeline_tag: tabular-regression\n";
    } else {
        text += &format!("pretty_name: {}\n", quoted(source.manifest.title.as_str()));
        text += &configurations(source);
    }
    text += "tags:\n- openweigh\n- calibration\n";
    for keyword in &source.publication.keywords {
        if !["openweigh", "calibration"].contains(&keyword.as_str()) {
            text += &format!("- {}\n", quoted(keyword.as_str()));
        }
    }
    if let Some(base) = &source.publication.base_model {
        text += &format!("base_model: {}\n", quoted(base.as_str()));
    }
    let models: String = source.weights().map(|(path, weights)| model(source, path, weights)).collect();
    if !models.is_empty() {
        text += &format!("model-index:\n{models}");
    }
    text + "---\n"
}

/// The tables of each dataset, for the Hub's viewer and its loaders.
fn configurations(source: &Source<'_>) -> String {
    let mut text = String::new();
    for (path, dataset) in source.datasets() {
        let tables = dataset.files.iter().filter(|file| file.role.is_data());
        let lines: String = tables
            .filter_map(|file| path.sibling(&file.path).ok())
            .filter(|path| !source.withheld.contains(path))
            .map(|path| format!("  - {}\n", quoted(path.as_str())))
            .collect();
        if !lines.is_empty() {
            text += &format!("- config_name: {}\n  data_files:\n{lines}", quoted(dataset.name.as_str()));
        }
    }
    if text.is_empty() { text } else { format!("configs:\n{text}") }
}

/// A text as YAML reads it in any place: JSON's strings are YAML's.
pub(super) fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("texts are JSON")
}

/// A metric: its type on the Hub, its name for people, the text of its value.
struct Metric {
    kind: &'static str,
    name: String,
    value: String,
}

/// The entry of one weights file: what is claimed of it and of its results, and its own validation.
fn model(source: &Source<'_>, path: &RelativePath, weights: &Weights) -> String {
    let mut metrics = own_figures(weights);
    metrics.extend(source.manifest.claims.iter().filter(|claim| is_about(source, claim, path)).filter_map(
        |claim| {
            let name = format!("claim {}: {}", claim.id, claim.statement);
            Some(Metric { kind: kind(claim.quantity)?, name, value: claim.value.to_string() })
        },
    ));
    if metrics.is_empty() {
        return String::new();
    }
    let features: Vec<String> = weights.recipe.features().iter().map(ToString::to_string).collect();
    let task = format!("{} from {}", weights.recipe.model.target, features.join(", "));
    let names: Vec<&str> = weights.trained_on.iter().map(|trained| trained.name.as_str()).collect();
    let mut text = format!(
        "- name: {}\n  results:\n  - task:\n      type: tabular-regression\n      name: {}\n    dataset:\n      \
         name: {}\n      type: openweigh\n",
        quoted(&format!("{}-{}", weights.name, weights.version)),
        quoted(&task),
        quoted(&names.join(", ")),
    );
    if let [only] = weights.trained_on.as_slice() {
        text += &format!("      revision: \"{}\"\n", only.sha256);
    }
    text += "    metrics:\n";
    for metric in metrics {
        text += &format!(
            "    - type: {}\n      name: {}\n      value: {}\n",
            metric.kind,
            quoted(&metric.name),
            metric.value
        );
    }
    text
}

fn own_figures(weights: &Weights) -> Vec<Metric> {
    let unit =
        weights.recipe.result.unit.as_ref().map_or_else(String::new, |unit: &Unit| format!(", {unit}"));
    let mut metrics = Vec::new();
    let mut add = |kind, name: String, value: Option<String>| {
        metrics.extend(value.map(|value| Metric { kind, name, value }));
    };
    let text = |number: &Option<openweigh_formats::number::Number>| number.as_ref().map(ToString::to_string);
    if let Some(figures) = &weights.validation {
        let method = String::from(figures.method);
        add("rmse", format!("rmse, {method}{unit}"), text(&figures.rmse));
        add("max_abs_error", format!("largest error, {method}{unit}"), text(&figures.max_abs_error));
    }
    add(
        "r_squared",
        "R², on the fitted rows".to_owned(),
        text(&weights.r_squared.as_ref().map(|own| own.value().clone())),
    );
    metrics
}

/// Whether a claim is about these weights or about results derived from them.
fn is_about(source: &Source<'_>, claim: &Claim, weights: &RelativePath) -> bool {
    let of_results = || {
        let derivation = source.manifest.derivation_of(&claim.over.file);
        let is_results =
            source.manifest.file(&claim.over.file).is_some_and(|file| file.role == Role::Results);
        is_results && derivation.is_some_and(|derivation| derivation.inputs.first() == Some(weights))
    };
    claim.over.file == *weights || of_results()
}

/// What the Hub may call a metric; claims about single numbers are none.
fn kind(quantity: Quantity) -> Option<&'static str> {
    match quantity {
        Quantity::Rmse => Some("rmse"),
        Quantity::MeanError => Some("mean_error"),
        Quantity::MaxAbsError => Some("max_abs_error"),
        Quantity::RSquared => Some("r_squared"),
        Quantity::ResidualSd => Some("residual_sd"),
        _ => None,
    }
}
