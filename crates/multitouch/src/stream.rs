//! A running device, as a stream of frames.

use crate::abi::DeviceRef;
use crate::clock::Moment;
use crate::device::Device;
use crate::frames::{Dropped, Frame, Source, queue};
use crate::places::{PLACES, Seat, Writer, contact, contact_with_refcon};
use crate::symbols::Register;
use std::ffi::c_void;
use std::time::{Duration, Instant};

/// How often a waiting stream looks. Frames come every 11 ms, and the callback must not wake anybody.
const LOOK: Duration = Duration::from_millis(1);

/// The mode that all public users give.
const USUAL: i32 = 0;

/// How a stream is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many touches may wait to be read. At least a full frame has room.
    pub capacity: usize,
}

impl Default for Options {
    /// Room for ten seconds of a pad full of fingers.
    fn default() -> Options {
        Options { capacity: 16 * 1024 }
    }
}

/// Why a device does not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// It is not in the list of devices.
    #[error("the pad is gone")]
    Gone {
        /// Which one.
        id: u64,
    },
    /// The system's reason, as a number.
    #[error("the pad does not start: status {}", status_words(*status))]
    Status {
        /// Which one.
        id: u64,
        /// The number.
        status: i32,
    },
    /// This process has that many streams open.
    #[error("{PLACES} streams are open, which is the limit")]
    TooMany,
}

/// A status of the system as people find it in lists: in hexadecimal digits, with its meaning if it is known.
pub fn status_words(status: i32) -> String {
    let number = status.cast_unsigned();
    let meaning = match number {
        0 => ", success",
        0xE000_02C0 => ", no such device",
        0xE000_02C2 => ", an argument is wrong",
        0xE000_02C5 => ", another program has it for itself",
        0xE000_02CD => ", not open",
        0xE000_02D5 => ", busy",
        0xE000_02E2 => ", not permitted",
        _ => "",
    };
    format!("{number:#010x}{meaning}")
}

/// Whether a pad is still in the list of devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// As when it was started.
    Here,
    /// It is there, but was away: the registry has another entry for it.
    Returned,
    /// It is not in the list.
    Gone,
}

/// Whether more frames are to be expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Yes. A pad that nothing touches is silent all the same.
    Running,
    /// Not before [`Stream::restart`]: the machine slept, or something else stopped the device.
    Stopped,
    /// No: the device was unplugged.
    Gone,
}

/// How a stream ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ending {
    /// What was lost after the last frame that was put in the queue.
    pub dropped_after: Dropped,
    /// Frames that made no sense and were not read: touches without an address, or not a believable number
    /// of them. Each is also among the dropped.
    pub malformed: u64,
}

/// The frames of one device, from [`Device::start`] on.
pub struct Stream {
    /// Holds a count of its own, so that the last one is never given back on the framework's thread.
    device: Device,
    seat: Seat,
    source: Source,
    attached: bool,
    /// Whether the device said that it was alive when it was started. One that denies it while frames come
    /// is not to be believed later.
    tells_life: bool,
    /// Its entry in the registry when it was started.
    entry: Option<u64>,
    /// Whether waiting runs the thread's run loop.
    loops: bool,
}

impl Stream {
    pub(crate) fn start(device: Device, options: Options) -> Result<Stream, StartError> {
        let (sink, source) = queue(options.capacity);
        let system = device.library().system_clock();
        let writer = Writer::new(sink, device.symbols().clock, system);
        let seat = Seat::take(writer).ok_or(StartError::TooMany)?;
        let mut stream =
            Stream { device, seat, source, attached: false, tells_life: false, entry: None, loops: true };
        stream.attach()?;
        Ok(stream)
    }

    /// The device that gives the frames.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Takes the next frame out of the queue, reusing the room in `frame`. `false` if there is none yet.
    #[allow(clippy::should_implement_trait, reason = "an iterator would have to allocate each frame")]
    pub fn next(&mut self, frame: &mut Frame) -> bool {
        self.source.pop(frame)
    }

    /// From now on waiting only waits, and runs no run loop: to find out whether frames need one.
    #[must_use]
    pub fn without_run_loop(mut self) -> Stream {
        self.loops = false;
        self
    }

    /// Waits until there is a frame, but no longer than this. `false` if there is still none.
    ///
    /// Where the library has a run loop, it is that of this thread that runs meanwhile: some say that without it no
    /// frame comes.
    #[allow(clippy::disallowed_methods, reason = "waiting is measured")]
    pub fn wait(&self, longest: Duration) -> bool {
        let begun = Instant::now();
        while self.source.is_empty() {
            let left = longest.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return false;
            }
            let until = Instant::now() + left.min(LOOK);
            if self.loops {
                self.device.library().run_loop(left.min(LOOK));
            }
            // A run loop with nothing to wait for ends at once.
            std::thread::sleep(until.saturating_duration_since(Instant::now()));
        }
        true
    }

    /// Whether more frames are to be expected. Where the library has no word for it, they are.
    ///
    /// The last frame may still be on its way while the device is already gone: [`halt`](Self::halt) waits
    /// for it, and what was put in the queue is then read with [`next`](Self::next).
    pub fn condition(&self) -> Condition {
        if self.tells_life && self.device.is_alive() == Some(false) {
            Condition::Gone
        } else if self.device.is_running() == Some(false) {
            Condition::Stopped
        } else {
            Condition::Running
        }
    }

    /// Whether the pad is in the list of devices, looked up afresh: by its id, and by its entry in the registry, where
    /// the library tells it. On a Mac nothing else tells of unplugging, or of a lost connection.
    pub fn presence(&self) -> Presence {
        let Ok(devices) = self.device.library().devices() else { return Presence::Gone };
        let mut found = devices.into_iter().filter(|device| device.id() == self.device.id()).peekable();
        if found.peek().is_none() {
            return Presence::Gone;
        }
        let entries: Vec<Option<u64>> = found.map(|device| device.entry()).collect();
        let here = self.entry.is_none() || entries.contains(&self.entry) || entries.contains(&None);
        if here { Presence::Here } else { Presence::Returned }
    }

    /// How long the machine has slept since it was started. `None` where its clocks do not tell.
    pub fn asleep(&self) -> Option<Duration> {
        self.device.library().system_clock().now().map(Moment::asleep)
    }

    /// What was lost since the last frame that was put in the queue: so far nobody knows but this.
    pub fn dropped(&self) -> Dropped {
        self.seat.writer().dropped()
    }

    /// Frames so far that made no sense and were not read.
    pub fn malformed(&self) -> u64 {
        self.seat.writer().malformed()
    }

    /// Starts the device again, after sleep: looked up afresh by its id, stopped if it runs, then started.
    /// The same queue goes on, with what still waits in it.
    ///
    /// # Errors
    /// As [`Device::start`], or the device is gone. The stream is then stopped, and can be restarted again.
    pub fn restart(&mut self) -> Result<(), StartError> {
        self.detach();
        let id = self.device.id();
        let fresh = self.device.library().device(id).ok().flatten().ok_or(StartError::Gone { id })?;
        self.device = fresh;
        if self.device.is_running() == Some(true) {
            stop(&self.device);
        }
        self.attach()
    }

    /// Stops the device. What waits in the queue is given up; read it before, with [`next`](Self::next),
    /// or call [`halt`](Self::halt) first.
    pub fn stop(mut self) -> Ending {
        self.halt();
        self.ending()
    }

    /// Stops the device and keeps the queue, so that what waits in it can still be read.
    pub fn halt(&mut self) {
        self.detach();
    }

    fn ending(&self) -> Ending {
        Ending { dropped_after: self.dropped(), malformed: self.malformed() }
    }

    /// Registers, then starts: the other way round would lose the first frames.
    fn attach(&mut self) -> Result<(), StartError> {
        let id = self.device.id();
        while !self.device.take() {
            // Another stream has this handle, which only one may have: the pad is looked up afresh.
            self.device = self.device.library().device(id).ok().flatten().ok_or(StartError::Gone { id })?;
        }
        let raw = self.device.raw();
        let ticket = self.seat.open(raw);
        // What registering answers is of no use: sources disagree on whether it answers, and 0 may be success.
        register(self.device.symbols().register, raw, ticket);
        self.attached = true;
        self.tells_life = self.device.is_alive() == Some(true);
        self.entry = self.device.entry();
        // SAFETY: a living device.
        let status = unsafe { (self.device.symbols().start)(raw, USUAL) };
        if status != 0 {
            self.detach();
            return Err(StartError::Status { id, status });
        }
        // The last count of a started device, given back on the framework's own thread, is a crash. One count of each
        // handle that was started is never given back: a few hundred bytes. A test of random orders counts that nothing
        // else is kept.
        self.device.keep_for_good();
        Ok(())
    }

    /// Undoes [`attach`](Self::attach): no more calls, then stop if it still runs, then wait for calls
    /// that are inside.
    fn detach(&mut self) {
        if !std::mem::replace(&mut self.attached, false) {
            return;
        }
        let symbols = self.device.symbols();
        // SAFETY: a living device; the address is that of the registered function.
        unsafe { (symbols.unregister)(self.device.raw(), callback(symbols.register)) };
        // To stop a device that sleep has stopped is known to crash.
        if self.device.is_running() != Some(false) {
            stop(&self.device);
        }
        self.device.give_back();
        self.seat.shut();
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.detach();
    }
}

fn stop(device: &Device) {
    // SAFETY: a living device. The status is of no use: there is nothing else to try.
    unsafe { (device.symbols().stop)(device.raw()) };
}

fn register(how: Register, device: DeviceRef, ticket: *mut c_void) {
    // SAFETY: a living device; both callbacks may be called at any time, even after they are unregistered.
    unsafe {
        match how {
            Register::WithRefcon(register) => {
                register(device, contact_with_refcon, ticket);
            }
            Register::Plain(register) => register(device, contact),
        }
    }
}

/// The address under which the callback was registered.
fn callback(how: Register) -> *const c_void {
    match how {
        Register::WithRefcon(_) => contact_with_refcon as *const c_void,
        Register::Plain(_) => contact as *const c_void,
    }
}
