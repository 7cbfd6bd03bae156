//! Which delimiter: the one that makes the table whose cells agree best.

use super::layout::{Layout, Verdict};
use super::options::{Delimiter, Flag};
use super::refusal::{Reason, Refusal};
use super::tally::Tally;
use super::units;
use std::cmp::Ordering;

/// The table of the delimiter that was chosen.
pub(crate) struct Found {
    pub(crate) layout: Layout,
    pub(crate) blank: u64,
}

/// The part of the cells that are numbers or times: greater if more.
fn by_share(one: &Verdict, other: &Verdict) -> Ordering {
    let cross = |left: &Verdict, right: &Verdict| u128::from(left.share.0) * u128::from(right.share.1);
    cross(one, other).cmp(&cross(other, one))
}

fn is_full(verdict: &Verdict) -> bool {
    verdict.share.0 == verdict.share.1 && verdict.share.0 > 0
}

/// The line at which the table begins.
fn begins(verdict: &Verdict) -> Option<u64> {
    match &verdict.outcome {
        Ok(layout) => Some(layout.header.unwrap_or(layout.first)),
        Err(refusal) => {
            verdict.top.or_else(|| matches!(refusal.reason, Reason::NoHeader).then_some(refusal.place.line))
        }
    }
}

/// The line of the header of a table that is read.
fn header(verdict: &Verdict) -> Option<u64> {
    verdict.outcome.as_ref().ok().filter(|_| verdict.level >= 2).and_then(|layout| layout.header)
}

/// Whether a table begins above another one, which leaves those lines out.
fn begins_above(one: &Verdict, other: &Verdict) -> bool {
    begins(one).zip(begins(other)).is_some_and(|(one, other)| one < other)
}

fn rank(one: &Verdict, other: &Verdict) -> Ordering {
    one.level.cmp(&other.level).then_with(|| by_share(one, other))
}

/// The delimiters, by place, among which no one is better than the others; the first is the most usual.
pub(crate) fn likely(tallies: &[Tally], verdicts: &[Verdict]) -> Vec<usize> {
    let field = Field { tallies, verdicts };
    let mut best = field.marks();
    field.add_spaces(&mut best);
    field.add_gaps(&mut best);
    field.add_none(&mut best);
    best
}

/// The tables among which one is chosen.
struct Field<'a> {
    tallies: &'a [Tally],
    verdicts: &'a [Verdict],
}

impl Field<'_> {
    fn of(&self, wanted: impl Fn(Delimiter) -> bool) -> impl Iterator<Item = usize> {
        (0..self.tallies.len()).filter(move |at| wanted(self.tallies[*at].delimiter))
    }

    fn splits(&self, at: usize) -> bool {
        self.tallies[at].fields.is_none_or(|fields| fields > 1)
    }

    /// Whether one of the best is the same table, made by this delimiter.
    fn is_same(&self, best: &[usize], at: usize, delimiter: Delimiter) -> bool {
        let same = |other: &usize| {
            let other = &self.tallies[*other];
            other.delimiter == delimiter && other.fields == self.tallies[at].fields
        };
        best.iter().any(same)
    }

    /// The best of the delimiters that are one sign.
    fn marks(&self) -> Vec<usize> {
        let mut best: Vec<usize> = Vec::new();
        for at in self.of(|delimiter| delimiter.byte().is_some()).filter(|at| self.splits(*at)) {
            let Some(first) = best.first().copied() else {
                best = vec![at];
                continue;
            };
            let (one, other) = (&self.verdicts[at], &self.verdicts[first]);
            // Without a header, texts that hold the delimiter of another table are no proof against that table.
            let open = one.level == 2 && other.level == 2 && !is_full(one) && !is_full(other);
            match rank(one, other) {
                Ordering::Greater if open => best.insert(0, at),
                Ordering::Greater => best = vec![at],
                Ordering::Equal => best.push(at),
                Ordering::Less if open => best.push(at),
                Ordering::Less => {}
            }
        }
        best
    }

    fn add_spaces(&self, best: &mut Vec<usize>) {
        let spaces = self.of(|delimiter| delimiter == Delimiter::Spaces).find(|at| self.splits(*at));
        let Some(at) = spaces else { return };
        let spaces = &self.verdicts[at];
        // Tabs are among the spaces: the same fields are the same table.
        if self.is_same(best, at, Delimiter::Tab) {
            return;
        }
        let Some(first) = best.first().map(|first| &self.verdicts[*first]) else {
            // Words of a text are no fields.
            if spaces.share.0 > 0 {
                *best = vec![at];
            }
            return;
        };
        // Names and numbers of both on the same lines: `load (g),reading` above `10 20,3`.
        if is_full(spaces) && !is_full(first) && header(first).is_some() && header(first) == header(spaces) {
            best.push(at);
            return;
        }
        // Texts have spaces in them, and times have one before them: another delimiter that makes a table is right,
        // unless spaces leave nothing but numbers.
        // A table that is refused is not replaced by one that leaves its first lines out.
        let better = match first.level {
            1.. if begins_above(first, spaces) => false,
            2.. if is_full(spaces) && !is_full(first) => spaces.level >= 2,
            // A header and rows of every line are a better table than one that begins below some of them.
            2.. => spaces.level == 3 && spaces.share.0 > 0 && begins_above(spaces, first),
            _ => rank(spaces, first) == Ordering::Greater && spaces.share.0 > 0,
        };
        let more = by_share(spaces, first) == Ordering::Greater;
        if better {
            *best = vec![at];
            return;
        }
        // Without a header nothing tells which of two tables it is; with one, only two tables of numbers do not.
        let alike = spaces.level == first.level && is_full(spaces) == is_full(first);
        // Nor where the other leaves lines out that are rows of this one.
        let whole = spaces.level == 2 && more && begins_above(spaces, first);
        if whole || (alike && (is_full(first) || (first.level == 2 && spaces.share.0 > 0))) {
            best.insert(if more { 0 } else { best.len() }, at);
        }
    }

    /// Columns apart by two spaces or more, whose names or texts have single ones.
    fn add_gaps(&self, best: &mut Vec<usize>) {
        let gaps = self.of(|delimiter| delimiter == Delimiter::Gaps).find(|at| self.splits(*at));
        let Some(at) = gaps else { return };
        let gaps = &self.verdicts[at];
        if gaps.level < 2 || gaps.share.0 == 0 {
            return;
        }
        let Some(first) = best.first().copied() else {
            *best = vec![at];
            return;
        };
        let of_spaces = self.tallies[first].delimiter == Delimiter::Spaces;
        let same = [Delimiter::Tab, Delimiter::Spaces].iter().any(|other| self.is_same(best, at, *other));
        let first = &self.verdicts[first];
        if same && first.level >= gaps.level {
            return;
        }
        match gaps.level.cmp(&first.level) {
            // Signs have spaces around them, too.
            _ if !of_spaces && first.level >= 2 => {}
            Ordering::Greater => *best = vec![at],
            Ordering::Equal => best.push(at),
            Ordering::Less => {}
        }
    }

    /// Each line as one field.
    fn add_none(&self, best: &mut Vec<usize>) {
        let Some(at) = self.of(|delimiter| delimiter == Delimiter::None).next() else { return };
        let none = &self.verdicts[at];
        let Some(place) = best.first().copied() else {
            *best = vec![at];
            return;
        };
        let (first, delimiter) = (&self.verdicts[place], self.tallies[place].delimiter);
        let of_spaces = matches!(delimiter, Delimiter::Spaces | Delimiter::Gaps);
        match none.level.cmp(&first.level) {
            _ if !is_full(none) => {}
            // A header that falls into names says that there are fields, well made or not.
            Ordering::Greater if header_splits(none, delimiter) => {}
            Ordering::Greater => *best = vec![at],
            // Not so with spaces, which a name and a grouped number may have in them as well.
            Ordering::Equal
                if none.level == 3 && is_full(first) && !names_with_unit(none, delimiter) && !of_spaces => {}
            Ordering::Equal if none.level == 3 || is_full(first) => best.push(at),
            Ordering::Equal if none.level == 2 => *best = vec![at],
            _ => {}
        }
    }
}

/// Whether the header of a table of one column has a delimiter in it.
fn header_splits(none: &Verdict, delimiter: Delimiter) -> bool {
    let header = none.outcome.as_ref().ok().and_then(|layout| layout.names.first());
    header.is_some_and(|header| delimiter.byte().is_some_and(|byte| header.as_bytes().contains(&byte)))
}

/// A header of several names above rows of one field: the rows lack some, unless it is a name with its unit.
fn fields_in(layout: &Layout) -> Option<Refusal> {
    let header = layout.names.first()?;
    let marks = |byte: &u8| Delimiter::ALL.iter().any(|delimiter| delimiter.byte() == Some(*byte));
    let names = header.bytes().filter(marks).count() + 1;
    if names == 1 || units::in_header(header).1.is_some() {
        return None;
    }
    let reason = Reason::Fields { found: 1, expected: names, lines: layout.rows, spaces: false, cut: None };
    Some(Refusal::at(layout.first, 1, reason).or(
        vec![Flag::Delimiter(Delimiter::None)],
        format!("takes each line as one field, called `{}`", super::names::drafted(header, 0)),
    ))
}

/// Whether the header of a table of one column is rather one name with its unit: `Load, kg`, `Druck (g)`.
fn names_with_unit(none: &Verdict, delimiter: Delimiter) -> bool {
    let header = none.outcome.as_ref().ok().and_then(|layout| layout.names.first());
    // `Mass (g),Reading (mV)`: a name that has its unit is followed by another name, and so is a comma without a space.
    let several = |header: &str| {
        let mut parts = header.split(|c| delimiter.byte().is_some_and(|byte| c == char::from(byte)));
        let first = parts.next().unwrap_or_default();
        let rest: Vec<&str> = parts.collect();
        !rest.is_empty()
            && (units::in_header(first).1.is_some() || rest.iter().any(|part| !part.starts_with(' ')))
    };
    header.is_some_and(|header| {
        header.contains(' ') && units::in_header(header).1.is_some() && !several(header)
    })
}

/// Chooses, or shows between which nothing decides.
pub(crate) fn choose(mut tallies: Vec<Tally>, mut verdicts: Vec<Verdict>) -> Result<Found, Refusal> {
    // A delimiter that is told is not judged by the number of fields that it makes.
    let best = if tallies.len() == 1 { vec![0] } else { likely(&tallies, &verdicts) };
    let Some(first) = best.first().copied() else {
        return Err(Refusal::whole(Reason::NoRows { header: false }));
    };
    if best.len() > 1 {
        return Err(undecided(&mut tallies, &best));
    }
    if tallies[first].delimiter == Delimiter::None
        && let Some(refusal) = broken(&tallies)
    {
        return Err(refusal);
    }
    // Lines of one field are no table where fields lack in the last line alone.
    if tallies[first].delimiter == Delimiter::None
        && verdicts[first].level < 2
        && verdicts[first].outcome.is_err()
        && let Some(at) = verdicts.iter().position(is_cut)
        && let Err(refusal) = verdicts.swap_remove(at).outcome
    {
        return Err(refusal);
    }
    let tally = tallies.swap_remove(first);
    let verdict = verdicts.swap_remove(first);
    let alone = tallies.is_empty();
    match verdict.outcome {
        Ok(layout) if tally.delimiter == Delimiter::None && !alone => match fields_in(&layout) {
            Some(refusal) => Err(refusal),
            None => Ok(Found { layout, blank: tally.blank }),
        },
        Ok(layout) => Ok(Found { layout, blank: tally.blank }),
        Err(refusal) if tally.delimiter == Delimiter::None && verdict.share.0 == 0 && !alone => {
            let is_empty = matches!(refusal.reason, Reason::NoRows { .. });
            Err(if is_empty { refusal } else { Refusal::whole(Reason::OneText) })
        }
        Err(refusal) => Err(refusal),
    }
}

/// Whether a table is refused for its last line, which lacks fields.
fn is_cut(verdict: &Verdict) -> bool {
    let refusal = verdict.outcome.as_ref().err();
    refusal.is_some_and(|refusal| matches!(refusal.reason, Reason::Fields { cut: Some(_), .. }))
}

/// A quote that is left open under a delimiter that the first row has: then the lines are not what they seem.
fn broken(tallies: &[Tally]) -> Option<Refusal> {
    tallies.iter().find_map(|tally| {
        let byte = tally.delimiter.byte()?;
        let has = tally.head.first().is_some_and(|row| row.raw.contains(&byte));
        let (line, broken) = tally.first_broken().filter(|_| has)?;
        if !matches!(broken.reason, Reason::OpenQuote) {
            return None;
        }
        Some(Refusal::at(line, broken.at as u64 + 1, super::refusal::restated(&broken.reason)))
    })
}

fn undecided(tallies: &mut [Tally], best: &[usize]) -> Refusal {
    let mut shown = Vec::new();
    for at in best {
        let tally = &mut tallies[*at];
        let row = tally.head.len().saturating_sub(1);
        let fields = tally.split_head(row).unwrap_or_default();
        let fields = fields.iter().map(|(cell, _)| String::from_utf8_lossy(cell).into_owned()).collect();
        shown.push((tally.delimiter, fields));
    }
    let line = tallies[best[0]].head.last().map_or(0, |row| row.line);
    let delimiters: Vec<Delimiter> = best.iter().map(|at| tallies[*at].delimiter).collect();
    let refusal = Refusal::at(line, 0, Reason::Delimiters(shown));
    delimiters.into_iter().fold(refusal, |refusal, delimiter| {
        refusal.or(vec![Flag::Delimiter(delimiter)], format!("takes {} as the delimiter", delimiter.as_str()))
    })
}
