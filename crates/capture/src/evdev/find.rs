//! The event devices of a machine on which something might be weighed.

use super::codes::ABS_MT_SLOT;
use super::device::{EvdevError, Open};
use super::live::hash;
use super::pad::Pad;
use openweigh_formats::session::DeviceHash;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Where a machine has its event devices, and what it tells everybody about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    /// `event0`, `event1`…
    pub devices: PathBuf,
    /// A folder for each of the same name, readable without any right.
    pub class: PathBuf,
}

impl Default for Folders {
    fn default() -> Self {
        Self { devices: "/dev/input".into(), class: "/sys/class/input".into() }
    }
}

/// A device that has contacts in slots, as pads have; or that nobody could ask.
#[derive(Debug)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// What it calls itself, as far as that is known.
    pub name: Option<String>,
    /// The name under which it may be told to others.
    pub device: Option<DeviceHash>,
    /// A pad that reports force; or why not.
    pub pad: Result<Pad, EvdevError>,
}

/// Looks through the event devices, in the order of their numbers. What has no contacts in slots, as keyboards
/// have none, is left out. What cannot be opened is kept, since a person wants to know that the right to read
/// is all that is missing. `counts` is a person's word that force without a unit is force.
///
/// # Errors
/// The folder of devices cannot be listed.
pub fn devices(
    folders: &Folders,
    salt: &str,
    counts: bool,
    open: Open<'_>,
) -> Result<Vec<Found>, EvdevError> {
    let folder = &folders.devices;
    let system = |source| EvdevError::System { path: folder.clone(), what: "list the devices", source };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        // No input devices at all: another system, or a machine without a keyboard.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(system(error)),
    };
    let mut numbered = Vec::new();
    for entry in entries {
        let name = entry.map_err(system)?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix("event")?.parse::<u32>().ok());
        numbered.extend(number.map(|number| (number, folder.join(&name))));
    }
    numbered.sort_unstable();
    let found =
        |(number, path)| look(path, &folders.class.join(format!("event{number}")), salt, counts, open);
    Ok(numbered.into_iter().filter_map(found).collect())
}

fn look(path: PathBuf, class: &Path, salt: &str, counts: bool, open: Open<'_>) -> Option<Found> {
    match open(&path).and_then(|device| Ok((device.description()?, device))) {
        Ok((description, device)) => {
            if !description.axes.contains_key(&ABS_MT_SLOT) {
                return None;
            }
            let refused = |refusal| EvdevError::Refused { path: path.clone(), refusal };
            let pad = description.judge(counts).map_err(refused);
            let name = Some(description.name).filter(|name| !name.is_empty());
            Some(Found { device: hash(&*device, salt), name, pad, path })
        }
        Err(source) => {
            if has_slots(class) == Some(false) {
                return None;
            }
            let name = std::fs::read_to_string(class.join("device/name")).ok();
            let name = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
            let pad = Err(EvdevError::System { path: path.clone(), what: "open", source });
            Some(Found { path, name, device: None, pad })
        }
    }
}

/// Whether a device that cannot be opened has contacts in slots, as far as the machine tells. The bits of its
/// axes are hexadecimal, in words of the kernel, the last of which has the lowest bits.
fn has_slots(class: &Path) -> Option<bool> {
    let text = std::fs::read_to_string(class.join("device/capabilities/abs")).ok()?;
    let words: Option<Vec<u64>> =
        text.split_whitespace().map(|word| u64::from_str_radix(word, 16).ok()).collect();
    let bits = match words?[..] {
        [bits] => bits,
        [high, low] => high << 32 | low,
        _ => return None,
    };
    Some(bits >> ABS_MT_SLOT & 1 == 1)
}
