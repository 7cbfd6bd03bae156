//! The kinds of finding: a sentence for people and a code for machines, each made here.

use openweigh_dataset::ReadingError;
use openweigh_fit::FitError;
use openweigh_formats::claim::Quantity;
use openweigh_formats::dataset::ProvenanceKind;
use openweigh_formats::files::Unreadable;
use openweigh_formats::licence::Licence;
use openweigh_formats::malformed::Fault;
use openweigh_formats::path::RelativePath;
use openweigh_formats::shown::quoted;
use openweigh_formats::term::Term;
use openweigh_formats::text::Name;
use openweigh_formats::weighings::Id;
use openweigh_formats::{Digest, Position};
use openweigh_replay::ReplayError;
use std::fmt;

/// The listed licence that a text resembles most, with the first words that differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nearest {
    /// Its id.
    pub licence: String,
    /// The words found.
    pub found: String,
    /// The words of the licence.
    pub expected: String,
}

impl fmt::Display for Nearest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { licence, found, expected } = self;
        write!(
            out,
            ": it resembles {licence}, but reads {} where that reads {}",
            quoted(found),
            quoted(expected)
        )
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each variant's words say what it is, and its fields are the values in them")]
pub enum Kind {
    // Files.
    #[error("{0}")]
    Unreadable(Unreadable),
    /// As another crate says it, of a path that a person typed.
    #[error("{0}")]
    NotOpened(String),
    #[error("the file is not the one that the manifest lists, but longer, and was not read to its end")]
    TooLong,
    #[error("the bytes are not the published ones: the SHA-256 listed is not the SHA-256 found")]
    OtherBytes,
    #[error("the manifest lists another number of bytes than the file has")]
    OtherSize,
    #[error("{0}")]
    Malformed(Fault),
    #[error("{0}")]
    Reading(ReadingError),
    #[error("the file is here but not listed in the manifest{}", if *.in_release { ", whose folder is a release and nothing else" } else { "" })]
    Stray { in_release: bool },
    #[error("{0} more files are here but not listed in the manifest")]
    Strays(usize),

    // The manifest itself.
    #[error("the manifest is not the one that {0} lists")]
    OtherManifest(&'static str),
    #[error("SHA256SUMS lists this manifest, and it is missing")]
    ManifestGone,
    #[error("SHA256SUMS beside it: {0}")]
    SumsUnread(String),
    #[error("SHA256SUMS beside it does not list it")]
    NotInSums,
    #[error("it changed while it was verified")]
    ChangedMeanwhile,

    // Completeness.
    #[error("it calls itself `{0}`, which is not what its file is called")]
    OtherFileName(String),
    #[error("it calls itself `{0}`, which is not what its folder is called")]
    OtherFolderName(Id),
    #[error("a dataset `{0}` is described in `{0}/dataset.json` and nowhere else")]
    DatasetElsewhere(Name),
    #[error("its file `{0}` is not listed in the manifest")]
    FileUnlisted(RelativePath),
    #[error("it states another SHA-256 or size for `{0}` than the manifest does")]
    FileStatedOtherwise(RelativePath),
    #[error("the manifest lists `{0}` in another role")]
    OtherRole(RelativePath),
    #[error("it states the licence `{licence}`, the manifest lists `{path}` under another")]
    FileUnderOtherLicence { licence: Licence, path: RelativePath },
    #[error("the manifest has no `fit` that derives these weights")]
    NoFit,
    #[error("its training dataset `{name}` (SHA-256 {}…) is not listed in the manifest", .sha256.short())]
    TrainingUnlisted { name: Name, sha256: Digest },
    #[error("it is derived from `{0}`, whose name or data are already among its inputs")]
    InputTwice(RelativePath),
    #[error("the manifest has no `replay` that derives these results")]
    NoReplay,
    #[error("the manifest lists it under another licence than its weights")]
    OtherLicenceThanWeights,
    #[error("nothing is derived from it")]
    Unused,
    #[error("no listed dataset has this file")]
    OfNoDataset,
    #[error("it is not the text of a licence that a listed dataset or weights state")]
    TextOfNoLicence,
    #[error("the text of the licence is empty")]
    EmptyText,
    #[error("this is the text of {other}, not of {id}")]
    TextOf { other: String, id: String },
    #[error("this is not the text of {id}{}", .nearest.as_ref().map_or_else(String::new, ToString::to_string))]
    AlteredText { id: String, nearest: Option<Nearest> },
    #[error("the text of its licence, `{0}`, is not listed in the manifest")]
    TextUnlisted(String),
    #[error("it states the licence `{0}`, the manifest lists another")]
    OtherLicence(Licence),
    #[error("it is the text of another licence than `{0}`, under which it is listed")]
    TextOfOtherLicence(Licence),
    #[error("it calls itself {}, and its session `{session}` is simulated", .kind.as_str())]
    Simulated { kind: ProvenanceKind, session: Id },

    // What is kept back.
    #[error("it keeps back `{0}`, which are not touches that the manifest lists with this digest")]
    KeepsBackOther(RelativePath),
    #[error("these are not the readings that {0} states")]
    OtherReadings(&'static str),
    #[error("the readings that are stated instead, {path}:{position}: {fault}")]
    StatedReadings { path: RelativePath, position: Position, fault: Fault },
    #[error(
        "it is kept back, and no readings that recipe `{0}` makes of it are stated instead, which the manifest needs"
    )]
    NoReadings(Name),
    #[error("the file is here, and withheld.json says that it is kept back; give it with --sessions instead")]
    NotKeptBack,

    // Derivations.
    #[error("the listed data and recipe give no weights: {0}")]
    GivesNoWeights(FitError),
    #[error("the weights name another parent than their derivation lists")]
    OtherParent,
    #[error("the recipe inside the weights is not the listed recipe")]
    OtherRecipe,
    #[error("the coefficient of `{0}` does not follow from the data")]
    Coefficient(Term),
    #[error("the weights derived again differ")]
    OtherWeights,
    #[error("the weights cannot be applied to the data: {0}")]
    NotApplicable(ReplayError),
    #[error("the results derived again have another SHA-256")]
    OtherResults,
    #[error("the results have another number of lines")]
    OtherLines,
    #[error("`{0}` does not follow from the weights and the data")]
    Cell(String),

    // Claims.
    #[error("the claimed value ({}) is not what follows: {}", .quantity.as_str(), quoted(.statement))]
    ClaimedValue { quantity: Quantity, statement: String },
    #[error("the claimed unit ({}) is not what follows: {}", .quantity.as_str(), quoted(.statement))]
    ClaimedUnit { quantity: Quantity, statement: String },
    #[error("`{}` is a quantity of {of}, not of `{file}`", .quantity.as_str())]
    QuantityOf { quantity: Quantity, of: &'static str, file: RelativePath },
    #[error("the claimed {} is undefined for this fit", .0.as_str())]
    Undefined(Quantity),
    #[error("the weights have no such term")]
    NoTerm,
    #[error("the results have no such dataset, row or weighing")]
    NoRow,

    // Cards.
    #[error("it is not what follows from the manifest")]
    Generated,
    /// What `publish` refuses, in its words.
    #[error("{0}")]
    Unstated(String),
    #[error("{0}")]
    Previous(String),
    #[error("{0}")]
    SameName(String),

    // Signatures.
    #[error("the release is not signed, and the policy wants it signed")]
    Unsigned,
    #[error("{0}")]
    Signature(String),
    /// A good signature, by a key that the policy does not accept.
    #[error("{0}")]
    NotAccepted(String),
    #[error("the release is withdrawn, by the key {key}{}", .replacement.as_ref().map_or_else(String::new, |id| format!("; use the release {id}")))]
    Withdrawn { key: String, replacement: Option<Digest> },
    #[error("found {}, expected at least {wanted}", openweigh_formats::count::of(*.found, "independent receipt"))]
    Receipts { found: usize, wanted: u32 },
    #[error("the bundle is missing")]
    NoBundle,
    #[error("{0}")]
    Bundle(String),
}

impl Kind {
    /// What is wrong, for machines: codes are added, and none changes its meaning.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(Unreadable::Missing) => "missing",
            Self::Unreadable(Unreadable::NotPlain(_)) => "not-a-plain-file",
            Self::Unreadable(Unreadable::TooLarge { .. }) => "too-large",
            Self::Unreadable(Unreadable::System(_)) | Self::NotOpened(_) => "unreadable",
            Self::TooLong => "longer-than-listed",
            Self::OtherBytes => "other-bytes",
            Self::OtherSize => "other-size",
            Self::Malformed(_) => "malformed",
            Self::Reading(_) => "no-reading",
            Self::Stray { .. } => "stray",
            Self::Strays(_) => "strays",
            Self::OtherManifest(_) => "other-manifest",
            Self::ManifestGone => "manifest-gone",
            Self::SumsUnread(_) => "sums-unread",
            Self::NotInSums => "not-in-sums",
            Self::ChangedMeanwhile => "changed-meanwhile",
            Self::OtherFileName(_) => "other-file-name",
            Self::OtherFolderName(_) => "other-folder-name",
            Self::DatasetElsewhere(_) => "dataset-elsewhere",
            Self::FileUnlisted(_) => "file-unlisted",
            Self::FileStatedOtherwise(_) => "file-stated-otherwise",
            Self::OtherRole(_) => "other-role",
            Self::FileUnderOtherLicence { .. } => "file-under-other-licence",
            Self::NoFit => "no-fit",
            Self::TrainingUnlisted { .. } => "training-unlisted",
            Self::InputTwice(_) => "input-twice",
            Self::NoReplay => "no-replay",
            Self::OtherLicenceThanWeights => "other-licence-than-weights",
            Self::Unused => "unused",
            Self::OfNoDataset => "of-no-dataset",
            Self::TextOfNoLicence => "text-of-no-licence",
            Self::EmptyText => "empty-text",
            Self::TextOf { .. } => "text-of-another",
            Self::AlteredText { .. } => "altered-text",
            Self::TextUnlisted(_) => "text-unlisted",
            Self::OtherLicence(_) => "other-licence",
            Self::TextOfOtherLicence(_) => "text-of-other-licence",
            Self::Simulated { .. } => "simulated",
            Self::KeepsBackOther(_) => "keeps-back-other",
            Self::OtherReadings(_) => "other-readings",
            Self::StatedReadings { .. } => "stated-readings",
            Self::NoReadings(_) => "no-readings",
            Self::NotKeptBack => "not-kept-back",
            Self::GivesNoWeights(_) => "gives-no-weights",
            Self::OtherParent => "other-parent",
            Self::OtherRecipe => "other-recipe",
            Self::Coefficient(_) => "coefficient",
            Self::OtherWeights => "other-weights",
            Self::NotApplicable(_) => "not-applicable",
            Self::OtherResults => "other-results",
            Self::OtherLines => "other-lines",
            Self::Cell(_) => "cell",
            Self::ClaimedValue { .. } => "claimed-value",
            Self::ClaimedUnit { .. } => "claimed-unit",
            Self::QuantityOf { .. } => "quantity-of",
            Self::Undefined(_) => "undefined",
            Self::NoTerm => "no-term",
            Self::NoRow => "no-row",
            Self::Generated => "generated",
            Self::Unstated(_) => "unstated",
            Self::Previous(_) => "previous",
            Self::SameName(_) => "same-name",
            Self::Unsigned => "unsigned",
            Self::Signature(_) | Self::NotAccepted(_) => "signature",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Receipts { .. } => "receipts",
            Self::NoBundle => "no-bundle",
            Self::Bundle(_) => "bundle",
        }
    }
}
