//! Event devices of this machine's kernel.

use super::codes::{
    ABS_MT_DISTANCE, ABS_MT_POSITION_X, ABS_MT_POSITION_Y, ABS_MT_PRESSURE, ABS_MT_TOUCH_MAJOR,
    ABS_MT_TOUCH_MINOR, ABS_MT_TRACKING_ID,
};
use super::device::{Device, Event};
use super::pad::{Axis, Description};
use evdevil::event::{Abs, InputEvent};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// `CLOCK_MONOTONIC`: it does not jump when the time of day is set.
const MONOTONIC: i32 = 1;

/// Events that are read at once.
const BLOCK: usize = 64;

/// Opens a device of this machine.
///
/// # Errors
/// It is none, or the right to read it is missing.
pub fn open(path: &Path) -> std::io::Result<Box<dyn Device>> {
    let device: Box<dyn Device> = Box::new(evdevil::Evdev::open(path)?);
    Ok(device)
}

impl Device for evdevil::Evdev {
    fn description(&self) -> std::io::Result<Description> {
        let id = self.input_id()?;
        let mut description = Description {
            name: self.name()?,
            bus: id.bus().raw(),
            vendor: id.vendor(),
            product: id.product(),
            ..Description::default()
        };
        for axis in self.supported_abs_axes()? {
            let info = self.abs_info(axis)?;
            let axis_of =
                Axis { min: info.minimum(), max: info.maximum(), resolution: Some(info.resolution()) };
            description.axes.insert(axis.raw(), axis_of);
        }
        Ok(description)
    }

    fn unique_id(&self) -> Option<String> {
        self.unique_id().ok().flatten().filter(|id| !id.is_empty())
    }

    fn prepare(&mut self, grab: bool) -> Result<(), (&'static str, std::io::Error)> {
        self.set_clockid(MONOTONIC).map_err(|error| ("set the clock", error))?;
        if grab {
            self.grab().map_err(|error| ("grab", error))?;
        }
        self.set_nonblocking(true).map(drop).map_err(|error| ("set up", error))
    }

    /// Through a second handle of the same device, whose reader asks for every slot when it is made; it takes no
    /// event away.
    fn contacts(
        &self,
        slots: usize,
        tell: &mut dyn FnMut(usize, u16, i32) -> std::io::Result<()>,
    ) -> std::io::Result<usize> {
        let reader = self.try_clone()?.into_reader()?;
        let axes = self.supported_abs_axes()?;
        for at in 0..slots {
            let number = u16::try_from(at).unwrap_or(u16::MAX);
            for code in [
                ABS_MT_TRACKING_ID,
                ABS_MT_POSITION_X,
                ABS_MT_POSITION_Y,
                ABS_MT_PRESSURE,
                ABS_MT_TOUCH_MAJOR,
                ABS_MT_TOUCH_MINOR,
                ABS_MT_DISTANCE,
            ] {
                let axis = Abs::from_raw(code);
                if axes.contains(axis)
                    && let Some(value) = reader.slot_state(number, axis)
                {
                    tell(at, code, value)?;
                }
            }
        }
        let current = reader.current_slot();
        Ok((0..=u8::MAX).find(|at| current == *at).map_or(0, usize::from))
    }

    fn read(&mut self, events: &mut Vec<Event>, longest: Duration) -> std::io::Result<()> {
        let mut sockets = [PollFd::from_borrowed_fd(self.as_fd(), PollFlags::IN)];
        let longest = Timespec::try_from(longest).ok();
        match poll(&mut sockets, longest.as_ref()) {
            Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(()),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let mut block = [InputEvent::zeroed(); BLOCK];
        match self.read_events(&mut block) {
            Ok(read) => {
                events.extend(block[..read].iter().map(|event| Event {
                    time: event.time().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default(),
                    kind: event.event_type().raw(),
                    code: event.raw_code(),
                    value: event.raw_value(),
                }));
                Ok(())
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_event_device_is_not_opened() {
        assert!(open(Path::new("/dev/null")).is_err());
        let missing = open(Path::new("/dev/input/none")).err().unwrap();
        assert_eq!(missing.kind(), std::io::ErrorKind::NotFound);
    }
}
