//! Where the callback finds the queue it writes to.
//!
//! The framework calls from threads of its own, and nothing public says that it stops doing so the moment
//! it is asked to. So it is never given a pointer to follow. It gets a ticket: the number of a place in a
//! static table and of the place's turn. A late call comes with an old turn and finds the door shut; a call
//! that is already inside is waited for.

use crate::abi::{DeviceRef, MOST_TOUCHES, TOUCH_BYTES};
use crate::clock::SystemClock;
use crate::frames::{Dropped, Head, Sink};
use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize};
use std::time::{Duration, Instant};

/// How many streams may be open at once. A machine has one to three devices.
pub(crate) const PLACES: usize = 64;

/// How long a call that is inside is waited for. It takes less than a microsecond; a thread that is stopped
/// in the middle of it can take any time.
const PATIENCE: Duration = Duration::from_secs(2);

static TABLE: [Place; PLACES] = [const { Place::new() }; PLACES];

struct Place {
    taken: AtomicBool,
    /// Calls that are between the door and the way out.
    inside: AtomicUsize,
    /// Counts up when the door is shut, so that old tickets do not open it again.
    turn: AtomicUsize,
    /// For the plain form of the callback, which gets no ticket.
    device: AtomicPtr<c_void>,
    /// Null while the door is shut.
    writer: AtomicPtr<Writer>,
}

impl Place {
    const fn new() -> Place {
        Place {
            taken: AtomicBool::new(false),
            inside: AtomicUsize::new(0),
            turn: AtomicUsize::new(0),
            device: AtomicPtr::new(ptr::null_mut()),
            writer: AtomicPtr::new(ptr::null_mut()),
        }
    }

    /// Hands the writer of this place to a call, if `admits` says so once the call is counted.
    fn enter(&self, admits: impl FnOnce(&Place) -> bool, call: impl FnOnce(&Writer)) {
        // In this order, and all of it in one order for all threads: either `shut` sees that we are inside
        // and waits, or we see that it has shut the door.
        self.inside.fetch_add(1, SeqCst);
        if admits(self) {
            // SAFETY: the pointer was made from an `Arc` that is only given back when the door is shut and
            // nobody is inside; we were counted before we looked.
            if let Some(writer) = unsafe { self.writer.load(SeqCst).as_ref() } {
                call(writer);
            }
        }
        self.inside.fetch_sub(1, Release);
    }
}

/// What a call writes to.
pub(crate) struct Writer {
    /// Taken by the one call that may use the queue.
    busy: AtomicBool,
    sink: UnsafeCell<Sink>,
    clock: Option<unsafe extern "C" fn() -> f64>,
    system: SystemClock,
    begun: Instant,
    dropped_frames: AtomicU64,
    dropped_touches: AtomicU64,
    malformed: AtomicU64,
}

// SAFETY: the queue's end is only touched by the call that has set `busy`; all else is atomic or constant.
unsafe impl Sync for Writer {}

impl Writer {
    #[allow(clippy::disallowed_methods, reason = "arrival by a steady clock is what is measured here")]
    pub(crate) fn new(
        sink: Sink,
        clock: Option<unsafe extern "C" fn() -> f64>,
        system: SystemClock,
    ) -> Writer {
        Writer {
            busy: AtomicBool::new(false),
            sink: UnsafeCell::new(sink),
            clock,
            system,
            begun: Instant::now(),
            dropped_frames: AtomicU64::new(0),
            dropped_touches: AtomicU64::new(0),
            malformed: AtomicU64::new(0),
        }
    }

    /// What was lost and not yet told by a frame.
    pub(crate) fn dropped(&self) -> Dropped {
        Dropped { frames: self.dropped_frames.load(Relaxed), touches: self.dropped_touches.load(Relaxed) }
    }

    /// How many calls made no sense so far.
    pub(crate) fn malformed(&self) -> u64 {
        self.malformed.load(Relaxed)
    }

    /// Takes one frame over: all of it, or a note that it was lost. Allocates nothing, waits for nothing,
    /// and has no way to panic.
    fn write(&self, touches: *const c_void, count: i32, device_s: f64, device_frame: i32) {
        // `n` is the count once it is believed.
        let believed = u32::try_from(count).ok().filter(|&n| n as usize <= MOST_TOUCHES);
        let Some(n) = believed.filter(|&n| n == 0 || !touches.is_null()) else {
            self.malformed.fetch_add(1, Relaxed);
            return self.lose(0);
        };
        // The framework calls one frame at a time. Were it to break that, the second call loses its frame
        // rather than the memory its integrity.
        if self.busy.swap(true, Acquire) {
            return self.lose(n);
        }
        let dropped_before = self.dropped();
        let head = self.head(device_s, device_frame, n, dropped_before);
        // SAFETY: `busy` makes this the only call here.
        let sink = unsafe { &mut *self.sink.get() };
        let records = (0..n as usize).map(|at| {
            // SAFETY: the framework gives `count` records one after the other, valid during the call.
            unsafe { touches.cast::<[u8; TOUCH_BYTES]>().add(at).read() }
        });
        if sink.push(&head, records) {
            self.dropped_frames.fetch_sub(dropped_before.frames, Relaxed);
            self.dropped_touches.fetch_sub(dropped_before.touches, Relaxed);
        } else {
            self.lose(n);
        }
        self.busy.store(false, Release);
    }

    #[allow(clippy::disallowed_methods, reason = "arrival by a steady clock is what is measured here")]
    fn head(&self, device_s: f64, device_frame: i32, touches: u32, dropped_before: Dropped) -> Head {
        let arrival = Instant::now().saturating_duration_since(self.begun);
        let system = self.system.read();
        Head {
            awake_ns: system.awake_ns,
            asleep_ns: system.asleep_ns(),
            device_frame,
            device_s,
            // SAFETY: the function takes nothing and may be called from any thread.
            arrival_s: self.clock.map(|clock| unsafe { clock() }),
            arrival_ns: u64::try_from(arrival.as_nanos()).unwrap_or(u64::MAX),
            dropped_before,
            touches,
        }
    }

    fn lose(&self, touches: u32) {
        self.dropped_touches.fetch_add(u64::from(touches), Relaxed);
        self.dropped_frames.fetch_add(1, Relaxed);
    }
}

/// The callback that gets its ticket back.
pub(crate) unsafe extern "C" fn contact_with_refcon(
    _device: DeviceRef,
    touches: *const c_void,
    count: i32,
    device_s: f64,
    device_frame: i32,
    refcon: *mut c_void,
) -> i32 {
    let ticket = refcon.addr();
    if let Some(place) = TABLE.get(ticket % PLACES) {
        place.enter(
            |place| place.turn.load(SeqCst) == ticket / PLACES,
            |writer| writer.write(touches, count, device_s, device_frame),
        );
    }
    0
}

/// The callback that gets only the device.
pub(crate) unsafe extern "C" fn contact(
    device: DeviceRef,
    touches: *const c_void,
    count: i32,
    device_s: f64,
    device_frame: i32,
) -> i32 {
    let found = TABLE.iter().find(|place| !device.is_null() && place.device.load(SeqCst) == device);
    if let Some(place) = found {
        place.enter(
            |place| place.device.load(SeqCst) == device,
            |writer| writer.write(touches, count, device_s, device_frame),
        );
    }
    0
}

/// A place that is ours, with the writer in it.
pub(crate) struct Seat {
    number: usize,
    writer: Arc<Writer>,
}

impl Seat {
    /// Takes a place, with its door shut; `None` if all are taken.
    pub(crate) fn take(writer: Writer) -> Option<Seat> {
        let number = TABLE.iter().position(|place| !place.taken.swap(true, Acquire))?;
        Some(Seat { number, writer: Arc::new(writer) })
    }

    fn place(&self) -> &'static Place {
        &TABLE[self.number]
    }

    pub(crate) fn writer(&self) -> &Writer {
        &self.writer
    }

    /// Opens the door for calls about this device, and gives the ticket for them.
    pub(crate) fn open(&self, device: DeviceRef) -> *mut c_void {
        let place = self.place();
        let writer = Arc::into_raw(Arc::clone(&self.writer)).cast_mut();
        place.device.store(device, SeqCst);
        place.writer.store(writer, SeqCst);
        // Never followed: it only has to come back as it went out.
        ptr::without_provenance_mut(place.turn.load(SeqCst).wrapping_mul(PLACES) + self.number)
    }

    /// Shuts the door and waits until nobody is inside. `false` if somebody stays: the writer is then left
    /// to them for good.
    pub(crate) fn shut(&self) -> bool {
        let place = self.place();
        place.turn.store((place.turn.load(SeqCst) + 1) % (usize::MAX / PLACES), SeqCst);
        place.device.store(ptr::null_mut(), SeqCst);
        let writer = place.writer.swap(ptr::null_mut(), SeqCst);
        let empty = is_empty(place);
        if empty && !writer.is_null() {
            // SAFETY: made by `Arc::into_raw` in `open`, taken out of the table once, and nobody is inside.
            drop(unsafe { Arc::from_raw(writer) });
        }
        empty
    }
}

/// Waits, within patience, until nobody is inside.
#[allow(clippy::disallowed_methods, reason = "patience is measured")]
fn is_empty(place: &Place) -> bool {
    let begun = Instant::now();
    while place.inside.load(SeqCst) != 0 {
        if begun.elapsed() > PATIENCE {
            return false;
        }
        std::thread::sleep(Duration::from_micros(50));
    }
    true
}

impl Drop for Seat {
    fn drop(&mut self) {
        // A place with somebody inside is never given to another stream.
        if self.shut() {
            self.place().taken.store(false, Release);
        }
    }
}
