//! Changes of files, as the tables of `defects/*.toml` and `release-defects/*.toml` name them.

use openweigh_ledger::Ledger;
use std::fmt::Write as _;
use std::path::Path;

/// A change with its words: what is done, to which file, and how.
pub(crate) struct Change<'a> {
    words: &'a toml::Table,
    /// Fills in what only a run knows, such as keys and ids.
    fill: &'a dyn Fn(&str) -> String,
}

impl<'a> Change<'a> {
    pub(crate) fn new(words: &'a toml::Table, fill: &'a dyn Fn(&str) -> String) -> Self {
        Self { words, fill }
    }

    /// What is done.
    pub(crate) fn verb(&self) -> &str {
        self.words["do"].as_str().unwrap()
    }

    /// A word that must be there.
    pub(crate) fn word(&self, key: &str) -> String {
        self.find(key).unwrap_or_else(|| panic!("`{}` needs `{key}`", self.verb()))
    }

    /// A word that may be there.
    pub(crate) fn find(&self, key: &str) -> Option<String> {
        self.words.get(key).map(|word| (self.fill)(word.as_str().unwrap()))
    }

    /// A number that must be there.
    pub(crate) fn number(&self, key: &str) -> u64 {
        let found = self.words.get(key).and_then(toml::Value::as_integer);
        u64::try_from(found.unwrap_or_else(|| panic!("`{}` needs `{key}`", self.verb()))).unwrap()
    }

    /// Does it to a file below `root`; says whether it knows how.
    pub(crate) fn apply(&self, root: &Path) -> bool {
        self.edit(root) || self.move_about(root) || self.make(root)
    }

    /// Changes of what a file holds.
    fn edit(&self, root: &Path) -> bool {
        let at = root.join(self.word("file"));
        let text =
            || std::fs::read_to_string(&at).unwrap_or_else(|error| panic!("{}: {error}", at.display()));
        let changed = match self.verb() {
            "replace" => {
                let (old, from) = (text(), self.word("from"));
                assert!(old.contains(&from), "{} holds {from}", at.display());
                // Some words are too long to stand in a test's data.
                let times = self.words.get("times").map_or(1, |_| self.number("times"));
                old.replacen(&from, &self.word("to").repeat(usize::try_from(times).unwrap()), 1)
            }
            "append" => text() + &self.word("text"),
            "crlf" => text().replace('\n', "\r\n"),
            "mark" => format!("\u{feff}{}", text()),
            "unend" => text().trim_end().to_owned(),
            "swap-lines" => {
                let text = text();
                let mut lines: Vec<&str> = text.lines().collect();
                lines.swap(2, 3);
                lines.join("\n") + "\n"
            }
            "flip" => {
                let mut bytes = std::fs::read(&at).unwrap();
                bytes[usize::try_from(self.number("at")).unwrap()] ^= 1;
                std::fs::write(&at, bytes).unwrap();
                return true;
            }
            _ => return false,
        };
        std::fs::write(&at, changed).unwrap();
        true
    }

    /// Changes of where a file is.
    fn move_about(&self, root: &Path) -> bool {
        let at = root.join(self.word("file"));
        let to = || {
            let to = root.join(self.word("to"));
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            to
        };
        match self.verb() {
            "delete" if at.is_dir() => std::fs::remove_dir_all(&at).unwrap(),
            "delete" => std::fs::remove_file(&at).unwrap(),
            "rename" => std::fs::rename(&at, to()).unwrap(),
            "copy" => drop(std::fs::copy(&at, to()).unwrap()),
            // The same bytes, reached by a link.
            "link" => {
                let to = root.join("elsewhere");
                std::fs::rename(&at, &to).unwrap();
                std::os::unix::fs::symlink(to, &at).unwrap();
            }
            _ => return false,
        }
        true
    }

    /// New things in the place of a file.
    fn make(&self, root: &Path) -> bool {
        let at = root.join(self.word("file"));
        std::fs::create_dir_all(at.parent().unwrap()).unwrap();
        match self.verb() {
            "write" => std::fs::write(&at, self.word("text")).unwrap(),
            "fill" => {
                let times = usize::try_from(self.number("times")).unwrap();
                std::fs::write(&at, self.word("text").repeat(times)).unwrap();
            }
            "symlink" => std::os::unix::fs::symlink(self.word("to"), &at).unwrap(),
            "lengthen" => {
                let file = std::fs::OpenOptions::new().write(true).open(&at).unwrap();
                file.set_len(self.number("bytes")).unwrap();
            }
            "fifo" => {
                let _ = std::fs::remove_file(&at);
                assert!(std::process::Command::new("mkfifo").arg(&at).status().unwrap().success());
            }
            "folder" => {
                std::fs::remove_file(&at).unwrap();
                std::fs::create_dir(&at).unwrap();
            }
            _ => return false,
        }
        true
    }
}

/// Copies a folder and all below it.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    for path in Ledger::at(from).everything(None).unwrap() {
        let to = to.join(&path);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(from.join(&path), to).unwrap();
    }
}

/// Everything below a folder and what it is: kind, rights, moment of its last change, length, and bytes or aim.
/// What reads it must not wait for a pipe or go through a terabyte of nothing.
pub(crate) fn state(folder: &Path) -> String {
    let mut lines = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let about = path.symlink_metadata().unwrap();
            let mut line = format!(
                "{} {:?} {:?} {:?} {}",
                path.display(),
                about.file_type(),
                about.permissions(),
                about.modified().unwrap(),
                about.len()
            );
            if about.is_dir() {
                waiting.push(path);
            } else if about.is_symlink() {
                write!(line, " {}", std::fs::read_link(&path).unwrap().display()).unwrap();
            } else if about.is_file() && about.len() < 1 << 27 {
                write!(line, " {}", openweigh_formats::Digest::of(&std::fs::read(&path).unwrap())).unwrap();
            }
            lines.push(line);
        }
    }
    lines.sort();
    lines.join("\n")
}
