//! The touches and samples of a manifest, each file read once: hashed, checked, and turned into all that follows from it.

use crate::bytes;
use crate::finding::Kind;
use crate::opened::{DatasetReadings, Opened, Streamed, reads_alike};
use crate::report::{Item, Note, Stage, Verdict};
use crate::withheld;
use openweigh_dataset::SessionReadings;
use openweigh_dataset::sessions::{self, Beside, Stopped};
use openweigh_dataset::weighing::Chunk;
use openweigh_fit::Work;
use openweigh_fit::reading::is_fitted;
use openweigh_formats::dataset::{Dataset, DatasetRole, SESSION_FILES};
use openweigh_formats::declared::Contradicted;
use openweigh_formats::digest::Hasher;
use openweigh_formats::files::{self, Files, Unreadable};
use openweigh_formats::manifest::{Manifest, ManifestFile, Role};
use openweigh_formats::path::RelativePath;
use openweigh_formats::reading::Per;
use openweigh_formats::recipe::Recipe;
use openweigh_formats::session::Session;
use openweigh_formats::weights::Weights;
use openweigh_replay::ReplayError;
use openweigh_replay::grams::Place;
use openweigh_replay::predict::{Outcome, Predictor};
use std::collections::BTreeMap;

/// Results by frame, derived as the frames pass by.
struct Stream<'a> {
    results: RelativePath,
    predictor: Predictor<'a>,
    datasets: &'a [RelativePath],
    hasher: Hasher,
    /// The lines of the last chunk, kept for their room.
    lines: Vec<u8>,
    outcome: Outcome,
    fault: Option<ReplayError>,
    complete: bool,
}

/// Reads all touches and samples in the order of their datasets and sessions, one item for each file.
pub(crate) fn read_touches(
    manifest: &Manifest,
    touches: &[&ManifestFile],
    from: &dyn Files,
    max_csv: u64,
    opened: &mut Opened,
    items: &mut impl FnMut(Item),
) {
    if touches.is_empty() {
        return;
    }
    let mut touches = touches.to_vec();
    touches.sort_by(|one, other| by_parts(&one.path, &other.path));
    let weights = std::mem::take(&mut opened.weights);
    let mut streams = streams(manifest, &weights, &mut opened.work);
    let mut readings = demands(manifest, opened, &weights);
    for file in touches {
        let session = locate(opened, &file.path);
        let verdict = read_one(file, session.as_ref(), from, max_csv, &mut readings, &mut streams, opened);
        items(Item { stage: Stage::Bytes, subject: file.path.to_string(), verdict });
    }
    for one in &mut readings {
        let wanted = opened.datasets.get(&one.dataset).map_or(0, |dataset| dataset.sessions().len());
        one.sessions = one.sessions.take().filter(|sessions| sessions.len() == wanted);
    }
    for stream in streams {
        let streamed = Streamed {
            sha256: stream.hasher.finish(),
            outcome: stream.outcome,
            fault: stream.fault,
            complete: stream.complete,
        };
        opened.streamed.insert(stream.results, streamed);
    }
    opened.readings = readings;
    opened.weights = weights;
}

/// The readings that the manifest's derivations need.
fn demands(
    manifest: &Manifest,
    opened: &Opened,
    weights: &BTreeMap<RelativePath, Weights>,
) -> Vec<DatasetReadings> {
    let mut found: Vec<DatasetReadings> = Vec::new();
    for derivation in &manifest.derivations {
        let Some((first, datasets)) = derivation.inputs.split_first() else { continue };
        let recipe = opened.recipes.get(first).or_else(|| weights.get(first).map(|weights| &weights.recipe));
        let Some(recipe) = recipe.filter(|recipe| recipe.reading.is_some()) else { continue };
        for dataset in datasets.iter().filter(|path| opened.datasets.contains_key(*path)) {
            if !found.iter().any(|own| own.dataset == *dataset && reads_alike(&own.recipe, recipe)) {
                let (dataset, recipe) = (dataset.clone(), recipe.clone());
                found.push(DatasetReadings { dataset, recipe, sessions: Some(Vec::new()) });
            }
        }
    }
    found
}

/// The results by frame whose lines come in the order in which the touches are read.
fn streams<'a>(
    manifest: &'a Manifest,
    weights: &'a BTreeMap<RelativePath, Weights>,
    work: &mut Work,
) -> Vec<Stream<'a>> {
    let mut streams = Vec::new();
    for file in manifest.of_role(Role::Results) {
        let inputs =
            manifest.derivation_of(&file.path).and_then(|derivation| derivation.inputs.split_first());
        let Some((weights, datasets)) = inputs.and_then(|(path, rest)| Some((weights.get(path)?, rest)))
        else {
            continue;
        };
        let ascending = datasets.windows(2).all(|pair| by_parts(&pair[0], &pair[1]).is_lt());
        if is_by_frame(&weights.recipe)
            && ascending
            && let Ok(predictor) = Predictor::within(weights, work)
        {
            let mut hasher = Hasher::default();
            hasher.update(&predictor.header());
            streams.push(Stream {
                results: file.path.clone(),
                predictor,
                datasets,
                hasher,
                lines: Vec::new(),
                outcome: Outcome::default(),
                fault: None,
                complete: true,
            });
        }
    }
    streams
}

/// The order of paths by their parts, which is that of sessions by their ids: `a` before `a-b`, although `a-b/` stands
/// before `a/`.
fn by_parts(one: &RelativePath, other: &RelativePath) -> std::cmp::Ordering {
    one.as_str().split('/').cmp(other.as_str().split('/'))
}

fn is_by_frame(recipe: &Recipe) -> bool {
    recipe.reading.as_ref().is_some_and(|reading| reading.per == Per::Frame)
}

/// A session, found by the path of its touches or samples.
struct Located {
    path: RelativePath,
    dataset: Dataset,
    files: Option<Beside>,
}

fn locate(opened: &Opened, data: &RelativePath) -> Option<Located> {
    let below = |path: &RelativePath| path.parent().is_some_and(|folder| data.as_str().starts_with(folder));
    let (path, dataset) =
        opened.datasets.iter().filter(|(path, _)| below(path)).find(|(path, dataset)| {
            let mut files = dataset.files.iter().filter(|file| file.role.is_of_frames());
            files.any(|file| path.sibling(&file.path).is_ok_and(|path| path == *data))
        })?;
    let beside = |role: DatasetRole| {
        let (name, _) = SESSION_FILES.iter().find(|(_, own)| *own == role)?;
        data.sibling(&name.parse().ok()?).ok()
    };
    let files = || {
        Some(Beside {
            session: opened.sessions.get(&beside(DatasetRole::Session)?)?.clone(),
            weighings: opened.weighings.get(&beside(DatasetRole::Weighings)?)?.clone(),
            events: opened.events.get(&beside(DatasetRole::Events)?)?.clone(),
        })
    };
    Some(Located { path: path.clone(), dataset: dataset.clone(), files: files() })
}

fn read_one(
    file: &ManifestFile,
    session: Option<&Located>,
    from: &dyn Files,
    max_csv: u64,
    readings: &mut [DatasetReadings],
    streams: &mut [Stream<'_>],
    opened: &mut Opened,
) -> Verdict {
    let of_dataset = |path: &RelativePath| session.is_some_and(|session| session.path == *path);
    let Some((located, files)) = session.and_then(|located| Some((located, located.files.as_ref()?))) else {
        forget(readings, streams, of_dataset);
        return digest_alone(file, from, max_csv, opened);
    };
    let place = Place { dataset: &located.dataset, session: &files.session.id, weighings: &files.weighings };
    let wanted: Vec<usize> = (0..readings.len()).filter(|at| of_dataset(&readings[*at].dataset)).collect();
    let recipes: Vec<Recipe> = wanted.iter().map(|at| readings[*at].recipe.clone()).collect();
    let recipes: Vec<&Recipe> = recipes.iter().collect();
    let mut kept: Vec<Vec<Chunk>> = vec![Vec::new(); recipes.len()];
    // What was derived so far counts only once the digest is found to be right.
    let before: Vec<(Hasher, Outcome)> =
        streams.iter().map(|stream| (stream.hasher.clone(), stream.outcome.clone())).collect();
    let mut spent = std::mem::take(&mut opened.work);
    let work = &mut spent;
    let mut sink = |at: usize, chunk: Chunk| {
        for stream in streams.iter_mut() {
            let weights = stream.predictor.weights();
            let wanted = stream.fault.is_none()
                && stream.datasets.contains(&located.path)
                && reads_alike(&weights.recipe, recipes[at]);
            if wanted && let Err(error) = stream.take(place, &files.session, &chunk, work) {
                stream.fault = Some(error);
            }
        }
        kept[at].push(if is_by_frame(recipes[at]) { fitted(&chunk, place) } else { chunk });
    };
    let pass = sessions::pass(from, &file.path, bytes::reach(file, max_csv), files, &recipes, &mut sink);
    opened.work = spent;
    let verdict = match pass {
        Err(Unreadable::Missing) if opened.kept.files.contains(&file.path) => {
            return stated(file, located, files, &wanted, readings, streams, opened);
        }
        Err(error) => bytes::unreadable(&error, file),
        Ok(pass) if pass.sha256 != file.sha256 || pass.bytes != file.bytes => {
            bytes::mismatch(file, from, pass.bytes, &pass.sha256, &mut opened.search)
        }
        Ok(pass) => match pass.fault {
            None => {
                note(file, &files.session, pass.contradicted, opened);
                let path = || file.path.clone();
                opened.notes.extend(
                    pass.miscounted.into_iter().map(|wrong| Note::Miscounted { path: path(), wrong }),
                );
                Verdict::Checked
            }
            Some(Stopped::Malformed(error)) => bytes::malformed(&error),
            Some(Stopped::Reading(error)) => Verdict::Malformed(Kind::Reading(error).into()),
        },
    };
    if verdict != Verdict::Checked {
        for (stream, (hasher, outcome)) in streams.iter_mut().zip(before) {
            (stream.hasher, stream.outcome) = (hasher, outcome);
        }
        forget(readings, streams, of_dataset);
        return verdict;
    }
    for (at, chunks) in wanted.into_iter().zip(kept) {
        if let Some(sessions) = &mut readings[at].sessions {
            let (session, weighings) = (files.session.clone(), files.weighings.clone());
            sessions.push(SessionReadings { session, weighings, chunks });
        }
    }
    verdict
}

/// Notes that pressures contradict what their session declares of them.
fn note(file: &ManifestFile, session: &Session, touches: Contradicted, opened: &mut Opened) {
    if !touches.is_nothing() {
        let (quantum, ceiling) = (session.source.quantum.clone(), session.source.ceiling.clone());
        opened.notes.push(Note::Contradicted { path: file.path.clone(), quantum, ceiling, touches });
    }
}

/// Takes the readings that are stated in place of touches that are kept back, where they are.
fn stated(
    file: &ManifestFile,
    located: &Located,
    files: &Beside,
    wanted: &[usize],
    readings: &mut [DatasetReadings],
    streams: &mut [Stream<'_>],
    opened: &mut Opened,
) -> Verdict {
    opened.kept.rest_on.insert(located.path.clone());
    for stream in streams.iter_mut().filter(|stream| stream.datasets.contains(&located.path)) {
        stream.complete = false;
    }
    for at in wanted {
        let one = &mut readings[*at];
        match opened.kept.session(&located.dataset, &one.recipe, files) {
            Some((_, Ok(chunk))) => {
                let (session, weighings) = (files.session.clone(), files.weighings.clone());
                one.sessions.iter_mut().for_each(|sessions| {
                    sessions.push(SessionReadings {
                        session: session.clone(),
                        weighings: weighings.clone(),
                        chunks: vec![chunk.clone()],
                    });
                });
            }
            Some((path, Err(error))) => {
                one.sessions = None;
                let (position, fault) = (error.position, error.fault);
                return Verdict::Malformed(Kind::StatedReadings { path, position, fault }.into());
            }
            None => {
                one.sessions = None;
                return Verdict::failed(Kind::NoReadings(one.recipe.name.clone()));
            }
        }
    }
    withheld::verdict(file)
}

/// Nothing can follow from a dataset one of whose sessions could not be read.
fn forget(
    readings: &mut [DatasetReadings],
    streams: &mut [Stream<'_>],
    of_dataset: impl Fn(&RelativePath) -> bool,
) {
    for one in readings.iter_mut().filter(|one| of_dataset(&one.dataset)) {
        one.sessions = None;
    }
    for stream in streams.iter_mut().filter(|stream| stream.datasets.iter().any(&of_dataset)) {
        stream.complete = false;
    }
}

impl Stream<'_> {
    fn take(
        &mut self,
        place: Place<'_>,
        session: &Session,
        chunk: &Chunk,
        work: &mut Work,
    ) -> Result<(), ReplayError> {
        self.predictor.spend_on(chunk, work)?;
        self.predictor.check_session(place.dataset, session, place.weighings)?;
        self.lines.clear();
        let errors = self.predictor.append(place, chunk, &mut self.lines);
        self.hasher.update(&self.lines);
        self.outcome.errors = self.outcome.errors.plus(&errors);
        Ok(())
    }
}

/// The readings of a chunk that are fitted, alone.
fn fitted(chunk: &Chunk, place: Place<'_>) -> Chunk {
    let rows: Vec<usize> = (chunk.keys.iter().enumerate())
        .filter(|(_, key)| key.weighing.is_some_and(|at| is_fitted(key, &place.weighings[at])))
        .map(|(row, _)| row)
        .collect();
    Chunk {
        keys: rows.iter().map(|row| chunk.keys[*row]).collect(),
        features: chunk.features.iter().map(|column| column.gather(&rows)).collect(),
        tares: chunk.tares.as_ref().map(|tares| tares.iter().map(|column| column.gather(&rows)).collect()),
    }
}

fn digest_alone(file: &ManifestFile, from: &dyn Files, max_csv: u64, opened: &mut Opened) -> Verdict {
    match files::digest(from, &file.path, bytes::reach(file, max_csv)) {
        Err(error) => bytes::unreadable(&error, file),
        Ok((size, digest)) if digest == file.sha256 && size == file.bytes => Verdict::Checked,
        Ok((size, digest)) => bytes::mismatch(file, from, size, &digest, &mut opened.search),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_read_in_the_order_of_their_ids() {
        let ids = ["B", "a", "a-b", "a.b", "ab"];
        let path =
            |id: &str| -> RelativePath { format!("datasets/d/sessions/{id}/touches.csv").parse().unwrap() };
        let mut paths: Vec<RelativePath> = ids.map(path).into();
        let ordered = paths.clone();
        paths.sort();
        assert_ne!(paths, ordered, "as whole texts they stand otherwise");
        paths.sort_by(by_parts);
        assert_eq!(paths, ordered);
    }
}
