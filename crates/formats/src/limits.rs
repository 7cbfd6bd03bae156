//! How large anything may be, said once (docs/spec/9-limits.md).
//!
//! A hostile file may be refused; it may not stall or exhaust the machine.

pub use openweigh_exact::decimal::{MAX_CHARACTERS, MAX_SUM_CHARACTERS};

/// Terms of a model.
pub const TERMS: usize = 64;
/// Factors of a term.
pub const FACTORS: usize = 8;
/// Exponent of a factor.
pub const EXPONENT: u32 = 12;
/// Significant digits, and decimals, that a recipe may ask for.
pub const DIGITS: u32 = 50;
/// Folds of a validation.
pub const FOLDS: usize = 1_000;
/// Sessions of a dataset: a manifest has room for their files.
pub const SESSIONS: usize = 240;
/// Columns of a table.
pub const COLUMNS: usize = 256;
/// Channels of a session.
pub const CHANNELS: usize = 64;
/// Files of a manifest.
pub const FILES: usize = 1_000;
/// Inputs of all derivations of a manifest together.
pub const INPUTS: usize = 10_000;
/// Claims of a manifest.
pub const CLAIMS: usize = 10_000;
/// Bytes of a JSON file.
pub const JSON_BYTES: u64 = 64 << 20;
/// Bytes of the weighings, or of the events, of a session.
pub const SESSION_CSV_BYTES: u64 = 16 << 20;
/// Bytes of a TOML file.
pub const TOML_BYTES: u64 = 1 << 20;
/// Bytes of a CSV file, unless the user raises it.
pub const CSV_BYTES: u64 = 4 << 30;
/// Bytes of a line of CSV.
pub const LINE_BYTES: usize = 64 << 10;
/// Work of a solve and its folds: p³·w²·(folds + 1), w the 64-bit words of the determinant's bound.
pub const SOLVE_WORK: u128 = 1 << 40;
/// Work of the rows of a fit, rows·w², and of a replay, rows·p·w·v: w the 64-bit words of a row's
/// terms, v those of an entry of the form whose value is the leverage.
pub const ROW_WORK: u128 = 1 << 40;
/// Words of the sums of all folds, folds·(p + 1)·w.
pub const FOLD_WORDS: u128 = 1 << 24;
