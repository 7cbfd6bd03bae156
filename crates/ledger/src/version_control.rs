//! Version control as far as it matters here: which names belong to it, and whether it tracks a file.
//!
//! No program of it is run: what a repository configures, such a program may execute. Its lists of tracked files are
//! searched for the path instead, and a list that cannot be searched counts as one that has it.

use crate::draft::DraftError;
use crate::folder::{EntryKind, Folder};
use std::path::PathBuf;

/// What version control keeps at the root of a folder. It belongs to whoever keeps the folder, not to what is in it.
pub const NAMES: [&str; 11] =
    [".git", ".hg", ".svn", ".bzr", ".jj", ".sl", ".pijul", "_darcs", "CVS", ".fslckout", "_FOSSIL_"];

/// The lists of tracked files: the folder, and how their names begin.
const LISTS: [(&str, &[&str]); 4] = [
    (".git", &["index", "sharedindex."]),
    (".hg", &["dirstate"]),
    (".sl", &["dirstate", "treestate"]),
    (".svn", &["wc.db"]),
];

/// Bytes of such a list.
const LIST_BYTES: u64 = 256 << 20;

/// Bytes of a file `.git` that says where the folder is.
const POINTER_BYTES: u64 = 4096;

/// Version control that tracks, or may track, the file at this path below a folder; it may be kept in any folder
/// above, too.
///
/// # Errors
/// The system refuses.
pub fn tracking(folder: &Folder, path: &str) -> Result<Option<&'static str>, DraftError> {
    let mut path = path.to_owned();
    let mut above: Option<Folder> = None;
    loop {
        let here = above.as_ref().unwrap_or(folder);
        for (name, beginnings) in LISTS {
            if let Some(kept) = kept_in(here, name)?
                && lists(&kept, beginnings, &path)?
            {
                return Ok(Some(name));
            }
        }
        // What others may not look into holds no repository of theirs either.
        let (Ok(Some(name)), Ok(Some(next))) = (here.name(), here.above()) else { return Ok(None) };
        path = format!("{}/{path}", name.to_string_lossy());
        above = Some(next);
    }
}

/// The folder of version control of this name in a folder, where it is one or a file that says where it is.
fn kept_in(folder: &Folder, name: &str) -> Result<Option<Folder>, DraftError> {
    match folder.kind(name) {
        Some(EntryKind::Folder) => folder.enter(name),
        Some(EntryKind::File) => {
            let text = folder.read(name, POINTER_BYTES)?.unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            let pointed = text.trim_end().strip_prefix("gitdir:").map(|path| PathBuf::from(path.trim()));
            // Where a worktree or a submodule is kept, git decides; it is only read.
            Ok(pointed.and_then(|path| Folder::at(&folder.path().join(path)).ok()))
        }
        _ => Ok(None),
    }
}

/// Whether a list of a repository has the path, or cannot be searched.
fn lists(kept: &Folder, beginnings: &[&str], path: &str) -> Result<bool, DraftError> {
    for name in kept.names()?.iter().filter(|name| beginnings.iter().any(|begin| name.starts_with(begin))) {
        match kept.read(name, LIST_BYTES) {
            Ok(Some(bytes)) if !has(&bytes, path) => {}
            Ok(None) => {}
            Ok(Some(_)) | Err(_) => return Ok(true),
        }
    }
    Ok(false)
}

/// Whether a list of tracked files has a path. Version 4 of git's index writes of each path only what the one before
/// it does not begin with: there the last part stands for the path.
fn has(list: &[u8], path: &str) -> bool {
    let shortened = list.starts_with(b"DIRC\0\0\0\x04");
    let sought = if shortened { path.rsplit('/').next().unwrap_or(path) } else { path };
    memchr::memmem::find(list, sought.as_bytes()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_tracked_files_are_searched_in_every_folder_above() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        std::fs::create_dir_all(at("repository/.git")).unwrap();
        std::fs::create_dir_all(at("repository/inner/.hg")).unwrap();
        let folder = Folder::at(&at("repository/inner")).unwrap();
        let found = || tracking(&folder, ".own/salt").unwrap();
        assert_eq!(found(), None);
        std::fs::write(at("repository/inner/.hg/dirstate"), "…\0.own/other\0").unwrap();
        std::fs::write(at("repository/.git/index"), "DIRC\0\0\0\x02…\0inner/.own/other\0").unwrap();
        assert_eq!(found(), None);
        std::fs::write(at("repository/.git/index"), "DIRC\0\0\0\x02…\0inner/.own/salt\0").unwrap();
        assert_eq!(found(), Some(".git"));
        std::fs::write(at("repository/.git/index"), "DIRC\0\0\0\x04…\0inner/.own/other\0\x05salt\0").unwrap();
        assert_eq!(found(), Some(".git"));
        std::fs::remove_file(at("repository/.git/index")).unwrap();
        std::fs::write(at("repository/inner/.hg/dirstate"), "…\0.own/salt\0").unwrap();
        assert_eq!(found(), Some(".hg"));
        // A file in its place says where the folder is.
        std::fs::remove_file(at("repository/inner/.hg/dirstate")).unwrap();
        std::fs::write(at("repository/inner/.git"), "gitdir: ../elsewhere\n").unwrap();
        std::fs::create_dir(at("repository/elsewhere")).unwrap();
        assert_eq!(found(), None);
        std::fs::write(at("repository/elsewhere/index"), "DIRC\0\0\0\x03…\0.own/salt\0").unwrap();
        assert_eq!(found(), Some(".git"));
    }
}
