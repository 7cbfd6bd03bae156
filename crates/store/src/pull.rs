//! From a store into a folder.

use crate::blob::{Meter, Moment};
use crate::draft::Draft;
use crate::error::StoreError;
use crate::location::Location;
use crate::package::Contents;
use crate::remote::Remote;
use crate::tree::SUMS;
use crate::wire::BlobDigest;
use crate::{Access, State, companions, drive, folder, limits};
use openweigh_formats::Digest;
use openweigh_ledger::release::foreign;
use openweigh_ledger::{EntryKind, Folder, Typed, version_control};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What shall be pulled, and where to.
#[derive(Debug)]
pub struct Pull<'a> {
    /// The store, and which release in it.
    pub from: &'a Location,
    /// The folder that shall be the release.
    pub to: &'a Path,
    /// Whether another tree that is there may be replaced.
    pub force: bool,
    /// Whether receipts, withdrawals and the signature come along.
    pub companions: bool,
    /// Bytes of a file.
    pub file_bytes: u64,
    /// Who asks.
    pub access: &'a Access,
}

/// What pulling did.
#[derive(Debug)]
pub struct Pulled {
    /// Which release was meant, as `:TAG` or `@DIGEST`.
    pub reference: String,
    /// The digest of the image manifest.
    pub digest: BlobDigest,
    /// The SHA-256 of `manifest.json`.
    pub id: Digest,
    /// What the folder was before.
    pub state: State,
    /// Files of the release.
    pub files: usize,
    /// Bytes of all files.
    pub bytes: u64,
    /// Bytes that came.
    pub moved: u64,
    /// Bytes that an earlier pull had brought.
    pub kept: u64,
    /// Receipts, withdrawals and signatures that are new here.
    pub companions: Vec<PathBuf>,
    /// What refers to the release and certainly is none of those, and why.
    pub passed_over: Vec<String>,
    /// What could withdraw the release and was not fetched or written, and why.
    pub unread: Vec<String>,
}

/// Fetches a release, checks every digest, and puts it into its place as a whole.
///
/// # Errors
/// The store does not answer, what it holds is refused, its bytes are not what it promises, or
/// another tree is in the way.
pub fn pull(request: &Pull<'_>, watch: &mut dyn FnMut(&Moment)) -> Result<Pulled, StoreError> {
    let meter = Meter::default();
    drive(&meter, watch, fetch(request, &meter))
}

async fn fetch(request: &Pull<'_>, meter: &Meter) -> Result<Pulled, StoreError> {
    let target = std::path::absolute(request.to).map_err(StoreError::system(request.to))?;
    if target.file_name().is_none() {
        let word = request.to.display().to_string();
        return Err(StoreError::Location { word, what: "expected the name of a folder".to_owned() });
    }
    let remote = Remote::open(request.from, request.access, false).await?;
    let (reference, (digest, bytes)) = remote.find(request.from).await?;
    let place = format!("{}@{digest}", request.from.place);
    let (above, name) = Typed::at(&target)?.into_parts();
    let contents = Contents::read(&bytes, request.file_bytes).map_err(StoreError::refused(&place))?;
    meter.expect(contents.total());
    let mut pulled = Pulled {
        reference: reference.to_string(),
        id: contents.id.clone(),
        state: found(&above, &name, &contents)?,
        files: contents.files.len(),
        bytes: contents.total(),
        moved: 0,
        kept: 0,
        companions: Vec::new(),
        passed_over: Vec::new(),
        unread: Vec::new(),
        digest,
    };
    if pulled.state == State::Replaced && !request.force {
        return Err(StoreError::Exists { path: target });
    }
    if pulled.state == State::Replaced {
        insist_release(&above, &name, &target)?;
    }
    let draft = if pulled.state == State::Same {
        None
    } else {
        let draft = Draft::open(&above, &name, &pulled.digest)?;
        Some(fill(&remote, &contents, draft, &mut pulled, &place, meter).await?)
    };
    let listed = if request.companions {
        companions::offered(&remote, &pulled.digest, &pulled.id).await?
    } else {
        companions::Listed::default()
    };
    if let Some(draft) = draft {
        draft.install(&contents)?;
    }
    let place = (&above, name.as_str(), &contents.id);
    let arrived = companions::pull(&remote, &pulled.digest, &listed, place).await;
    pulled.companions = arrived.written;
    pulled.passed_over = arrived.passed_over;
    pulled.unread = arrived.unread;
    Ok(pulled)
}

/// Insists that what is replaced is a release, with nothing of somebody's own in it.
fn insist_release(above: &Folder, name: &str, target: &Path) -> Result<(), StoreError> {
    let not = |what: String| StoreError::NotARelease { path: target.to_path_buf(), what };
    let Some(there) = above.enter(name).map_err(|_| not("something that is no folder".to_owned()))? else {
        return Ok(());
    };
    foreign(&there)?.map_or(Ok(()), |what| Err(not(what)))
}

/// Fetches all files into a draft, the list of digests first: what it contradicts is not fetched.
async fn fill(
    remote: &Remote,
    contents: &Contents,
    draft: Draft,
    pulled: &mut Pulled,
    place: &str,
    meter: &Meter,
) -> Result<Draft, StoreError> {
    let (sums, others): (Vec<_>, Vec<_>) = contents.files.iter().partition(|(path, _)| path.as_str() == SUMS);
    for (path, layer) in sums {
        let fetched = draft.fetch(remote, path, layer, meter).await?;
        pulled.moved += fetched.moved;
        pulled.kept += fetched.kept;
    }
    let agreed = contents.agree(&draft.read(SUMS, limits::SUMS_BYTES)?);
    if let Err(fault) = agreed {
        draft.discard()?;
        return Err(StoreError::Refused { place: place.to_owned(), fault });
    }
    for (path, layer) in others {
        let fetched = draft.fetch(remote, path, layer, meter).await?;
        pulled.moved += fetched.moved;
        pulled.kept += fetched.kept;
    }
    Ok(draft)
}

/// What is where the release shall be: nothing, the release, or something else. Version control does not count.
fn found(above: &Folder, name: &str, contents: &Contents) -> Result<State, StoreError> {
    match above.kind(name) {
        None => return Ok(State::New),
        Some(EntryKind::Folder) => {}
        Some(_) => return Ok(State::Replaced),
    }
    let Some(there) = above.enter(name)? else { return Ok(State::New) };
    let promised: BTreeMap<String, EntryKind> =
        contents.files.keys().map(|path| (path.to_string(), EntryKind::File)).collect();
    if there.everything(&version_control::NAMES)? != promised {
        return Ok(State::Replaced);
    }
    for (path, layer) in &contents.files {
        let Some(mut file) = folder::open(&there, path.as_str())? else { return Ok(State::Replaced) };
        let on_disk = there.path().join(path.as_str());
        let same = folder::hash(&mut file, &on_disk, u64::MAX, &mut |_| {})?;
        if same != (layer.size, layer.digest.0.clone()) {
            return Ok(State::Replaced);
        }
    }
    Ok(State::Same)
}
