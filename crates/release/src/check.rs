//! Whether the generated files of a release are those that follow from it: each is generated again and compared.

use crate::generate::{self, Generated};
use crate::parties::text_path;
use crate::previous::Previous;
use crate::source::{Source, texts_wanted};
use openweigh_formats::files::{self, Files, Unreadable};
use openweigh_formats::limits;
use openweigh_formats::manifest::{Manifest, Role};
use openweigh_formats::path::RelativePath;
use openweigh_formats::publication::Publication;
use openweigh_formats::release;
use openweigh_formats::{Digest, Position};
use openweigh_verify::Opened;
use openweigh_verify::completeness;
use openweigh_verify::licences::Texts;
use openweigh_verify::{Cause, Finding, Item, Kind, Note, Open, Other, Proof, Stage, Verdict};
use std::collections::BTreeMap;

/// Characters of a differing line that are shown around the place.
const SHOWN: usize = 80;

/// What lies in a release beside the files of its manifest.
#[derive(Debug, Clone, Copy)]
pub struct Release<'a> {
    /// Its manifest.
    pub manifest: &'a Manifest,
    /// SHA-256 of the manifest's bytes.
    pub id: &'a Digest,
    /// What could be read of the manifest's files.
    pub opened: &'a Opened,
    /// Bytes of a CSV file.
    pub max_csv: u64,
}

impl Release<'_> {
    /// One item for each generated file, and for each file that does not belong.
    pub fn check(&self, from: &dyn Files) -> Vec<Item> {
        let mut items = Vec::new();
        let generated = match self.generate(from) {
            Ok(generated) => generated,
            Err(item) => {
                items.push(item);
                Vec::new()
            }
        };
        items.extend(generated.iter().map(|file| item(&file.path, compare(file, from))));
        items.extend(self.misplaced(&generated, from));
        let own = |path: &str| {
            [release::MANIFEST, release::PUBLICATION, release::SIGNATURE].contains(&path)
                || generated.iter().any(|file| file.path == path)
                // Where nothing could be generated, something has failed already.
                || (generated.is_empty() && !path.starts_with("datasets/") && !path.starts_with("artifacts/"))
                || release::HOUSEKEEPING.iter().any(|folder| path.starts_with(folder))
        };
        items.extend(completeness::strays(self.manifest, from, &own));
        items.extend(self.not_kept_back(from));
        items
    }

    /// Folders that lie here and were not read.
    pub fn unread(&self, from: &dyn Files) -> Vec<Note> {
        let here = from.everything(None).unwrap_or_default();
        let note = |folder: &'static str| {
            let inside = || here.iter().filter_map(|path| path.strip_prefix(folder));
            let runs = |path: &&str| path.starts_with("hooks/") && !path.ends_with(".sample");
            let (files, hooks) = (inside().count(), inside().filter(runs).count());
            (files > 0).then_some(Note::Unread { folder, files, hooks })
        };
        release::HOUSEKEEPING.into_iter().filter_map(note).collect()
    }

    /// Files that are here although the release states that it keeps them back: somebody put them there, and the
    /// checksums do not cover them.
    fn not_kept_back(&self, from: &dyn Files) -> Vec<Item> {
        let kept = &self.opened.kept.files;
        if kept.is_empty() {
            return Vec::new();
        }
        let here = from.everything(None).unwrap_or_default();
        let here =
            here.iter().filter(|path| path.parse().is_ok_and(|path: RelativePath| kept.contains(&path)));
        here.map(|path| item(path, Verdict::failed(Kind::NotKeptBack))).collect()
    }

    /// The manifest, if it only seems to lie here, and listed files that cannot lie here beside the others.
    fn misplaced(&self, generated: &[Generated], from: &dyn Files) -> Vec<Item> {
        let failed = |subject: &str, kind: Kind| Item {
            stage: Stage::Bytes,
            subject: subject.to_owned(),
            verdict: Verdict::failed(kind),
        };
        let path = release::MANIFEST.parse().expect("a name of the format");
        // It was read under the name that the user gave, which may lead anywhere.
        let found = files::digest(from, &path, limits::JSON_BYTES);
        let mut items: Vec<Item> = match found {
            Ok((_, digest)) if digest == *self.id => Vec::new(),
            Ok(_) => vec![failed(release::MANIFEST, Kind::ChangedMeanwhile)],
            Err(error) => vec![failed(release::MANIFEST, Kind::Unreadable(error))],
        };
        let own = [release::MANIFEST, release::PUBLICATION, release::SIGNATURE];
        let own = own.into_iter().chain(generated.iter().map(|file| file.path.as_str()));
        let collisions =
            release::case_collisions(own, self.manifest.files.iter().map(|file| file.path.as_str()));
        items.extend(collisions.into_iter().map(|one| failed(&one.path, Kind::SameName(one.to_string()))));
        items
    }

    /// All generated files, or why they cannot be.
    fn generate(&self, from: &dyn Files) -> Result<Vec<Generated>, Item> {
        let path = |text: &str| text.parse::<RelativePath>().expect("a name of the format");
        let said = files::bytes(from, &path(release::PUBLICATION), limits::TOML_BYTES)
            .map_err(|error| item(release::PUBLICATION, Verdict::failed(Kind::Unreadable(error))))?;
        let publication = Publication::from_toml(&said)
            .map_err(|error| item(release::PUBLICATION, Verdict::Malformed(Finding::from(&error))))?;
        let previous = match &self.manifest.previous {
            None => None,
            Some(id) => {
                let prefix = format!("{}/", release::PREVIOUS);
                let read = Previous::read(from, &prefix, id, self.max_csv)
                    .and_then(|previous| previous.precedes(self.manifest).map(|()| previous));
                Some(read.map_err(|error| {
                    item(release::PREVIOUS, Verdict::failed(Kind::Previous(error.to_string())))
                })?)
            }
        };
        let results = previous.as_ref().map_or_else(|| Ok(BTreeMap::new()), |_| self.results(from))?;
        let texts = self.texts(&publication, from)?;
        let source = Source {
            manifest: self.manifest,
            id: self.id,
            publication: &publication,
            publication_id: &Digest::of(&said),
            opened: self.opened,
            texts: &texts,
            previous: previous.as_ref(),
            results: &results,
            withheld: &self.opened.kept.files,
        };
        if !source.is_complete() {
            return Err(item("README.md", Verdict::NotCheckable(Open::CardsUnread)));
        }
        // What `publish` refuses is refused here, too: whoever made this did not use it.
        if let Some(missing) = source.missing().into_iter().next() {
            return Err(item(&missing.path, Verdict::failed(Kind::Unstated(missing.what))));
        }
        Ok(generate::generate(&source))
    }

    /// The texts of licences that only the publisher's words are under.
    fn texts(&self, publication: &Publication, from: &dyn Files) -> Result<BTreeMap<String, Vec<u8>>, Item> {
        let (mut texts, mut compared) = (BTreeMap::new(), Texts::default());
        for id in texts_wanted(self.manifest, publication) {
            let at = text_path(&id);
            let failed = |kind: Kind| item(&at, Verdict::failed(kind));
            let path: RelativePath = at.parse().map_err(|error: openweigh_formats::text::TextError| {
                failed(Kind::NotOpened(error.to_string()))
            })?;
            let text = files::bytes(from, &path, limits::JSON_BYTES)
                .map_err(|error| failed(Kind::Unreadable(error)))?;
            if let verdict @ Verdict::Failed(_) = compared.verdict(&id, &text) {
                return Err(item(&at, verdict));
            }
            texts.insert(id, text);
        }
        Ok(texts)
    }

    fn results(&self, from: &dyn Files) -> Result<BTreeMap<RelativePath, Vec<u8>>, Item> {
        let unread = |path: &RelativePath, why: String| {
            let open = Open::ResultsOfChangelog { path: path.clone(), why };
            item(release::CHANGELOG, Verdict::NotCheckable(open))
        };
        let mut results = BTreeMap::new();
        for file in self.manifest.of_role(Role::Results) {
            let bytes = files::bytes(from, &file.path, self.max_csv)
                .map_err(|error| unread(&file.path, error.to_string()))?;
            if Digest::of(&bytes) != file.sha256 {
                return Err(unread(&file.path, "it is not the listed file".to_owned()));
            }
            results.insert(file.path.clone(), bytes);
        }
        Ok(results)
    }
}

fn item(subject: &str, verdict: Verdict) -> Item {
    Item { stage: Stage::Cards, subject: subject.to_owned(), verdict }
}

fn compare(file: &Generated, from: &dyn Files) -> Verdict {
    let path: RelativePath = file.path.parse().expect("generated files have paths of the format");
    let limit = limits::CSV_BYTES.max(file.bytes.len() as u64);
    // A file of another size is another file; to show where, no more of it is read than there should be.
    let limit = limit.min(file.bytes.len() as u64 + limits::JSON_BYTES);
    let found = match files::bytes(from, &path, limit) {
        Ok(found) => found,
        Err(error @ (Unreadable::Missing | Unreadable::NotPlain(_) | Unreadable::TooLarge { .. })) => {
            return Verdict::failed(Kind::Unreadable(error));
        }
        Err(error) => return Verdict::Malformed(Kind::Unreadable(error).into()),
    };
    if found == file.bytes { Verdict::Checked } else { Verdict::Failed(difference(&found, &file.bytes)) }
}

/// Where a file first departs from what follows, and by which words.
fn difference(found: &[u8], expected: &[u8]) -> Finding {
    let at = found.iter().zip(expected).take_while(|(left, right)| left == right).count();
    let cause = if strip_returns(found) == expected {
        Some(Proof::LineEnds)
    } else if found.is_empty() {
        Some(Proof::Emptied)
    } else {
        None
    };
    Finding {
        position: Some(Position::of(found, at.min(found.len()))),
        published: Some(around(found, at)),
        other: Some(Other::Derived(around(expected, at))),
        cause: cause.map(Cause::Proved),
        ..Kind::Generated.into()
    }
}

fn strip_returns(bytes: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(bytes).replace("\r\n", "\n").into_bytes()
}

/// The word at a place with what stands before it in its line, shortened.
fn around(bytes: &[u8], at: usize) -> String {
    let at = at.min(bytes.len());
    let start = bytes[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let line_end = bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| at + end);
    if start == bytes.len() {
        return "the end of the file".to_owned();
    }
    let word = |byte: &u8| !byte.is_ascii_whitespace() && !matches!(byte, b',' | b'"' | b'|' | b'`');
    let from =
        bytes[start..at].iter().rposition(|byte| !word(byte)).map_or(start, |before| start + before + 1);
    let to = bytes[at..line_end].iter().position(|byte| !word(byte)).map_or(line_end, |after| at + after);
    let before = from.saturating_sub(SHOWN).max(start);
    let text = String::from_utf8_lossy(&bytes[before..to.min(at + SHOWN)]).into_owned();
    let more = if to < line_end { " …" } else { "" };
    let text = text.trim_start_matches('\u{fffd}').to_owned();
    if text.trim().is_empty() { "a line end".to_owned() } else { format!("{}{more}", text.escape_debug()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edited_number_is_shown_beside_the_right_one() {
        let expected = b"# Card\n\n| rmse | 0.48 g |\n";
        let found = b"# Card\n\n| rmse | 0.08 g |\n";
        let finding = difference(found, expected);
        assert_eq!(finding.published.as_deref().unwrap(), "| rmse | 0.08 …");
        assert_eq!(finding.derived().unwrap(), "| rmse | 0.48 …");
        assert_eq!(finding.position.unwrap(), Position { line: 3, column: 12 });
    }

    #[test]
    fn ends_and_line_ends_are_told() {
        assert_eq!(difference(b"a\nb\n", b"a\n").derived().unwrap(), "the end of the file");
        assert_eq!(difference(b"a\n", b"a\nb\n").published.unwrap(), "the end of the file");
        assert!(difference(b"a\r\nb\r\n", b"a\nb\n").cause == Some(Cause::Proved(Proof::LineEnds)));
        assert!(!difference(b"\xff\xfe", b"a\n").published.unwrap().is_empty());
    }
}
