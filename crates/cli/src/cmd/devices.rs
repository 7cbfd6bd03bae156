//! `openweigh devices`

use crate::answer::{DeviceList, Pad};
use crate::cmd::record::pads::{self, Where};
use crate::failure::{self, Failure};
use crate::place;
use crate::screen::Screen;
use crate::{exit, show};
use openweigh_capture::evdev::{EvdevError, Found, Refusal};
use openweigh_capture::{PadOptions, pad};
use openweigh_multitouch::Device;

/// List trackpads, and why any of them cannot be used
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh devices
  openweigh devices --library target/release/libopenweigh_simulator.so --json

On a Mac the pads are those of Apple's MultitouchSupport. On Linux they are the event devices that have contacts
in slots: of these, the Magic Trackpad 2 and USB-C report force, and pads whose ABS_MT_PRESSURE declares units per
gram; elsewhere pressure is the size of the contact, and the pad is refused.")]
pub(crate) struct Args {
    #[command(flatten)]
    place: Where,
    /// Take a Linux pad's pressure for force though its axis declares no unit
    #[arg(long, value_name = "UNIT", value_parser = ["counts"])]
    pressure_unit: Option<String>,
    /// Salt of the devices' names [default: the ledger's own, in .openweigh/salt]
    #[arg(long, value_name = "TEXT")]
    salt: Option<String>,
}

/// A pad as it is listed.
struct Listed {
    row: Vec<String>,
    document: Pad,
    refused: Option<String>,
    /// Whether its name tells only where it is built in.
    by_location: bool,
}

pub(crate) fn run(args: &Args, screen: &mut Screen) -> Result<u8, Failure> {
    let ledger = place::ledger()?;
    let salt = pads::salt(&ledger, args.salt.as_ref())?;
    screen.set_aside();
    let found = args.place.look(&salt, args.pressure_unit.is_some())?;
    let options = PadOptions { salt, machine: found.machine(), ..PadOptions::default() };
    let mut listed: Vec<Listed> = found.devices.iter().map(|device| of_framework(device, &options)).collect();
    listed.extend(found.events.iter().map(of_events));
    let (missing, absent) = match &found.library {
        Ok(library) => (library.missing(), None),
        Err(error) => (&[][..], Some(error.to_string())),
    };
    screen.document(&DeviceList {
        library: place::shown(&found.path),
        missing: missing.iter().map(ToString::to_string).collect(),
        absent: absent.clone(),
        input: found.input.as_deref().map(place::shown),
        devices: listed.iter().map(|one| one.document.clone()).collect(),
    });
    if listed.is_empty() {
        screen.line("no pad is connected")?;
    } else {
        table(&listed, screen)?;
    }
    for refused in listed.iter().filter_map(|one| one.refused.as_ref()) {
        screen.line(&format!("  {refused}"))?;
    }
    for name in listed.iter().filter(|one| one.by_location).filter_map(|one| one.row.first()) {
        screen.line(&format!(
            "  {name} is named by location: built-in pads of one model have one id, and this machine does not tell its own \
             number, so the name may be that of another machine's pad, too"
        ))?;
    }
    if let (Some(_), Some(input)) = (&absent, &found.input) {
        let input = place::shown(input);
        screen
            .line(&format!("  Apple's MultitouchSupport is not on this machine: looked in {input} alone"))?;
    }
    if screen.is_verbose() {
        if let Some(why) = absent {
            screen.line(&format!("  {why}"))?;
        }
        if !missing.is_empty() {
            screen.line(&format!("  the library lacks {}", missing.join(", ")))?;
        }
    }
    Ok(exit::DONE)
}

/// The columns in which something stands: paths are there only where event devices are.
fn table(listed: &[Listed], screen: &mut Screen) -> Result<(), Failure> {
    let names = ["device", "path", "model", "transport", "family", "surface", "sensor", "unit", "force"];
    let right = [false, false, false, false, true, true, true, false, false];
    let has_paths = listed.iter().any(|one| !one.row[1].is_empty());
    let kept: Vec<usize> = (0..names.len()).filter(|column| *column != 1 || has_paths).collect();
    let header = names.map(str::to_owned).to_vec();
    let rows: Vec<Vec<String>> = std::iter::once(&header)
        .chain(listed.iter().map(|one| &one.row))
        .map(|row| kept.iter().map(|column| row[*column].clone()).collect())
        .collect();
    let right: Vec<bool> = kept.iter().map(|column| right[*column]).collect();
    show::table(&rows, &right, screen)
}

fn pair<T: std::fmt::Display>(pair: Option<(T, T)>) -> String {
    pair.map_or_else(String::new, |(a, b)| format!("{a} x {b}"))
}

fn word(force: Option<bool>) -> &'static str {
    match force {
        Some(true) => "yes",
        Some(false) => "no",
        None => "unknown",
    }
}

fn of_framework(device: &Device, options: &PadOptions) -> Listed {
    let identity = device.identity();
    let name = pad::pad_hash(&identity, options);
    let (model, transport) = (pad::model(&identity), pad::transport(&identity));
    let unit = pad::unit(&identity).as_str();
    let refused = pad::refusal(&identity);
    let by_location = pad::is_named_by_place(&identity, options);
    let document = Pad {
        device: Some(name.to_string()),
        path: None,
        model: model.clone(),
        transport: transport.clone(),
        family: identity.family,
        surface: identity.surface.map(|(w, h)| [w, h].map(i64::from)),
        sensor: identity.sensor.map(|(r, c)| [r, c]),
        unit: unit.to_owned(),
        force: identity.supports_force,
        refused: refused.as_ref().map(ToString::to_string),
        advice: None,
        named_by: if by_location { "location" } else { "id" },
    };
    let row = vec![
        name.to_string(),
        String::new(),
        model,
        transport,
        identity.family.map_or_else(String::new, |family| family.to_string()),
        pair(identity.surface),
        pair(identity.sensor),
        unit.to_owned(),
        word(identity.supports_force).to_owned(),
    ];
    let refused = refused.map(|why| format!("{name} cannot be weighed on: {why}"));
    Listed { row, document, refused, by_location }
}

fn of_events(found: &Found) -> Listed {
    let path = place::shown(&found.path);
    let name = found.device.as_ref().map(ToString::to_string);
    let source = found.pad.as_ref().ok().map(|pad| &pad.source);
    let known = source.map(|source| source.model.to_string());
    let model = known.or_else(|| found.name.clone()).unwrap_or_else(|| "unknown".to_owned());
    let transport = source.map_or("unknown", |source| source.transport.as_str());
    let unit = source.map_or("unknown", |source| source.unit.as_str());
    let surface = source.and_then(|source| source.surface);
    let (force, refused, advice) = match &found.pad {
        Ok(_) => (Some(true), None, None),
        Err(error) => {
            let force = match error {
                EvdevError::System { .. }
                | EvdevError::Refused { refusal: Refusal::Undeclared { .. }, .. } => None,
                EvdevError::Refused { .. } => Some(false),
            };
            // Where it is known that there is no force, nothing can be done.
            let advice = if force.is_none() { failure::event_device(error) } else { None };
            (force, Some(error.to_string()), advice)
        }
    };
    let document = Pad {
        device: name.clone(),
        path: Some(path.clone()),
        model: model.clone(),
        transport: transport.to_owned(),
        family: None,
        surface,
        sensor: None,
        unit: unit.to_owned(),
        force,
        refused: refused.clone(),
        advice: advice.map(str::to_owned),
        named_by: "id",
    };
    // A long name would push the columns after it out of sight.
    let shortened = |text: String| text.chars().take(60).collect::<String>();
    let row = vec![
        name.unwrap_or_default(),
        path,
        shortened(model),
        transport.to_owned(),
        String::new(),
        pair(surface.map(|[width, height]| (width, height))),
        String::new(),
        unit.to_owned(),
        word(force).to_owned(),
    ];
    let refused = refused.map(|why| match advice {
        Some(advice) => format!("{why}; {advice}"),
        None => why,
    });
    Listed { row, document, refused, by_location: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use openweigh_capture::evdev::{Axis, Description, codes};

    fn found(pad: Result<Description, std::io::ErrorKind>) -> Listed {
        let path = std::path::PathBuf::from("/dev/input/event7");
        let name = pad.as_ref().map_or("A locked pad", |description| &description.name);
        let name = Some(name.to_owned());
        let pad = match pad {
            Ok(description) => description
                .judge(false)
                .map_err(|refusal| EvdevError::Refused { path: path.clone(), refusal }),
            Err(kind) => Err(EvdevError::System { path: path.clone(), what: "open", source: kind.into() }),
        };
        of_events(&Found { path, name, device: Some(pad::device_hash("salt", 1)), pad })
    }

    fn described(pressure: u16, vendor: u16, product: u16) -> Description {
        let axis = |max| Axis { min: 0, max, resolution: Some(0) };
        let axes = [
            (codes::ABS_MT_SLOT, axis(15)),
            (codes::ABS_MT_TRACKING_ID, axis(65535)),
            (codes::ABS_MT_POSITION_X, axis(7612)),
            (codes::ABS_MT_POSITION_Y, axis(5065)),
            (pressure, axis(253)),
        ];
        Description { name: "A\x1b[2Jpad".to_owned(), bus: 3, vendor, product, axes: axes.into() }
    }

    #[test]
    fn event_devices_are_listed_with_what_is_wrong() {
        let good = found(Ok(described(codes::ABS_MT_PRESSURE, 0x05ac, 0x0265)));
        assert_eq!(
            good.row,
            [
                "73003b0432d8a57b",
                "/dev/input/event7",
                "Magic Trackpad 2",
                "usb",
                "",
                "7612 x 5065",
                "",
                "counts",
                "yes"
            ]
        );
        assert!(good.refused.is_none() && good.document.refused.is_none());
        let size = found(Ok(described(codes::ABS_PRESSURE, 0x05ac, 0x0262)));
        assert_eq!((size.row[2].as_str(), size.row[8].as_str()), ("A\u{1b}[2Jpad", "no"));
        let why = size.refused.unwrap();
        assert!(why.ends_with("copies the size of the contact into ABS_PRESSURE; that is no force"), "{why}");
        let unsaid = found(Ok(described(codes::ABS_MT_PRESSURE, 0x06cb, 1)));
        assert_eq!((unsaid.row[8].as_str(), unsaid.document.force), ("unknown", None));
        let why = unsaid.refused.unwrap();
        assert!(
            why.contains("may be the size of the contact") && why.contains("--pressure-unit counts"),
            "{why}"
        );
        let locked = found(Err(std::io::ErrorKind::PermissionDenied));
        assert_eq!((locked.row[2].as_str(), locked.row[8].as_str()), ("A locked pad", "unknown"));
        let why = locked.refused.unwrap();
        assert!(
            why.contains("/dev/input/event7: cannot open: permission denied; join the group `input`"),
            "{why}"
        );
    }
}
