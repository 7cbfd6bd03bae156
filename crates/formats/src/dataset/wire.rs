//! The keys of `dataset.json`, by version, in the order in which they are written.

use super::{
    CellType, ColumnSpec, Dataset, DatasetFile, DerivedFrom, Exclusion, Format, Kind, ProvenanceKind, Source,
};
use crate::licence::Licence;
use crate::text::{ColumnName, Line, Name, Unit, Version};
use serde::Serialize;

/// A dataset's description (docs/spec/3-datasets.md).
#[derive(Serialize)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
#[cfg_attr(any(test, feature = "schemas"), schemars(rename = "Dataset", deny_unknown_fields))]
pub(crate) struct Dataset1<'a> {
    /// Kind and version of the file.
    #[cfg_attr(any(test, feature = "schemas"), schemars(with = "&str", extend("const" = "openweigh.dataset/1")))]
    format: Format,
    /// The name of its folder.
    name: &'a Name,
    /// Semantic version.
    version: &'a Version,
    /// One line for people.
    title: &'a Line,
    /// More for people; may be empty.
    description: &'a Line,
    /// Under which licence the data are.
    licence: &'a Licence,
    /// Who made it.
    authors: &'a [Line],
    /// Whether it was measured, simulated or transcribed, and from what.
    provenance: Provenance1<'a>,
    /// What its files are: `table` or `touch-sessions`.
    kind: Kind,
    /// The columns of the table, in file order; none of touch sessions.
    #[cfg_attr(any(test, feature = "schemas"), schemars(default))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    columns: Vec<Column1<'a>>,
    /// Every file of the dataset.
    files: &'a [DatasetFile],
}

/// Where data come from.
#[derive(Serialize)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
#[cfg_attr(any(test, feature = "schemas"), schemars(rename = "Provenance", deny_unknown_fields))]
struct Provenance1<'a> {
    /// Which kind of origin.
    kind: ProvenanceKind,
    /// The origin, in a sentence.
    origin: &'a Line,
}

/// A declared column.
#[derive(Serialize)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
#[cfg_attr(any(test, feature = "schemas"), schemars(rename = "ColumnSpec", deny_unknown_fields))]
struct Column1<'a> {
    /// Its name in the header.
    name: &'a ColumnName,
    /// Its unit, if the source states one.
    unit: Option<&'a Unit>,
    /// What its cells hold.
    #[serde(rename = "type")]
    cells: CellType,
}

/// A dataset's description (docs/spec/3-datasets.md), version 2.
#[derive(Serialize)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
#[cfg_attr(any(test, feature = "schemas"), schemars(rename = "Dataset2", deny_unknown_fields))]
pub(crate) struct Dataset2<'a> {
    /// Kind and version of the file.
    #[cfg_attr(any(test, feature = "schemas"), schemars(with = "&str", extend("const" = "openweigh.dataset/2")))]
    format: Format,
    /// The name of its folder.
    name: &'a Name,
    /// Semantic version.
    version: &'a Version,
    /// One line for people.
    title: &'a Line,
    /// More for people; may be empty.
    description: &'a Line,
    /// Under which licence the data are.
    licence: &'a Licence,
    /// Who made it.
    authors: &'a [Line],
    /// Whether it was measured, simulated or transcribed, and from what.
    provenance: Provenance2<'a>,
    /// What its files are.
    kind: Kind,
    /// The columns of the table, in file order; none of sessions.
    columns: Vec<Column2<'a>>,
    /// Of a table: the text column whose equal values make a session.
    session_column: Option<&'a ColumnName>,
    /// What stays in the data and is never fitted.
    excluded: &'a [Exclusion],
    /// Every file of the dataset.
    files: &'a [DatasetFile],
}

/// Where data come from.
#[derive(Serialize)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
#[cfg_attr(any(test, feature = "schemas"), schemars(rename = "Provenance2", deny_unknown_fields))]
struct Provenance2<'a> {
    /// Which kind of origin.
    kind: ProvenanceKind,
    /// The origin, in a sentence.
    origin: &'a Line,
    /// The file that was imported, and how it was read.
    source: Option<&'a Source>,
    /// The dataset that this one was made from.
    derived_from: Option<&'a DerivedFrom>,
}

/// A declared column.
#[derive(Serialize)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
#[cfg_attr(any(test, feature = "schemas"), schemars(rename = "Column2", deny_unknown_fields))]
struct Column2<'a> {
    /// Its name in the header.
    name: &'a ColumnName,
    /// Its unit, if the source states one.
    unit: Option<&'a Unit>,
    /// What its cells hold.
    #[serde(rename = "type")]
    cells: CellType,
    /// The column whose uncertainty this one states.
    uncertainty_of: Option<&'a ColumnName>,
}

impl<'a> From<&'a Dataset> for Dataset1<'a> {
    fn from(of: &'a Dataset) -> Self {
        let column = |of: &'a ColumnSpec| Column1 { name: &of.name, unit: of.unit.as_ref(), cells: of.cells };
        Self {
            format: of.format,
            name: &of.name,
            version: &of.version,
            title: &of.title,
            description: &of.description,
            licence: &of.licence,
            authors: &of.authors,
            provenance: Provenance1 { kind: of.provenance.kind, origin: &of.provenance.origin },
            kind: of.kind,
            columns: of.columns.iter().map(column).collect(),
            files: &of.files,
        }
    }
}

impl<'a> From<&'a Dataset> for Dataset2<'a> {
    fn from(of: &'a Dataset) -> Self {
        let column = |of: &'a ColumnSpec| Column2 {
            name: &of.name,
            unit: of.unit.as_ref(),
            cells: of.cells,
            uncertainty_of: of.uncertainty_of.as_ref(),
        };
        Self {
            format: of.format,
            name: &of.name,
            version: &of.version,
            title: &of.title,
            description: &of.description,
            licence: &of.licence,
            authors: &of.authors,
            provenance: Provenance2 {
                kind: of.provenance.kind,
                origin: &of.provenance.origin,
                source: of.provenance.source.as_ref(),
                derived_from: of.provenance.derived_from.as_ref(),
            },
            kind: of.kind,
            columns: of.columns.iter().map(column).collect(),
            session_column: of.session_column.as_ref(),
            excluded: &of.excluded,
            files: &of.files,
        }
    }
}
