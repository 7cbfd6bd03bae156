//! The front matter of generator 2: YAML between two lines of three hyphens, with the licence by the Hub's own list.

use crate::card::hub::{self, quoted};
use crate::parties::text_path;
use crate::reuse;
use crate::source::Source;
use openweigh_formats::licence::Licence;

/// Ids of the Hub's list of licences that are the SPDX id in lower case.
const AS_SPDX: [&str; 46] = [
    "afl-3.0",
    "apache-2.0",
    "artistic-2.0",
    "bsd-2-clause",
    "bsd-3-clause",
    "bsd-3-clause-clear",
    "bsl-1.0",
    "cc-by-2.0",
    "cc-by-2.5",
    "cc-by-3.0",
    "cc-by-4.0",
    "cc-by-nc-2.0",
    "cc-by-nc-3.0",
    "cc-by-nc-4.0",
    "cc-by-nc-nd-3.0",
    "cc-by-nc-nd-4.0",
    "cc-by-nc-sa-2.0",
    "cc-by-nc-sa-3.0",
    "cc-by-nc-sa-4.0",
    "cc-by-nd-4.0",
    "cc-by-sa-3.0",
    "cc-by-sa-4.0",
    "cc0-1.0",
    "cdla-permissive-1.0",
    "cdla-permissive-2.0",
    "cdla-sharing-1.0",
    "ecl-2.0",
    "epl-1.0",
    "epl-2.0",
    "etalab-2.0",
    "eupl-1.1",
    "eupl-1.2",
    "isc",
    "lppl-1.3c",
    "mit",
    "mpl-2.0",
    "ms-pl",
    "ncsa",
    "ofl-1.1",
    "osl-3.0",
    "postgresql",
    "unlicense",
    "wtfpl",
    "zlib",
    "openmdw-1.0",
    "openmdw-1.1",
];

/// Ids of that list that stand for other SPDX ids, which are here in lower case.
const BY_ANOTHER_NAME: [(&str, &str); 16] = [
    ("agpl-3.0-only", "agpl-3.0"),
    ("agpl-3.0-or-later", "agpl-3.0"),
    ("c-uda-1.0", "c-uda"),
    ("gpl-2.0-only", "gpl-2.0"),
    ("gpl-2.0-or-later", "gpl-2.0"),
    ("gpl-3.0-only", "gpl-3.0"),
    ("gpl-3.0-or-later", "gpl-3.0"),
    ("lgpl-2.1-only", "lgpl-2.1"),
    ("lgpl-2.1-or-later", "lgpl-2.1"),
    ("lgpl-3.0-only", "lgpl-3.0"),
    ("lgpl-3.0-or-later", "lgpl-3.0"),
    ("licenseref-openmdw-1.0", "openmdw-1.0"),
    ("licenseref-openmdw-1.1", "openmdw-1.1"),
    ("odbl-1.0", "odbl"),
    ("odc-by-1.0", "odc-by"),
    ("pddl-1.0", "pddl"),
];

/// What the Hub calls a licence.
fn on_the_hub(licence: &Licence) -> Option<&'static str> {
    let lower = licence.as_str().to_ascii_lowercase();
    let same = AS_SPDX.iter().find(|known| **known == lower).copied();
    same.or_else(|| BY_ANOTHER_NAME.iter().find(|(spdx, _)| *spdx == lower).map(|(_, name)| *name))
}

/// The front matter, both lines of hyphens included.
pub(super) fn write(source: &Source<'_>) -> String {
    let mut text = "---\n".to_owned();
    let licence = Licence::united(
        source
            .weights()
            .map(|(_, weights)| &weights.licence)
            .chain(source.datasets().map(|(_, dataset)| &dataset.licence)),
    );
    if let Some(known) = on_the_hub(&licence) {
        text += &format!("license: {known}\n");
    } else {
        // The Hub follows the link to a file: the text, or where there are several, which file is under which.
        let link = match licence.ids().as_slice() {
            [only] => text_path(only),
            _ => reuse::PATH.to_owned(),
        };
        let name = quoted(licence.as_str());
        text += &format!("license: other\nlicense_name: {name}\nlicense_link: {}\n", quoted(&link));
    }
    text + &hub::behind_the_licence(source)
}
