//! Frames, and the bounded queue that carries them out of the callback.
//!
//! The queue is made of cells as large as a touch. A frame is one cell that describes it and one for each
//! touch, put in as a whole or not at all; the reader therefore never sees a part of one.

use crate::abi::{MOST_TOUCHES, TOUCH_BYTES, Touch};
use rtrb::{Consumer, Producer, RingBuffer};
use std::time::Duration;

/// What was lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Whole frames, malformed ones among them.
    pub frames: u64,
    /// The touches in those; a malformed frame has none that could be counted.
    pub touches: u64,
}

impl Dropped {
    /// Whether nothing was lost.
    pub fn is_nothing(&self) -> bool {
        *self == Dropped::default()
    }
}

/// One frame of one device.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    /// The device's number of the frame. It may start anywhere and wrap.
    pub device_frame: i32,
    /// Seconds of the device's clock.
    pub device_s: f64,
    /// Seconds of the library's clock, read when the frame came in. `None` if the library has no clock.
    pub arrival_s: Option<f64>,
    /// The same moment by the system's clock that stands still asleep, in ns. `None` if there is no such clock.
    pub awake_ns: Option<u64>,
    /// How long the machine had slept by then since it was started, as far as its clocks tell.
    pub asleep: Duration,
    /// The same moment by a steady clock of this machine, since the stream was started.
    pub arrival_monotonic: Duration,
    /// What was lost between the frame before and this one.
    pub dropped_before: Dropped,
    /// The contacts, in the device's order. May be none.
    pub touches: Vec<Touch>,
}

type Cell = [u8; TOUCH_BYTES];

/// What is known of a frame besides its touches.
pub(crate) struct Head {
    pub(crate) device_frame: i32,
    pub(crate) device_s: f64,
    pub(crate) arrival_s: Option<f64>,
    pub(crate) arrival_ns: u64,
    /// 0 where there is no such clock.
    pub(crate) awake_ns: u64,
    pub(crate) asleep_ns: u64,
    pub(crate) dropped_before: Dropped,
    pub(crate) touches: u32,
}

impl Head {
    fn encode(&self) -> Cell {
        let mut cell = [0; TOUCH_BYTES];
        let mut at = 0;
        let mut put = |bytes: &[u8]| {
            cell[at..at + bytes.len()].copy_from_slice(bytes);
            at += bytes.len();
        };
        put(&self.device_frame.to_ne_bytes());
        put(&self.touches.to_ne_bytes());
        put(&self.device_s.to_ne_bytes());
        put(&self.arrival_s.unwrap_or_default().to_ne_bytes());
        put(&self.arrival_ns.to_ne_bytes());
        put(&self.awake_ns.to_ne_bytes());
        put(&self.asleep_ns.to_ne_bytes());
        put(&self.dropped_before.frames.to_ne_bytes());
        put(&self.dropped_before.touches.to_ne_bytes());
        put(&[u8::from(self.arrival_s.is_some())]);
        cell
    }

    fn decode(cell: &Cell) -> Head {
        let mut rest = &cell[..];
        let mut take = || {
            let (eight, others) = rest.split_first_chunk::<8>().expect("a cell has room for the head");
            rest = others;
            *eight
        };
        let [a, b, c, d, e, f, g, h] = take();
        let device_s = f64::from_ne_bytes(take());
        let arrival_s = f64::from_ne_bytes(take());
        let arrival_ns = u64::from_ne_bytes(take());
        let (awake_ns, asleep_ns) = (u64::from_ne_bytes(take()), u64::from_ne_bytes(take()));
        let dropped_before =
            Dropped { frames: u64::from_ne_bytes(take()), touches: u64::from_ne_bytes(take()) };
        Head {
            device_frame: i32::from_ne_bytes([a, b, c, d]),
            device_s,
            arrival_s: (take()[0] == 1).then_some(arrival_s),
            arrival_ns,
            awake_ns,
            asleep_ns,
            dropped_before,
            touches: u32::from_ne_bytes([e, f, g, h]),
        }
    }
}

/// The end that the callback writes to.
pub(crate) struct Sink {
    cells: Producer<Cell>,
    /// There was no room, and half of the queue has not been read since.
    overflowed: bool,
}

/// The end that the stream reads from.
pub(crate) struct Source(Consumer<Cell>);

/// A queue with room for this many touches, in frames of any size; for one full frame at least.
pub(crate) fn queue(touches: usize) -> (Sink, Source) {
    // Each frame that has a touch needs one cell more, and there are no more of those than touches.
    let (producer, consumer) = RingBuffer::new(touches.max(MOST_TOUCHES).saturating_mul(2));
    (Sink { cells: producer, overflowed: false }, Source(consumer))
}

impl Sink {
    /// Puts a frame in, or says that there is no room. Allocates nothing, waits for nothing.
    ///
    /// Once there was no room, there is none until half of the queue was read: one long gap leaves more that is of
    /// use than a thousand short ones, and a reader that has to tell of a loss before each frame falls behind further.
    pub(crate) fn push(&mut self, head: &Head, touches: impl Iterator<Item = Cell>) -> bool {
        if self.overflowed && self.cells.slots() < self.cells.buffer().capacity() / 2 {
            return false;
        }
        let room = self.cells.write_chunk_uninit(1 + head.touches as usize);
        self.overflowed = room.is_err();
        let Ok(room) = room else {
            return false;
        };
        room.fill_from_iter(std::iter::once(head.encode()).chain(touches));
        true
    }
}

impl Source {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the next frame out, if there is one.
    pub(crate) fn pop(&mut self, frame: &mut Frame) -> bool {
        let Ok(cell) = self.0.peek() else {
            return false;
        };
        let head = Head::decode(cell);
        let cells = self.0.read_chunk(1 + head.touches as usize).expect("a frame is in the queue as a whole");
        let (before, after) = cells.as_slices();
        frame.device_frame = head.device_frame;
        frame.device_s = head.device_s;
        frame.arrival_s = head.arrival_s;
        frame.arrival_monotonic = Duration::from_nanos(head.arrival_ns);
        frame.awake_ns = (head.awake_ns > 0).then_some(head.awake_ns);
        frame.asleep = Duration::from_nanos(head.asleep_ns);
        frame.dropped_before = head.dropped_before;
        frame.touches.clear();
        frame.touches.extend(before.iter().chain(after).skip(1).map(Touch::decode));
        cells.commit_all();
        true
    }
}
