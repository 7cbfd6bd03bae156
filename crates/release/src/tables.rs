//! The CSV files of a release and what their columns hold, for every description that tells of them.

use crate::source::Source;
use openweigh_formats::dataset::{CellType, Dataset};
use openweigh_formats::manifest::{ManifestFile, Role};
use openweigh_formats::path::RelativePath;
use openweigh_formats::reading::Per;
use openweigh_formats::recipe::Format;
use openweigh_formats::session::{Channel, PressureUnit, Session};
use openweigh_formats::touches;
use openweigh_formats::weights::Weights;
use openweigh_formats::{events, weighings};

/// What the cells of a column hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cells {
    /// Decimals.
    Number,
    /// Whole numbers.
    Integer,
    /// Texts.
    Text,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    /// Its name in the header.
    pub(crate) name: String,
    /// What it holds.
    pub(crate) cells: Cells,
    /// Its unit, if the sources state one.
    pub(crate) unit: Option<String>,
    /// Whether every cell holds something.
    pub(crate) filled: bool,
    /// Whether no value is below 0.
    pub(crate) counts: bool,
    /// The only words that occur, if there are such.
    pub(crate) words: Vec<&'static str>,
}

/// A CSV file.
#[derive(Debug, Clone)]
pub(crate) struct Table<'a> {
    /// Its entry in the manifest.
    pub(crate) file: &'a ManifestFile,
    /// What other formats call it: its path in lower case, with `.` for `/`.
    pub(crate) id: String,
    /// One line for people.
    pub(crate) title: String,
    /// Its columns, in file order.
    pub(crate) columns: Vec<Column>,
    /// The columns that no two lines share.
    pub(crate) key: Vec<&'static str>,
    /// Where the data come from, of the files of a dataset.
    pub(crate) dataset: Option<&'a Dataset>,
}

/// Every CSV file of a complete source, by path.
pub(crate) fn all<'a>(source: &Source<'a>) -> Vec<Table<'a>> {
    source.present().filter_map(|file| table(source, file)).collect()
}

fn table<'a>(source: &Source<'a>, file: &'a ManifestFile) -> Option<Table<'a>> {
    let path = file.path.as_str();
    let dataset = source.dataset_of(&file.path);
    let of_session = || {
        let session = path.rsplit('/').nth(1).unwrap_or_default();
        dataset.map(|dataset| format!("session {session} of {}", dataset.name)).unwrap_or_default()
    };
    let (columns, key, title): (_, Vec<&'static str>, _) = match file.role {
        Role::Measurements => (measurements(dataset?), Vec::new(), dataset?.title.to_string()),
        Role::Touches => {
            (touch_columns(source, &file.path), Vec::new(), format!("Touches in {}", of_session()))
        }
        Role::Samples => {
            (sample_columns(source, &file.path), vec!["sample"], format!("Samples in {}", of_session()))
        }
        Role::Events => (event_columns(), Vec::new(), format!("Events in {}", of_session())),
        Role::Weighings => {
            (weighing_columns(source, &file.path), vec!["weighing"], format!("Weighings in {}", of_session()))
        }
        Role::Results => {
            let weights = source.weights_of(&file.path)?;
            let (columns, key) = result_columns(weights);
            (columns, key, format!("Results of {} {}", weights.name, weights.version))
        }
        _ => return None,
    };
    let id = path.strip_suffix(".csv").unwrap_or(path).replace('/', ".").to_ascii_lowercase();
    Some(Table { file, id, title, columns, key, dataset })
}

impl Column {
    fn new(name: &str, cells: Cells) -> Self {
        let (unit, filled, counts, words) = (None, false, false, Vec::new());
        Self { name: name.to_owned(), cells, unit, filled, counts, words }
    }

    fn number(name: &str, unit: Option<&str>) -> Self {
        Self { unit: unit.map(str::to_owned), ..Self::new(name, Cells::Number) }
    }

    fn integer(name: &str) -> Self {
        Self::new(name, Cells::Integer)
    }

    fn text(name: &str) -> Self {
        Self::new(name, Cells::Text)
    }

    fn word(name: &str, words: impl IntoIterator<Item = &'static str>) -> Self {
        Self { words: words.into_iter().collect(), ..Self::text(name) }
    }

    fn filled(self) -> Self {
        Self { filled: true, ..self }
    }

    /// A whole number from 0, as frames and rows are counted.
    fn counted(self) -> Self {
        Self { counts: true, ..self }
    }
}

fn measurements(dataset: &Dataset) -> Vec<Column> {
    let column = |column: &openweigh_formats::dataset::ColumnSpec| match column.cells {
        CellType::Number => Column::number(
            column.name.as_str(),
            column.unit.as_ref().map(openweigh_formats::text::Unit::as_str),
        ),
        CellType::Text => Column::text(column.name.as_str()),
    };
    dataset.columns.iter().map(column).collect()
}

/// The session that a file is of.
fn session_of<'a>(source: &Source<'a>, path: &RelativePath) -> Option<&'a Session> {
    let description = path.sibling(&"session.json".parse().ok()?).ok()?;
    source.opened.sessions.get(&description)
}

fn sample_columns(source: &Source<'_>, path: &RelativePath) -> Vec<Column> {
    let channels = session_of(source, path).and_then(Session::channels).unwrap_or_default();
    let channel = |channel: &Channel| {
        Column::number(
            channel.name.as_str(),
            channel.unit.as_ref().map(openweigh_formats::text::Unit::as_str),
        )
    };
    let before = [
        Column::integer("sample").counted().filled(),
        Column::number("device_s", Some("s")),
        Column { unit: Some("ns".to_owned()), ..Column::integer("arrival_ns") },
    ];
    before.into_iter().chain(channels.iter().map(channel)).collect()
}

fn touch_columns(source: &Source<'_>, path: &RelativePath) -> Vec<Column> {
    let pressure = match session_of(source, path).map(|session| session.source.unit) {
        Some(PressureUnit::Grams) => Some("g"),
        Some(PressureUnit::Counts) => Some("counts"),
        Some(PressureUnit::Unknown) | None => None,
    };
    let column = |name: &&'static str| match *name {
        "frame" => Column::integer(name).counted().filled(),
        "device_frame" | "touch" | "finger" | "hand" | "field14" | "field15" => Column::integer(name),
        "arrival_ns" => Column { unit: Some("ns".to_owned()), ..Column::integer(name) },
        "state" => Column::word(name, touches::State::ALL.map(touches::State::as_str)),
        "device_s" => Column::number(name, Some("s")),
        "x_mm" | "y_mm" => Column::number(name, Some("mm")),
        "pressure" => Column::number(name, pressure),
        _ => Column::number(name, None),
    };
    touches::COLUMNS.iter().map(column).collect()
}

fn event_columns() -> Vec<Column> {
    vec![
        Column::integer("after_frame").counted(),
        Column::word("kind", events::Kind::ALL.map(events::Kind::as_str)).filled(),
        Column::text("detail"),
    ]
}

/// The words of the column `role`, in the data and in the results.
fn roles() -> [&'static str; 3] {
    [weighings::Role::Tare, weighings::Role::Reference, weighings::Role::Unknown].map(weighings::Role::as_str)
}

fn weighing_columns(source: &Source<'_>, path: &RelativePath) -> Vec<Column> {
    let weighings = source.opened.weighings.get(path);
    let second = weighings.is_some_and(|all| all.iter().any(|weighing| weighing.details.is_some()));
    let details = [
        Column::text("reference"),
        Column::text("series"),
        Column::word("direction", weighings::Direction::ALL.map(weighings::Direction::as_str)),
        Column::text("position"),
        Column::number("hold_s", Some("s")),
    ];
    let mut columns = vec![
        Column::text("weighing").filled(),
        Column::word("role", roles()).filled(),
        Column::text("label"),
        Column::integer("first_frame").counted().filled(),
        Column::integer("last_frame").counted().filled(),
        Column::text("tare"),
        Column::number("reference_g", Some("g")),
        Column::number("reference_u_g", Some("g")),
    ];
    columns.extend(details.into_iter().filter(|_| second));
    columns
}

fn result_columns(weights: &Weights) -> (Vec<Column>, Vec<&'static str>) {
    let unit = weights.recipe.result.unit.as_ref().map(openweigh_formats::text::Unit::as_str);
    let of_feature = |name: &str| {
        let column = weights.applies_to.columns.iter().find(|column| column.name.as_str() == name);
        column.and_then(|column| column.unit.as_ref()).map(openweigh_formats::text::Unit::as_str)
    };
    let features = weights.recipe.features();
    let features =
        features.iter().map(|feature| Column::number(feature.as_str(), of_feature(feature.as_str())));
    let dataset = Column::text("dataset").filled();
    let numbers =
        |names: &[&str]| -> Vec<Column> { names.iter().map(|name| Column::number(name, unit)).collect() };
    let second = weights.recipe.format == Format::V2;
    // What version 2 states of an uncertainty: its degrees of freedom are counted, and a factor has no unit.
    let uncertain = |u: &str, expanded: &str| {
        let dof = [Column::integer("dof").counted(), Column::number("k", None)];
        let version_2 = numbers(&[u]).into_iter().chain(dof);
        let columns: Vec<Column> = version_2.filter(|_| second).chain(numbers(&[expanded])).collect();
        columns
    };
    let with = |value: &str, uncertain: Vec<Column>, behind: [&str; 2]| {
        numbers(&[value]).into_iter().chain(uncertain).chain(numbers(&behind)).collect()
    };
    let (before, behind, key): (_, Vec<Column>, _) =
        match weights.recipe.reading.as_ref().map(|reading| reading.per) {
            None => (
                vec![dataset, Column::integer("row").counted().filled()],
                with("predicted", uncertain("u", "expanded_u"), ["target", "error"]),
                vec!["dataset", "row"],
            ),
            Some(Per::Weighing) => (
                vec![
                    dataset,
                    Column::text("session").filled(),
                    Column::text("weighing").filled(),
                    Column::word("role", roles()).filled(),
                    Column::text("label"),
                    Column::integer("frames").counted(),
                ],
                with("grams", uncertain("u_g", "expanded_u_g"), ["reference_g", "error_g"]),
                vec!["dataset", "session", "weighing"],
            ),
            Some(Per::Frame) => (
                vec![dataset, Column::text("session").filled(), Column::integer("frame").counted().filled()],
                numbers(&["grams"]),
                vec!["dataset", "session", "frame"],
            ),
        };
    let flags = Column::text("flags");
    (before.into_iter().chain(features).chain(behind).chain([flags]).collect(), key)
}
