//! Digests made honest again after an edit, as a careful liar would: what is left is a lie that only a derivation finds.

use openweigh_formats::Digest;
use std::path::Path;

/// A manifest with its files before and after an edit.
pub(crate) struct Sealed<'a> {
    /// The folder of the published files.
    pub(crate) was: &'a Path,
    /// The published manifest.
    pub(crate) published: String,
    /// The folder of the edited files.
    pub(crate) is: &'a Path,
    /// The edited manifest, below it.
    pub(crate) manifest: &'a str,
}

impl Sealed<'_> {
    /// Makes every digest and size that of the file it names, innermost first.
    pub(crate) fn renew(&self) {
        let paths: Vec<&str> = self
            .published
            .lines()
            .filter_map(|line| line.trim().strip_prefix("\"path\": \"")?.strip_suffix("\","))
            .collect();
        let is_description = |path: &&&str| path.ends_with("/dataset.json");
        for description in paths.iter().filter(is_description) {
            let folder = description.strip_suffix("dataset.json").unwrap();
            for path in paths.iter().filter(|path| path.starts_with(folder)) {
                self.renew_entry(description, path.strip_prefix(folder).unwrap(), path);
            }
        }
        for weights in
            paths.iter().filter(|path| path.starts_with("artifacts/weights/") && self.is_there(path))
        {
            let mut text = self.text(weights);
            for description in paths.iter().filter(is_description).filter(|path| self.is_there(path)) {
                let (old, new) = (Digest::of(&self.bytes(description)), Digest::of(&self.now(description)));
                text = text.replace(old.as_str(), new.as_str());
            }
            self.write(weights, &text);
        }
        // Weights name their parents, which may have changed with their data.
        let weights: Vec<&&str> =
            paths.iter().filter(|path| path.starts_with("artifacts/weights/")).collect();
        for _ in &weights {
            for (child, parent) in
                weights.iter().flat_map(|child| weights.iter().map(move |own| (child, own)))
            {
                if self.is_there(child) && self.is_there(parent) {
                    let (old, new) = (Digest::of(&self.bytes(parent)), Digest::of(&self.now(parent)));
                    self.write(child, &self.text(child).replace(old.as_str(), new.as_str()));
                }
            }
        }
        for path in &paths {
            self.renew_entry(self.manifest, path, path);
        }
    }

    /// The entry of a path: its size and digest stand in the lines below it.
    fn renew_entry(&self, holder: &str, listed: &str, path: &str) {
        if !self.is_there(path) {
            return;
        }
        let text = self.text(holder);
        let Some(at) = text.find(&format!("\"path\": \"{listed}\"")) else { return };
        let entry = |bytes: &[u8]| format!("{},\n      \"sha256\": \"{}\"", bytes.len(), Digest::of(bytes));
        let entries = text[at..].replacen(&entry(&self.bytes(path)), &entry(&self.now(path)), 1);
        self.write(holder, &[&text[..at], &entries].concat());
    }

    fn bytes(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.was.join(path)).unwrap()
    }

    fn now(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.is.join(path)).unwrap()
    }

    fn text(&self, path: &str) -> String {
        String::from_utf8(self.now(path)).unwrap()
    }

    fn write(&self, path: &str, text: &str) {
        std::fs::write(self.is.join(path), text).unwrap();
    }

    fn is_there(&self, path: &str) -> bool {
        self.is.join(path).is_file()
    }
}
