//! Exit codes: a contract with scripts (docs/spec/8-verification.md).

use openweigh_verify::Summary;

/// Done, and everything that was checked held.
pub(crate) const DONE: u8 = 0;
/// A check failed.
pub(crate) const FAILED: u8 = 1;
/// The command line makes no sense.
pub(crate) const USAGE: u8 = 2;
/// An input is malformed or unreadable.
pub(crate) const INPUT: u8 = 3;
/// Nothing failed, something was not checkable.
pub(crate) const INCOMPLETE: u8 = 4;

/// Somebody interrupted it before it was done.
pub(crate) const INTERRUPTED: u8 = 130;

/// The exit code of what verification found.
pub(crate) fn of(found: Summary) -> u8 {
    openweigh_release::document::exit_code(found)
}
