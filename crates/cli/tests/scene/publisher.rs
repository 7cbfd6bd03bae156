//! What a publisher does with a release, done again by hand after an edit: digests, cards, checksums, signatures. The
//! program itself refuses to publish what does not hold, and a liar would not use it.

use super::change::Change;
use super::reseal::Sealed;
use openweigh_formats::files::{Files, Unreadable};
use openweigh_formats::manifest::{Manifest, Role};
use openweigh_formats::path::RelativePath;
use openweigh_formats::publication::Publication;
use openweigh_formats::release::{self, HOUSEKEEPING};
use openweigh_formats::withheld::{self, Withheld};
use openweigh_formats::{Digest, canonical, edit, limits};
use openweigh_ledger::Ledger;
use openweigh_release::Source;
use openweigh_release::generate;
use openweigh_release::previous::Previous;
use openweigh_release::source::texts_wanted;
use openweigh_trust::dsse::Envelope;
use openweigh_trust::{PrivateKey, sshsig};
use openweigh_verify::Budget;
use openweigh_verify::Scope;
use openweigh_verify::examine;
use std::collections::BTreeMap;
use std::path::Path;

/// A folder as the library wants to see it.
struct Folder<'a>(&'a Path);

impl Files for Folder<'_> {
    fn read(&self, path: &RelativePath, _: u64, sink: &mut dyn FnMut(&[u8])) -> Result<(), Unreadable> {
        let bytes = std::fs::read(self.0.join(path.as_str()));
        sink(&bytes.map_err(|_| Unreadable::Missing)?);
        Ok(())
    }

    fn everything(&self, _: Option<&str>) -> Result<Vec<String>, Unreadable> {
        Ok(Vec::new())
    }
}

/// A publisher with a desk: the keys lie in `keys`, the release as it was in `published`, and as it is in `release`.
pub(crate) struct Publisher<'a> {
    pub(crate) keys: &'a Path,
    pub(crate) published: &'a Path,
    pub(crate) release: &'a Path,
}

impl Publisher<'_> {
    /// Does what a change names; says whether it knows how.
    pub(crate) fn apply(&self, root: &Path, change: &Change<'_>) -> bool {
        match change.verb() {
            "sign" => {
                let namespace = change.find("namespace").unwrap_or_else(|| sshsig::RELEASE.to_owned());
                self.sign(&change.find("key").unwrap_or_else(|| "alice".to_owned()), &namespace);
            }
            "rename-listed" => self.rename(&change.word("file"), &change.word("to")),
            "restate" => self.restate(root, change),
            // The checksums of what is kept of the release before, as far as it is kept.
            "again-previous" => {
                let list = root.join(change.word("file"));
                let text = std::fs::read_to_string(&list).unwrap();
                let lines = text.lines().map(|line| {
                    let (digest, path) = line.split_once("  ").unwrap();
                    let bytes = std::fs::read(list.with_file_name(path)).ok();
                    let digest =
                        bytes.map_or_else(|| digest.to_owned(), |bytes| Digest::of(&bytes).to_string());
                    format!("{digest}  {path}\n")
                });
                std::fs::write(&list, lines.collect::<String>()).unwrap();
            }
            "krl" => {
                let (list, key) = (root.join(change.word("file")), self.keys.join(change.word("key")));
                let words = ["-q", "-k", "-f"];
                let made = std::process::Command::new("ssh-keygen").args(words).arg(list).arg(key).status();
                assert!(made.unwrap().success());
            }
            word => return self.again(word),
        }
        true
    }

    /// Does a step of publishing again; says whether it knows how.
    pub(crate) fn again(&self, step: &str) -> bool {
        match step {
            "digests" => {
                let published = std::fs::read_to_string(self.published.join(release::MANIFEST)).unwrap();
                let (was, is) = (self.published, self.release);
                Sealed { was, published, is, manifest: release::MANIFEST }.renew();
            }
            "stated" => self.state_readings(),
            "cards" => self.cards(),
            "sums" => self.sums(),
            "signature" => self.sign("alice", sshsig::RELEASE),
            _ => return false,
        }
        true
    }

    fn read(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.release.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.release.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    fn key(&self, name: &str) -> PrivateKey {
        PrivateKey::read(&std::fs::read(self.keys.join(name)).unwrap(), None).unwrap()
    }

    /// Every generated file, as it follows from the manifest and files that are there.
    fn cards(&self) {
        let (from, bytes) = (Folder(self.release), self.read(release::MANIFEST));
        let manifest: Manifest = canonical::read(&bytes).unwrap();
        let (id, said) = (Digest::of(&bytes), self.read(release::PUBLICATION));
        let publication = Publication::from_toml(&said).unwrap();
        let budget = Budget { threads: 1, max_csv: limits::CSV_BYTES, search: edit::SearchBudget::none() };
        let contents = examine(&manifest, &from, &Scope::Files, budget, |_| {}).1;
        let previous = (manifest.previous.as_ref())
            .map(|id| Previous::read(&from, "previous/", id, limits::CSV_BYTES).unwrap());
        let results: BTreeMap<_, _> = (manifest.of_role(Role::Results))
            .map(|file| (file.path.clone(), self.read(file.path.as_str())))
            .collect();
        let texts: BTreeMap<_, _> = (texts_wanted(&manifest, &publication).into_iter())
            .map(|id| (id.clone(), self.read(&format!("LICENSES/{id}.txt"))))
            .collect();
        let source = Source {
            manifest: &manifest,
            id: &id,
            publication: &publication,
            publication_id: &Digest::of(&said),
            opened: &contents,
            texts: &texts,
            previous: previous.as_ref(),
            results: &results,
            withheld: &contents.kept.files,
        };
        assert!(source.is_complete(), "cards follow from what can be read alone");
        for file in generate::generate(&source) {
            self.write(&file.path, &file.bytes);
        }
    }

    /// The readings that are there, as those which are stated in place of touches.
    fn state_readings(&self) {
        let mut statement: Withheld = canonical::read(&self.read(withheld::PATH)).unwrap();
        for one in &mut statement.readings {
            let bytes = self.read(one.path.as_str());
            (one.bytes, one.sha256) = (bytes.len() as u64, Digest::of(&bytes));
        }
        self.write(withheld::PATH, &canonical::write(&statement));
    }

    /// The checksums of whatever is there.
    fn sums(&self) {
        let own = |path: &str| {
            [release::SUMS, release::SIGNATURE].contains(&path)
                || HOUSEKEEPING.iter().any(|folder| path.starts_with(folder))
        };
        let paths = Ledger::at(self.release).everything(None).unwrap();
        let lines: Vec<String> = (paths.iter().filter(|path| !own(path)))
            .map(|path| format!("{}  {path}\n", Digest::of(&self.read(path))))
            .collect();
        self.write(release::SUMS, lines.concat().as_bytes());
    }

    fn sign(&self, key: &str, namespace: &str) {
        let signature = sshsig::sign(&self.key(key), namespace, &self.read(release::SUMS)).unwrap();
        self.write(release::SIGNATURE, signature.as_bytes());
    }

    /// Gives a listed file another path, in the manifest, too.
    fn rename(&self, from: &str, to: &str) {
        let mut manifest: Manifest = canonical::read(&self.read(release::MANIFEST)).unwrap();
        let to: RelativePath = to.parse().unwrap();
        let moved = |path: &mut RelativePath| {
            if path.as_str() == from {
                *path = to.clone();
            }
        };
        manifest.files.iter_mut().for_each(|file| moved(&mut file.path));
        manifest.files.sort_by(|left, right| left.path.as_str().cmp(right.path.as_str()));
        for derivation in &mut manifest.derivations {
            derivation.inputs.iter_mut().chain(&mut derivation.outputs).for_each(moved);
        }
        manifest.claims.iter_mut().for_each(|claim| moved(&mut claim.over.file));
        let bytes = self.read(from);
        std::fs::remove_file(self.release.join(from)).unwrap();
        self.write(to.as_str(), &bytes);
        self.write(release::MANIFEST, &canonical::write(&manifest));
    }

    /// Lets an envelope say something else: signed again with `key`, or, without one, under the signature it had.
    fn restate(&self, root: &Path, change: &Change<'_>) {
        let at = root.join(change.word("file"));
        let (was, from) = (std::fs::read_to_string(&at).unwrap(), change.word("from"));
        let envelope = Envelope::read(was.as_bytes()).unwrap();
        let payload = String::from_utf8(envelope.payload().to_vec()).unwrap();
        assert!(payload.contains(&from), "{} states {from}:\n{payload}", at.display());
        let payload = payload.replacen(&from, &change.word("to"), 1).into_bytes();
        let text = |bytes: &[u8]| {
            let value: serde_json::Value = serde_json::from_slice(bytes).unwrap();
            value["payload"].as_str().unwrap().to_owned()
        };
        let signer = change.find("key");
        let made = Envelope::sign(payload, &self.key(signer.as_deref().unwrap_or("alice"))).unwrap().write();
        let made = match signer {
            Some(_) => made,
            None => was.replace(&text(was.as_bytes()), &text(&made)).into_bytes(),
        };
        std::fs::write(at, made).unwrap();
    }
}
