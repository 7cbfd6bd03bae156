//! What to do about a sensor that gives nothing to weigh.

use openweigh_capture::lines::{Address, LineError};

/// What to do where lines of numbers give nothing.
pub(super) fn advice(error: &LineError) -> Option<&'static str> {
    Some(match error {
        LineError::Open { address: Address::Serial { .. }, .. } => {
            "find the port in /dev: ttyUSB0 or ttyACM0 on Linux (you have to be in its group, often dialout), cu.usbserial-… or cu.usbmodem… on a Mac"
        }
        LineError::Nothing { address: Address::Serial { .. }, .. } => {
            "name the speed that the sensor speaks at, as serial:/dev/ttyUSB0@57600; --decimal comma, if it writes 12,5"
        }
        LineError::Open { .. } => return None,
        LineError::Nothing { .. } => {
            "look at the lines: each needs a number, as 12.5 or `Reading: 12.5 g`; --decimal comma, if they are written as 12,5"
        }
        // What was said wrong says itself what to type.
        _ => return None,
    })
}
