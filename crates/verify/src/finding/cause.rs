//! How something came about: proved, likely, or stated by somebody.

use openweigh_formats::edit::Edit;
use openweigh_formats::shown::quoted;
use std::fmt;

/// How something came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// Nothing else can have happened.
    Proved(Proof),
    /// It is the likeliest explanation.
    Likely(Guess),
    /// Somebody says so, in these words.
    Stated(String),
}

/// What is known to have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// A small change, found by its digest.
    Edit(Edit),
    /// The file is so many bytes longer.
    Longer(u64),
    /// The file is so many bytes shorter.
    Shorter(u64),
    /// The digest is right, the size is not.
    SizeEdited,
    /// All line ends, of a generated file.
    LineEnds,
    /// A generated file has no bytes left.
    Emptied,
    /// They are the results of other weights of the manifest, byte for byte.
    OtherWeights,
    /// The same lines in another order.
    RowOrder,
    /// One line alone differs.
    OneLine,
}

/// What probably happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guess {
    /// The recipe is another one.
    OtherRecipe,
    /// A coefficient was rounded once more.
    Rerounded {
        /// Its digits.
        digits: u32,
        /// The recipe's.
        wanted: u32,
    },
    /// Other data or an edit: the sums are wrong, too.
    OtherDataThanSums,
    /// Floating point or an edit: the first digits are right.
    FloatingPoint {
        /// Digits that are right.
        right: u32,
        /// Digits in all.
        of: u32,
    },
    /// An edit: the sums are right, a coefficient is not.
    EditedCoefficient,
    /// An edit beside right sums and coefficients.
    EditedFigures,
    /// Another order of rows or an edit of the validation.
    EditedValidation,
    /// The sums are wrong.
    OtherSums,
    /// The program did not write the file.
    NotByReplay,
    /// The header is another one.
    OtherHeader,
    /// The numbers of decimals differ in so many lines.
    OtherDecimals(usize),
    /// So many lines differ by a unit in the last place.
    LastPlace(usize),
    /// Many lines differ.
    OtherLines {
        /// How many.
        wrong: usize,
        /// Of how many.
        of: usize,
    },
    /// A system or an editor left the file.
    Litter(&'static str),
}

impl Cause {
    /// The label for people.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Proved(_) => "what changed",
            Self::Likely(_) => "probably",
            Self::Stated(_) => "reason",
        }
    }

    /// How certain it is, for machines.
    pub fn certainty(&self) -> &'static str {
        match self {
            Self::Proved(_) => "proved",
            Self::Likely(_) => "likely",
            Self::Stated(_) => "stated",
        }
    }

    /// What happened, for machines; none of what somebody states.
    pub fn code(&self) -> Option<&'static str> {
        Some(match self {
            Self::Proved(proof) => match proof {
                Proof::Edit(edit) => match edit {
                    Edit::CarriageReturns => "line-ends",
                    Edit::ByteOrderMark => "byte-order-mark",
                    Edit::FinalNewlineLost => "final-newline-lost",
                    Edit::NewlineAdded => "newline-added",
                    Edit::Replaced { .. } => "byte-replaced",
                    Edit::Inserted { .. } => "byte-inserted",
                    Edit::Deleted { .. } => "byte-deleted",
                },
                Proof::Longer(_) => "longer",
                Proof::Shorter(_) => "shorter",
                Proof::SizeEdited => "size-edited",
                Proof::LineEnds => "line-ends",
                Proof::Emptied => "emptied",
                Proof::OtherWeights => "other-weights",
                Proof::RowOrder => "row-order",
                Proof::OneLine => "one-line",
            },
            Self::Likely(guess) => match guess {
                Guess::OtherRecipe => "other-recipe",
                Guess::Rerounded { .. } => "rerounded",
                Guess::OtherDataThanSums => "other-data",
                Guess::FloatingPoint { .. } => "floating-point",
                Guess::EditedCoefficient => "edited-coefficient",
                Guess::EditedFigures => "edited-figures",
                Guess::EditedValidation => "edited-validation",
                Guess::OtherSums => "other-sums",
                Guess::NotByReplay => "not-by-replay",
                Guess::OtherHeader => "other-header",
                Guess::OtherDecimals(_) => "other-decimals",
                Guess::LastPlace(_) => "last-place",
                Guess::OtherLines { .. } => "other-lines",
                Guess::Litter(_) => "litter",
            },
            Self::Stated(_) => return None,
        })
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Proved(proof) => proof.fmt(out),
            Self::Likely(guess) => guess.fmt(out),
            Self::Stated(words) => out.write_str(&quoted(words)),
        }
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Edit(edit) => edit.fmt(out),
            Self::Longer(bytes) => write!(out, "the file is {bytes} bytes longer than published"),
            Self::Shorter(bytes) => write!(out, "the file is {bytes} bytes shorter than published"),
            Self::SizeEdited => out.write_str("the digest is right, so the manifest's `bytes` was edited"),
            Self::LineEnds => out.write_str("the line ends were changed from LF to CRLF; nothing else"),
            Self::Emptied => out.write_str("the file is empty"),
            Self::OtherWeights => {
                out.write_str("other weights: these are the results of another weights file of the manifest")
            }
            Self::RowOrder => out.write_str("other row order: the same lines stand in another order"),
            Self::OneLine => out.write_str("an edited cell: this line is the only one that differs"),
        }
    }
}

impl fmt::Display for Guess {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherRecipe => out.write_str(
                "other recipe: the recipe file was changed after the fit, or another one is listed",
            ),
            Self::Rerounded { digits, wanted } => {
                write!(out, "re-rounded to {digits} significant digits; the recipe asks for {wanted}")
            }
            Self::OtherDataThanSums => out.write_str(
                "other data, or an edited file: the exact sums in `normal` are not those of the data either",
            ),
            Self::FloatingPoint { right, of } => write!(
                out,
                "computed in binary floating point, or an edited digit: {right} of {of} digits are right, and `normal` \
                 is that of the data"
            ),
            Self::EditedCoefficient => out.write_str(
                "edited: `normal` is that of the data, and the coefficient does not follow from it",
            ),
            Self::EditedFigures => out.write_str("edited: the exact sums and the coefficients are right"),
            Self::EditedValidation => out
                .write_str("other row order, or edited: the exact sums are the same, the validation is not"),
            Self::OtherSums => {
                out.write_str("the exact sums in `normal` are not those of the data: other data, or edited")
            }
            Self::NotByReplay => out.write_str("the file was not written by `replay`"),
            Self::OtherHeader => {
                out.write_str("another header: the results of another model, or of another format")
            }
            Self::OtherDecimals(wrong) => {
                write!(out, "re-rounded decimals: {wrong} lines differ, and the numbers of decimals do too")
            }
            Self::LastPlace(wrong) => {
                write!(out, "another rounding: {wrong} lines differ, each by one unit in the last place")
            }
            Self::OtherLines { wrong, of } => {
                write!(out, "other weights or other data: {wrong} of {of} lines differ")
            }
            Self::Litter(what) => write!(out, "{what}: no data; delete it and verify again"),
        }
    }
}
