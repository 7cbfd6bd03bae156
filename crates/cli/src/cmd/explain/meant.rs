//! What the words after `explain` mean: a manifest or weights, and something in it.

use crate::failure::Failure;
use crate::place;
use openweigh_formats::limits;
use openweigh_formats::manifest::{Manifest, Role};
use openweigh_formats::release;
use openweigh_ledger::lookup::is_release;
use openweigh_ledger::{Kind, Ledger};
use std::path::{Path, PathBuf};

/// What is meant.
pub(super) enum Meant {
    Manifest(PathBuf, Option<String>),
    Weights(PathBuf, Option<String>),
}

/// Inside a release its manifest need not be named, and results stand for the manifest that lists them.
pub(super) fn meant(word: Option<&str>, subject: Option<&str>) -> Result<Meant, Failure> {
    let own = place::ledger()?;
    let here = || is_release(own.root()).then(|| own.root().join(release::MANIFEST));
    let subject = subject.map(ToOwned::to_owned);
    let Some(word) = word else {
        return here().map_or_else(|| only(&own), |path| Ok(Meant::Manifest(path, None)));
    };
    let missing = match place::find(&own, Kind::Manifest, word) {
        Ok(path) if holds_weights(&path) => return Ok(Meant::Weights(path, subject)),
        Ok(path) => {
            return match results(&own, &path)? {
                Some((manifest, listed)) => Ok(Meant::Manifest(manifest, subject.or(Some(listed)))),
                None => Ok(Meant::Manifest(path, subject)),
            };
        }
        Err(missing) => missing,
    };
    if let Ok(weights) = place::find(&own, Kind::Weights, word) {
        return Ok(Meant::Weights(weights, subject));
    }
    match (here(), &subject) {
        (Some(manifest), None) => Ok(Meant::Manifest(manifest, Some(word.to_owned()))),
        _ => Err(missing),
    }
}

/// Whether a file is of weights.
fn holds_weights(path: &Path) -> bool {
    let head = place::read(path, limits::JSON_BYTES).unwrap_or_default();
    String::from_utf8_lossy(&head[..head.len().min(200)]).contains("\"openweigh.weights/")
}

/// The only manifest of a ledger, if no word says which.
fn only(own: &Ledger) -> Result<Meant, Failure> {
    let mut all = own.manifests().unwrap_or_default();
    if all.len() == 1 {
        return Ok(Meant::Manifest(all.remove(0), None));
    }
    let commands: Vec<String> =
        all.iter().map(|path| format!("  openweigh explain {}", place::shown(path))).collect();
    Err(Failure::usage(if commands.is_empty() {
        "name a manifest, a release or weights; there is no manifest here. Weights are explained as in \
         `openweigh explain NAME-VERSION`"
            .to_owned()
    } else {
        format!("this ledger has {} manifests; name one:\n{}", all.len(), commands.join("\n"))
    }))
}

/// The manifest that lists results, with their path in it; none if the file is no results of this ledger.
fn results(own: &Ledger, path: &Path) -> Result<Option<(PathBuf, String)>, Failure> {
    let Some(listed) = own.relative(path).filter(|listed| listed.as_str().starts_with("artifacts/results/"))
    else {
        return Ok(None);
    };
    let manifests = if is_release(own.root()) {
        vec![own.root().join(release::MANIFEST)]
    } else {
        own.manifests().unwrap_or_default()
    };
    let lists = |manifest: &Manifest| manifest.of_role(Role::Results).any(|file| file.path == listed);
    let named = |path: PathBuf| {
        let read = place::document::<Manifest>(&path).ok();
        read.filter(|(manifest, _)| lists(manifest)).map(|_| path)
    };
    // Of several, the newest version is the last by name.
    match manifests.into_iter().filter_map(named).next_back() {
        Some(manifest) => Ok(Some((manifest, listed.to_string()))),
        None => Err(Failure::usage(format!(
            "no manifest lists {listed}; make one with `openweigh seal --results {listed}`, then explain that"
        ))),
    }
}
