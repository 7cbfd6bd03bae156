//! The library and its devices, as safe handles.

use crate::abi::DeviceRef;
use crate::clicks::{ClickError, ClickGuard};
use crate::clock::{Moment, SystemClock};
use crate::stream::{Options, StartError, Stream};
use crate::symbols::{OpenError, Symbols};
use std::ffi::CStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// An opened library. Cheap to clone; never unloaded.
#[derive(Clone)]
pub struct Library {
    symbols: Arc<Symbols>,
}

/// The system's number of the right to listen to input devices.
const LISTEN: u32 = 1;

/// Whether a program may listen to input devices (Input Monitoring).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It may.
    Granted,
    /// It may not.
    Denied,
    /// Nobody has been asked yet.
    Unknown,
}

/// What the system can be asked of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The machine's model.
    Model,
    /// The version of the system.
    Version,
    /// The build of the system.
    Build,
}

impl Fact {
    fn name(self) -> &'static CStr {
        match self {
            Fact::Model => c"hw.model",
            Fact::Version => c"kern.osproductversion",
            Fact::Build => c"kern.osversion",
        }
    }
}

/// The clocks of the library and the system, at one moment. `None` where there is no such clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clocks {
    /// The library's own, in seconds.
    pub framework_s: Option<f64>,
    /// How long the machine was awake since it was started.
    pub awake: Option<Duration>,
    /// How long it slept.
    pub asleep: Option<Duration>,
}

/// Whose clock times of arrival are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArrivalClock {
    /// The system's, without the time asleep.
    System,
    /// The library's own, where there is no other.
    Framework,
    /// A steady clock of this program, since the stream was started.
    Steady,
}

/// Why there is no list of devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DevicesError {
    /// Not even an empty one was given.
    #[error("the library gave no list of devices")]
    NoList,
}

impl Library {
    /// Loads a library that has the functions of the framework.
    ///
    /// This runs the library's own code, and trusts it to be what its names say: give it the framework
    /// ([`default_path`](crate::default_path)) or one made like it.
    ///
    /// # Errors
    /// It cannot be loaded, or a function that cannot be done without is not in it.
    pub fn open(path: &Path) -> Result<Library, OpenError> {
        Ok(Library { symbols: Arc::new(Symbols::load(path)?) })
    }

    /// The functions that are not there, and whose features are therefore off.
    pub fn missing(&self) -> &[&'static str] {
        &self.symbols.missing
    }

    /// The library's own clock, in seconds.
    pub fn clock_s(&self) -> Option<f64> {
        // SAFETY: the function takes nothing and may be called from any thread.
        self.symbols.clock.map(|clock| unsafe { clock() })
    }

    /// Whose times of arrival a stream can tell.
    pub fn arrival_clock(&self) -> ArrivalClock {
        match (self.system_clock().now(), self.symbols.clock) {
            (Some(_), _) => ArrivalClock::System,
            (None, Some(_)) => ArrivalClock::Framework,
            (None, None) => ArrivalClock::Steady,
        }
    }

    pub(crate) fn system_clock(&self) -> SystemClock {
        SystemClock::new(self.symbols.nanoseconds)
    }

    /// The machine's own number, which identifies it. `None` where there is no such function.
    pub fn machine(&self) -> Option<[u8; 16]> {
        let mut number = [0; 16];
        let patience = [1, 0];
        // SAFETY: room for the 16 bytes that are written, and a time of two longs.
        let status = unsafe { self.symbols.machine?(&raw mut number, patience.as_ptr()) };
        (status == 0 && number != [0; 16]).then_some(number)
    }

    /// Whether the program that started this one may listen to input devices. `None` where nobody can be asked.
    pub fn access(&self) -> Option<Access> {
        // SAFETY: takes a number and may be called from any thread.
        Some(match unsafe { self.symbols.check_access?(LISTEN) } {
            0 => Access::Granted,
            1 => Access::Denied,
            _ => Access::Unknown,
        })
    }

    /// Asks for that right; the system may ask the person, and lists the program from then on.
    pub fn request_access(&self) -> Option<bool> {
        // SAFETY: as above.
        self.symbols.request_access.map(|request| unsafe { request(LISTEN) } != 0)
    }

    /// All clocks at one moment.
    pub fn clocks(&self) -> Clocks {
        let system = self.system_clock().now();
        Clocks {
            framework_s: self.clock_s(),
            awake: system.map(|moment| Duration::from_nanos(moment.awake_ns)),
            asleep: system.map(Moment::asleep),
        }
    }

    /// What the system says of itself and its machine. `None` where it has no such function.
    pub fn fact(&self, fact: Fact) -> Option<String> {
        let mut text = [0_u8; 256];
        let mut length = text.len();
        let question = self.symbols.fact?;
        // SAFETY: a name with its zero, room for as many bytes as are said, and nothing to set.
        let status = unsafe {
            question(fact.name().as_ptr(), text.as_mut_ptr().cast(), &raw mut length, std::ptr::null(), 0)
        };
        let text = text.get(..length).filter(|_| status == 0)?;
        CStr::from_bytes_until_nul(text).ok()?.to_str().ok().map(str::to_owned)
    }

    /// The program of which the system asks permissions for this one: a terminal, an editor. A whole path.
    pub fn responsible(&self) -> Option<PathBuf> {
        let own = i32::try_from(std::process::id()).ok()?;
        // SAFETY: takes a number and may be called from any thread.
        let process = unsafe { self.symbols.responsible?(own) };
        let mut path = [0_u8; 4096];
        // SAFETY: room for as many bytes as are said.
        let length = unsafe { self.symbols.program?(process, path.as_mut_ptr(), 4096) };
        let path = usize::try_from(length)
            .ok()
            .filter(|length| *length > 0)
            .and_then(|length| path.get(..length))?;
        std::str::from_utf8(path).ok().map(PathBuf::from)
    }

    /// Runs the run loop of this thread for so long. `false` if the library has none.
    pub fn run_loop(&self, longest: Duration) -> bool {
        let (Some(run), Some(mode)) = (self.symbols.run_loop, self.symbols.usual_mode) else { return false };
        // SAFETY: the address of a constant of the system, which lives as long as the process; the run loop is that of
        // this thread.
        unsafe { run(*mode, longest.as_secs_f64(), 0) };
        true
    }

    /// The devices that are there now. One that does not tell its id is left out: it could not be found
    /// again after sleep.
    ///
    /// # Errors
    /// The library gives no list.
    pub fn devices(&self) -> Result<Vec<Device>, DevicesError> {
        let symbols = &self.symbols;
        // SAFETY: takes nothing; the array is ours to release.
        let list = unsafe { (symbols.create_list)() };
        if list.is_null() {
            return Err(DevicesError::NoList);
        }
        // SAFETY: the array was just made and is released below, after its last use.
        let count = unsafe { (symbols.array_count)(list) };
        let devices = (0..count)
            .filter_map(|at| {
                // SAFETY: the index is less than the count.
                let raw = unsafe { (symbols.array_value)(list, at) };
                Held::retain(symbols, raw)
            })
            .filter_map(|held| Device::named(self, held))
            .collect();
        // SAFETY: made by a function named Create, so released once by us; the devices are retained.
        unsafe { (symbols.release)(list) };
        Ok(devices)
    }

    /// The device of this id, looked up afresh. After sleep an old handle may be stale: ask again.
    ///
    /// # Errors
    /// The library gives no list.
    pub fn device(&self, id: u64) -> Result<Option<Device>, DevicesError> {
        Ok(self.devices()?.into_iter().find(|device| device.id == id))
    }
}

/// One reference to a device, counted: the device cannot go away under us.
pub(crate) struct Held {
    symbols: Arc<Symbols>,
    raw: DeviceRef,
}

// SAFETY: a device is a Core Foundation object, whose count may be changed from any thread; its functions
// are called from several threads by all public users of the framework.
unsafe impl Send for Held {}
// SAFETY: as above.
unsafe impl Sync for Held {}

impl Held {
    /// Takes part in owning a device; `None` for null. `raw` must be null or a device of this library.
    fn retain(symbols: &Arc<Symbols>, raw: DeviceRef) -> Option<Held> {
        if raw.is_null() {
            return None;
        }
        // SAFETY: not null, and so a living device by the contract of this function.
        unsafe { (symbols.retain)(raw) };
        Some(Held { symbols: Arc::clone(symbols), raw })
    }

    pub(crate) fn raw(&self) -> DeviceRef {
        self.raw
    }

    /// Takes a count that is never given back, so that the device is never taken apart.
    pub(crate) fn keep_for_good(&self) {
        // SAFETY: the device lives as long as `self`.
        unsafe { (self.symbols.retain)(self.raw) };
    }
}

impl Clone for Held {
    fn clone(&self) -> Held {
        // SAFETY: the device lives as long as `self`.
        unsafe { (self.symbols.retain)(self.raw) };
        Held { symbols: Arc::clone(&self.symbols), raw: self.raw }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // SAFETY: gives back the one count that this handle holds.
        unsafe { (self.symbols.release)(self.raw) };
    }
}

/// What a device says about itself. `None` where the library has no such function or the device refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The key for finding it again. It identifies a person's machine.
    pub id: u64,
    /// A number of the model's family; public tables of it disagree.
    pub family: Option<i32>,
    /// Version of the firmware or of the protocol: as the device says.
    pub version: Option<i32>,
    /// Kind of driver.
    pub driver_type: Option<i32>,
    /// Kind of connection.
    pub transport: Option<i32>,
    /// Part of the machine.
    pub built_in: Option<bool>,
    /// A pad and not a screen.
    pub opaque_surface: Option<bool>,
    /// Has force sensors. Without them each pressure is 0.
    pub supports_force: Option<bool>,
    /// Width and height as the device gives them, probably hundredths of a millimetre.
    pub surface: Option<(i32, i32)>,
    /// Rows and columns of the sensor.
    pub sensor: Option<(i32, i32)>,
}

/// A device, as it was when it was listed.
#[derive(Clone)]
pub struct Device {
    library: Library,
    held: Held,
    id: u64,
    /// What is known of the handle, by all clones of it.
    used: Arc<Used>,
}

/// How a handle is used.
#[derive(Default)]
struct Used {
    /// Whether a stream has it.
    taken: AtomicBool,
    /// Whether a count of it is kept for good.
    kept: AtomicBool,
}

impl Device {
    fn named(library: &Library, held: Held) -> Option<Device> {
        let mut id = 0;
        // SAFETY: a living device, and room for the eight bytes that are written.
        let status = unsafe { (library.symbols.device_id)(held.raw, &raw mut id) };
        (status == 0).then(|| Device { library: library.clone(), held, id, used: Arc::default() })
    }

    /// Takes the handle for a stream. `false` if another one has it: to unregister the callback of one, or to stop it,
    /// would end the other one's frames, too.
    pub(crate) fn take(&self) -> bool {
        !self.used.taken.swap(true, Ordering::SeqCst)
    }

    /// Gives the handle back, for another stream.
    pub(crate) fn give_back(&self) {
        self.used.taken.store(false, Ordering::SeqCst);
    }

    /// The key for finding it again.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// What the device says about itself.
    pub fn identity(&self) -> Identity {
        let symbols = self.symbols();
        Identity {
            id: self.id,
            family: self.read(symbols.family),
            version: self.read(symbols.version),
            driver_type: self.read(symbols.driver_type),
            transport: self.read(symbols.transport),
            built_in: self.ask(symbols.is_built_in),
            opaque_surface: self.ask(symbols.is_opaque_surface),
            supports_force: self.ask(symbols.supports_force),
            surface: self.read_pair(symbols.surface),
            sensor: self.read_pair(symbols.sensor),
        }
    }

    /// The number of its entry in the system's registry: another one each time that it is plugged in or paired.
    /// `None` where the library does not tell.
    pub fn entry(&self) -> Option<u64> {
        let symbols = self.symbols();
        let (service, entry) = symbols.service.zip(symbols.registry_entry)?;
        // SAFETY: a living device.
        let service = unsafe { service(self.raw()) };
        let mut number = 0;
        // SAFETY: a number, and room for the eight bytes that are written.
        let status = unsafe { entry(service, &raw mut number) };
        (service != 0 && status == 0).then_some(number)
    }

    /// Whose times of arrival its stream tells.
    pub fn arrival_clock(&self) -> ArrivalClock {
        self.library.arrival_clock()
    }

    /// Whether pressing hard clicks. `None` where the library does not tell.
    pub fn clicks(&self) -> Option<bool> {
        self.ask(self.symbols().force_response)
    }

    /// Whether the device is still there, as it says. On a Mac it says no even while frames come.
    pub fn is_alive(&self) -> Option<bool> {
        self.ask(self.symbols().is_alive)
    }

    /// Whether it gives frames through this handle.
    pub fn is_running(&self) -> Option<bool> {
        self.ask(self.symbols().is_running)
    }

    /// Makes force a plain axis that clicks nothing, until the guard is dropped.
    ///
    /// # Errors
    /// The library has no such function.
    pub fn disable_clicks(&self) -> Result<ClickGuard, ClickError> {
        ClickGuard::new(self.clone())
    }

    /// Starts the frames.
    ///
    /// # Errors
    /// The device refuses, or too many streams are open.
    pub fn start(&self, options: Options) -> Result<Stream, StartError> {
        Stream::start(self.clone(), options)
    }

    /// Sees to it that the device is never taken apart, whoever lets go of it.
    pub(crate) fn keep_for_good(&self) {
        if !self.used.kept.swap(true, Ordering::SeqCst) {
            self.held.keep_for_good();
        }
    }

    pub(crate) fn library(&self) -> &Library {
        &self.library
    }

    pub(crate) fn symbols(&self) -> &Symbols {
        &self.library.symbols
    }

    pub(crate) fn raw(&self) -> DeviceRef {
        self.held.raw()
    }

    fn ask(&self, question: Option<unsafe extern "C" fn(DeviceRef) -> u8>) -> Option<bool> {
        // SAFETY: a living device.
        question.map(|question| unsafe { question(self.raw()) } != 0)
    }

    fn read(&self, question: Option<unsafe extern "C" fn(DeviceRef, *mut i32) -> i32>) -> Option<i32> {
        let mut value = 0;
        // SAFETY: a living device, and room for the four bytes that are written.
        let status = unsafe { question?(self.raw(), &raw mut value) };
        (status == 0).then_some(value)
    }

    fn read_pair(
        &self,
        question: Option<unsafe extern "C" fn(DeviceRef, *mut i32, *mut i32) -> i32>,
    ) -> Option<(i32, i32)> {
        let mut pair = (0, 0);
        // SAFETY: a living device, and room for twice the four bytes that are written.
        let status = unsafe { question?(self.raw(), &raw mut pair.0, &raw mut pair.1) };
        (status == 0).then_some(pair)
    }
}
