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
/// Declared components of an uncertainty.
pub const COMPONENTS: usize = 64;
/// Significant digits of the variances and vectors of a budget.
pub const BUDGET_DIGITS: u32 = 40;
/// Degrees of freedom that a coverage factor is looked up for: more count as so many, which makes the factor a
/// little too large and never too small. Each takes the longer the larger it is, and a table's rows may all differ.
pub const FREEDOM: u64 = 1_000;
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
/// Bytes of a workbook.
pub const WORKBOOK_BYTES: u64 = 64 << 20;
/// Bytes that a workbook may inflate to.
pub const WORKBOOK_INFLATED: u64 = 1 << 30;
/// The same of .ods, and of each part of .xlsx that is no sheet: they are held in memory.
pub const WORKBOOK_PART: u64 = 32 << 20;
/// Bytes of the text of a cell of a workbook, and of a tag.
pub const WORKBOOK_TEXT: u64 = 1 << 20;
/// Cells of a sheet of .xlsx.
pub const WORKBOOK_CELLS: u64 = 10_000_000;
/// Cells of .ods, empty ones between others among them.
pub const WORKBOOK_CELLS_ODS: u64 = 2_000_000;
/// Texts that the sheets of .xlsx share.
pub const WORKBOOK_STRINGS: u64 = 1_000_000;
/// Sheets of a workbook.
pub const WORKBOOK_SHEETS: u64 = 1_000;
/// Formats of a workbook, its names, and links between its parts: each.
pub const WORKBOOK_ENTRIES: u64 = 100_000;
/// Bytes of a sheet as lines.
pub const WORKBOOK_LINES: usize = 96 << 20;
/// Work of all fits of a manifest: Σ p³·(w + 32)²·(folds + 1), w the 64-bit words of the determinant's bound. Half a
/// minute on one core of 2024.
pub const SOLVE_WORK: u128 = 1 << 38;
/// What short numbers cost beyond their words: see [`SOLVE_WORK`].
pub const SOLVE_WORDS: u128 = 32;
/// Work of the sums of all fits of a manifest: Σ rows·r², r the 64-bit words of a row's terms and target. Ten seconds.
pub const SUM_WORK: u128 = 1 << 37;
/// Work of all replays of a manifest: Σ rows·p·r·v, v the words of an entry of the form whose value is the leverage. Ten seconds.
pub const ROW_WORK: u128 = 1 << 39;
/// Words of the sums of all folds, folds·(p + 1)·w.
pub const FOLD_WORDS: u128 = 1 << 24;
