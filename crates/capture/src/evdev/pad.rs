//! What an event device says of itself, and whether its pressure is a force.

use super::codes::{
    ABS_MT_POSITION_X, ABS_MT_POSITION_Y, ABS_MT_PRESSURE, ABS_MT_SLOT, ABS_MT_TRACKING_ID, ABS_PRESSURE,
};
use openweigh_exact::Decimal;
use openweigh_formats::number::Number;
use openweigh_formats::session::{Clicks, PressureUnit, Source};
use openweigh_formats::text::Line;
use std::collections::BTreeMap;

/// Slots that a device may have. No pad has more fingers on it, and memory is bounded.
const SLOTS: i32 = 64;

/// Vendors under which Apple's pads report: over USB and over Bluetooth.
pub(crate) const APPLE: [u16; 2] = [0x05ac, 0x004c];

/// Products of the pads whose `ABS_MT_PRESSURE` is known to be force though no unit is declared.
pub(crate) const MAGIC_TRACKPADS: [(u16, &str); 2] =
    [(0x0265, "Magic Trackpad 2"), (0x0324, "Magic Trackpad USB-C")];

/// Largest pressure that the kernel declares for them.
pub(crate) const MAGIC_TRACKPAD_CEILING: i32 = 253;

/// Products of `bcm5974`, first and last of each row: its `ABS_PRESSURE` is a copy of the contact's size.
const BCM5974: [(u16, u16); 14] = [
    (0x0223, 0x0225),
    (0x0230, 0x0232),
    (0x0236, 0x0238),
    (0x023f, 0x0241),
    (0x0242, 0x0244),
    (0x0245, 0x0247),
    (0x0249, 0x024b),
    (0x024c, 0x024e),
    (0x0252, 0x0254),
    (0x0259, 0x025b),
    (0x0262, 0x0264),
    (0x0272, 0x0274),
    (0x0290, 0x0292),
    (0x021a, 0x021c),
];

/// An axis as it is declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Axis {
    /// Smallest value.
    pub min: i32,
    /// Largest value.
    pub max: i32,
    /// Units per millimetre, or per gram; none where the recording does not tell, which is not 0.
    pub resolution: Option<i32>,
}

impl Axis {
    /// How far it goes, if it goes anywhere.
    pub(crate) fn span(self) -> Option<i64> {
        Some(i64::from(self.max) - i64::from(self.min)).filter(|span| *span > 0)
    }

    /// The resolution, if one is declared.
    pub(crate) fn declared(self) -> Option<i32> {
        self.resolution.filter(|resolution| *resolution > 0)
    }
}

/// What an event device says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Description {
    /// Its name.
    pub name: String,
    /// Kind of bus: 3 is USB, 5 is Bluetooth.
    pub bus: u16,
    /// Vendor.
    pub vendor: u16,
    /// Product.
    pub product: u16,
    /// Its absolute axes.
    pub axes: BTreeMap<u16, Axis>,
}

/// A pad that reports force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pad {
    /// What a session says about it; without the hash of its id.
    pub source: Source,
    /// What else there is to know about its numbers.
    pub note: Option<String>,
    /// Number of slots.
    pub slots: usize,
    /// The axis along the width.
    pub x: Option<Axis>,
    /// The axis along the height.
    pub y: Option<Axis>,
}

/// Why a device is no pad to weigh with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A driver that passes size for pressure.
    #[error("driver bcm5974 copies the size of the contact into ABS_PRESSURE; that is no force")]
    SizeAsPressure,
    /// No slots.
    #[error("no contacts in slots (ABS_MT_SLOT, ABS_MT_TRACKING_ID): not a pad, or of the old protocol A")]
    NoSlots,
    /// More slots than fingers.
    #[error("ABS_MT_SLOT goes from {min} to {max}, expected from 0 to at most {}", SLOTS - 1)]
    Slots {
        /// The first.
        min: i32,
        /// The last.
        max: i32,
    },
    /// No axis of force.
    #[error("no axis ABS_MT_PRESSURE: its driver reports no force")]
    NoForce,
    /// Only pressure of the pointer, which nothing declares to be force.
    #[error("no axis ABS_MT_PRESSURE, only ABS_PRESSURE, which is as a rule the size of the contact")]
    PointerOnly,
    /// An axis of force that goes nowhere.
    #[error("ABS_MT_PRESSURE ends at {max}, expected above 0")]
    Empty {
        /// Where it ends.
        max: i32,
    },
    /// An axis of force without a unit, of a device nobody knows.
    #[error(
        "ABS_MT_PRESSURE declares {declared}, so it may be the size of the contact, and {vendor:04x}:{product:04x} \
         is not known to measure force"
    )]
    Undeclared {
        /// What stands for the resolution.
        declared: &'static str,
        /// Vendor.
        vendor: u16,
        /// Product.
        product: u16,
    },
    /// Raw reports that nobody has explained.
    #[error(
        "raw reports of {vendor:04x}:{product:04x} are not known; only those of the Magic Trackpad 2 and USB-C are"
    )]
    UnknownReports {
        /// Vendor.
        vendor: u16,
        /// Product.
        product: u16,
    },
}

impl Description {
    /// The name of the Magic Trackpad that it is.
    pub(crate) fn magic_trackpad(&self) -> Option<&'static str> {
        let known = MAGIC_TRACKPADS.iter().find(|(product, _)| *product == self.product);
        known.filter(|_| APPLE.contains(&self.vendor)).map(|(_, name)| *name)
    }

    /// Whether its driver passes the size of a contact for its pressure.
    fn is_bcm5974(&self) -> bool {
        let known = |product| BCM5974.iter().any(|(first, last)| (*first..=*last).contains(&product));
        self.vendor == 0x05ac && known(self.product) || self.name.contains("bcm5974")
    }

    /// Whether its pressure is force, where the recording has no axes that could tell: by what is known of the
    /// device, or by a person's word.
    ///
    /// # Errors
    /// It is not, or nobody knows.
    pub(crate) fn measures_force(&self, counts: bool) -> Result<(), Refusal> {
        let Self { vendor, product, .. } = *self;
        if self.is_bcm5974() {
            return Err(Refusal::SizeAsPressure);
        }
        if self.magic_trackpad().is_some() || counts {
            return Ok(());
        }
        Err(Refusal::Undeclared { declared: "no resolution", vendor, product })
    }

    /// Whether it reports force, and in what unit. `counts` is a person's word that it does, where the
    /// device itself declares nothing.
    ///
    /// # Errors
    /// Why it does not, or why nobody knows.
    pub fn judge(&self, counts: bool) -> Result<Pad, Refusal> {
        let (vendor, product) = (self.vendor, self.product);
        if self.is_bcm5974() {
            return Err(Refusal::SizeAsPressure);
        }
        let (Some(slots), true) = (self.axes.get(&ABS_MT_SLOT), self.axes.contains_key(&ABS_MT_TRACKING_ID))
        else {
            return Err(Refusal::NoSlots);
        };
        if slots.min != 0 || !(0..SLOTS).contains(&slots.max) {
            return Err(Refusal::Slots { min: slots.min, max: slots.max });
        }
        let Some(pressure) = self.axes.get(&ABS_MT_PRESSURE) else {
            let pointer = self.axes.contains_key(&ABS_PRESSURE);
            return Err(if pointer { Refusal::PointerOnly } else { Refusal::NoForce });
        };
        if pressure.max <= 0 {
            return Err(Refusal::Empty { max: pressure.max });
        }
        let known = self.magic_trackpad();
        let (unit, note) = match pressure.declared() {
            Some(1) => (PressureUnit::Grams, None),
            // A count is a whole number of shares of a gram: the number stays, and what it declares is said.
            Some(units) => {
                let note = format!("pressure is declared as {units} units per gram");
                (PressureUnit::Counts, Some(note))
            }
            None if known.is_some() => (PressureUnit::Counts, None),
            None if counts => {
                let note = "pressure has no declared unit: counts of force, as was told";
                (PressureUnit::Counts, Some(note.to_owned()))
            }
            None => {
                let declared = if pressure.resolution.is_some() { "resolution 0" } else { "no resolution" };
                return Err(Refusal::Undeclared { declared, vendor, product });
            }
        };
        let (x, y) = (self.axes.get(&ABS_MT_POSITION_X), self.axes.get(&ABS_MT_POSITION_Y));
        let (x, y) = (x.copied(), y.copied());
        let span = |axis: Option<Axis>| axis.and_then(Axis::span);
        let source = Source {
            os: constant("linux"),
            driver: constant(if known.is_some() { "hid-magicmouse" } else { "evdev" }),
            model: line_of(known.unwrap_or(&self.name)),
            transport: constant(transport(self.bus)),
            family: None,
            device: None,
            surface: span(x).zip(span(y)).map(<[i64; 2]>::from),
            sensor: None,
            unit,
            quantum: Some(whole(1)),
            ceiling: Some(whole(pressure.max)),
            clicks: Clicks::Unknown,
        };
        let slots = usize::try_from(slots.max).map_or(1, |last| last + 1);
        Ok(Pad { source, note, slots, x, y })
    }
}

/// A whole number as a number of ours.
pub(crate) fn whole(value: i32) -> Number {
    Number(Decimal::new(i64::from(value).into(), 0))
}

/// A text of this program.
pub(crate) fn constant(text: &str) -> Line {
    Line::try_from(text.to_owned()).expect("a line")
}

/// A line from a text that anybody may have written: what misleads is left out, and what is long is cut.
pub(crate) fn line_of(text: &str) -> Line {
    let fits = |c: &char| Line::try_from(c.to_string()).is_ok();
    let kept: String = text.chars().filter(fits).take(100).collect();
    let kept = kept.trim();
    constant(if kept.is_empty() { "unknown" } else { kept })
}

/// How a device is connected, by its bus.
pub(crate) fn transport(bus: u16) -> &'static str {
    match bus {
        0x03 => "usb",
        0x05 => "bluetooth",
        // Host and SPI: Apple's own buses, always inside.
        0x19 | 0x1c => "built-in",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(vendor: u16, product: u16, resolution: Option<i32>) -> Description {
        let axis = |min, max, resolution| Axis { min, max, resolution };
        let axes = [
            (ABS_MT_SLOT, axis(0, 15, Some(0))),
            (ABS_MT_TRACKING_ID, axis(0, 65535, Some(0))),
            (ABS_MT_POSITION_X, axis(-3678, 3934, Some(47))),
            (ABS_MT_POSITION_Y, axis(-2478, 2587, Some(44))),
            (ABS_MT_PRESSURE, axis(0, 253, resolution)),
        ];
        Description { name: "A pad".to_owned(), bus: 3, vendor, product, axes: axes.into() }
    }

    #[test]
    fn the_unit_is_what_is_declared_or_known() {
        let judged = |vendor, product, resolution, counts| {
            let judged = described(vendor, product, resolution).judge(counts);
            judged.map(|pad| (pad.source.unit, pad.note.is_some()))
        };
        for vendor in APPLE {
            assert_eq!(judged(vendor, 0x0265, Some(0), false), Ok((PressureUnit::Counts, false)));
            assert_eq!(judged(vendor, 0x0324, None, false), Ok((PressureUnit::Counts, false)));
        }
        assert_eq!(judged(0x05ac, 0x0343, Some(1), false), Ok((PressureUnit::Grams, false)));
        assert_eq!(judged(0x06cb, 1, Some(4), false), Ok((PressureUnit::Counts, true)));
        assert_eq!(judged(0x06cb, 1, Some(0), true), Ok((PressureUnit::Counts, true)));
        for (resolution, declared) in
            [(Some(0), "resolution 0"), (None, "no resolution"), (Some(-1), "resolution 0")]
        {
            let expected = Refusal::Undeclared { declared, vendor: 0x06cb, product: 1 };
            assert_eq!(judged(0x06cb, 1, resolution, false), Err(expected));
        }
        // No word of a person makes a size a force.
        for product in [0x0223, 0x0262, 0x0273, 0x0292] {
            assert_eq!(judged(0x05ac, product, Some(1), true), Err(Refusal::SizeAsPressure));
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let without = |code: u16, other: Option<u16>| {
            let mut description = described(0x05ac, 0x0265, Some(0));
            let axis = description.axes.remove(&code).unwrap();
            description.axes.extend(other.map(|other| (other, axis)));
            description.judge(true).unwrap_err()
        };
        assert_eq!(without(ABS_MT_PRESSURE, None), Refusal::NoForce);
        assert_eq!(without(ABS_MT_PRESSURE, Some(ABS_PRESSURE)), Refusal::PointerOnly);
        assert_eq!(without(ABS_MT_SLOT, None), Refusal::NoSlots);
        assert_eq!(without(ABS_MT_TRACKING_ID, None), Refusal::NoSlots);
    }
}
