//! `params.json`: the weights of a release in one file, for programs that look for a model's parameters under a
//! well-known name. Hubs count downloads by it. Every number is the text that the weights have.

use crate::json::{Object, list};
use crate::source::Source;

/// Where the file lies; hubs know the name.
pub const PATH: &str = "params.json";

/// The file, if the release has weights.
pub fn write(source: &Source<'_>) -> Option<String> {
    let mut all = Vec::new();
    for (path, weights) in source.weights() {
        let sha256 = source.manifest.file(path).map(|file| file.sha256.to_string());
        let terms = weights.terms.iter().map(|term| {
            Object::of("term", term.term.to_string()).with("coefficient", term.coefficient.to_string())
        });
        let unit = weights.recipe.result.unit.as_ref().map(ToString::to_string);
        all.push(
            Object::of("name", weights.name.to_string())
                .with("version", weights.version.to_string())
                .with("path", path.to_string())
                .with_some("sha256", sha256)
                .with("target", weights.recipe.model.target.to_string())
                .with_some("unit", unit)
                .with("terms", list(terms)),
        );
    }
    if all.is_empty() {
        return None;
    }
    let file = Object::of("library", "openweigh").with("release", source.id.to_string());
    Some(file.with("weights", list(all)).document())
}
