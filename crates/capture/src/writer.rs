//! Blocks of bytes on their way to the disk: written and hashed on one thread, made durable on another, so
//! that whoever takes frames never waits for a disk that is slow for a moment.

use openweigh_formats::Digest;
use openweigh_formats::digest::Hasher;
use std::fs::File;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Blocks that may wait to be written. With their size, the most memory that a slow disk can take.
const WAITING: usize = 8;

/// How often bytes are made durable. Well under the second that a crash may cost.
const SYNC_EVERY: Duration = Duration::from_millis(400);

/// What has been written, once everything has.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) bytes: u64,
    pub(crate) digest: Digest,
}

/// A file that grows by whole blocks.
#[derive(Debug)]
pub(crate) struct Writer {
    /// None once the end was announced.
    blocks: Option<SyncSender<Vec<u8>>>,
    /// Empty blocks, to be filled again.
    returned: Receiver<Vec<u8>>,
    failed: Arc<AtomicBool>,
    thread: Option<JoinHandle<io::Result<Done>>>,
}

impl Writer {
    /// Takes over a file that is empty.
    pub(crate) fn new(file: File) -> io::Result<Self> {
        let (blocks, incoming) = sync_channel(WAITING);
        let (give_back, returned) = channel();
        let failed = Arc::new(AtomicBool::new(false));
        let syncer = Syncer::new(file.try_clone()?)?;
        let flag = Arc::clone(&failed);
        let thread = std::thread::Builder::new().name("touches.csv".to_owned()).spawn(move || {
            let done = write_all(file, &incoming, &give_back, syncer);
            flag.store(done.is_err(), Ordering::Release);
            done
        })?;
        Ok(Self { blocks: Some(blocks), returned, failed, thread: Some(thread) })
    }

    /// An empty block: one that was written already, or a new one.
    pub(crate) fn block(&self, capacity: usize) -> Vec<u8> {
        self.returned.try_recv().unwrap_or_else(|_| Vec::with_capacity(capacity))
    }

    /// Hands a block on. Waits only if many wait already.
    ///
    /// # Errors
    /// An earlier block could not be written.
    pub(crate) fn send(&mut self, block: Vec<u8>) -> io::Result<()> {
        let sent = self.blocks.as_ref().is_some_and(|blocks| blocks.send(block).is_ok());
        if sent && !self.failed.load(Ordering::Acquire) {
            return Ok(());
        }
        self.join().and(Err(io::Error::other("the file was closed already")))
    }

    /// Waits until everything is written and durable.
    ///
    /// # Errors
    /// Something could not be.
    pub(crate) fn finish(mut self) -> io::Result<Done> {
        self.join()
    }

    fn join(&mut self) -> io::Result<Done> {
        self.blocks = None;
        let closed = || io::Error::other("the file was closed already");
        self.thread.take().ok_or_else(closed)?.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Somebody gave the recording up; what was handed over is still written.
        self.blocks = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "tells when bytes are due to be made durable")]
fn write_all(
    mut file: File,
    incoming: &Receiver<Vec<u8>>,
    give_back: &Sender<Vec<u8>>,
    syncer: Syncer,
) -> io::Result<Done> {
    let mut hasher = Hasher::default();
    let mut bytes = 0;
    let mut dirty = false;
    let mut synced = Instant::now();
    loop {
        match incoming.recv_timeout(SYNC_EVERY) {
            Ok(mut block) => {
                file.write_all(&block)?;
                hasher.update(&block);
                bytes += block.len() as u64;
                dirty = true;
                block.clear();
                let _ = give_back.send(block);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if dirty && synced.elapsed() >= SYNC_EVERY {
            syncer.ask()?;
            synced = Instant::now();
            dirty = false;
        }
    }
    syncer.finish()?;
    file.sync_data()?;
    Ok(Done { bytes, digest: hasher.finish() })
}

/// Makes a file durable, as often as it is asked and the disk can.
struct Syncer {
    asks: Option<SyncSender<()>>,
    error: Arc<Mutex<Option<io::Error>>>,
    thread: Option<JoinHandle<()>>,
}

impl Syncer {
    fn new(file: File) -> io::Result<Self> {
        // One that waits is enough: it will cover whatever is written until it begins.
        let (asks, incoming) = sync_channel::<()>(1);
        let error = Arc::new(Mutex::new(None));
        let place = Arc::clone(&error);
        let thread = std::thread::Builder::new().name("sync".to_owned()).spawn(move || {
            while incoming.recv().is_ok() {
                if let Err(error) = file.sync_data() {
                    *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                }
            }
        })?;
        Ok(Self { asks: Some(asks), error, thread: Some(thread) })
    }

    fn ask(&self) -> io::Result<()> {
        if let Some(asks) = &self.asks {
            let _ = asks.try_send(());
        }
        self.error.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
    }

    fn finish(mut self) -> io::Result<()> {
        self.join();
        self.error.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
    }

    fn join(&mut self) {
        self.asks = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        self.join();
    }
}
