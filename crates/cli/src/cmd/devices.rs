//! `openweigh devices`

use crate::cmd::record::pads;
use crate::failure::Failure;
use crate::place;
use crate::screen::Screen;
use crate::{exit, show};
use openweigh_capture::pad;
use openweigh_multitouch::default_path;
use serde_json::json;
use std::path::PathBuf;

/// List the pads, and why one cannot be weighed on
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh devices
  openweigh devices --library target/release/libopenweigh_simulator.so --json")]
pub(crate) struct Args {
    /// A library in place of Apple's framework: the simulator
    #[arg(long, value_name = "PATH")]
    library: Option<PathBuf>,
    /// Salt of the devices' names [default: the ledger's own, in .openweigh/salt]
    #[arg(long, value_name = "TEXT")]
    salt: Option<String>,
}

pub(crate) fn run(args: &Args, screen: &mut Screen) -> Result<u8, Failure> {
    let ledger = place::ledger()?;
    let path = args.library.clone().unwrap_or_else(|| default_path().to_owned());
    let (library, devices) = pads::open(&path)?;
    let salt = pads::salt(&ledger, args.salt.as_ref())?;
    let mut rows = vec![
        ["device", "model", "transport", "family", "surface", "sensor", "unit", "force"]
            .map(str::to_owned)
            .to_vec(),
    ];
    let mut documents = Vec::new();
    let mut refusals = Vec::new();
    for device in &devices {
        let identity = device.identity();
        let name = pad::device_hash(&salt, identity.id);
        let pair = |pair: Option<(i32, i32)>| pair.map_or_else(String::new, |(a, b)| format!("{a} x {b}"));
        let force = match identity.supports_force {
            Some(true) => "yes",
            Some(false) => "no",
            None => "unknown",
        };
        let (model, transport) = (pad::model(&identity), pad::transport(&identity));
        let unit = pad::unit(&identity).as_str();
        let refused = pad::refusal(&identity);
        documents.push(json!({
            "device": name.as_str(), "model": model, "transport": transport, "family": identity.family,
            "surface": identity.surface.map(|(w, h)| [w, h]), "sensor": identity.sensor.map(|(r, c)| [r, c]),
            "unit": unit, "force": identity.supports_force, "refused": refused,
        }));
        let family = identity.family.map_or_else(String::new, |family| family.to_string());
        rows.push(vec![
            name.to_string(),
            model,
            transport,
            family,
            pair(identity.surface),
            pair(identity.sensor),
            unit.to_owned(),
            force.to_owned(),
        ]);
        refusals.extend(refused.map(|why| format!("  {name} cannot be weighed on: {why}")));
    }
    screen.document(
        json!({ "library": place::shown(&path), "missing": library.missing(), "devices": documents }),
    );
    if devices.is_empty() {
        screen.line("no pad is connected")?;
        return Ok(exit::DONE);
    }
    show::table(&rows, &[false, false, false, true, true, true, false, false], screen)?;
    for refusal in refusals {
        screen.line(&refusal)?;
    }
    if screen.is_verbose() && !library.missing().is_empty() {
        screen.line(&format!("  the library lacks {}", library.missing().join(", ")))?;
    }
    Ok(exit::DONE)
}
