//! References: numbers for objects, counted as Core Foundation counts, and never used twice.

use crate::abi::{Plain, Reference, WithRefcon};
use crate::run::Run;
use crate::stage::{Played, Stage, lock};
use std::collections::BTreeMap;
use std::ffi::CStr;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// What a reference may mean.
#[derive(Clone)]
pub(crate) enum Object {
    Array(Arc<Vec<usize>>),
    Device(Arc<Handle>),
}

/// A device as one reference sees it.
pub(crate) struct Handle {
    pub(crate) number: u64,
    pub(crate) stage: Arc<Stage>,
    pub(crate) pad: Arc<Played>,
    /// As the pad was called and connected when it was made.
    pub(crate) id: u64,
    pub(crate) transport: i32,
    /// How often the machine had slept when it was made.
    pub(crate) sleeps: u64,
    pub(crate) callbacks: Mutex<Vec<Callback>>,
    pub(crate) run: Mutex<Option<Arc<Run>>>,
    /// Whether it was ever started.
    pub(crate) has_run: AtomicBool,
}

/// Whom to tell.
#[derive(Clone, Copy)]
pub(crate) enum Callback {
    Plain(Plain),
    WithRefcon(WithRefcon, usize),
}

impl Callback {
    pub(crate) fn address(self) -> usize {
        match self {
            Callback::Plain(function) => function as usize,
            Callback::WithRefcon(function, _) => function as usize,
        }
    }
}

impl Handle {
    pub(crate) fn reference(&self) -> Reference {
        reference(usize::try_from(self.number).unwrap_or(0))
    }

    /// Made before a sleep: it may be asked, but not started.
    pub(crate) fn is_stale(&self) -> bool {
        self.sleeps != self.pad.sleeps.load(Ordering::SeqCst)
    }

    pub(crate) fn is_running(&self) -> bool {
        let player = self.pad.player.load(Ordering::SeqCst);
        if self.stage.behaviour.fresh_runs && player != 0 {
            return true;
        }
        if self.stage.behaviour.tells_stops {
            return player == self.number;
        }
        self.is_started()
    }

    /// Whether it was started and not stopped, whatever happened to the pad.
    pub(crate) fn is_started(&self) -> bool {
        lock(&self.pad.started).iter().any(|(number, _)| *number == self.number)
    }
}

struct Counted {
    object: Object,
    count: usize,
}

static OBJECTS: Mutex<BTreeMap<usize, Counted>> = Mutex::new(BTreeMap::new());
static NEXT: AtomicU64 = AtomicU64::new(1);
static FAULTS: Mutex<Vec<&CStr>> = Mutex::new(Vec::new());

/// Notes that the reader did what it must not do.
pub(crate) fn fault(what: &'static CStr) {
    lock(&FAULTS).push(what);
}

/// The fault of this number.
pub(crate) fn fault_at(number: usize) -> Option<&'static CStr> {
    lock(&FAULTS).get(number).copied()
}

/// How many devices and arrays are not given back.
pub(crate) fn held() -> usize {
    lock(&OBJECTS).len()
}

fn reference(number: usize) -> Reference {
    ptr::without_provenance_mut(number)
}

/// Numbers that look like pointers, and that no other copy of this library in the process gives: the page
/// on which it lies, then a count. A reader may tell devices apart by them.
fn fresh_number() -> u64 {
    let page = (&raw const NEXT).addr() as u64 >> 12;
    (page << 28) | (NEXT.fetch_add(1, Ordering::Relaxed) << 4)
}

fn insert(number: u64, object: Object) -> usize {
    let key = usize::try_from(number).unwrap_or(0);
    lock(&OBJECTS).insert(key, Counted { object, count: 1 });
    key
}

/// A new reference to a device, counted once.
pub(crate) fn make_device(stage: &Arc<Stage>, pad: &Arc<Played>) -> Reference {
    reference(insert_device(stage, pad))
}

fn insert_device(stage: &Arc<Stage>, pad: &Arc<Played>) -> usize {
    let number = fresh_number();
    let handle = Handle {
        number,
        stage: Arc::clone(stage),
        pad: Arc::clone(pad),
        id: pad.id.load(Ordering::SeqCst),
        transport: pad.transport.load(Ordering::SeqCst),
        sleeps: pad.sleeps.load(Ordering::SeqCst),
        callbacks: Mutex::default(),
        run: Mutex::default(),
        has_run: AtomicBool::new(false),
    };
    insert(number, Object::Device(Arc::new(handle)))
}

/// A new array of new references to all devices that are there.
pub(crate) fn make_list(stage: &Arc<Stage>) -> Reference {
    let there = stage.pads.iter().filter(|pad| pad.alive.load(Ordering::SeqCst));
    let keys = there.map(|pad| insert_device(stage, pad)).collect();
    reference(insert(fresh_number(), Object::Array(Arc::new(keys))))
}

/// What a reference means; a stale one is a fault.
fn object(of: Reference) -> Option<Object> {
    let found = lock(&OBJECTS).get(&of.addr()).map(|counted| counted.object.clone());
    if found.is_none() {
        fault(c"a reference that was released, or never made, was used");
    }
    found
}

pub(crate) fn device(of: Reference) -> Option<Arc<Handle>> {
    match object(of)? {
        Object::Device(handle) => Some(handle),
        Object::Array(_) => {
            fault(c"an array was used as a device");
            None
        }
    }
}

pub(crate) fn array(of: Reference) -> Option<Arc<Vec<usize>>> {
    match object(of)? {
        Object::Array(keys) => Some(keys),
        Object::Device(_) => {
            fault(c"a device was used as an array");
            None
        }
    }
}

/// The reference at a place of an array.
pub(crate) fn at(array: &[usize], index: isize) -> Reference {
    let found = usize::try_from(index).ok().and_then(|index| array.get(index));
    if found.is_none() {
        fault(c"an array was read beyond its end");
    }
    reference(found.copied().unwrap_or(0))
}

pub(crate) fn retain(of: Reference) {
    match lock(&OBJECTS).get_mut(&of.addr()) {
        Some(counted) => counted.count += 1,
        None => fault(c"a reference that was released, or never made, was retained"),
    }
}

pub(crate) fn release(of: Reference) {
    let gone = {
        let mut objects = lock(&OBJECTS);
        match objects.get_mut(&of.addr()) {
            None => {
                fault(c"a reference that was released, or never made, was released");
                None
            }
            Some(counted) if counted.count > 1 => {
                counted.count -= 1;
                None
            }
            Some(_) => objects.remove(&of.addr()),
        }
    };
    match gone.map(|counted| counted.object) {
        None => {}
        // An array lets go of what it holds.
        Some(Object::Array(keys)) => keys.iter().for_each(|&key| release(reference(key))),
        Some(Object::Device(handle)) => taken_apart(&handle),
    }
}

/// The last count of a device is gone.
fn taken_apart(handle: &Handle) {
    if handle.is_running() {
        fault(c"a running device was taken apart");
    }
    let own_thread = lock(&handle.run).as_ref().is_some_and(|run| run.is_mine());
    if own_thread && !handle.stage.behaviour.last_release_anywhere {
        fault(c"a device was taken apart on its own thread");
    }
    if handle.is_stale() && handle.has_run.load(Ordering::SeqCst) {
        fault(c"a device was taken apart after sleep");
    }
}
