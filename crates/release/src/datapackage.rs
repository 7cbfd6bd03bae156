//! `datapackage.json`: every CSV file with its digest and its columns (Frictionless Data Package).
//!
//! Only what version 1 and version 2 of the specification share is used, since the tools know the one and the
//! sites the other. `frictionless validate datapackage.json` checks sizes, digests and every cell.

use crate::json::{Json, Object, list};
use crate::parties;
use crate::source::Source;
use crate::tables::{self, Cells, Column, Table};
use openweigh_formats::licence::Licence;
use openweigh_formats::publication::Author;

/// What a text cell may hold (docs/spec/2-csv.md); in the specification, a pattern is of the whole cell.
const TEXT: &str = "[A-Za-z0-9 ._+:/()-]*";

/// The data package.
pub fn write(source: &Source<'_>) -> String {
    let (manifest, publication) = (source.manifest, source.publication);
    let tables = tables::all(source);
    Object::of("name", manifest.name.as_str())
        .with("id", format!("sha256:{}", source.id))
        .with("title", manifest.title.as_str())
        .with("description", publication.summary.as_str())
        .with("version", manifest.version.to_string())
        .with_some(
            "homepage",
            publication.homepage.as_ref().map(openweigh_formats::publication::WebAddress::as_str),
        )
        .with_any("keywords", parties::keywords(source))
        .with_any("licenses", licences(&parties::united(source)))
        .with("contributors", list(publication.authors.iter().map(contributor)))
        .with_any("sources", sources(source))
        .with("resources", list(tables.iter().map(resource)))
        .document()
}

/// Each licence of an expression, with its text in the release.
fn licences(licence: &Licence) -> Vec<Json> {
    let one = |id: &String| {
        let text = parties::text_path(id);
        Object::of("name", id.as_str()).with("path", text).with("title", licence.as_str())
    };
    list(licence.ids().iter().map(one))
}

fn contributor(author: &Author) -> Object {
    Object::of("title", author.name.as_str())
        .with_some("path", parties::orcid(author))
        .with("role", "author")
        .with_some("organization", author.affiliation.as_ref().map(openweigh_formats::text::Line::as_str))
}

/// Where the data come from, as each dataset says.
fn sources(source: &Source<'_>) -> Vec<Json> {
    let origins = source.datasets().map(|(_, dataset)| dataset.provenance.origin.as_str());
    let title = |origin: Json| Object::of("title", origin);
    list(parties::once(origins).into_iter().map(title))
}

fn resource(table: &Table<'_>) -> Object {
    let file = table.file;
    let origin = |origin: &str| list([Object::of("title", origin)]);
    Object::of("name", table.id.as_str())
        .with("path", file.path.as_str())
        .with("title", table.title.as_str())
        .with("format", "csv")
        .with("mediatype", "text/csv")
        .with("encoding", "utf-8")
        .with("bytes", file.bytes)
        .with("hash", format!("sha256:{}", file.sha256))
        .with_any("licenses", licences(&file.licence))
        .with_some("sources", table.dataset.map(|dataset| origin(dataset.provenance.origin.as_str())))
        .with("dialect", dialect())
        .with("schema", schema(table))
}

/// The one dialect (docs/spec/2-csv.md), as far as the specification has words for it: it cannot say that there
/// are no quotes.
fn dialect() -> Object {
    Object::of("delimiter", ",")
        .with("lineTerminator", "\n")
        .with("skipInitialSpace", false)
        .with("header", true)
        .with("caseSensitiveHeader", true)
}

fn schema(table: &Table<'_>) -> Object {
    Object::of("fields", list(table.columns.iter().map(field)))
        .with("missingValues", list([""]))
        .with_any("primaryKey", list(table.key.iter().copied()))
}

fn field(column: &Column) -> Object {
    let kind = match column.cells {
        Cells::Number => "number",
        Cells::Integer => "integer",
        Cells::Text => "string",
    };
    let mut rules = Object::default();
    if column.filled {
        rules = rules.with("required", true);
    }
    if column.counts {
        rules = rules.with("minimum", 0);
    }
    if !column.words.is_empty() {
        rules = rules.with("enum", list(column.words.iter().copied()));
    } else if column.cells == Cells::Text {
        rules = rules.with("pattern", TEXT);
    }
    Object::of("name", column.name.as_str())
        .with("type", kind)
        .with_some("unit", column.unit.as_deref())
        .with_some("constraints", (rules != Object::default()).then_some(rules))
}
