//! Names of columns: as the source has them, and as a dataset may have them.

use super::layout::Layout;
use super::options::{Flag, Options};
use super::refusal::{Reason, Refusal};
use super::units;
use openweigh_formats::text::{ColumnName, Unit, flaw, is_of_name, tidied};

/// The column of times at which a serial monitor received the lines.
pub(crate) const RECEIVED: &str = "received";

/// The name of a column without one.
pub(crate) fn numbered(at: usize) -> String {
    format!("column_{}", at + 1)
}

/// What to call a column on a command line: as the source does, or by its number.
pub(crate) fn called(header: &str, at: usize) -> String {
    // What is not seen cannot be typed.
    let typed = !header.is_empty() && openweigh_formats::shown::plain(header) == header;
    if typed { header.to_owned() } else { format!("#{}", at + 1) }
}

/// The name that a dataset has for a header, without its unit; not yet checked.
pub(crate) fn drafted(header: &str, at: usize) -> String {
    written(&units::in_header(header).0, at)
}

/// A header's name and its unit; `u(m)` beside a column `m` is the uncertainty of that, and no `u` in metres.
fn split(headers: &[String], at: usize) -> (String, Option<String>) {
    let header = headers.get(at).map_or("", String::as_str);
    let found = units::in_header(header);
    let of_uncertainties = ["u", "U", "s", "S", "σ", "sd", "SD", "std", "d", "Δ", "delta", "err", "unc"];
    if let (name, Some(inner)) = &found
        && of_uncertainties.contains(&name.as_str())
        && headers.iter().any(|other| units::in_header(other).0 == *inner)
    {
        return (header.to_owned(), None);
    }
    found
}

/// A name without its unit, as a dataset may have it.
fn written(bare: &str, at: usize) -> String {
    let bare = tidied(bare);
    let mut name = String::new();
    for c in bare.chars() {
        if is_of_name(c, false) && c != '_' {
            name.push(c);
        } else if !name.ends_with('_') {
            name.push('_');
        }
    }
    let kept = name.trim_matches('_');
    let mut name = if bare.starts_with('_') { format!("_{kept}") } else { kept.to_owned() };
    if kept.is_empty() {
        return numbered(at);
    }
    if !name.starts_with(|c| is_of_name(c, true)) {
        name.insert(0, '_');
    }
    if name == "hinge" {
        name.push('_');
    }
    name.chars().take(64).collect()
}

/// The column that a person means: `#2`, its header, its header without the unit, or its name in the dataset.
pub(crate) fn meant(wanted: &str, headers: &[String], fields: usize) -> Option<usize> {
    let header = |at: usize| headers.get(at).map_or("", String::as_str);
    if let Some(number) = wanted.strip_prefix('#').and_then(|text| text.parse::<usize>().ok()) {
        return (1..=fields).contains(&number).then(|| number - 1);
    }
    (0..fields)
        .find(|at| header(*at) == wanted)
        .or_else(|| (0..fields).find(|at| split(headers, *at).0 == wanted))
        .or_else(|| (0..fields).find(|at| written(&split(headers, *at).0, *at) == wanted))
}

/// Which columns a person wants as text, or not at all.
pub(crate) fn told(options: &Options, headers: &[String], fields: usize) -> Vec<bool> {
    let mut told = vec![false; fields];
    for wanted in options.text.iter().chain(&options.drop) {
        if let Some(at) = meant(wanted, headers, fields) {
            told[at] = true;
        }
    }
    told
}

/// A column as it will be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) name: ColumnName,
    pub(crate) unit: Option<Unit>,
    /// The name was not that of the source, without its unit.
    pub(crate) changed: bool,
}

/// What is told about columns, found in the headers.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) text: Vec<usize>,
    pub(crate) drop: Vec<usize>,
    pub(crate) rename: Vec<(usize, ColumnName)>,
    pub(crate) units: Vec<(usize, Unit)>,
    /// Whether the row of units is named.
    pub(crate) units_row: bool,
}

/// Finds the columns that options name.
pub(crate) fn resolve(options: &Options, headers: &[String], fields: usize) -> Result<Told, Refusal> {
    let find = |option: &str, wanted: &str, shown: String| {
        meant(wanted, headers, fields).ok_or_else(|| {
            let columns =
                (0..fields).map(|at| called(headers.get(at).map_or("", String::as_str), at)).collect();
            Refusal::whole(Reason::NoColumn { option: format!("{option} {shown}"), columns })
        })
    };
    let wrong = |option: &str, shown: String, expected: String| {
        Refusal::whole(Reason::Option { option: format!("{option} {shown}"), expected })
    };
    let mut told = Told { units_row: options.units_line.is_some(), ..Told::default() };
    for wanted in &options.text {
        told.text.push(find("--text", wanted, wanted.clone())?);
    }
    for wanted in &options.drop {
        told.drop.push(find("--drop", wanted, wanted.clone())?);
    }
    let mut renamed: Vec<(String, usize)> = Vec::new();
    for (from, to) in &options.rename {
        let shown = format!("{from}={to}");
        let at = find("--rename", from, shown.clone())?;
        let name = to.parse::<ColumnName>().map_err(|error| wrong("--rename", shown, error.to_string()))?;
        renamed.push((to.clone(), at));
        told.rename.push((at, name));
    }
    for (column, unit) in &options.units {
        let shown = format!("{column}={unit}");
        let new = renamed.iter().find(|(name, _)| name == column).map(|(_, at)| *at);
        let at = new.map_or_else(|| find("--unit", column, shown.clone()), Ok)?;
        if let Some(flaw) = flaw(unit) {
            return Err(wrong("--unit", shown, format!("found {flaw}, expected the symbol of a unit")));
        }
        let unit = unit.parse::<Unit>().map_err(|error| wrong("--unit", shown, error.to_string()))?;
        told.units.push((at, unit));
    }
    Ok(told)
}

/// Names the columns that are kept.
pub(crate) fn name(layout: &Layout, kept: &[usize], told: &Told) -> Result<Vec<Named>, Refusal> {
    let headers = &layout.names;
    let header_line = layout.header.unwrap_or(0);
    let mut named: Vec<Named> = Vec::with_capacity(kept.len());
    for (place, at) in kept.iter().copied().enumerate() {
        let header = headers.get(at).map_or("", String::as_str);
        let (bare, in_header) = split(headers, at);
        let renamed =
            told.rename.iter().rev().find(|(column, _)| *column == at).map(|(_, name)| name.clone());
        let draft = written(&bare, at);
        let changed = renamed.is_none() && draft != bare;
        let name = match renamed {
            Some(name) => name,
            None => draft.parse::<ColumnName>().map_err(|error| {
                let reason = Reason::Name { header: header.to_owned(), why: error.to_string() };
                let new = numbered(at);
                Refusal::at(header_line, 0, reason).or(
                    vec![Flag::Rename(format!("#{}", at + 1), new.clone())],
                    format!("calls the column `{new}`"),
                )
            })?,
        };
        if let Some(new) = disguised(name.as_str()) {
            let why = "it mixes Latin letters with Cyrillic ones that look the same".to_owned();
            let reason = Reason::Name { header: name.to_string(), why };
            let way = vec![Flag::Rename(format!("#{}", at + 1), new.clone())];
            return Err(Refusal::at(header_line, 0, reason).or(way, format!("calls the column `{new}`")));
        }
        let other = named.iter().position(|other| alike(other.name.as_str(), name.as_str()));
        if let Some(other) = other {
            let columns = (kept[other] + 1, at + 1);
            let other = named[other].name.to_string();
            let new = format!("{name}_{}", place + 1);
            let reason = Reason::Twice { name: name.to_string(), other, columns };
            return Err(Refusal::at(header_line, 0, reason).or(
                vec![Flag::Rename(format!("#{}", at + 1), new.clone())],
                format!("calls column {} `{new}`", at + 1),
            ));
        }
        let stated = told.units.iter().rev().find(|(column, _)| *column == at).map(|(_, unit)| unit.clone());
        let cell = layout.unit_cells.get(at).and_then(|cell| match units::in_cell(cell) {
            // A person who names the row of units knows them.
            None if told.units_row && cell.chars().any(char::is_alphanumeric) => Some(cell.clone()),
            known => known,
        });
        let own = layout.cells.get(at).filter(|_| !told.text.contains(&at));
        let own = own.and_then(|cells| cells.unit.clone());
        if let (None, Some(own), Some(other)) = (&stated, &own, cell.as_ref().or(in_header.as_ref()))
            && own != other
        {
            let column = called(header, at);
            let reason = Reason::Units { column: column.clone(), cell: own.clone(), unit: other.clone() };
            return Err(Refusal::at(header_line, 0, reason)
                .or(vec![Flag::Text(column.clone())], "keeps the column as text")
                .or(vec![Flag::Drop(column)], "leaves the column out"));
        }
        let unit = stated.or_else(|| cell.or(in_header).or(own).and_then(|unit| tidied(&unit).parse().ok()));
        named.push(Named { name, unit, changed });
    }
    Ok(named)
}

/// Whether people would take two names for each other: they are the same but for the case of their letters, or look
/// the same in letters of two scripts.
fn alike(one: &str, other: &str) -> bool {
    let looks = || unicode_security::skeleton(one).eq(unicode_security::skeleton(other));
    one == other
        || one.to_lowercase() == other.to_lowercase()
        || ((!one.is_ascii() || !other.is_ascii()) && looks())
}

/// The Latin name that a name looks like which has Cyrillic letters among Latin ones, and none that can be told apart.
fn disguised(name: &str) -> Option<String> {
    let is_cyrillic = |c: char| ('\u{400}'..='\u{52f}').contains(&c);
    if !name.contains(is_cyrillic) || !name.contains(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let plain: String = (name.chars())
        .flat_map(|c| {
            if is_cyrillic(c) {
                unicode_security::skeleton(c.encode_utf8(&mut [0; 4])).collect::<Vec<_>>()
            } else {
                vec![c]
            }
        })
        .collect();
    plain.is_ascii().then_some(plain)
}
