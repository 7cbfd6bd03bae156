//! A release, and beside it the files that it keeps back, from somebody who was given them.

use super::{Files, Unreadable};
use crate::canonical;
use crate::limits;
use crate::path::RelativePath;
use crate::withheld::{PATH, Withheld};
use std::collections::BTreeSet;

/// A place over which another lies, in which only what the first says that it keeps back is looked for.
#[derive(Debug)]
pub struct Overlay<F> {
    own: F,
    other: Option<F>,
    /// What the release says that it keeps back.
    kept: BTreeSet<RelativePath>,
}

impl<F: Files> Overlay<F> {
    /// Lays what the release keeps back over it, and nothing that is merely missing.
    pub fn new(own: F, other: Option<F>) -> Self {
        let path: RelativePath = PATH.parse().expect("a name of the format");
        let said = other.as_ref().and_then(|_| super::bytes(&own, &path, limits::JSON_BYTES).ok());
        let said = said.and_then(|bytes| canonical::read::<Withheld>(&bytes).ok());
        let files = said.into_iter().flat_map(|said| said.files);
        Self { own, other, kept: files.map(|file| file.path).collect() }
    }

    /// Where a file is to be read: what the release has is never looked for elsewhere.
    fn place(&self, path: &RelativePath) -> &F {
        let is_missing = || matches!(self.own.read(path, 0, &mut |_| {}), Err(Unreadable::Missing));
        let other = self.other.as_ref().filter(|_| self.kept.contains(path) && is_missing());
        other.unwrap_or(&self.own)
    }
}

impl<F: Files> Files for Overlay<F> {
    fn read(&self, path: &RelativePath, limit: u64, sink: &mut dyn FnMut(&[u8])) -> Result<(), Unreadable> {
        self.place(path).read(path, limit, sink)
    }

    fn read_owned(
        &self,
        path: &RelativePath,
        limit: u64,
        block: Vec<u8>,
        sink: &mut dyn FnMut(Vec<u8>, usize) -> Vec<u8>,
    ) -> Result<(), Unreadable> {
        self.place(path).read_owned(path, limit, block, sink)
    }

    fn everything(&self, folder: Option<&str>) -> Result<Vec<String>, Unreadable> {
        self.own.everything(folder)
    }
}
