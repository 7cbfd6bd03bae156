//! A single file of a ledger: written as a change of its own, looked up through no link.

use super::{Change, Expected, name_of};
use crate::draft::{DraftError, Written};
use crate::folder::Folder;
use crate::layout::Ledger;
use openweigh_formats::Digest;
use openweigh_formats::path::RelativePath;

impl Ledger {
    /// Writes one file of the ledger, unless another is there and `force` is not given. `relies_on` are files that
    /// must not have changed since they were read.
    ///
    /// # Errors
    /// As [`Change::commit`].
    pub fn write(
        &self,
        path: &RelativePath,
        bytes: &[u8],
        force: bool,
        relies_on: &[(RelativePath, Digest)],
    ) -> Result<Written, DraftError> {
        let mut change = Change::of(self);
        change.put(path, bytes, Expected::unless(force))?;
        for (path, sha256) in relies_on {
            change.relies_on(path.clone(), sha256.clone());
        }
        let done = change.commit()?;
        Ok(done.first().copied().unwrap_or(Written::Same))
    }

    /// The folder of a file of the ledger, and the file's name; no folder if there is none.
    ///
    /// # Errors
    /// A link or a file is where a folder should be.
    pub fn folder_of<'p>(&self, path: &'p RelativePath) -> Result<Option<(Folder, &'p str)>, DraftError> {
        let Some(mut folder) = self.root_folder()? else { return Ok(None) };
        for part in path.parent().into_iter().flat_map(|parent| parent.split('/')) {
            match folder.enter(part)? {
                Some(inner) => folder = inner,
                None => return Ok(None),
            }
        }
        Ok(Some((folder, name_of(path))))
    }

    /// As [`Ledger::folder_of`], with the folders made that are not there.
    ///
    /// # Errors
    /// As [`Ledger::folder_of`], or the system refuses.
    pub fn make_folder_of(&self, path: &RelativePath) -> Result<Folder, DraftError> {
        std::fs::create_dir_all(self.root())
            .map_err(|source| DraftError::System { path: self.root().to_path_buf(), source })?;
        let mut folder = Folder::at(self.root())?;
        for part in path.parent().into_iter().flat_map(|parent| parent.split('/')) {
            folder = folder.make(part)?;
        }
        Ok(folder)
    }

    /// A folder of the ledger; none if there is none.
    ///
    /// # Errors
    /// As [`Ledger::folder_of`].
    pub fn folder(&self, path: &RelativePath) -> Result<Option<Folder>, DraftError> {
        let Some((above, name)) = self.folder_of(path)? else { return Ok(None) };
        above.enter(name)
    }

    /// A folder of the ledger, made if it is not there.
    ///
    /// # Errors
    /// As [`Ledger::make_folder_of`].
    pub fn make_folder(&self, path: &RelativePath) -> Result<Folder, DraftError> {
        self.make_folder_of(path)?.make(name_of(path))
    }

    /// Insists that files are still the ones that were read.
    pub(crate) fn insist_unchanged(&self, files: &[(RelativePath, Digest)]) -> Result<(), DraftError> {
        for (path, expected) in files {
            if self.digest_of(path)?.as_ref() != Some(expected) {
                return Err(DraftError::Changed { path: self.on_disk(path) });
            }
        }
        Ok(())
    }

    /// SHA-256 of a file of the ledger; none if there is no such file.
    ///
    /// # Errors
    /// No plain file is there, or a link is on the way.
    pub fn digest_of(&self, path: &RelativePath) -> Result<Option<Digest>, DraftError> {
        let Some((folder, name)) = self.folder_of(path)? else { return Ok(None) };
        Ok(folder.digest(name)?.map(|(_, digest)| digest))
    }

    fn root_folder(&self) -> Result<Option<Folder>, DraftError> {
        match Folder::at(self.root()) {
            Ok(folder) => Ok(Some(folder)),
            Err(DraftError::System { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
