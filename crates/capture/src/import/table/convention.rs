//! The decimal sign and the grouping of a file: one for all its numbers, or a refusal.

use super::number::{Convention, canonical};
use super::options::{DecimalSign, Delimiter, Flag, Group, Options};
use super::refusal::{Readings, Reason, Refusal};
use super::tally::{Cells, Spot};

/// A column of numbers.
pub(crate) struct Numbers<'a> {
    pub(crate) called: String,
    pub(crate) cells: &'a Cells,
}

/// Decides from all numbers of the file.
pub(crate) fn decide(
    columns: &[Numbers],
    delimiter: Delimiter,
    options: &Options,
) -> Result<Convention, Refusal> {
    let allowed = |at: &usize| {
        let convention = Convention::ALL[*at];
        options.decimal.is_none_or(|sign| sign == convention.decimal)
            && options.group.is_none_or(|group| group == convention.group)
    };
    let fits = |at: &usize| columns.iter().all(|column| column.cells.all_fit(*at));
    let possible: Vec<usize> = (0..8).filter(allowed).filter(fits).collect();
    let Some(first) = possible.first() else { return Err(contradiction(columns, allowed)) };
    let sign =
        |wanted: DecimalSign| possible.iter().copied().find(|at| Convention::ALL[*at].decimal == wanted);
    let (Some(point), Some(comma)) = (sign(DecimalSign::Point), sign(DecimalSign::Comma)) else {
        return Ok(Convention::ALL[*first]);
    };
    let spots = |comma: usize| {
        columns
            .iter()
            .filter_map(move |column| Some((column.called.as_str(), column.cells.two_ways[comma].as_ref()?)))
    };
    let with_comma: Vec<_> = spots(1).collect();
    let mut doubtful = with_comma.clone();
    // A comma between fields is none inside numbers, unless cells say otherwise.
    if delimiter != Delimiter::Comma {
        doubtful.extend(spots(0));
    }
    if doubtful.is_empty() {
        return Ok(Convention::ALL[point]);
    }
    let readings =
        doubtful.iter().take(3).map(|(called, spot)| side_by_side(called, spot, point, comma)).collect();
    let (_, spot) = doubtful[0];
    let refusal = Refusal::at(spot.line, spot.column, Reason::Ambiguous(readings));
    let (first, second) =
        (side_by_side("", spot, point, comma).point, side_by_side("", spot, point, comma).comma);
    Err(refusal
        .or(vec![Flag::Decimal(DecimalSign::Point)], format!("reads `{}` as {first}", spot.cell))
        .or(vec![Flag::Decimal(DecimalSign::Comma)], format!("reads `{}` as {second}", spot.cell)))
}

fn side_by_side(called: &str, spot: &Spot, point: usize, comma: usize) -> Readings {
    let read = |at: usize| {
        // The groups that this cell needs, which may be others than the first possible ones.
        let wanted = Convention::ALL[at];
        let mut out = Vec::new();
        let all = Convention::ALL.into_iter().filter(|convention| convention.decimal == wanted.decimal);
        for convention in std::iter::once(wanted).chain(all) {
            if canonical(spot.cell.as_bytes(), convention, &mut out) {
                break;
            }
        }
        String::from_utf8_lossy(&out).into_owned()
    };
    Readings {
        column: called.to_owned(),
        line: spot.line,
        cell: spot.cell.clone(),
        point: read(point),
        comma: read(comma),
    }
}

/// No convention fits all: the one that fits most is taken for the file's, and the first number against it is shown.
fn contradiction(columns: &[Numbers], allowed: impl Fn(&usize) -> bool) -> Refusal {
    let total = |at: &usize| columns.iter().map(|column| column.cells.fits[*at]).sum::<u64>();
    let best = (0..8).filter(allowed).max_by_key(|at| (total(at), std::cmp::Reverse(*at)));
    let Some(best) = best else {
        let option = "--decimal and --group".to_owned();
        return Refusal::whole(Reason::Option { option, expected: "expected two different signs".into() });
    };
    let others = Convention::ALL[best];
    let worst = columns.iter().find(|column| !column.cells.all_fit(best));
    let Some((column, spot)) = worst.and_then(|column| Some((column, column.cells.unfit[best].as_ref()?)))
    else {
        return Refusal::whole(Reason::NoRows { header: true });
    };
    let (called, cell) = (column.called.clone(), spot.cell.clone());
    let reason = Reason::Convention { column: called.clone(), cell: cell.clone(), others };
    let mut refusal = Refusal::at(spot.line, spot.column, reason);
    if column.cells.marked - column.cells.fits[best] == 1 {
        refusal = refusal
            .or(vec![Flag::Missing(cell.clone())], format!("makes cells with `{cell}` missing values"));
    }
    refusal
        .or(vec![Flag::Text(called.clone())], "keeps the column as text")
        .or(vec![Flag::Drop(called)], "leaves the column out")
}

/// The grouping as it is stated: none, if no number has any.
pub(crate) fn stated(convention: Convention, columns: &[Numbers]) -> Convention {
    let plain = Convention { group: Group::None, ..convention };
    let at = Convention::ALL.iter().position(|other| *other == plain).unwrap_or(0);
    if columns.iter().all(|column| column.cells.all_fit(at)) { plain } else { convention }
}
