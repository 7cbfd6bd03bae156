//! `exports/<name>-<version>.slsa.json`: which inputs some weights were fitted from, in the words of software supply
//! chains (an in-toto Statement 1 with SLSA provenance 1), unsigned.

use crate::json::{Object, list};
use crate::source::Source;
use openweigh_formats::manifest::Derivation;
use openweigh_formats::path::RelativePath;

/// What was done: the function that page 4 of the specification defines.
const FIT: &str = "urn:openweigh:fit:1";

/// The statement of a fit.
pub fn write(source: &Source<'_>, derivation: &Derivation) -> String {
    let recipe = derivation.inputs.first().map_or("", RelativePath::as_str);
    let tool = &derivation.tool;
    let builder = Object::of("id", "urn:openweigh:tool:1")
        .with("version", Object::of(tool.name.as_str(), tool.version.to_string()));
    let definition =
        Object::of("buildType", FIT).with("externalParameters", Object::of("recipe", recipe)).with(
            "resolvedDependencies",
            list(inputs(source, derivation).iter().filter_map(|path| digest(source, path))),
        );
    let predicate =
        Object::of("buildDefinition", definition).with("runDetails", Object::of("builder", builder));
    Object::of("_type", "https://in-toto.io/Statement/v1")
        .with("subject", list(derivation.outputs.iter().filter_map(|path| digest(source, path))))
        .with("predicateType", "https://slsa.dev/provenance/v1")
        .with("predicate", predicate)
        .document()
}

/// The inputs, with the files that each `dataset.json` pins.
fn inputs(source: &Source<'_>, derivation: &Derivation) -> Vec<RelativePath> {
    let mut all = Vec::new();
    for path in &derivation.inputs {
        all.push(path.clone());
        if let Some(dataset) = source.contents.datasets.get(path) {
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
