//! Rows as a recorder writes them, made into the frames that readings are formed of.

use crate::scale::LiveError;
use openweigh_dataset::frame::{Collector, Frame};
use openweigh_dataset::sample::Sampler;
use openweigh_dataset::weighing::quantities;
use openweigh_formats::recipe::Recipe;
use openweigh_formats::samples::{self, SampleReader};
use openweigh_formats::session::Session;
use openweigh_formats::touches::{self, TouchReader};

/// Makes frames of rows.
#[derive(Debug)]
pub struct Frames(Kind);

#[derive(Debug)]
enum Kind {
    Touches { reader: Box<TouchReader>, collector: Box<Collector> },
    Samples { reader: SampleReader, sampler: Box<Sampler> },
}

impl Frames {
    /// For the rows of a session, read by a recipe.
    ///
    /// # Errors
    /// The recipe reads tables, or a channel that the session lacks.
    pub fn new(recipe: &Recipe, session: &Session) -> Result<Self, LiveError> {
        let reading = recipe.reading.as_ref().ok_or(LiveError::OfTables)?;
        let kind = if let Some(channels) = session.channels() {
            let names: Vec<_> = channels.iter().map(|channel| channel.name.clone()).collect();
            let mut reader = SampleReader::new(&names);
            let header = format!("{}\n", samples::header(&names));
            reader.feed(header.as_bytes(), &mut |_| {})?;
            Kind::Samples { reader, sampler: Box::new(Sampler::new(recipe, session)?) }
        } else {
            let wanted = quantities(recipe);
            let mut kept = wanted.clone();
            // Touches are chosen and weighted by their pressure, wanted or not.
            if !kept.contains(&touches::Quantity::Pressure) {
                kept.push(touches::Quantity::Pressure);
            }
            let mut reader = TouchReader::new(&kept);
            let header = format!("{}\n", touches::COLUMNS.join(","));
            reader.feed(header.as_bytes(), &mut |_| {})?;
            Kind::Touches { reader: Box::new(reader), collector: Box::new(Collector::new(reading, &wanted)) }
        };
        Ok(Self(kind))
    }

    /// Takes in the rows of whole frames, without a header, and hands over each frame.
    ///
    /// # Errors
    /// The rows break the format.
    pub fn feed(&mut self, rows: &[u8], sink: &mut impl FnMut(&Frame)) -> Result<(), LiveError> {
        match &mut self.0 {
            Kind::Touches { reader, collector } => {
                reader.feed(rows, &mut |row| collector.row(row, sink))?;
                collector.flush(sink);
            }
            Kind::Samples { reader, sampler } => {
                reader.feed(rows, &mut |sample| sink(sampler.frame(sample)))?;
            }
        }
        Ok(())
    }
}
