//! What the pressures of a dataset contradict of what its sessions declare, for a reader who verifies nothing.

use crate::report::Note;
use openweigh_formats::canonical;
use openweigh_formats::dataset::{Dataset, DatasetRole};
use openweigh_formats::declared::Declared;
use openweigh_formats::digest::Hasher;
use openweigh_formats::files::{self, Files};
use openweigh_formats::limits;
use openweigh_formats::session::{Session, Source};
use openweigh_formats::touches::{Quantity, Row, TouchReader};

/// What is to be noted of each session. `from` is the dataset's own folder. A session that cannot be read, or whose
/// files are not the listed ones, is passed over: this checks nothing.
pub fn contradictions(dataset: &Dataset, from: &dyn Files, max_csv: u64) -> Vec<Note> {
    dataset.sessions().into_iter().filter_map(|id| of_session(dataset, id, from, max_csv)).collect()
}

fn of_session(dataset: &Dataset, id: &str, from: &dyn Files, max_csv: u64) -> Option<Note> {
    let file = |role| dataset.session_file(id, role);
    let (described, touches) = (file(DatasetRole::Session)?, file(DatasetRole::Touches)?);
    let bytes = files::bytes(from, &described.path, limits::JSON_BYTES).ok()?;
    let session: Session = canonical::read(&bytes).ok()?;
    let mut declared = Declared::of(&session.source);
    let mut reader = TouchReader::new(&[Quantity::Pressure]);
    let (mut hasher, mut fault) = (Hasher::default(), None);
    let mut block = |block: &[u8]| {
        hasher.update(block);
        let mut row = |row: &Row| declared.see(row.value(Quantity::Pressure));
        if fault.is_none() {
            fault = reader.feed(block, &mut row).err();
        }
    };
    from.read(&touches.path, max_csv, &mut block).ok()?;
    let counted = fault.is_none() && hasher.finish() == touches.sha256;
    let found = declared.contradicted();
    let Source { quantum, ceiling, .. } = session.source;
    let path = touches.path.clone();
    (counted && !found.is_nothing()).then_some(Note::Contradicted { path, quantum, ceiling, touches: found })
}
