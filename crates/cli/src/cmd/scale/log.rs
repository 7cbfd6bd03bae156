//! The log of a scale: a row for each weighing, appended at once.

use super::words::called;
use crate::failure::Failure;
use crate::place;
use openweigh_formats::csv;
use openweigh_formats::weighings::{Id, Role};
use openweigh_formats::weights::Weights;
use openweigh_live::Weighing;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The columns. Grams and their uncertainty are as results have them, flags too.
const COLUMNS: [&str; 8] =
    ["session", "first_frame", "last_frame", "tare", "grams", "expanded_u_g", "flags", "weights"];

/// A log that is open.
pub(super) struct Log {
    path: PathBuf,
    file: File,
}

impl Log {
    /// Opens a log to append to it, or begins one.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::input(place::shown(path), error);
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(failed)?;
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(Failure::input(
                place::shown(path),
                "found no plain file, expected a log or a new name",
            ));
        }
        file.try_lock().map_err(|_| {
            Failure::input(
                place::shown(path),
                "another scale writes this log; give --log another name, or end that one",
            )
        })?;
        let header = format!("{}\n", COLUMNS.join(","));
        let mut begins = vec![0; header.len()];
        let mut read = 0;
        while read < begins.len() {
            match file.read(&mut begins[read..]).map_err(failed)? {
                0 => break,
                more => read += more,
            }
        }
        if read == 0 {
            file.write_all(header.as_bytes()).map_err(failed)?;
        } else if begins[..read] != *header.as_bytes() {
            let what =
                format!("found another header, expected `{}`; give --log a new name", header.trim_end());
            return Err(Failure::input(place::shown(path), what));
        } else {
            let mut last = [0];
            file.seek(SeekFrom::End(-1)).and_then(|_| file.read_exact(&mut last)).map_err(failed)?;
            if last != *b"\n" {
                let what = "its last line was cut: it has no end; complete or remove that line, or give --log a new name";
                return Err(Failure::input(place::shown(path), what));
            }
        }
        Ok(Self { path: path.to_path_buf(), file })
    }

    /// Appends a weighing; a tare is no row of its own.
    pub(super) fn push(
        &mut self,
        made: &Weighing,
        session: Option<&str>,
        weights: Option<&Weights>,
    ) -> Result<(), Failure> {
        let weighing = &made.weighing;
        if weighing.role == Role::Tare {
            return Ok(());
        }
        let weighed = made.reading.weighed.as_ref();
        let grams = weighed.and_then(|weighed| weighed.grams.as_ref()).map(ToString::to_string);
        let expanded =
            weighed.and_then(|weighed| weighed.uncertain.as_ref()).map(|known| known.expanded.to_string());
        let flags = weighed.map(|weighed| weighed.flags.words().collect::<Vec<_>>().join("+"));
        let cells = [
            session.unwrap_or_default().to_owned(),
            weighing.first_frame.to_string(),
            weighing.last_frame.to_string(),
            weighing.tare.as_ref().map(Id::to_string).unwrap_or_default(),
            grams.unwrap_or_default(),
            expanded.unwrap_or_default(),
            flags.unwrap_or_default(),
            weights.map(called).unwrap_or_default(),
        ];
        let mut line = Vec::new();
        csv::write_line(&mut line, cells.iter().map(String::as_str));
        self.file.write_all(&line).map_err(|error| Failure::input(place::shown(&self.path), error))
    }
}
