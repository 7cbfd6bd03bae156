//! `touches.csv`: every touch of every frame of a session, as delivered (docs/spec/3-datasets.md, 3.3).
//!
//! The reader takes blocks of bytes as they come, checks every cell of every row, and hands on what a reading
//! can be formed from, row by row, with nothing allocated for a row of ordinary numbers.

mod reader;

pub use reader::TouchReader;

use crate::csv::Number;
use serde::{Deserialize, Serialize};

/// The columns, in file order.
pub const COLUMNS: [&str; 24] = [
    "frame",
    "device_frame",
    "device_s",
    "arrival_ns",
    "touch",
    "state",
    "finger",
    "hand",
    "x",
    "y",
    "vx",
    "vy",
    "total",
    "pressure",
    "angle",
    "major",
    "minor",
    "x_mm",
    "y_mm",
    "vx_mm",
    "vy_mm",
    "field14",
    "field15",
    "density",
];

/// The quantities that a reading may have, in file order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantity {
    /// Position along the width.
    X,
    /// Position along the height.
    Y,
    /// Total capacitance.
    Total,
    /// Force, in the source's unit.
    Pressure,
    /// Long axis of the contact.
    Major,
    /// Short axis of the contact.
    Minor,
    /// Capacitance by area.
    Density,
}

impl Quantity {
    /// All of them, in file order.
    pub const ALL: [Self; 7] =
        [Self::X, Self::Y, Self::Total, Self::Pressure, Self::Major, Self::Minor, Self::Density];

    /// The column's name.
    pub fn as_str(self) -> &'static str {
        COLUMNS[self.column()]
    }

    /// The quantity of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quantity| quantity.as_str() == name)
    }

    /// Whether the touches of a frame add up to the frame's value, as force does and a position does not.
    pub fn adds_up(self) -> bool {
        matches!(self, Self::Pressure | Self::Total)
    }

    fn column(self) -> usize {
        match self {
            Self::X => 8,
            Self::Y => 9,
            Self::Total => 12,
            Self::Pressure => 13,
            Self::Major => 15,
            Self::Minor => 16,
            Self::Density => 23,
        }
    }
}

/// The states of a touch, by the numbers of the framework's enumeration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum State {
    /// 0.
    NotTracking,
    /// 1.
    StartInRange,
    /// 2.
    Hover,
    /// 3.
    MakeTouch,
    /// 4.
    Touching,
    /// 5.
    BreakTouch,
    /// 6.
    Linger,
    /// 7.
    OutOfRange,
}

impl State {
    /// All of them, by number.
    pub const ALL: [Self; 8] = [
        Self::NotTracking,
        Self::StartInRange,
        Self::Hover,
        Self::MakeTouch,
        Self::Touching,
        Self::BreakTouch,
        Self::Linger,
        Self::OutOfRange,
    ];

    /// The word in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotTracking => "not-tracking",
            Self::StartInRange => "start-in-range",
            Self::Hover => "hover",
            Self::MakeTouch => "make-touch",
            Self::Touching => "touching",
            Self::BreakTouch => "break-touch",
            Self::Linger => "linger",
            Self::OutOfRange => "out-of-range",
        }
    }

    fn of(text: &[u8]) -> Option<Self> {
        // Nearly every touch of a weighing is this one.
        if text == b"touching" {
            return Some(Self::Touching);
        }
        Self::ALL.into_iter().find(|state| state.as_str().as_bytes() == text)
    }
}

/// A row: one touch, or a frame without any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The frame's number, from 0.
    pub frame: u64,
    /// The device's time, in seconds; none where the device gave no number.
    pub device_s: Number,
    /// The touch's state; none in a frame without touches.
    pub state: Option<State>,
    values: [Number; 7],
}

impl Row {
    /// The value of a quantity.
    pub fn value(&self, quantity: Quantity) -> &Number {
        &self.values[quantity as usize]
    }
}
