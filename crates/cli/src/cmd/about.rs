//! What commands that add sessions to a dataset are told about it.

use openweigh_capture::About;
use openweigh_formats::licence::Licence;
use openweigh_formats::text::{Line, Version};

/// What is said about the dataset.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "The dataset")]
pub(crate) struct AboutArgs {
    /// Its semantic version [default: 1.0.0, or the next minor one when a session is added]
    #[arg(long, value_name = "V")]
    version: Option<Version>,
    /// One line for people [default: the name]
    #[arg(long, value_name = "TEXT")]
    title: Option<Line>,
    /// More for people
    #[arg(long, value_name = "TEXT")]
    description: Option<Line>,
    /// Licence of the data, an SPDX expression [default: NOASSERTION]
    #[arg(long, value_name = "SPDX")]
    pub(crate) license: Option<Licence>,
    /// Who made it; may be repeated
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
