//! What verification found, item by item.

use crate::finding::{Finding, Kind, Open};
use openweigh_formats::claim::ClaimId;
use openweigh_formats::declared::Contradicted;
use openweigh_formats::number::Number;
use openweigh_formats::path::RelativePath;
use openweigh_formats::recount::Miscounted;
use std::fmt;

/// The stages of verification, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Files are there, complete, and have their digests.
    Bytes,
    /// A release is signed by whom the policy allows.
    Signature,
    /// Weights follow from data and recipe.
    Weights,
    /// Results follow from weights and data.
    Results,
    /// Claims follow from what was derived again.
    Claims,
    /// Cards and descriptions of a release follow from all of these.
    Cards,
}

impl Stage {
    /// All stages.
    pub const ALL: [Self; 6] =
        [Self::Bytes, Self::Signature, Self::Weights, Self::Results, Self::Claims, Self::Cards];

    /// The stage in a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Signature => "signature",
            Self::Weights => "weights",
            Self::Results => "results",
            Self::Claims => "claims",
            Self::Cards => "cards",
        }
    }
}

/// One thing that was checked, or could not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// When.
    pub stage: Stage,
    /// The file, or the claim.
    pub subject: String,
    /// With what outcome.
    pub verdict: Verdict,
}

/// The outcome of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Checked,
    /// It does not hold.
    Failed(Finding),
    /// The bytes are the published ones but not of their format.
    Malformed(Finding),
    /// What it needs failed or is not there.
    NotCheckable(Open),
}

impl Verdict {
    /// It failed, in a way that needs no more than its kind.
    pub fn failed(kind: Kind) -> Self {
        Self::Failed(kind.into())
    }
}

/// Something that a reader should know, and that changes no verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// A count of the data's quality is not what the data have.
    Miscounted {
        /// The file of the touches.
        path: RelativePath,
        /// The count.
        wrong: Miscounted,
    },
    /// A claim holds, and states so few digits that it says next to nothing.
    SaysLittle {
        /// Its id.
        claim: ClaimId,
        /// What it states.
        claimed: String,
        /// Half a unit of its last place.
        within: String,
        /// The first digits of what was derived.
        derived: String,
    },
    /// Pressures contradict what their session declares of them.
    Contradicted {
        /// The file of the touches.
        path: RelativePath,
        /// The step that is declared.
        quantum: Option<Number>,
        /// The ceiling that is declared.
        ceiling: Option<Number>,
        /// How many touches.
        touches: Contradicted,
    },
    /// A folder of a release that nobody reads: of version control, or of what moved the release.
    Unread {
        /// The folder, as it is called in every release.
        folder: &'static str,
        /// How many files are in it.
        files: usize,
        /// How many of them are programs that version control runs by itself.
        hooks: usize,
    },
    /// A dataset says of which one it was made. That is stated; nothing derives it.
    Stated {
        /// The dataset's description.
        path: RelativePath,
        /// The name and version of the other, and the beginning of its SHA-256.
        from: String,
    },
    /// Something in a dataset's folder that was never finished, and is no part of the dataset.
    Unfinished {
        /// Its folder or file.
        path: String,
        /// Of which dataset.
        dataset: String,
        /// Whether it is a session in the making, or else a draft of a file.
        session: bool,
    },
}

/// Everything found about one manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// What changes no verdict, in the order of files.
    pub notes: Vec<Note>,
    /// The items, in the order they were checked.
    pub items: Vec<Item>,
}

/// The whole of a report in a word; later ones outweigh earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Summary {
    /// All checked.
    Checked,
    /// Nothing failed, something was not checkable.
    Incomplete,
    /// An input is malformed.
    Malformed,
    /// Something failed.
    Failed,
}

impl Report {
    /// The whole in a word.
    pub fn summary(&self) -> Summary {
        let of = |item: &Item| match item.verdict {
            Verdict::Checked => Summary::Checked,
            Verdict::NotCheckable(_) => Summary::Incomplete,
            Verdict::Malformed(_) => Summary::Malformed,
            Verdict::Failed(_) => Summary::Failed,
        };
        self.items.iter().map(of).max().unwrap_or(Summary::Checked)
    }

    /// Whether everything was checked but the texts of licences that no list has, which nobody can compare with anything.
    pub fn holds(&self) -> bool {
        self.items.iter().all(|item| {
            matches!(item.verdict, Verdict::Checked | Verdict::NotCheckable(Open::UnknownLicence(_)))
        })
    }

    /// How many items of a stage there are, and how many of them were checked.
    pub fn count(&self, stage: Stage) -> (usize, usize) {
        let of_stage = || self.items.iter().filter(|item| item.stage == stage);
        (of_stage().count(), of_stage().filter(|item| item.verdict == Verdict::Checked).count())
    }
}

impl Note {
    /// What is noted, for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unread { .. } => "unread",
            Self::Miscounted { .. } => "miscounted",
            Self::SaysLittle { .. } => "says-little",
            Self::Contradicted { .. } => "contradicted",
            Self::Stated { .. } => "stated",
            Self::Unfinished { .. } => "unfinished",
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, quantum, ceiling, touches) = match self {
            Self::Contradicted { path, quantum, ceiling, touches } => (path, quantum, ceiling, touches),
            Self::Unread { folder, files, hooks } => {
                let are = if *files == 1 { "1 file is".to_owned() } else { format!("{files} files are") };
                write!(out, "{folder}: {are} here, not read, and no part of the release")?;
                return match hooks {
                    0 => Ok(()),
                    1 => out.write_str(", and 1 of them is a program that git runs by itself"),
                    _ => write!(out, ", and {hooks} of them are programs that git runs by itself"),
                };
            }
            Self::Miscounted { path, wrong } => {
                return write!(
                    out,
                    "{path}: session.json states {} for `quality.{}`; counted again it is {}",
                    wrong.stated,
                    wrong.what,
                    wrong.expected()
                );
            }
            Self::SaysLittle { claim, claimed, within, derived } => {
                return write!(
                    out,
                    "claim `{claim}` states {claimed}, which says only that the value is less than {within} away from it; \
                     derived again it is {derived}"
                );
            }
            Self::Stated { path, from } => {
                return write!(
                    out,
                    "{path}: says that it was made from {from}; that is stated and was not checked"
                );
            }
            Self::Unfinished { path, dataset, session: true } => {
                return write!(
                    out,
                    "{path}: a recording that is running or was cut, and no part of the dataset; finish it with `openweigh recover {dataset} --as NEW`, any free name, or delete the folder"
                );
            }
            Self::Unfinished { path, session: false, .. } => {
                return write!(
                    out,
                    "{path}: what a command is writing, or left when it was killed, and no part of the dataset; the next command that writes there removes it"
                );
            }
        };
        let Contradicted { off_quantum, above_ceiling } = *touches;
        let stated = |number: &Option<Number>| number.as_ref().map_or_else(String::new, ToString::to_string);
        write!(out, "{path}: ")?;
        if off_quantum > 0 {
            let step = stated(quantum);
            write!(out, "touches whose pressure is no multiple of the stated step of {step}: {off_quantum}")?;
        }
        if off_quantum > 0 && above_ceiling > 0 {
            out.write_str("; ")?;
        }
        if above_ceiling > 0 {
            let most = stated(ceiling);
            write!(out, "touches whose pressure is above the stated ceiling of {most}: {above_ceiling}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}
