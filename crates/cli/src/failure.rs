//! Why a command stopped, and what a person can do about it. Libraries state, this advises.

mod files;
mod sensor;
mod told;

use crate::cmd::import_table::ways_out;
use crate::{exit, place};
use files::{writing, writing_code};
use openweigh_capture::evdev::{EvdevError, Refusal};
use openweigh_capture::import::table;
use openweigh_capture::import::{ImportError, LeftOut, Reason};
use openweigh_capture::lines::LineError;
use openweigh_capture::{CaptureError, WeighError};
use openweigh_fit::FitError;
use openweigh_fit::proposal::ProposalError;
use openweigh_formats::Malformed;
use openweigh_formats::text::ColumnName;
use openweigh_ledger::edit::EditError;
use openweigh_ledger::release::ReleaseError;
use openweigh_ledger::seal::SealError;
use openweigh_ledger::{DraftError, Kind, NotFound, OpenError, lookup};
use openweigh_release::Missing;
use openweigh_replay::ReplayError;
use openweigh_replay::single::PredictError;
use openweigh_store::{ReleaseFault, StoreError};
use openweigh_trust::agent::AgentError;
use openweigh_trust::key::{KeyError, SignError};
use openweigh_verify::Summary;
use std::borrow::Cow;
use std::path::Path;
use told::{in_place_of_preset, lines, unwritten};

/// Why a command stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    NotFound(#[from] NotFound),
    #[error("{path}: {source}{}", beside(path, source))]
    Open { path: String, source: OpenError },
    #[error("{path}:{source}")]
    Malformed { path: String, source: Malformed },
    #[error("{path}: {what}")]
    Input { path: String, what: String },
    #[error("{path}: the SHA-256 is {found}, {listed_in} lists {expected}")]
    Digest { path: String, listed_in: String, found: String, expected: String },
    /// With advice for where it happened.
    #[error("{failure}")]
    Advised { failure: Box<Self>, advice: String },
    #[error("the data have one session, and the recipe validates by leaving sessions out")]
    OneSession { place: Option<String> },
    #[error("the model is not said: a recipe, terms or a preset")]
    NoModel { datasets: String },
    #[error("{error}")]
    Predict { error: PredictError, example: String },
    #[error(transparent)]
    Proposal(#[from] ProposalError),
    #[error(transparent)]
    Fit(#[from] FitError),
    #[error(transparent)]
    Replay(#[from] ReplayError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Release(#[from] ReleaseError),
    #[error("{path}: {source}")]
    Key { path: String, source: KeyError },
    #[error("{path} is a public key, and no SSH agent is at hand that could sign with its private half")]
    NoAgent { path: String },
    #[error(transparent)]
    Agent(#[from] AgentError),
    #[error("not signed: {0}")]
    Sign(#[from] SignError),
    #[error("nothing was sealed: what the manifest would say does not hold")]
    Unsealed { found: Summary },
    #[error("no receipt was written: {path} does not hold")]
    NoReceipt { path: String },
    #[error("not published: {path}, which says who publishes and what for, is missing")]
    Unsaid { path: String, manifest: String },
    #[error("not published: {path} does not hold")]
    Unproved { path: String },
    #[error("not published, for want of {}:\n{}", if .0.len() == 1 { "one thing" } else { "these" }, lines(.0))]
    Incomplete(Vec<Missing>),
    #[error("{}", unwritten(.0))]
    Write(#[from] DraftError),
    #[error(transparent)]
    Capture(#[from] CaptureError),
    #[error(transparent)]
    Edit(#[from] EditError),
    #[error(transparent)]
    Weigh(#[from] WeighError),
    #[error("{path}:{space}{source}", space = if matches!(source, ImportError::Malformed { .. } | ImportError::NoDescription { .. }) { "" } else { " " })]
    Import { path: String, source: ImportError },
    #[error("{path}:{source}")]
    Table { path: String, source: table::Refusal },
    #[error(transparent)]
    Library(openweigh_multitouch::OpenError),
    #[error("{0}")]
    Pad(String),
    #[error(transparent)]
    Lines(#[from] LineError),
    #[error(transparent)]
    Evdev(#[from] EvdevError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot write the output: {0}")]
    Output(std::io::Error),
}

impl Failure {
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }

    pub(crate) fn input(path: impl ToString, what: impl ToString) -> Self {
        Self::Input { path: path.to_string(), what: what.to_string() }
    }

    /// The same, with what to do about it here.
    pub(crate) fn advised(self, advice: impl Into<String>) -> Self {
        Self::Advised { failure: Box::new(self), advice: advice.into() }
    }

    /// The exit code.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::NoModel { .. }
            | Self::Predict { .. }
            | Self::Usage(_)
            | Self::Store(
                StoreError::Location { .. } | StoreError::NoNetwork { .. } | StoreError::ReadOnly { .. },
            ) => exit::USAGE,
            Self::Advised { failure, .. } => failure.code(),
            Self::Table { source, .. } if source.reason.is_usage() => exit::USAGE,
            Self::Store(StoreError::Digest { .. } | StoreError::Length { .. }) => exit::FAILED,
            Self::Digest { .. }
            | Self::Seal(SealError::Dataset { .. } | SealError::Recipe { .. } | SealError::Parent { .. }) => {
                exit::FAILED
            }
            Self::NoReceipt { .. }
            | Self::Unsaid { .. }
            | Self::Unproved { .. }
            | Self::Incomplete(_)
            | Self::Release(ReleaseError::Changed { .. }) => exit::FAILED,
            Self::Unsealed { found } => exit::of(*found),
            Self::Write(error)
            | Self::Capture(CaptureError::Write(error))
            | Self::Edit(EditError::Write(error))
            | Self::Weigh(WeighError::Edit(EditError::Write(error)))
            | Self::Seal(SealError::Write(error)) => writing_code(error),
            Self::Edit(error) | Self::Weigh(WeighError::Edit(error)) => editing_code(error),
            Self::Weigh(WeighError::Open { .. } | WeighError::Malformed { .. }) => exit::INPUT,
            Self::Weigh(_) => exit::USAGE,
            _ => exit::INPUT,
        }
    }

    /// What a person can do: where possible, a command that works as it stands.
    pub(crate) fn advice(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::NotFound(missing) => Cow::Owned(sought(missing)),
            Self::Advised { advice, .. } => Cow::Owned(advice.clone()),
            Self::NoModel { datasets } => Cow::Owned(format!(
                "fit a line with `openweigh fit --dataset {datasets} --preset affine`; `openweigh fit --help` lists the other presets"
            )),
            Self::Predict { example, .. } => Cow::Owned(format!("say each value once, as in `{example}`")),
            Self::Table { source, .. } => return ways_out(source).map(Cow::Owned),
            Self::OneSession { place: Some(place) } => Cow::Owned(format!(
                "record a second session, or set `validation = \"leave-one-out\"` in {place}"
            )),
            Self::OneSession { place: None } => {
                Cow::Borrowed("record a second session, or say `--validation leave-one-out`")
            }
            Self::Proposal(ProposalError::Target { available, likely, .. }) => Cow::Owned(format!(
                "say which of them is the known value, as in `--target {}`",
                likely.as_ref().or(available.first()).map_or("COLUMN", ColumnName::as_str)
            )),
            Self::Proposal(ProposalError::Reading { terms, .. }) => Cow::Owned(in_place_of_preset(terms)),
            Self::Unsaid { path, manifest } => Cow::Owned(format!(
                "print a form with `openweigh publish {manifest} --template > {path}`, fill it in, then publish again"
            )),
            Self::Unproved { path } | Self::NoReceipt { path } => {
                Cow::Owned(format!("see what fails with `openweigh verify {path}`"))
            }
            Self::Replay(ReplayError::Unit { dataset, column, expected: Some(unit), .. }) => {
                Cow::Owned(format!(
                    "if the data are in `{unit}`, import them so under another name: `openweigh import table FILE --name {dataset}-2 --unit {column}={unit}`; if they are not, convert the numbers first"
                ))
            }
            Self::Fit(FitError::Unit { dataset, column, expected: Some(unit), .. }) => Cow::Owned(format!(
                "if the data are in `{unit}`, import them so under another name: `openweigh import table FILE --name {dataset}-2 --unit {column}={unit}`; if the recipe is wrong, correct `unit` in its [result]"
            )),
            Self::Fit(FitError::Unit { found: Some(unit), .. }) => {
                Cow::Owned(format!("write `unit = \"{unit}\"` into the recipe's [result]"))
            }
            _ => return self.settled_advice().map(Cow::Borrowed),
        })
    }

    /// Advice that does not depend on names.
    fn settled_advice(&self) -> Option<&'static str> {
        Some(match self {
            Self::Write(error)
            | Self::Seal(SealError::Write(error))
            | Self::Release(ReleaseError::Write(error)) => return writing(error),
            Self::Release(ReleaseError::NotARelease { .. }) => {
                "choose another folder with -o, or move this one away"
            }
            Self::Malformed { path, .. } if path.ends_with(".csv") => {
                "restore this file if openweigh wrote it (docs/spec/2-csv.md says what it looks like); bring a table of another program in with `openweigh import table FILE --name NAME`"
            }
            Self::Malformed { path, .. } if path.ends_with(".json") => {
                "files of openweigh are written by it; restore this one, or derive it again"
            }
            Self::Malformed { .. } => "mend the file at that place and try again",
            Self::Digest { .. } => {
                "the file has changed since; restore it, or import the data under a new version"
            }
            Self::Open { source: OpenError::Missing, .. } => {
                "give the path from where you are, or act elsewhere with `-C DIR`"
            }
            Self::Fit(FitError::Dependent { term, on, .. }) if term == "1" && on.is_empty() => {
                "a constant cancels where each weighing has its tare: fit with `--preset proportional`, or take `\"1\"` out of the recipe's terms"
            }
            Self::Fit(FitError::NoColumn { .. }) => {
                "correct the recipe's target and terms, or choose another dataset"
            }
            Self::Fit(FitError::Unit { .. }) | Self::Replay(ReplayError::Unit { .. }) => {
                "import the data again under another name, and state their units with `--unit COLUMN=UNIT`"
            }
            Self::Seal(SealError::Dataset { .. }) => {
                "fit again on the data as they are, then seal the new weights"
            }
            Self::Unsealed { .. } => "correct what is named above, then seal again",
            Self::Seal(SealError::Parent { .. }) => {
                "put those weights back, or fit again with `--parent` and the weights as they are now"
            }
            Self::Seal(SealError::Recipe { .. }) => {
                "fit again with this recipe, or give the recipe its old name and content back"
            }
            Self::Key { source: KeyError::Encrypted | KeyError::OpenSsh { .. }, .. } => {
                "add it to an SSH agent with `ssh-add`, then name its public half (.pub) here"
            }
            Self::NoAgent { .. } => {
                "name the private key file instead, or start an agent and `ssh-add` the key"
            }
            Self::Key { source: KeyError::Algorithm { .. }, .. } => {
                "make a key for this: ssh-keygen -t ed25519 -f openweigh_key"
            }
            Self::Capture(error) => return recording(error),
            Self::Edit(error) => return editing(error),
            Self::Weigh(error) => return weighing(error),
            Self::Import { source, .. } => return importing(source),
            Self::Library(_) if cfg!(target_os = "macos") => {
                "this macOS does not give its framework to the program: run it outside a sandbox, from a terminal; if it \
                 still fails, report it with what `sw_vers` prints"
            }
            Self::Library(_) => {
                "Apple's framework is on Macs only; elsewhere `cargo build --release -p openweigh-simulator`, and give `--library target/release/libopenweigh_simulator.so`"
            }
            Self::Evdev(error) => return event_device(error),
            Self::Store(error) => storing(error),
            Self::Lines(error) => return sensor::advice(error),
            Self::Pad(_) => {
                "see `openweigh devices` for the pads and what they can; without one, record a simulated pad: `cargo build \
                 --release -p openweigh-simulator`, and give `--library target/release/libopenweigh_simulator.so`"
            }
            _ => return None,
        })
    }
}

/// What is there in place of a file that is missing.
fn beside(path: &str, source: &OpenError) -> String {
    let OpenError::Missing = source else { return String::new() };
    let path = Path::new(path);
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(entries) = std::fs::read_dir(folder) else {
        return format!("; there is no folder {}, either", place::shown(folder));
    };
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    let wanted = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let nearest = lookup::nearest(wanted, names.iter().map(String::as_str));
    nearest.map_or_else(String::new, |nearest| {
        format!("; did you mean {}?", place::shown(&folder.join(nearest)).trim_start_matches("./"))
    })
}

/// What a person can do about a word that names nothing.
fn sought(missing: &NotFound) -> String {
    let NotFound { kind, word, folder, among, nearest, ambiguous } = missing;
    if *ambiguous {
        let first = among.first().map_or("", String::as_str);
        return format!("name one of them, as in {}/{first}", folder.display());
    }
    if let Some(nearest) = nearest {
        return format!(
            "type `{nearest}` in place of `{word}`, or `openweigh inspect {nearest}` to look at it"
        );
    }
    let make = match kind {
        Kind::Dataset => "openweigh import table FILE.csv --name NAME",
        Kind::Recipe => "openweigh recipe new --dataset NAME --preset affine",
        Kind::Weights => "openweigh fit --dataset NAME --preset affine",
        Kind::Results => "openweigh replay --weights WEIGHTS --dataset NAME",
        Kind::Claims => "openweigh claims new --weights WEIGHTS",
        Kind::Manifest => "openweigh seal --name NAME --version 1.0.0 --weights WEIGHTS",
        Kind::Publication => "openweigh publish MANIFEST --template",
        Kind::Protocol => "openweigh protocol new --name NAME --masses 10,20,50",
    };
    let none = if among.is_empty() {
        "make one with"
    } else {
        "name one of them, give a path, or make another with"
    };
    format!("{none} `{make}`")
}

/// The exit code of a dataset that was not changed.
fn editing_code(error: &EditError) -> u8 {
    match error {
        EditError::NotListed { .. } => exit::FAILED,
        EditError::OtherKind { .. } | EditError::NoRow { .. } | EditError::Nothing { .. } => exit::USAGE,
        _ => exit::INPUT,
    }
}

/// What a person can do about a dataset that was not changed.
fn editing(error: &EditError) -> Option<&'static str> {
    Some(match error {
        EditError::Write(DraftError::Exists { .. }) => "choose another name for the copy: --as NEW",
        EditError::Write(error) => return writing(error),
        EditError::Missing { .. } => "see `openweigh import --help` for how a dataset is made",
        EditError::NotListed { .. } => "restore that file from a copy; nothing was changed",
        EditError::NoRow { .. } => {
            "row 0 is line 2 of measurements.csv; results have the numbers in their column `row`"
        }
        EditError::Nothing { .. } | EditError::OtherKind { .. } => {
            "see what there is with `openweigh inspect DATASET`"
        }
        _ => return None,
    })
}

/// What a person can do about a weighing that was not stated.
fn weighing(error: &WeighError) -> Option<&'static str> {
    Some(match error {
        WeighError::Edit(error) => return editing(error),
        WeighError::Table { .. } => {
            "exclude rows of a table with `openweigh exclude DATASET ROW --reason TEXT`"
        }
        WeighError::Outside { .. } | WeighError::NoFrames { .. } => {
            "see the stretches at rest, and what to type for each: `openweigh weigh DATASET SESSION --suggest`"
        }
        WeighError::Overlap { .. } => {
            "choose other frames, or take that weighing back first with --remove ID"
        }
        WeighError::NoSession { .. } | WeighError::NoChannel { .. } | WeighError::NoWeighing { .. } => {
            "type one of those; `openweigh inspect DATASET` lists the files of each session"
        }
        WeighError::Taken { .. } => "choose another --id, or leave it out",
        WeighError::NoTare { .. } => {
            "state the tare first: `openweigh weigh DATASET SESSION --frames A..B --role tare --id ID`"
        }
        WeighError::InUse { .. } => "take the weighings back that use it first",
        WeighError::HasWeighings { .. } => {
            "take them back with --remove ID, one by one, or state single stretches"
        }
        _ => return None,
    })
}

/// That a person knows more of a pad than it declares.
const SAY_COUNTS: &str = "if you know that this pad measures force, say so with --pressure-unit counts";

/// What a person can do about an event device that is not recorded.
pub(crate) fn event_device(error: &EvdevError) -> Option<&'static str> {
    match error {
        EvdevError::System { source, .. } => match source.kind() {
            std::io::ErrorKind::PermissionDenied => Some(
                "join the group `input` (`sudo usermod -aG input $USER`, then log in anew), or give yourself the \
                 right with a udev rule; docs/how-to/record.md has one",
            ),
            std::io::ErrorKind::ResourceBusy => {
                Some("another program keeps the pad to itself: end that one, or leave out --grab")
            }
            std::io::ErrorKind::NotFound => {
                Some("see `openweigh devices` for the event devices that are there")
            }
            _ => None,
        },
        EvdevError::Refused { refusal: Refusal::Undeclared { .. }, .. } => Some(SAY_COUNTS),
        EvdevError::Refused { .. } => Some("record a pad that reports force; `openweigh devices` lists them"),
    }
}

/// What a person can do about a recording that is not imported.
fn importing(error: &ImportError) -> Option<&'static str> {
    Some(match error {
        ImportError::UnknownFormat { .. } => {
            "name its format with --format; tables of other sensors come in with `openweigh import table`"
        }
        ImportError::Malformed { .. } | ImportError::Bytes { .. } => {
            "copy the recording anew or record again; if it is of another format, name it with --format"
        }
        ImportError::NoDescription { .. } => {
            "put the description before the events: `evemu-describe /dev/input/eventN > pad.evemu`, then append them; \
             of evtest keep the lines from `Input driver version` on"
        }
        ImportError::Platform { .. } => "say it with --platform mac, linux or windows",
        ImportError::TooLarge { .. } => "raise the limit with --max-bytes, or cut the recording into parts",
        ImportError::Nothing { left_out } => {
            let undeclared = |out: &LeftOut| matches!(out.why, Reason::Refused(Refusal::Undeclared { .. }));
            if left_out.iter().any(undeclared) {
                SAY_COUNTS
            } else {
                "record a pad that reports force; `openweigh import recording --help` tells which do"
            }
        }
        ImportError::Changed => "wait until it is written completely, then import it again",
        ImportError::Capture(error) => return recording(error),
        ImportError::Read(_) | ImportError::Broken { .. } => return None,
    })
}

/// What a person can do about a recording that stopped.
fn recording(error: &CaptureError) -> Option<&'static str> {
    Some(match error {
        CaptureError::Write(error) if !matches!(error, DraftError::System { .. }) => return writing(error),
        CaptureError::System { .. } | CaptureError::Write(_) => {
            "make room on the disk, or mend its permissions; what was recorded can be finished with \
             `openweigh recover`"
        }
        CaptureError::SessionExists { .. } => "choose another --session, or leave it out",
        CaptureError::OtherKind { .. } | CaptureError::Mixed { .. } | CaptureError::Full { .. } => {
            "record into another dataset, with another --name"
        }
        CaptureError::Running { .. } => "end that recording first, with Ctrl-C",
        CaptureError::NoFrames { .. } => {
            "a pad that nothing touches is silent. If it was touched: on a Mac allow the terminal in System Settings > \
             Privacy & Security > Input Monitoring, start it again, and do not run it in a sandbox; on Linux end \
             programs that keep the pad to themselves; and see `openweigh devices` for other pads"
        }
        CaptureError::Salt { .. } => "remove it, or ask for it: --salt \"$(head -n 1 .openweigh/salt)\"",
        CaptureError::Foreign { .. } => "move the folder out of the dataset, or remove it yourself",
        CaptureError::NoDescription { .. } => {
            "write a session.json by hand, after that of another session of the same pad, and try again"
        }
        _ => return None,
    })
}

/// What a person can do about a release that did not move.
fn storing(error: &StoreError) -> &'static str {
    match error {
        StoreError::Location { .. } => "see `openweigh push --help` for the words of stores",
        StoreError::NoNetwork { .. } => {
            "in a clone of openweigh's repository, build one that does: cargo install --path crates/cli --features network"
        }
        StoreError::TokenHost { .. } => "if you trust that host, name it: --token-host HOST",
        StoreError::NotARelease { .. } => "choose another folder, or move this one away",
        StoreError::ReadOnly { .. } => {
            "push into a folder and copy that to the web server, or push elsewhere"
        }
        StoreError::Release { fault: ReleaseFault::Text(_), .. } => {
            "name a release: a folder with manifest.json and a SHA256SUMS that lists its files"
        }
        StoreError::Release { .. } => {
            "restore the release, or publish it again; nothing was sent or put in place"
        }
        StoreError::Digest { .. } | StoreError::Length { .. } => {
            "these bytes are not those of the release: restore them, or get it from another store and tell who keeps \
             this one; nothing was sent or put in place"
        }
        StoreError::Refused { .. } => {
            "this is no release that openweigh wrote, or it was changed; get it from another store"
        }
        StoreError::TagTaken { .. } => "publish under a new version or tag, or change the tag with --force",
        StoreError::Absent { .. } => "check the words, or ask who keeps the store",
        StoreError::WhichTag { .. } => "name one, as in oci:DIR:1.0.0",
        StoreError::TagTwice { .. } => "name the digest of the one that you mean, as in oci:DIR@sha256:…",
        StoreError::NotAStore { .. } => "name an empty or a new folder, or one with an image layout in it",
        StoreError::Unreachable { .. } => {
            "check the address and the network, then run the same command again: what was moved is not moved twice"
        }
        StoreError::Denied { .. } => {
            "registries: `docker login HOST`, or OPENWEIGH_REGISTRY_HOST, OPENWEIGH_REGISTRY_USER and OPENWEIGH_REGISTRY_PASSWORD; buckets: \
             AWS_ACCESS_KEY_ID and its like"
        }
        StoreError::Exists { .. } => "choose another folder, or replace this one with --force",
        StoreError::Busy { .. } => "wait for it, or end it",
        StoreError::System { .. } => {
            "make room on the disk, or mend its permissions, and run the same command again"
        }
    }
}
