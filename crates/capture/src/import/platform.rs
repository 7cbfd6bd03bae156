//! What `GlassToKey` writes on each system: its files have one layout and three meanings.
//!
//! | | Mac | Linux | Windows |
//! |---|---|---|---|
//! | counter of frames | of the file, from 1 | of each device, anew when it is opened again | of the file, from 0 or 1 |
//! | frames told beforehand | all | none | 0: the description is written at the start |
//! | `y` | from the bottom | from the top | from the bottom |
//! | state | the framework's, 0 to 7 | 1 is a touch, 0 none | the framework's numbers 0, 2, 4 |
//! | pressure | the framework's force | `ABS_MT_PRESSURE` divided by 255 | 0, or the driver's |
//! | size, angle, capacitance | the framework's | not measured: 0, or the pressure again | not measured: 0 |
//! | time | the framework's timestamp | arrival since the recording began, cut at 0 | arrival |

use super::error::Reason;
use super::following::clock;
use super::{Device, Options};
use crate::evdev::{Description, MAGIC_TRACKPAD_CEILING, line_of, whole};
use crate::frame::{Phase, Touch};
use openweigh_formats::session::{Clicks, PressureUnit, Source};
use openweigh_formats::touches::State;
use std::collections::BTreeMap;
use std::fmt;

/// The system under which a program recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Platform {
    /// macOS.
    Mac,
    /// Linux.
    Linux,
    /// Windows.
    Windows,
}

impl Platform {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Mac, Self::Linux, Self::Windows];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mac => "mac",
            Self::Linux => "linux",
            Self::Windows => "windows",
        }
    }

    /// The platform that a recording calls so.
    pub(crate) fn called(word: &str) -> Option<Self> {
        let word = word.to_ascii_lowercase();
        match word.as_str() {
            "mac" | "macos" | "darwin" => Some(Self::Mac),
            "linux" => Some(Self::Linux),
            "windows" | "win32" => Some(Self::Windows),
            _ => None,
        }
    }
}

/// A device of a recording, as its records name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hardware {
    pub(crate) platform: Platform,
    pub(crate) index: i64,
    pub(crate) id: u64,
    pub(crate) vendor: u16,
    pub(crate) product: u16,
}

impl fmt::Display for Hardware {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "device {}", self.index)
    }
}

impl Hardware {
    /// What a session says of it, or why it is none.
    pub(crate) fn describe(&self, options: &Options) -> Result<Device, Reason> {
        let Self { vendor, product, .. } = *self;
        let description = Description { vendor, product, ..Description::default() };
        let known = description.magic_trackpad();
        let (os, driver, device_clock, steady) = match self.platform {
            Platform::Mac => ("macos", "MultitouchSupport", "device clock, s", true),
            Platform::Linux => {
                // As of any other device of Linux: of which nobody knows a force, none is taken for granted.
                description.measures_force(options.counts)?;
                let driver = if known.is_some() { "hid-magicmouse" } else { "evdev" };
                ("linux", driver, "time of arrival since the recording began, s, as recorded", false)
            }
            Platform::Windows => ("windows", "Raw Input", "time of arrival, s, as recorded", true),
        };
        let linux = self.platform == Platform::Linux;
        let model = options.model.clone().unwrap_or_else(|| line_of(known.unwrap_or("unknown")));
        Ok(Device {
            source: Source {
                os: line_of(os),
                driver: line_of(driver),
                model,
                transport: line_of("unknown"),
                family: None,
                device: None,
                surface: None,
                sensor: None,
                // The framework's value of force, if it is ever above 0: then the device measures it.
                unit: PressureUnit::Counts,
                quantum: linux.then(|| whole(1)),
                ceiling: (linux && known.is_some()).then(|| whole(MAGIC_TRACKPAD_CEILING)),
                clicks: Clicks::Unknown,
            },
            clock: clock(device_clock, "clock of the recording, ns"),
            words: self.to_string(),
            id: Some(self.id),
            steady,
            silent_without_force: !linux,
        })
    }
}

/// The counter of frames, followed.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    file: Option<u64>,
    devices: BTreeMap<u64, u64>,
}

/// What the number of a frame tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    /// It follows the one before.
    Next,
    /// The device was opened again, or numbers are left out: frames may be missing.
    Anew {
        /// The number before.
        before: u64,
    },
    /// It cannot be: the file is not as it was written.
    Wrong {
        /// What it should be.
        expected: u64,
    },
}

impl Counter {
    /// Takes in the number of the next frame of the file, which is one of this device.
    pub(crate) fn follow(&mut self, platform: Platform, id: u64, number: u64) -> Counted {
        if platform == Platform::Linux {
            let before = self.devices.insert(id, number);
            return match before {
                Some(before) if before.checked_add(1) != Some(number) => Counted::Anew { before },
                _ => Counted::Next,
            };
        }
        let expected = match self.file {
            Some(before) => before.saturating_add(1),
            None if platform == Platform::Windows && number == 0 => 0,
            None => 1,
        };
        self.file = Some(expected);
        if number == expected { Counted::Next } else { Counted::Wrong { expected } }
    }
}

/// A contact as a file has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Contact {
    pub(crate) id: i32,
    pub(crate) state: i32,
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) total: f32,
    pub(crate) pressure: f32,
    pub(crate) major: f32,
    pub(crate) minor: f32,
    pub(crate) angle: f32,
    pub(crate) density: f32,
}

/// What of a contact cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strange {
    State,
    Pressure,
}

impl Platform {
    /// What a state has to be, in words.
    pub(crate) fn states(self) -> &'static str {
        match self {
            Self::Mac | Self::Windows => "the number of a state, 0 to 7",
            Self::Linux => "the state 0 or 1 of a recording from Linux",
        }
    }

    /// What a contact means.
    pub(crate) fn touch(self, contact: &Contact) -> Result<Touch, Strange> {
        let Contact { id, x, y, total, pressure, major, minor, angle, density, .. } = *contact;
        if self == Self::Linux {
            let state = match contact.state {
                1 => State::Touching,
                0 => State::NotTracking,
                _ => return Err(Strange::State),
            };
            let pressure = counts_of(pressure).ok_or(Strange::Pressure)?;
            let (y, pressure) = (Some(from_bottom(y)), Some(f32::from(pressure)));
            // Nothing else was measured.
            return Ok(Touch { x: Some(x), y, pressure, ..Touch::bare(id.into(), state) });
        }
        let Phase::Known(state) = Phase::of_number(contact.state) else { return Err(Strange::State) };
        let measured = |value: f32| (self == Self::Mac).then_some(value);
        Ok(Touch {
            x: Some(x),
            y: Some(y),
            total: measured(total),
            pressure: Some(pressure),
            major: measured(major),
            minor: measured(minor),
            angle: measured(angle),
            density: measured(density),
            ..Touch::bare(id.into(), state)
        })
    }
}

/// The whole number of which a pressure is the 255th part, if it is one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the range of the check")]
fn counts_of(pressure: f32) -> Option<u8> {
    let count = (pressure * 255.0).round();
    let count = (0.0..=255.0).contains(&count).then_some(count as u8)?;
    // As it was divided, so that no other number is taken for one of these.
    ((f32::from(count) / 255.0).to_bits() == pressure.to_bits()).then_some(count)
}

/// A share from the top as the share from the bottom.
#[expect(clippy::cast_possible_truncation, reason = "the binary32 nearest to the difference")]
fn from_bottom(from_top: f32) -> f32 {
    (1.0 - f64::from(from_top)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_count_is_found_again() {
        for count in 0..=255u8 {
            assert_eq!(counts_of(f32::from(count) / 255.0), Some(count));
        }
        for other in [-0.1, 0.1, 1.001, f32::NAN, f32::INFINITY, 0.5] {
            assert_eq!(counts_of(other), None, "{other}");
        }
    }

    #[test]
    fn counters_are_followed_as_each_system_counts() {
        let follow = |platform, numbers: &[(u64, u64)]| -> Vec<Counted> {
            let mut counter = Counter::default();
            numbers.iter().map(|(id, number)| counter.follow(platform, *id, *number)).collect()
        };
        let next = Counted::Next;
        assert_eq!(follow(Platform::Mac, &[(7, 1), (8, 2), (7, 3)]), [next; 3]);
        assert_eq!(follow(Platform::Mac, &[(7, 0)]), [Counted::Wrong { expected: 1 }]);
        assert_eq!(follow(Platform::Windows, &[(7, 0), (8, 1)]), [next; 2]);
        assert_eq!(follow(Platform::Windows, &[(7, 1), (7, 3)]), [next, Counted::Wrong { expected: 2 }]);
        let linux = [(7, 0), (8, 0), (7, 1), (7, 0), (7, 1), (7, 5)];
        let anew = |before| Counted::Anew { before };
        assert_eq!(follow(Platform::Linux, &linux), [next, next, next, anew(1), next, anew(1)]);
    }
}
