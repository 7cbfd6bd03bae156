//! `croissant.json`: the files and tables for sites of machine learning (`MLCommons` Croissant 1.0).
//!
//! `mlcroissant validate` reads the description; only `mlcroissant load` compares digests with the data. Numbers
//! are declared as `sc:Float`, which is what the readers of that format make of them; the texts in the files
//! are exact.

use crate::json::{Json, Object, list};
use crate::parties::{self, reference};
use crate::source::Source;
use crate::tables::{self, Cells, Column, Table};
use openweigh_formats::publication::Author;
use openweigh_formats::release::{MANIFEST, PUBLICATION};

/// The specification's context, word for word: a reader warns of any other.
const CONTEXT: [(&str, &str); 28] = [
    ("@vocab", "https://schema.org/"),
    ("citeAs", "cr:citeAs"),
    ("column", "cr:column"),
    ("conformsTo", "dct:conformsTo"),
    ("cr", "http://mlcommons.org/croissant/"),
    ("rai", "http://mlcommons.org/croissant/RAI/"),
    ("dct", "http://purl.org/dc/terms/"),
    ("equivalentProperty", "cr:equivalentProperty"),
    ("extract", "cr:extract"),
    ("field", "cr:field"),
    ("fileProperty", "cr:fileProperty"),
    ("fileObject", "cr:fileObject"),
    ("fileSet", "cr:fileSet"),
    ("format", "cr:format"),
    ("includes", "cr:includes"),
    ("isLiveDataset", "cr:isLiveDataset"),
    ("jsonPath", "cr:jsonPath"),
    ("key", "cr:key"),
    ("md5", "cr:md5"),
    ("parentField", "cr:parentField"),
    ("path", "cr:path"),
    ("recordSet", "cr:recordSet"),
    ("references", "cr:references"),
    ("regex", "cr:regex"),
    ("repeated", "cr:repeated"),
    ("replace", "cr:replace"),
    ("samplingRate", "cr:samplingRate"),
    ("sc", "https://schema.org/"),
];

/// The rest of the context.
const CONTEXT_MORE: [(&str, &str); 4] = [
    ("separator", "cr:separator"),
    ("source", "cr:source"),
    ("subField", "cr:subField"),
    ("transform", "cr:transform"),
];

/// The description.
pub fn write(source: &Source<'_>) -> String {
    let (manifest, publication) = (source.manifest, source.publication);
    let tables = tables::all(source);
    Object::of("@context", context())
        .with("@type", "sc:Dataset")
        .with("conformsTo", "http://mlcommons.org/croissant/1.0")
        .with("name", manifest.name.as_str())
        .with("description", publication.summary.as_str())
        .with("version", manifest.version.to_string())
        .with("identifier", format!("sha256:{}", source.id))
        .with_some(
            "url",
            publication.homepage.as_ref().map(openweigh_formats::publication::WebAddress::as_str),
        )
        .with_any("license", parties::addresses(source))
        .with("creator", list(publication.authors.iter().map(creator)))
        .with_some(
            "datePublished",
            publication.date.as_ref().map(openweigh_formats::publication::Day::as_str),
        )
        .with_any("keywords", parties::keywords(source))
        .with("citeAs", cite_as(source))
        .with("isLiveDataset", false)
        .with("distribution", distribution(source))
        .with("recordSet", list(tables.iter().map(record_set)))
        .document()
}

fn context() -> Object {
    let json_typed = |name: &str| Object::of("@id", format!("cr:{name}")).with("@type", "@json");
    let terms = CONTEXT.iter().chain(&CONTEXT_MORE);
    terms
        .fold(Object::of("@language", "en"), |context, (key, value)| context.with(key, *value))
        .with("data", json_typed("data"))
        .with("dataType", Object::of("@id", "cr:dataType").with("@type", "@vocab"))
        .with("examples", json_typed("examples"))
}

fn creator(author: &Author) -> Object {
    let place = author.affiliation.as_ref();
    let organisation = |place: &str| Object::of("@type", "sc:Organization").with("name", place);
    Object::of("@type", format!("sc:{}", parties::kind(author)))
        .with("name", author.name.as_str())
        .with_some("url", parties::orcid(author))
        .with_some("affiliation", place.map(|place| organisation(place.as_str())))
}

/// How the release is cited, in a line of text.
fn cite_as(source: &Source<'_>) -> String {
    let (manifest, publication) = (source.manifest, source.publication);
    let day = publication.date.as_ref().map(|day| format!(" {day}.")).unwrap_or_default();
    let names = parties::names(source);
    format!("{names}. {} {}.{day} sha256:{}", manifest.title, manifest.version, source.id)
}

/// Every file of the manifest that is here, then the manifest and what the publisher says. The generated files are not among
/// them: this is one.
fn distribution(source: &Source<'_>) -> Vec<Json> {
    let one = |path: &str, sha256: &str| {
        Object::of("@type", "cr:FileObject")
            .with("@id", path)
            .with("name", path)
            .with("contentUrl", path)
            .with("encodingFormat", media_type(path))
            .with("sha256", sha256)
    };
    let listed = source.present().map(|file| {
        one(file.path.as_str(), file.sha256.as_str()).with("contentSize", format!("{} B", file.bytes))
    });
    let own = [one(MANIFEST, source.id.as_str()), one(PUBLICATION, source.publication_id.as_str())];
    list(listed.chain(own))
}

/// The media type of a file, by the end of its name.
pub(crate) fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("csv") => "text/csv",
        Some("json") => "application/json",
        Some("toml") => "application/toml",
        Some("md") => "text/markdown",
        Some("cff") => "application/yaml",
        Some("safetensors") => "application/octet-stream",
        _ => "text/plain",
    }
}

fn record_set(table: &Table<'_>) -> Object {
    let key = table.key.iter().map(|column| reference(format!("{}/{column}", table.id)));
    Object::of("@type", "cr:RecordSet")
        .with("@id", table.id.as_str())
        .with("name", table.id.as_str())
        .with("description", table.title.as_str())
        .with_any("key", list(key))
        .with("field", list(table.columns.iter().map(|column| field(table, column))))
}

fn field(table: &Table<'_>, column: &Column) -> Object {
    let kind = match column.cells {
        Cells::Number => "sc:Float",
        Cells::Integer => "sc:Integer",
        Cells::Text => "sc:Text",
    };
    let id = format!("{}/{}", table.id, column.name);
    let extract = Object::of("column", column.name.as_str());
    let from = Object::of("fileObject", reference(table.file.path.as_str())).with("extract", extract);
    Object::of("@type", "cr:Field")
        .with("@id", id.as_str())
        .with("name", id.as_str())
        .with_some("description", column.unit.as_ref().map(|unit| format!("Unit: {unit}")))
        .with("dataType", kind)
        .with("source", from)
}
