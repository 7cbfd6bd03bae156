//! What was calibrated, whose it is, against what, and under which conditions.

use super::Known;
use super::table::{Stated, Table, missing, paragraph};
use openweigh_dataset::Data;
use openweigh_formats::session::Session;
use openweigh_markup::html::Element;
use std::collections::BTreeSet;

/// Sessions that are listed one by one.
const LISTED: usize = 60;

fn sessions<'a>(known: &'a Known<'_>) -> Vec<&'a Session> {
    let of_dataset = |data: Data<'a>| match data {
        Data::Sessions(sessions) => sessions.iter().map(|one| &one.session).collect(),
        Data::Table(_) => Vec::new(),
    };
    known.subject.training.iter().flat_map(|one| of_dataset(one.data)).collect()
}

fn each_once(texts: impl Iterator<Item = String>) -> Option<String> {
    let texts: BTreeSet<String> = texts.collect();
    (!texts.is_empty()).then(|| texts.into_iter().collect::<Vec<_>>().join(", "))
}

/// The instrument and whoever made the data.
pub(super) fn write(known: &Known<'_>) -> Vec<Element> {
    let applies = &known.weights.applies_to;
    let mut stated = Stated::default();
    if let Some(pad) = &applies.pad {
        stated.add("Trackpad", pad.model.to_string());
        stated.add("Transport", pad.transport.to_string());
        stated.add("Unit of its readings", pad.unit.as_str());
        stated.add_or("Step of its readings", pad.quantum.as_ref());
        let hashes = sessions(known).into_iter().filter_map(|one| one.source.device.as_ref());
        stated.add_or("Device, salted hash of its id", each_once(hashes.map(ToString::to_string)));
        let drivers = sessions(known).into_iter();
        let drivers = drivers.map(|one| format!("{} on {}", one.source.driver, one.source.os));
        stated.add_or("Read through", each_once(drivers));
    } else if let Some(channels) = &applies.channels {
        for channel in channels {
            stated.add("Channel", channel.to_string());
        }
    } else {
        stated.add("Instrument", "not stated: a table of readings");
    }
    for column in applies.columns.iter().skip(1).filter(|_| applies.channels.is_none()) {
        let unit = column.unit.as_ref().map_or("unit not stated", |unit| unit.as_str());
        stated.add("Reading", format!("{} ({unit})", column.name));
    }
    let authors = known.subject.training.iter().flat_map(|one| &one.dataset.authors);
    stated.add_or("Made by", each_once(authors.map(ToString::to_string)));
    stated.add("Licence", known.weights.licence.to_string());
    vec![stated.element()]
}

/// The known values and where the data come from.
pub(super) fn traceability(known: &Known<'_>) -> Vec<Element> {
    let mut stated = Stated::default();
    let unit = known.weights.applies_to.columns.first().and_then(|column| column.unit.as_ref());
    let unit = unit.map_or_else(|| "unit not stated".to_owned(), ToString::to_string);
    stated.add("Known values", format!("{} ({unit})", known.weights.recipe.model.target));
    let of_rows = known.found.rows.iter().filter_map(|row| row.weighing?.reference_u_g.as_ref());
    let uncertainties: BTreeSet<_> = of_rows.map(|number| number.0.clone()).collect();
    match (uncertainties.first(), uncertainties.last()) {
        (Some(least), Some(most)) if least == most => {
            stated.add("Their standard uncertainty", format!("{least} g"));
        }
        (Some(least), Some(most)) => {
            stated.add("Their standard uncertainty", format!("{least} to {most} g"));
        }
        _ => stated.add("Their standard uncertainty", "not stated with the rows"),
    }
    for one in known.subject.training {
        let dataset = one.dataset;
        stated.add("Data", format!("{} {}: {}", dataset.name, dataset.version, dataset.title));
        stated.add("Origin", format!("{}: {}", dataset.provenance.kind.as_str(), dataset.provenance.origin));
        if let Some(source) = &dataset.provenance.source {
            stated.add("Source file", format!("{} (SHA-256 {})", source.name, source.sha256));
        }
    }
    vec![stated.element(), missing("Certificates of the reference masses: the data have none.")]
}

/// Dates and conditions, as far as they are stated.
pub(super) fn conditions(known: &Known<'_>) -> Vec<Element> {
    let date = missing("Date and place: the data have none.");
    let sessions = sessions(known);
    if sessions.is_empty() {
        return vec![
            date,
            missing("Temperature, gravity, contact: a table has no sessions that state them."),
        ];
    }
    let number =
        |number: &Option<openweigh_formats::number::Number>| number.as_ref().map(ToString::to_string);
    let line = |line: &Option<openweigh_formats::text::Line>| line.as_ref().map(ToString::to_string);
    let columns: [(&str, bool, Vec<Option<String>>); 8] = [
        ("temperature / °C", true, each(&sessions, |one| number(&one.environment.temperature_c))),
        ("gravity / (m/s²)", true, each(&sessions, |one| number(&one.environment.gravity_m_s2))),
        ("latitude / °", true, each(&sessions, |one| number(&one.environment.latitude_deg))),
        ("altitude / m", true, each(&sessions, |one| number(&one.environment.altitude_m))),
        ("contact", false, each(&sessions, |one| line(&one.environment.contact))),
        ("frames", true, each(&sessions, |one| Some(one.quality.frames.to_string()))),
        ("gaps", true, each(&sessions, |one| Some(one.quality.gaps.to_string()))),
        ("note", false, each(&sessions, |one| line(&one.environment.note))),
    ];
    let (stated, unstated): (Vec<_>, Vec<_>) =
        columns.into_iter().partition(|(_, _, cells)| cells.iter().any(Option::is_some));
    let head = stated.iter().map(|(name, number, _)| (*name, *number));
    let mut table = Table::new([("session", false)].into_iter().chain(head));
    for (at, session) in sessions.iter().take(LISTED).enumerate() {
        let cells = stated.iter().map(|(_, _, cells)| cells[at].clone().unwrap_or_else(|| "–".to_owned()));
        table.row([session.id.to_string()].into_iter().chain(cells));
    }
    let mut inside = vec![table.element()];
    if sessions.len() > LISTED {
        inside.push(paragraph(format!("The first {LISTED} of {} sessions.", sessions.len())));
    }
    inside.push(date);
    if !unstated.is_empty() {
        let names: Vec<&str> =
            unstated.iter().map(|(name, _, _)| name.split(" / ").next().unwrap_or(name)).collect();
        inside.push(missing(format!("Not stated by any session: {}.", names.join(", "))));
    }
    inside
}

/// A cell of each session.
fn each(sessions: &[&Session], cell: impl Fn(&Session) -> Option<String>) -> Vec<Option<String>> {
    sessions.iter().map(|session| cell(session)).collect()
}
