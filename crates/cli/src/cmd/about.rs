//! What commands that make a dataset, or add sessions to one, are told about it.

use crate::failure::Failure;
use crate::screen::Screen;
use openweigh_capture::About;
use openweigh_capture::import::signal;
use openweigh_formats::dataset::{Dataset, Provenance, ProvenanceKind, Source};
use openweigh_formats::licence::Licence;
use openweigh_formats::text::{Line, Name, Version, tidied};

/// What is said about the dataset.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "The dataset")]
pub(crate) struct AboutArgs {
    /// Version of the dataset (semver) [default: 1.0.0, or the next minor one when a session is added]
    #[arg(long, value_name = "V")]
    version: Option<Version>,
    /// Title, in one line [default: the name]
    #[arg(long, value_name = "TEXT")]
    title: Option<Line>,
    /// Description
    #[arg(long, value_name = "TEXT")]
    description: Option<Line>,
    /// Licence of the data, an SPDX expression [default: NOASSERTION]
    #[arg(long, value_name = "SPDX")]
    pub(crate) license: Option<Licence>,
    /// Author; may be repeated
    #[arg(long, value_name = "NAME")]
    author: Vec<Line>,
}

impl AboutArgs {
    pub(crate) fn about(&self) -> About {
        About {
            version: self.version.clone(),
            title: self.title.clone(),
            description: self.description.clone(),
            licence: self.license.clone(),
            authors: self.author.clone(),
        }
    }
}

/// What a person says of a dataset that is imported.
#[derive(Debug, clap::Args)]
pub(crate) struct ImportedArgs {
    /// Version of the dataset (semver)
    #[arg(long, value_name = "V", default_value = "1.0.0")]
    version: Version,
    /// Title, in one line [default: the name]
    #[arg(long, value_name = "TEXT")]
    title: Option<Line>,
    /// Description
    #[arg(long, value_name = "TEXT", default_value = "")]
    description: Line,
    /// Licence of the data, an SPDX expression
    #[arg(long, value_name = "SPDX", default_value = "NOASSERTION")]
    pub(crate) license: Licence,
    /// Author; may be repeated
    #[arg(long, value_name = "NAME")]
    author: Vec<Line>,
    /// Whether the numbers were measured for this dataset, simulated, or transcribed from elsewhere
    #[arg(long, value_name = "KIND", default_value = "transcribed", value_parser = ["measured", "simulated", "transcribed"])]
    provenance: String,
    /// Where the numbers come from, in a sentence
    #[arg(long, value_name = "TEXT")]
    origin: Option<Line>,
}

fn line(text: &str) -> Line {
    let short: String = tidied(text).chars().take(2000).collect();
    short.parse().unwrap_or_else(|_| "data".parse().expect("a constant"))
}

impl ImportedArgs {
    pub(crate) fn about(&self, name: &Name) -> signal::About {
        signal::About {
            name: name.clone(),
            version: self.version.clone(),
            title: line(self.title.as_ref().map_or(name.as_str(), Line::as_str)),
            description: tidied(self.description.as_str())
                .parse()
                .unwrap_or_else(|_| self.description.clone()),
            licence: self.license.clone(),
            authors: self.author.iter().map(|author| line(author.as_str())).collect(),
        }
    }

    /// Where the numbers come from: what was said, or which files they were in.
    pub(crate) fn provenance(&self, files: &[String], source: Option<Source>) -> Provenance {
        let stated = format!("Imported from {}; the origin was not stated.", files.join(", "));
        Provenance {
            kind: match self.provenance.as_str() {
                "measured" => ProvenanceKind::Measured,
                "simulated" => ProvenanceKind::Simulated,
                _ => ProvenanceKind::Transcribed,
            },
            origin: line(self.origin.as_ref().map_or(stated.as_str(), Line::as_str)),
            source,
            derived_from: None,
        }
    }
}

/// That a licence is needed, while it can still be stated, and how: what weights name is not changed any more.
pub(crate) fn licence_wanted(dataset: &Dataset, how: &str, screen: &mut Screen) -> Result<(), Failure> {
    if dataset.licence.is_stated() {
        return Ok(());
    }
    screen.line(&format!("  no licence is stated; to publish this, state it now, before you fit: {how}"))
}

/// How it is stated by the same command once more.
pub(crate) const STATED_AGAIN: &str = "the same command with --license CC0-1.0, or another licence, and";
