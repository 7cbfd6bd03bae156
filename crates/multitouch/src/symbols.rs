//! The functions of the library, looked up by name. Required and optional ones apart.

use crate::abi::{ArrayRef, ContactCallback, ContactCallbackWithRefcon, DeviceRef};
use std::ffi::{c_char, c_void};
use std::path::{Path, PathBuf};

/// Where a Mac has the framework.
pub const FRAMEWORK: &str = "/System/Library/PrivateFrameworks/MultitouchSupport.framework/MultitouchSupport";

/// Where a Mac has the functions for arrays and reference counts, should the library not lead to them.
pub const CORE_FOUNDATION: &str = "/System/Library/Frameworks/CoreFoundation.framework/CoreFoundation";

/// Where a Mac has the registry of devices, and the question who may listen to them.
const IO_KIT: &str = "/System/Library/Frameworks/IOKit.framework/IOKit";

/// Why a library cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The dynamic linker refused it.
    #[error("{path}: cannot be opened: {reason}", path = path.display())]
    Load {
        /// The library.
        path: PathBuf,
        /// The linker's words.
        reason: String,
    },
    /// It is not the framework, or one too different.
    #[error("{path}: has no function {name}", path = path.display())]
    Missing {
        /// The library.
        path: PathBuf,
        /// The function that cannot be done without.
        name: &'static str,
    },
}

/// A C `bool`. Read as a byte, since a Rust `bool` may only be 0 or 1.
type Truth = u8;
type Ask = unsafe extern "C" fn(DeviceRef) -> Truth;
type Read<T> = unsafe extern "C" fn(DeviceRef, *mut T) -> i32;
type Fact = unsafe extern "C" fn(*const c_char, *mut c_void, *mut usize, *const c_void, usize) -> i32;
type ReadPair = unsafe extern "C" fn(DeviceRef, *mut i32, *mut i32) -> i32;

/// How contact frames are asked for.
#[derive(Clone, Copy)]
pub(crate) enum Register {
    /// The callback gets back a pointer of ours.
    WithRefcon(unsafe extern "C" fn(DeviceRef, ContactCallbackWithRefcon, *mut c_void) -> Truth),
    /// The callback gets only the device.
    Plain(unsafe extern "C" fn(DeviceRef, ContactCallback)),
}

/// Everything that is called. The prototypes are those on which at least two public sources agree.
pub(crate) struct Symbols {
    pub(crate) create_list: unsafe extern "C" fn() -> ArrayRef,
    pub(crate) device_id: Read<u64>,
    pub(crate) start: unsafe extern "C" fn(DeviceRef, i32) -> i32,
    pub(crate) stop: unsafe extern "C" fn(DeviceRef) -> i32,
    pub(crate) register: Register,
    pub(crate) unregister: unsafe extern "C" fn(DeviceRef, *const c_void),
    pub(crate) array_count: unsafe extern "C" fn(ArrayRef) -> isize,
    pub(crate) array_value: unsafe extern "C" fn(ArrayRef, isize) -> DeviceRef,
    pub(crate) retain: unsafe extern "C" fn(*const c_void) -> *const c_void,
    pub(crate) release: unsafe extern "C" fn(*const c_void),

    pub(crate) clock: Option<unsafe extern "C" fn() -> f64>,
    pub(crate) is_running: Option<Ask>,
    pub(crate) is_alive: Option<Ask>,
    pub(crate) is_built_in: Option<Ask>,
    pub(crate) is_opaque_surface: Option<Ask>,
    pub(crate) supports_force: Option<Ask>,
    pub(crate) family: Option<Read<i32>>,
    pub(crate) version: Option<Read<i32>>,
    pub(crate) driver_type: Option<Read<i32>>,
    pub(crate) transport: Option<Read<i32>>,
    pub(crate) surface: Option<ReadPair>,
    pub(crate) sensor: Option<ReadPair>,
    /// Headers disagree on whether it answers; what it did is asked of the other.
    pub(crate) set_force_response: Option<unsafe extern "C" fn(DeviceRef, Truth)>,
    pub(crate) force_response: Option<Ask>,
    /// The device's entry in the system's registry, and the number under which no other entry will ever stand.
    pub(crate) service: Option<unsafe extern "C" fn(DeviceRef) -> u32>,
    pub(crate) registry_entry: Option<unsafe extern "C" fn(u32, *mut u64) -> i32>,
    /// The system's clocks in nanoseconds, by number.
    pub(crate) nanoseconds: Option<unsafe extern "C" fn(u32) -> u64>,
    pub(crate) check_access: Option<unsafe extern "C" fn(u32) -> u32>,
    pub(crate) request_access: Option<unsafe extern "C" fn(u32) -> Truth>,
    /// The machine's own number.
    pub(crate) machine: Option<unsafe extern "C" fn(*mut [u8; 16], *const i64) -> i32>,
    /// What the system says of itself and its machine, by name.
    pub(crate) fact: Option<Fact>,
    /// The process that a permission is asked of, and where a process has its program.
    pub(crate) responsible: Option<unsafe extern "C" fn(i32) -> i32>,
    pub(crate) program: Option<unsafe extern "C" fn(i32, *mut u8, u32) -> i32>,
    /// A thread's run loop, for some seconds; and the address of the name of the usual mode.
    pub(crate) run_loop: Option<unsafe extern "C" fn(*const c_void, f64, Truth) -> i32>,
    pub(crate) usual_mode: Option<*const *const c_void>,

    pub(crate) missing: Vec<&'static str>,
}

// SAFETY: all are functions, but for the address of a constant of the system that never changes.
unsafe impl Send for Symbols {}
// SAFETY: as above.
unsafe impl Sync for Symbols {}

/// A name with the zero that C wants, and without.
macro_rules! named {
    ($name:literal) => {
        Name { plain: $name, terminated: concat!($name, "\0").as_bytes() }
    };
}

#[derive(Clone, Copy)]
struct Name {
    plain: &'static str,
    terminated: &'static [u8],
}

/// The libraries that are searched, and what was not found so far.
struct Search<'a> {
    path: &'a Path,
    libraries: Vec<libloading::Library>,
    missing: Vec<&'static str>,
}

fn load(path: &Path) -> Result<libloading::Library, OpenError> {
    // SAFETY: loading runs the library's initialisers. The caller of `Library::open` names a library that
    // it trusts with that; there is no other way to reach a private framework.
    unsafe { libloading::Library::new(path) }
        .map_err(|error| OpenError::Load { path: path.to_owned(), reason: error.to_string() })
}

impl Search<'_> {
    /// The function of this name.
    ///
    /// # Safety
    /// `F` must be the type of a pointer to the function of this name.
    unsafe fn find<F: Copy>(&self, name: Name) -> Option<F> {
        // SAFETY: the caller vouches for the type; the copy outlives the borrow because the libraries are
        // never closed.
        self.libraries
            .iter()
            .find_map(|library| unsafe { library.get::<F>(name.terminated) }.ok().map(|f| *f))
    }

    /// # Safety
    /// As [`find`](Self::find).
    unsafe fn required<F: Copy>(&self, name: Name) -> Result<F, OpenError> {
        // SAFETY: the caller's promise is the same.
        unsafe { self.find(name) }.ok_or(OpenError::Missing { path: self.path.to_owned(), name: name.plain })
    }

    /// # Safety
    /// As [`find`](Self::find).
    unsafe fn optional<F: Copy>(&mut self, name: Name) -> Option<F> {
        // SAFETY: the caller's promise is the same.
        let found = unsafe { self.find(name) };
        if found.is_none() {
            self.missing.push(name.plain);
        }
        found
    }

    /// # Safety
    /// The library's functions must have the prototypes of the framework.
    unsafe fn register(&mut self) -> Result<Register, OpenError> {
        // SAFETY: the caller vouches for the prototypes.
        unsafe {
            let with_refcon = self.optional(named!("MTRegisterContactFrameCallbackWithRefcon"));
            match with_refcon {
                Some(register) => Ok(Register::WithRefcon(register)),
                None => self.required(named!("MTRegisterContactFrameCallback")).map(Register::Plain),
            }
        }
    }
}

impl Symbols {
    /// Opens the library and finds its functions. Core Foundation is opened besides if the library and what
    /// it depends on do not have its functions.
    pub(crate) fn load(path: &Path) -> Result<Symbols, OpenError> {
        let mut search = Search { path, libraries: vec![load(path)?], missing: Vec::new() };
        // SAFETY: only its address is looked at.
        if unsafe { search.find::<*const c_void>(named!("CFArrayGetCount")) }.is_none() {
            // Not there either: the lookup of the function then says which one is missing.
            search.libraries.extend(load(Path::new(CORE_FOUNDATION)));
        }
        // SAFETY: only its address is looked at.
        if unsafe { search.find::<*const c_void>(named!("IORegistryEntryGetRegistryEntryID")) }.is_none() {
            search.libraries.extend(load(Path::new(IO_KIT)));
        }
        // SAFETY: the prototypes are those of the module's documentation; a library that has these names
        // is the framework or was made to be like it.
        let found = unsafe { Symbols::find_in(&mut search) };
        // Never closed: the framework keeps threads of its own, and unloading code under a thread is fatal.
        for library in search.libraries {
            std::mem::forget(library);
        }
        found
    }

    /// # Safety
    /// The libraries' functions must have the prototypes of the framework.
    unsafe fn find_in(search: &mut Search<'_>) -> Result<Symbols, OpenError> {
        // SAFETY: the caller vouches for the prototypes.
        unsafe {
            Ok(Symbols {
                create_list: search.required(named!("MTDeviceCreateList"))?,
                device_id: search.required(named!("MTDeviceGetDeviceID"))?,
                start: search.required(named!("MTDeviceStart"))?,
                stop: search.required(named!("MTDeviceStop"))?,
                register: search.register()?,
                unregister: search.required(named!("MTUnregisterContactFrameCallback"))?,
                array_count: search.required(named!("CFArrayGetCount"))?,
                array_value: search.required(named!("CFArrayGetValueAtIndex"))?,
                retain: search.required(named!("CFRetain"))?,
                release: search.required(named!("CFRelease"))?,
                clock: search.optional(named!("MTAbsoluteTimeGetCurrent")),
                is_running: search.optional(named!("MTDeviceIsRunning")),
                is_alive: search.optional(named!("MTDeviceIsAlive")),
                is_built_in: search.optional(named!("MTDeviceIsBuiltIn")),
                is_opaque_surface: search.optional(named!("MTDeviceIsOpaqueSurface")),
                supports_force: search.optional(named!("MTDeviceSupportsForce")),
                family: search.optional(named!("MTDeviceGetFamilyID")),
                version: search.optional(named!("MTDeviceGetVersion")),
                driver_type: search.optional(named!("MTDeviceGetDriverType")),
                transport: search.optional(named!("MTDeviceGetTransportMethod")),
                surface: search.optional(named!("MTDeviceGetSensorSurfaceDimensions")),
                sensor: search.optional(named!("MTDeviceGetSensorDimensions")),
                set_force_response: search.optional(named!("MTDeviceSetSystemForceResponseEnabled")),
                force_response: search.optional(named!("MTDeviceGetSystemForceResponseEnabled")),
                service: search.optional(named!("MTDeviceGetService")),
                registry_entry: search.optional(named!("IORegistryEntryGetRegistryEntryID")),
                nanoseconds: search.optional(named!("clock_gettime_nsec_np")),
                check_access: search.optional(named!("IOHIDCheckAccess")),
                request_access: search.optional(named!("IOHIDRequestAccess")),
                machine: search.find(named!("gethostuuid")),
                fact: search.find(named!("sysctlbyname")),
                responsible: search.find(named!("responsibility_get_pid_responsible_for_pid")),
                program: search.find(named!("proc_pidpath")),
                run_loop: search.find(named!("CFRunLoopRunInMode")),
                usual_mode: search.find(named!("kCFRunLoopDefaultMode")),
                missing: std::mem::take(&mut search.missing),
            })
        }
    }
}
