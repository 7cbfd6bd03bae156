//! The front matter of generator 1.

use crate::card::hub::{self, quoted};
use crate::source::Source;
use openweigh_formats::licence::Licence;

/// Licences that the Hub knows by a name of its own, which is the SPDX id in lower case.
const KNOWN_TO_THE_HUB: [&str; 14] = [
    "apache-2.0",
    "bsd-2-clause",
    "bsd-3-clause",
    "cc-by-4.0",
    "cc-by-nc-4.0",
    "cc-by-nc-sa-4.0",
    "cc-by-nd-4.0",
    "cc-by-sa-4.0",
    "cc0-1.0",
    "cdla-permissive-2.0",
    "gpl-3.0",
    "mit",
    "odbl",
    "pddl",
];

/// The front matter, both lines of hyphens included.
pub(super) fn write(source: &Source<'_>) -> String {
    let mut text = "---\n".to_owned();
    let licence = Licence::united(
        source
            .weights()
            .map(|(_, weights)| &weights.licence)
            .chain(source.datasets().map(|(_, dataset)| &dataset.licence)),
    );
    let lower = licence.as_str().to_ascii_lowercase();
    if KNOWN_TO_THE_HUB.contains(&lower.as_str()) {
        text += &format!("license: {lower}\n");
    } else {
        text +=
            &format!("license: other\nlicense_name: {}\nlicense_link: LICENSES\n", quoted(licence.as_str()));
    }
    text + &hub::behind_the_licence(source)
}
