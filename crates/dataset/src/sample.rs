//! A sample of a sensor as a frame: the values of the channels that a recipe reads (4.11).

use crate::ReadingError;
use crate::frame::{Frame, Value};
use openweigh_exact::Decimal;
use openweigh_formats::csv::Number;
use openweigh_formats::recipe::Recipe;
use openweigh_formats::samples::Sample;
use openweigh_formats::session::Session;

/// Makes frames of samples.
#[derive(Debug)]
pub struct Sampler {
    /// The channel of each feature.
    places: Vec<usize>,
    /// The first feature's magnitude from which on a frame is saturated, above and below zero.
    ceiling: Option<[Value; 2]>,
    frame: Frame,
}

impl Sampler {
    /// What makes frames of the samples of a session, for a recipe with a `[reading]`.
    ///
    /// # Errors
    /// The session lacks a channel that the recipe reads.
    pub fn new(recipe: &Recipe, session: &Session) -> Result<Self, ReadingError> {
        let places = (session.features(recipe).iter().zip(recipe.features()))
            .map(|(place, feature)| {
                place.ok_or_else(|| ReadingError::NoChannel {
                    session: session.id.clone(),
                    channel: feature,
                    available: session
                        .channels()
                        .unwrap_or_default()
                        .iter()
                        .map(|own| own.name.clone())
                        .collect(),
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let ceiling = recipe.reading.as_ref().and_then(|reading| reading.ceiling.as_ref());
        let both = |ceiling: &Decimal| [ceiling.clone(), Decimal::ZERO.minus(ceiling)].map(Value::from);
        let values = vec![Value::Missing; places.len()];
        Ok(Self {
            places,
            ceiling: ceiling.map(|ceiling| both(&ceiling.0)),
            frame: Frame { number: 0, device_s: Number::Missing, touches: 1, values, saturated: false },
        })
    }

    /// The frame of a sample.
    #[inline]
    pub fn frame(&mut self, sample: &Sample) -> &Frame {
        self.frame.number = sample.number;
        self.frame.device_s.set(&sample.device_s);
        for (into, place) in self.frame.values.iter_mut().zip(&self.places) {
            into.set(&sample.values[*place]);
        }
        self.frame.saturated = match (&self.ceiling, self.frame.values.first()) {
            (Some([above, below]), Some(value)) if *value != Value::Missing => {
                value.order(above).is_ge() || value.order(below).is_le()
            }
            _ => false,
        };
        &self.frame
    }
}
