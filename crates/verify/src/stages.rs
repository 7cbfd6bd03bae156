//! The stages of verification, one after the other.

use crate::claims::Claims;
use crate::completeness;
use crate::derive::{Derived, derive};
use crate::inventory;
use crate::opened::Opened;
use crate::report::{Item, Note, Report, Stage};
use crate::scope::{Budget, Scope};
use crate::withheld::reserved;
use openweigh_formats::files::Files;
use openweigh_formats::manifest::Manifest;

/// Goes through all stages, telling each item as it is done.
pub fn verify(
    manifest: &Manifest,
    from: &dyn Files,
    scope: &Scope,
    budget: Budget,
    tell: impl FnMut(&Item),
) -> Report {
    examine(manifest, from, scope, budget, tell).0
}

/// As [`verify`], and hands on what could be read: a release has more to be checked against it.
pub fn examine(
    manifest: &Manifest,
    from: &dyn Files,
    scope: &Scope,
    budget: Budget,
    mut tell: impl FnMut(&Item),
) -> (Report, Opened) {
    let mut report = Report::default();
    let mut add = |item: Item| {
        tell(&item);
        report.items.push(item);
    };
    let mut opened = inventory::read_all(manifest, from, scope, budget, &mut add);
    let mut notes = std::mem::take(&mut opened.notes);
    notes.extend(completeness::unfinished(manifest, from, scope));
    notes.extend(opened.datasets.iter().filter_map(|(path, dataset)| {
        let from = dataset.provenance.derived_from.as_ref()?;
        let from = format!("{} {} (SHA-256 {}…)", from.name, from.version, from.sha256.short());
        Some(Note::Stated { path: path.clone(), from })
    }));
    let mut derived = Derived::default();
    derive(manifest, &opened, from, budget, &mut derived, &mut add);
    let mut claims = Claims::new(&manifest.claims, manifest, &opened, &derived);
    for claim in &manifest.claims {
        let (verdict, note) = claims.judge(claim);
        notes.extend(note);
        let verdict = reserved(verdict, manifest, &opened, &claim.over.file);
        add(Item { stage: Stage::Claims, subject: claim.id.to_string(), verdict });
    }
    report.notes = notes;
    (report, opened)
}
