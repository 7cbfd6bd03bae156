//! Why something was not moved. These state; what a person can do about it is said by the command.

use openweigh_formats::Digest;
use openweigh_formats::malformed::shortened;
use openweigh_ledger::DraftError;
use std::path::PathBuf;

/// Why a release was not pushed or pulled.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The words name no store.
    #[error("`{word}`: {what}")]
    Location {
        /// The words.
        word: String,
        /// What is wrong with them.
        what: String,
    },
    /// This build has no network, and the store is no folder.
    #[error("{location}: this build of the program reaches no registry, bucket or web server, only folders")]
    NoNetwork {
        /// The store.
        location: String,
    },
    /// This store can be read and not written.
    #[error("{location} can be read and not written")]
    ReadOnly {
        /// The store.
        location: String,
    },
    /// The folder is none of a release.
    #[error("{path}: {fault}")]
    Release {
        /// The file or folder.
        path: String,
        /// What is wrong.
        fault: ReleaseFault,
    },
    /// Bytes are not those that were promised.
    #[error("{file}: the SHA-256 is {found}, expected {expected}")]
    Digest {
        /// The file.
        file: String,
        /// The promised digest.
        expected: Digest,
        /// The digest of the bytes that came.
        found: Digest,
    },
    /// There are more or fewer bytes than were promised.
    #[error("{file}: found {found} bytes, expected {expected}")]
    Length {
        /// The file.
        file: String,
        /// Bytes promised.
        expected: u64,
        /// Bytes that came; where there were more than promised, at least so many.
        found: u64,
    },
    /// A document of the store is refused.
    #[error("{place}: {fault}")]
    Refused {
        /// The document.
        place: String,
        /// Why.
        fault: Fault,
    },
    /// The tag is there and means something else.
    #[error("{location}: the tag `{tag}` means {found}, not {ours}")]
    TagTaken {
        /// The store.
        location: String,
        /// The tag.
        tag: String,
        /// What it means.
        found: String,
        /// What it should mean.
        ours: String,
    },
    /// There is no such thing in the store.
    #[error("{location}: found no {what}")]
    Absent {
        /// The store.
        location: String,
        /// What was looked for.
        what: String,
    },
    /// No tag was named, and there is none or more than one to choose from.
    #[error("{location}: which release is meant? its tags are {}", listed(tags))]
    WhichTag {
        /// The store.
        location: String,
        /// The tags that are there.
        tags: Vec<String>,
    },
    /// A tag that stands for two documents.
    #[error("{place}: tag `{tag}` stands there for {} and for {}", found[0], found[1])]
    TagTwice {
        /// The list of the store.
        place: String,
        /// The tag.
        tag: String,
        /// The digests of two documents that it stands for.
        found: [String; 2],
    },
    /// A folder with files that is no store.
    #[error("{} holds files and no `oci-layout`: it is no store", path.display())]
    NotAStore {
        /// The folder.
        path: PathBuf,
    },
    /// The store does not answer, or not as it should.
    #[error("{location}: {what}")]
    Unreachable {
        /// The store.
        location: String,
        /// What happened.
        what: String,
    },
    /// The store wants to know who asks, or does not let them.
    #[error("{location}: access is denied ({what})")]
    Denied {
        /// The store.
        location: String,
        /// How it said so.
        what: String,
    },
    /// The registry sends for a token to another host, which the login was not set for.
    #[error("{location} sends for a token to {host}, and the name and password are not for that host")]
    TokenHost {
        /// The registry.
        location: String,
        /// The other host.
        host: String,
    },
    /// Another tree is where the release should be.
    #[error("{} exists with other content", path.display())]
    Exists {
        /// Where.
        path: PathBuf,
    },
    /// What is to be replaced is no release.
    #[error("{}: found {what}, expected a release: only what this program made is replaced", path.display())]
    NotARelease {
        /// Where.
        path: PathBuf,
        /// What is there.
        what: String,
    },
    /// Another program is pulling into the same place.
    #[error("{} is being pulled by another program", path.display())]
    Busy {
        /// Where.
        path: PathBuf,
    },
    /// The system could not read or write.
    #[error("{}: {source}", path.display())]
    System {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// What is wrong with the folder of a release.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseFault {
    /// It is listed and not there.
    #[error("SHA256SUMS lists it, and it is missing")]
    Missing,
    /// It is there and not listed.
    #[error("SHA256SUMS does not list it")]
    Unlisted,
    /// It is a link, a device or a pipe.
    #[error("found {0}, expected a plain file")]
    NotPlain(&'static str),
    /// A text in it is not as it should be.
    #[error("{0}")]
    Text(Fault),
}

/// What is wrong with a document, or with the paths it names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It does not parse.
    #[error("{0}")]
    Syntax(String),
    /// Something else was expected.
    #[error("found {found}, expected {expected}")]
    Found {
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// A path that would be written anywhere else than in its folder, or not on every system.
    #[error(
        "the path `{0}` is refused: parts are letters, digits and `. _ + -`, and start with a letter or digit"
    )]
    Path(String),
    /// The same path twice.
    #[error("the path `{0}` is there twice")]
    Twice(String),
    /// Two paths that are one where letter case does not count.
    #[error("`{first}` and `{second}` are the same path on systems that ignore letter case")]
    Twins {
        /// The earlier one.
        first: String,
        /// The later one.
        second: String,
    },
    /// A file in the way of a folder.
    #[error("`{0}` is a file and a folder at once")]
    FileAndFolder(String),
    /// A layer does not say which file it is.
    #[error("the layer {0} has no title")]
    NoTitle(String),
    /// More than is allowed.
    #[error("found {found} {what}, at most {limit} are allowed")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are.
        found: u64,
        /// How many may be.
        limit: u64,
    },
    /// A file that must be there.
    #[error("it lacks the file `{0}`")]
    Lacks(String),
    /// `SHA256SUMS` and the manifest of the store name different files or digests.
    #[error("SHA256SUMS and the layers disagree about `{0}`")]
    Disagree(String),
}

impl Fault {
    /// A text from outside, made fit to be shown, against what was expected.
    pub(crate) fn found(found: &str, expected: impl Into<String>) -> Self {
        Self::Found { found: format!("`{}`", shortened(found, 80)), expected: expected.into() }
    }
}

impl From<DraftError> for StoreError {
    fn from(error: DraftError) -> Self {
        match error {
            DraftError::NotPlain { path, what, .. } => {
                Self::Release { path: path.display().to_string(), fault: ReleaseFault::NotPlain(what) }
            }
            DraftError::Exists { path } => Self::Exists { path },
            DraftError::TooLarge { path, limit } => {
                let file = path.display().to_string();
                Self::Length { file, expected: limit, found: limit + 1 }
            }
            DraftError::System { path, source } => Self::System { path, source },
            other => Self::System { path: PathBuf::new(), source: std::io::Error::other(other.to_string()) },
        }
    }
}

impl StoreError {
    pub(crate) fn system(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::System { path, source }
    }

    pub(crate) fn refused(place: impl Into<String>) -> impl FnOnce(Fault) -> Self {
        let place = place.into();
        move |fault| Self::Refused { place, fault }
    }

    #[cfg(feature = "network")]
    pub(crate) fn unreachable(location: &str, error: &(dyn std::error::Error + 'static)) -> Self {
        // A file that changed while it was sent comes back wrapped in the words of the transport.
        let mut cause = Some(error);
        while let Some(inner) = cause {
            match inner.downcast_ref::<Self>() {
                Some(Self::Digest { file, expected, found }) => {
                    let (file, expected, found) = (file.clone(), expected.clone(), found.clone());
                    return Self::Digest { file, expected, found };
                }
                Some(Self::Length { file, expected, found }) => {
                    return Self::Length { file: file.clone(), expected: *expected, found: *found };
                }
                _ => cause = inner.source(),
            }
        }
        Self::Unreachable { location: location.to_owned(), what: chain(error) }
    }
}

/// An error with its causes, each said once.
#[cfg(feature = "network")]
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut said = shortened(&error.to_string(), 400);
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = shortened(&inner.to_string(), 400);
        if !said.contains(&text) {
            said = format!("{said}: {text}");
        }
        cause = inner.source();
    }
    said
}

fn listed(tags: &[String]) -> String {
    const SHOWN: usize = 12;
    let mut words: Vec<String> = tags.iter().take(SHOWN).map(|tag| shortened(tag, 128)).collect();
    if tags.is_empty() {
        words.push("none".to_owned());
    } else if tags.len() > SHOWN {
        words.push(format!("and {} more", tags.len() - SHOWN));
    }
    words.join(", ")
}
