//! Ways out of a refusal, each tried: what is named works when it is typed.

use super::lines::Source;
use super::options::{Flag, Options};
use super::refusal::{Reason, Refusal, Way};
use super::survey::attempt;

/// How many further options one way may need.
const DEPTH: usize = 4;

/// How often a source is read to find ways.
const READINGS: usize = 24;

/// Keeps the ways that lead to a table, each with all that it takes.
pub(crate) fn tried(source: &mut dyn Source, options: &Options, mut refusal: Refusal) -> Refusal {
    let mut readings = READINGS;
    let mut works: Vec<Way> = Vec::new();
    for way in std::mem::take(&mut refusal.ways) {
        if !way.flags.iter().all(Flag::can_be_typed) {
            continue;
        }
        for found in follow(source, options, way, DEPTH, &mut readings) {
            if found.flags.iter().all(Flag::can_be_typed) && !works.iter().any(|known| same(known, &found)) {
                works.push(found);
            }
        }
    }
    refusal.ways = works;
    refusal
}

/// Whether two ways are the same, in whatever order it is typed.
fn same(one: &Way, other: &Way) -> bool {
    one.flags.len() == other.flags.len() && one.flags.iter().all(|flag| other.flags.contains(flag))
}

/// Follows a way to its ends: at most four of them, or of each delimiter that it leaves open.
fn follow(
    source: &mut dyn Source,
    options: &Options,
    way: Way,
    depth: usize,
    readings: &mut usize,
) -> Vec<Way> {
    if depth == 0 || *readings == 0 {
        return Vec::new();
    }
    *readings -= 1;
    let mut said = options.clone();
    way.flags.iter().for_each(|flag| flag.apply(&mut said));
    let Err(next) = attempt(source, &said) else { return vec![way] };
    let mut ends = Vec::new();
    let next_delimiter = matches!(next.reason, Reason::Delimiters(_));
    for further in next.ways {
        let flags: Vec<_> = way.flags.iter().cloned().chain(further.flags.clone()).collect();
        // What was said once is not taken back.
        if further.flags.iter().any(|flag| way.flags.contains(flag)) {
            continue;
        }
        let joined = Way::new(flags, format!("{}, and {}", way.gives, further.gives));
        for end in follow(source, options, joined, depth - 1, readings) {
            ends.push(end);
        }
        // Each delimiter that is offered is followed.
        if ends.len() >= 4 && !next_delimiter {
            break;
        }
    }
    ends
}
