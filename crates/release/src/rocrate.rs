//! `ro-crate-metadata.json`: which files there are and which followed from which (RO-Crate 1.1 with the profile
//! Process Run Crate 0.5, which accepts no newer base).
//!
//! RO-Crate demands `datePublished`: the day that `publication.toml` states. When a derivation ran is written
//! nowhere, and is not invented; the profile only recommends an end time. Validators of RO-Crate do not look at
//! digests: what counts is `SHA256SUMS`.

use crate::croissant::media_type;
use crate::generate::Generated;
use crate::json::{Json, Object, list};
use crate::parties::{self, reference};
use crate::provenance::tool_id;
use crate::source::Source;
use crate::withheld;
use openweigh_formats::Digest;
use openweigh_formats::licence::Licence;
use openweigh_formats::manifest::{Derivation, DerivationKind, ManifestFile, Tool};
use openweigh_formats::path::RelativePath;
use openweigh_formats::publication::Author;
use openweigh_formats::release::{MANIFEST, PUBLICATION};

/// Where the file lies; its name is fixed by RO-Crate.
pub const PATH: &str = "ro-crate-metadata.json";

const PROFILE: &str = "https://w3id.org/ro/wfrun/process/0.5";
const CONTEXTS: [&str; 2] =
    ["https://w3id.org/ro/crate/1.1/context", "https://w3id.org/ro/terms/workflow-run/context"];

/// The crate: the source, and the generated files that lie beside this one.
pub fn write(source: &Source<'_>, generated: &[Generated]) -> String {
    let mut graph = vec![descriptor(), root(source, generated), profile()];
    graph.extend(source.publication.authors.iter().enumerate().flat_map(|(at, author)| person(at, author)));
    graph.extend(licences(source, generated));
    graph.extend(source.present().map(|file| listed(source, file)));
    let words = &source.publication.licence;
    graph.push(described(
        MANIFEST,
        "The manifest: which bytes, how each was derived, what is claimed",
        words,
    ));
    graph.push(described(PUBLICATION, "What the publisher says", words));
    graph.extend(generated.iter().map(|file| made(source, file)));
    graph.extend(tools(source).into_iter().map(tool));
    graph.extend(source.manifest.derivations.iter().map(|derivation| action(source, derivation)));
    Object::of("@context", list(CONTEXTS)).with("@graph", list(graph)).document()
}

fn descriptor() -> Object {
    Object::of("@id", PATH)
        .with("@type", "CreativeWork")
        .with("conformsTo", reference("https://w3id.org/ro/crate/1.1"))
        .with("about", reference("./"))
}

fn profile() -> Object {
    Object::of("@id", PROFILE)
        .with("@type", "CreativeWork")
        .with("name", "Process Run Crate")
        .with("version", "0.5")
}

fn root(source: &Source<'_>, generated: &[Generated]) -> Object {
    let (manifest, publication) = (source.manifest, source.publication);
    let paths = source.present().map(|file| file.path.as_str());
    let parts = paths.chain([MANIFEST, PUBLICATION]).chain(generated.iter().map(|file| file.path.as_str()));
    let authors = publication.authors.iter().enumerate().map(|(at, author)| reference(author_id(at, author)));
    Object::of("@id", "./")
        .with("@type", "Dataset")
        .with("conformsTo", reference(PROFILE))
        .with("name", manifest.title.as_str())
        .with("description", publication.summary.as_str())
        .with("identifier", format!("sha256:{}", source.id))
        .with("version", manifest.version.to_string())
        .with_some(
            "url",
            publication.homepage.as_ref().map(openweigh_formats::publication::WebAddress::as_str),
        )
        .with_some(
            "datePublished",
            publication.date.as_ref().map(openweigh_formats::publication::Day::as_str),
        )
        .with("license", reference(licence_id(&parties::united(source))))
        .with("author", list(authors))
        .with_any("keywords", parties::keywords(source))
        .with("hasPart", list(parts.map(reference)))
        .with_any(
            "mentions",
            list(manifest.derivations.iter().map(|derivation| reference(action_id(derivation)))),
        )
}

/// The author's ORCID iD, or the place in the list.
fn author_id(at: usize, author: &Author) -> String {
    parties::orcid(author).unwrap_or_else(|| format!("#author-{}", at + 1))
}

/// The author, and where the author works.
fn person(at: usize, author: &Author) -> Vec<Object> {
    let place_id = format!("#affiliation-{}", at + 1);
    let place = author.affiliation.as_ref().map(|place| {
        Object::of("@id", place_id.as_str()).with("@type", "Organization").with("name", place.as_str())
    });
    let person = Object::of("@id", author_id(at, author))
        .with("@type", parties::kind(author))
        .with("name", author.name.as_str())
        .with_some("affiliation", place.as_ref().map(|_| reference(place_id.as_str())));
    [person].into_iter().chain(place).collect()
}

/// The address of a licence, or for a compound of several, or one that SPDX does not know, an id in this file.
fn licence_id(licence: &Licence) -> String {
    match licence.ids().as_slice() {
        [id] if id == licence.as_str() && !id.contains("LicenseRef-") => parties::address(id),
        _ => {
            let word =
                |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+') { c } else { '_' };
            format!("#licence-{}", licence.as_str().chars().map(word).collect::<String>())
        }
    }
}

/// An entity for each licence that some file or the release as a whole is under.
fn licences(source: &Source<'_>, generated: &[Generated]) -> Vec<Object> {
    let mut stated: Vec<Licence> = source.manifest.files.iter().map(|file| file.licence.clone()).collect();
    stated.extend(generated.iter().map(|file| source.licence_of_generated(&file.path).clone()));
    stated.extend([parties::united(source), source.publication.licence.clone()]);
    stated.sort_by(|left, right| left.as_str().cmp(right.as_str()));
    stated.dedup();
    let one = |licence: &Licence| {
        let texts = licence.ids();
        let texts = texts.iter().map(|id| parties::address(id));
        Object::of("@id", licence_id(licence))
            .with("@type", "CreativeWork")
            .with("name", licence.as_str())
            .with("description", format!("The licence {licence}, as an SPDX expression"))
            .with_any("url", list(texts))
    };
    stated.iter().map(one).collect()
}

fn described(path: &str, what: &str, licence: &Licence) -> Object {
    Object::of("@id", path)
        .with("@type", "File")
        .with("name", path)
        .with("description", what)
        .with("encodingFormat", media_type(path))
        .with("license", reference(licence_id(licence)))
}

fn listed(source: &Source<'_>, file: &ManifestFile) -> Object {
    let dataset = source.dataset_of(&file.path);
    let what = match dataset {
        Some(dataset) => {
            format!("{} of the dataset {} {}", file.role.as_str(), dataset.name, dataset.version)
        }
        None => file.role.as_str().to_owned(),
    };
    let makers =
        dataset.map(|dataset| list(dataset.authors.iter().map(openweigh_formats::text::Line::as_str)));
    described(file.path.as_str(), &what, &file.licence)
        .with("contentSize", file.bytes.to_string())
        .with("sha256", file.sha256.as_str())
        .with_any("creditText", makers.unwrap_or_default())
}

fn made(source: &Source<'_>, file: &Generated) -> Object {
    let what = "Follows from the manifest and what the publisher says";
    described(&file.path, what, source.licence_of_generated(&file.path))
        .with("contentSize", file.bytes.len().to_string())
        .with("sha256", Digest::of(&file.bytes).as_str())
}

/// The programs that ran, each once.
fn tools<'a>(source: &Source<'a>) -> Vec<&'a Tool> {
    let mut tools: Vec<&Tool> = Vec::new();
    for derivation in &source.manifest.derivations {
        if !tools.contains(&&derivation.tool) {
            tools.push(&derivation.tool);
        }
    }
    tools
}

fn tool(tool: &Tool) -> Object {
    Object::of("@id", tool_id(tool))
        .with("@type", "SoftwareApplication")
        .with("name", tool.name.as_str())
        .with("softwareVersion", tool.version.to_string())
}

fn output(derivation: &Derivation) -> &str {
    derivation.outputs.first().map_or("", RelativePath::as_str)
}

fn action_id(derivation: &Derivation) -> String {
    format!("#derivation-of-{}", output(derivation))
}

fn action(source: &Source<'_>, derivation: &Derivation) -> Object {
    let (verb, how) = match derivation.kind {
        DerivationKind::Fit => ("fit", "Weights fitted exactly over the rationals, rounded once"),
        DerivationKind::Replay => ("replay", "Weights applied to data exactly, each result rounded once"),
    };
    // A dataset.json pins its files; here each is named.
    let objects = derivation.inputs.iter().flat_map(|path| {
        let files = source.opened.datasets.get(path).map(|dataset| &dataset.files);
        let data = files.into_iter().flatten().filter_map(|file| path.sibling(&file.path).ok());
        let data =
            data.filter(|path| !source.withheld.contains(path)).chain(withheld::in_place_of(source, path));
        [path.to_string()].into_iter().chain(data.map(|path| path.to_string())).collect::<Vec<_>>()
    });
    let results = derivation.outputs.iter().map(|path| reference(path.as_str()));
    let agent =
        source.publication.authors.iter().enumerate().map(|(at, author)| reference(author_id(at, author)));
    Object::of("@id", action_id(derivation))
        .with("@type", "CreateAction")
        .with("name", format!("{verb}: {}", output(derivation)))
        .with("description", how)
        .with("instrument", reference(tool_id(&derivation.tool)))
        .with("agent", list(agent))
        .with("object", list(objects.map(reference)))
        .with("result", results.map(Json::from).collect::<Vec<_>>())
}
