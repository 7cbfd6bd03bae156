//! How a table is read, in words.

use crate::answer::{ImportedTable, SeenTable};
use crate::failure::Failure;
use crate::screen::{Screen, padded};
use crate::{exit, show};
use openweigh_capture::import::table::{
    Change, ChangeKind, Column, Delimiter, Group, LineEnds, Note, Plan, Refusal, Rows, Source, Summary,
};
use openweigh_formats::count;
use openweigh_formats::dataset::CellType;
use openweigh_formats::malformed::shortened;
use openweigh_formats::shown::plain;
use std::collections::VecDeque;

/// Rows that are shown from each end.
const SHOWN: usize = 5;

/// Shows the table as it would be stored.
pub(crate) fn dry_run(
    plan: &Plan,
    source: &mut dyn Source,
    shown: &str,
    screen: &mut Screen,
) -> Result<u8, Failure> {
    let (mut first, mut last) = (Vec::new(), VecDeque::new());
    let rows = plan.rows(source, &mut |row| {
        let cells = || row.text.split(',').map(|cell| shortened(cell, 30)).collect::<Vec<_>>();
        if first.len() < SHOWN {
            first.push(cells());
        } else {
            if last.len() == SHOWN {
                last.pop_front();
            }
            last.push_back(cells());
        }
        Ok(())
    });
    let rows = rows.map_err(|source| Failure::Table { path: shown.to_owned(), source })?;
    let unit = |column: &Column| column.unit.as_ref().map(ToString::to_string);
    screen.document(&ImportedTable {
        rows: plan.rows,
        written: false,
        columns: names(plan),
        changes: changes(plan, &rows),
        reading: plan.how_read(),
        made: None,
        seen: Some(SeenTable {
            units: plan.columns.iter().map(unit).collect(),
            types: plan.columns.iter().map(|column| word(column.cells)).collect(),
            first: first.clone(),
            last: last.iter().cloned().collect(),
        }),
    });
    screen.line(&format!("{shown}: {}, as they would be stored", size(plan)))?;
    how(plan, &rows, screen)?;
    screen.line("")?;
    let mut lines = vec![["column", "type", "unit", "in the source"].map(str::to_owned).to_vec()];
    for column in &plan.columns {
        let unit = column.unit.as_ref().map_or("-", |unit| unit.as_str()).to_owned();
        let header = if column.header.is_empty() { "-".into() } else { shortened(&column.header, 40) };
        lines.push(vec![column.name.to_string(), word(column.cells).into(), unit, header]);
    }
    show::table(&lines, &[false; 4], screen)?;
    screen.line("")?;
    let left = plan.rows.saturating_sub((first.len() + last.len()) as u64);
    let mut lines = vec![plan.columns.iter().map(|column| column.name.to_string()).collect::<Vec<_>>()];
    lines.extend(first);
    if left > 0 {
        lines.push(vec!["…".into(); plan.columns.len()]);
    }
    lines.extend(last);
    let right: Vec<bool> = plan.columns.iter().map(|column| column.cells == CellType::Number).collect();
    show::table(&lines, &right, screen)?;
    screen.line("")?;
    screen.line("nothing was written; leave out --dry-run, and give a --name, to import it")?;
    Ok(exit::DONE)
}

fn word(cells: CellType) -> &'static str {
    match cells {
        CellType::Number => "number",
        CellType::Text => "text",
    }
}

/// `6 rows of 2 columns`.
pub(crate) fn size(plan: &Plan) -> String {
    format!("{} of {}", count::of(plan.rows, "row"), count::of(plan.columns.len() as u64, "column"))
}

/// The names of the columns.
pub(crate) fn names(plan: &Plan) -> Vec<String> {
    plan.columns.iter().map(|column| column.name.to_string()).collect()
}

/// Says how the table is read, as far as it is not the plainest way, and what is changed.
pub(crate) fn how(plan: &Plan, rows: &Rows, screen: &mut Screen) -> Result<(), Failure> {
    read_with(plan).iter().try_for_each(|line| screen.line(&format!("  {line}")))?;
    changes(plan, rows).iter().try_for_each(|line| screen.line(&format!("  changed: {line}")))?;
    for Summary { line, row, word } in &rows.summaries {
        screen.line(&format!(
            "  kept: line {line} begins with `{}`; if it sums up the rows above, leave it out of fits with `openweigh exclude NAME {row} --reason TEXT`",
            shortened(word, 40)
        ))?;
    }
    Ok(())
}

/// How a table is read, as far as it is not the plainest way, a line each.
pub(crate) fn read_with(plan: &Plan) -> Vec<String> {
    let mut read = Vec::new();
    if plan.encoding != "UTF-8" {
        read.push(format!("encoding {}", plan.encoding));
    }
    if let Some(sheet) = &plan.sheet {
        read.push(format!("the sheet `{}`", shortened(sheet, 40)));
    }
    if plan.is_json() {
        read.push("JSON, an object a line".into());
    }
    match plan.delimiter {
        _ if plan.sheet.is_some() || plan.is_json() => {}
        Delimiter::Comma | Delimiter::None => {}
        Delimiter::Spaces => read.push("spaces between fields".into()),
        Delimiter::Gaps => read.push("two spaces or more between fields".into()),
        Delimiter::Tab => read.push("tabs between fields".into()),
        other => read.push(format!("`{}` between fields", other.as_str())),
    }
    let stated = plan.how_read();
    if stated.decimal.as_ref().is_some_and(|sign| sign.as_str() == ",") {
        read.push("`,` is the decimal sign".into());
    }
    match plan.convention.group {
        Group::None => {}
        Group::Space => read.push("spaces between groups of digits".into()),
        other => read.push(format!("`{}` between groups of digits", other.as_str())),
    }
    if let Some(line) = plan.header_line.filter(|line| *line > 1) {
        read.push(format!("the names are in line {line}"));
    }
    if plan.header_line.is_none() && !plan.is_json() {
        read.push("no header".into());
    }
    if let Some(line) = plan.units_line {
        read.push(format!("the units are in line {line}"));
    }
    let read = Some(format!("read with: {}", read.join(", "))).filter(|_| !read.is_empty());
    read.into_iter().chain(plan.notes.iter().map(noted)).collect()
}

fn noted(note: &Note) -> String {
    match note {
        Note::Mark => "left out: the byte order mark".into(),
        Note::LineEnds(LineEnds::Cr) => "changed: line ends, from CR to LF".into(),
        Note::LineEnds(LineEnds::Mixed) => {
            "changed: line ends, some from CR alone, to LF; each was taken for the end of a line".into()
        }
        Note::LineEnds(_) => "changed: line ends, from CR LF to LF".into(),
        Note::Blank(lines) => format!("left out: {}", count::of(*lines, "blank line")),
        Note::Repeats(rows) => format!("left out: {} of the header", count::of(*rows, "repetition")),
        Note::Above(1) => "left out: line 1, above the header".into(),
        Note::Above(line) => format!("left out: lines 1 to {line}, above the header"),
        Note::Separator(line) => format!("left out: line {line}, which states the delimiter"),
        Note::EmptyColumn(at) => format!("left out: column {}, which has neither a name nor a value", at + 1),
        Note::Arrows(at) => format!("left out: column {}, which holds arrows alone", at + 1),
        Note::Index(at) => format!("named: column {} has no name and counts the rows; it is `index`", at + 1),
        Note::UnitInCells(name, unit) => format!("read: the cells of `{name}` state its unit, {unit}"),
        Note::Comments(left) => {
            let numbers: Vec<String> = left.first.iter().map(u64::to_string).collect();
            let more = if left.lines > numbers.len() as u64 { ", …" } else { "" };
            let (lines, numbers) = (count::of(left.lines, "line"), numbers.join(", "));
            let start = if left.lines == 1 { "starts" } else { "start" };
            format!("left out: {lines} that {start} with `{}` ({numbers}{more})", left.mark)
        }
        Note::Received(name) => {
            format!("read: the times that a serial monitor wrote before each line are the column `{name}`")
        }
        Note::Rules(lines) => format!("left out: {} of dashes", count::of(*lines, "line")),
        _ => "left out: something that is not named here".into(),
    }
}

/// What was changed, by column.
pub(crate) fn changes(plan: &Plan, rows: &Rows) -> Vec<String> {
    let renamed = plan.columns.iter().filter(|column| column.renamed && !column.header.is_empty());
    let mut lines: Vec<String> = renamed
        .map(|column| format!("column `{}` is named `{}`", shortened(&column.header, 40), column.name))
        .collect();
    lines.extend(rows.changes.iter().map(|change| changed(plan, change)));
    lines
}

fn changed(plan: &Plan, change: &Change) -> String {
    let name = plan.columns.get(change.column).map_or("", |column| column.name.as_str());
    let what = match change.kind {
        ChangeKind::Canonical => "written in canonical form, of the same value",
        ChangeKind::Missing => "a word for a missing value, now empty",
        ChangeKind::Text => {
            "text without what a dataset cannot hold, and with ' before what a spreadsheet would run"
        }
    };
    let show = |(line, before, after): &(u64, String, String)| {
        let before = shortened(before, 40);
        match change.kind {
            ChangeKind::Missing => format!("line {line}: `{before}`"),
            _ => format!("line {line}: `{before}` to `{}`", shortened(after, 40)),
        }
    };
    let cells = count::of(change.cells, "cell");
    let first = show(&change.first);
    if change.first == change.largest {
        format!("`{name}`, {cells}: {what} ({first})")
    } else {
        format!("`{name}`, {cells}: {what} (first {first}; largest {})", show(&change.largest))
    }
}

/// The options that settle a refused table, a line each.
pub(crate) fn ways_out(refusal: &Refusal) -> Option<String> {
    let typed: Vec<(String, &str)> =
        refusal.ways.iter().map(|way| (way.to_string(), way.gives.as_str())).collect();
    let width = typed.iter().map(|(flags, _)| flags.chars().count()).max()?.min(40);
    let lines =
        typed.iter().map(|(flags, gives)| format!("\n  {}  {}", padded(&plain(flags), width), plain(gives)));
    let lead = if typed.len() == 1 { "add this to the command:" } else { "add one of these to the command:" };
    Some(format!("{lead}{}", lines.collect::<String>()))
}
