//! Libraries, pads and salts, as the command line names them.

use crate::failure::Failure;
use crate::place;
use openweigh_capture::pad;
use openweigh_ledger::Ledger;
use openweigh_multitouch::{Device, Library};
use std::path::Path;

/// The library and its devices.
pub(crate) fn open(path: &Path) -> Result<(Library, Vec<Device>), Failure> {
    let library = Library::open(path).map_err(Failure::Library)?;
    let devices = library.devices().map_err(|error| Failure::input(place::shown(path), error))?;
    Ok((library, devices))
}

/// The salt that was given, or the ledger's.
pub(crate) fn salt(ledger: &Ledger, given: Option<&String>) -> Result<String, Failure> {
    match given {
        Some(salt) => Ok(salt.clone()),
        None => Ok(openweigh_capture::salt(ledger.root())?),
    }
}

/// The pads to record: the named one, the only one, or all.
pub(crate) fn chosen(
    devices: Vec<Device>,
    salt: &str,
    wanted: Option<&str>,
    all: bool,
) -> Result<Vec<Device>, Failure> {
    let name = |device: &Device| pad::device_hash(salt, device.id()).to_string();
    if let Some(wanted) = wanted {
        let found: Vec<Device> = devices.iter().filter(|d| name(d).starts_with(wanted)).cloned().collect();
        let [device] = found.as_slice() else {
            let known: Vec<String> = devices.iter().map(name).collect();
            return Err(Failure::usage(format!(
                "--device {wanted}: {} pads are called so; there are {}",
                found.len(),
                if known.is_empty() { "none at all".to_owned() } else { known.join(", ") }
            )));
        };
        return match pad::refusal(&device.identity()) {
            Some(why) => Err(Failure::Pad(format!("{wanted} cannot be weighed on: {why}"))),
            None => Ok(found),
        };
    }
    let count = devices.len();
    let usable: Vec<Device> =
        devices.into_iter().filter(|device| pad::refusal(&device.identity()).is_none()).collect();
    match usable.len() {
        0 => Err(Failure::Pad(format!("found {count} pads, none of which can be weighed on"))),
        1 => Ok(usable),
        _ if all => Ok(usable),
        found => Err(Failure::usage(format!(
            "found {found} pads that can be weighed on; choose with --device ({}), or --all-devices",
            usable.iter().map(name).collect::<Vec<_>>().join(", ")
        ))),
    }
}
