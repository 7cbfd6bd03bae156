//! Decimal text in, decimal text out, and nothing lost on the way.
//!
//! A number in openweigh *is* the rational that its decimal text denotes. This crate is the kernel
//! that keeps it so: it reads and writes decimals ([`decimal`]), holds columns of them as integers
//! over a power of ten ([`mod@column`]), adds and multiplies them exactly ([`sum`], [`normal`]), solves
//! least squares over the rationals ([`linear`]) and rounds once, correctly, where a definition says
//! so ([`round`], [`root`]). Coverage factors and probabilities, which are not rational, are rounded
//! correctly too ([`student`], [`fisher`]).
//!
//! What it does *not* do: no file, clock, environment, thread or randomness; no binary floating
//! point anywhere, so there is no rounding that a CPU, a compiler or a summation order could change.
//!
//! ```
//! use openweigh_exact::{Decimal, Ratio, round};
//!
//! let tenth: Decimal = "0.1".parse()?;
//! let third = Ratio::from(&tenth).divided_by_count(3);
//! assert_eq!(round::to_digits(&third, 5).to_string(), "0.033333");
//! assert_eq!(round::to_places(&third, 3).to_string(), "0.033");
//! # Ok::<(), openweigh_exact::DecimalError>(())
//! ```

#![deny(clippy::float_arithmetic, clippy::float_cmp, clippy::cast_precision_loss)]

mod beta;
pub mod column;
pub mod decimal;
pub mod digits;
mod enclosure;
pub mod fisher;
pub mod form;
mod lane;
pub mod leverage;
pub mod linear;
pub mod normal;
pub mod possible;
pub mod ratio;
pub mod root;
pub mod round;
pub mod student;
pub mod sum;
pub mod tolerance;

pub use column::Column;
pub use dashu_int::{IBig, UBig};
pub use decimal::{Decimal, DecimalError, Fixed};
pub use form::LinearForm;
pub use linear::{Dependence, Solution, Unsolvable};
pub use normal::{Monomial, Normal};
pub use ratio::Ratio;
