//! `exports/<name>-<version>.slsa.json`: which inputs some weights were fitted from, in the words of software supply
//! chains (an in-toto Statement 1 with SLSA provenance 1), unsigned.

use crate::json::{Object, list};
use crate::source::Source;
use openweigh_formats::manifest::{Derivation, Tool};
use openweigh_formats::path::RelativePath;
use openweigh_formats::weights::Weights;

/// What was done: the function that page 4 of the specification defines.
const FIT: &str = "urn:openweigh:fit:1";

/// The statement of the fit that some weights come from.
pub fn write(source: &Source<'_>, weights: &Weights, derivation: &Derivation) -> String {
    let recipe = derivation.inputs.first().map_or("", RelativePath::as_str);
    let builder = Object::of("id", tool_id(&derivation.tool));
    let chosen = Object::of("recipe", recipe)
        .with("name", weights.name.as_str())
        .with("version", weights.version.to_string());
    let used = inputs(source, derivation);
    let definition = Object::of("buildType", FIT)
        .with("externalParameters", chosen)
        .with("resolvedDependencies", list(used.iter().filter_map(|path| digest(source, path))));
    let predicate =
        Object::of("buildDefinition", definition).with("runDetails", Object::of("builder", builder));
    Object::of("_type", "https://in-toto.io/Statement/v1")
        .with("subject", list(derivation.outputs.iter().filter_map(|path| digest(source, path))))
        .with("predicateType", "https://slsa.dev/provenance/v1")
        .with("predicate", predicate)
        .document()
}

/// The name of a program that no address stands for: nobody promises a page there.
pub(crate) fn tool_id(tool: &Tool) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    format!(
        "urn:openweigh:tool:{}@{}",
        tool.name.as_str().chars().map(plain).collect::<String>(),
        tool.version
    )
}

/// The inputs, with the files that each `dataset.json` pins.
fn inputs(source: &Source<'_>, derivation: &Derivation) -> Vec<RelativePath> {
    let mut all = Vec::new();
    for path in &derivation.inputs {
        all.push(path.clone());
        if let Some(dataset) = source.opened.datasets.get(path) {
            all.extend(dataset.files.iter().filter_map(|file| path.sibling(&file.path).ok()));
        }
    }
    all
}

/// A file by name and digest.
fn digest(source: &Source<'_>, path: &RelativePath) -> Option<Object> {
    let file = source.manifest.file(path)?;
    Some(Object::of("name", path.as_str()).with("digest", Object::of("sha256", file.sha256.as_str())))
}
