//! The results of some datasets in order, header first.

use crate::ReplayError;
use crate::predict::{Outcome, Predictor};
use openweigh_dataset::Data;
use openweigh_fit::{Work, reading};
use openweigh_formats::dataset::Dataset;
use openweigh_formats::weights::Weights;

/// A dataset and its data.
pub type Pair<'a> = (&'a Dataset, Data<'a>);

/// Writes the results of some datasets in order, header first.
///
/// # Errors
/// The weights cannot be applied to a dataset.
pub fn write(
    weights: &Weights,
    datasets: &[Pair<'_>],
    threads: usize,
    sink: &mut dyn FnMut(&[u8]),
) -> Result<Outcome, ReplayError> {
    write_within(weights, datasets, threads, &mut Work::default(), sink)
}

/// As [`write()`], within what a manifest's replays may cost together.
///
/// # Errors
/// The weights cannot be applied to a dataset, or it would cost more than the limit.
pub fn write_within(
    weights: &Weights,
    datasets: &[Pair<'_>],
    threads: usize,
    work: &mut Work,
    sink: &mut dyn FnMut(&[u8]),
) -> Result<Outcome, ReplayError> {
    let predictor = Predictor::within(weights, work)?;
    for (dataset, data) in datasets {
        predictor.check(dataset, *data)?;
    }
    reading::each_once(datasets.iter().map(|(dataset, _)| *dataset))?;
    for (_, data) in datasets {
        predictor.check_work(*data, work)?;
    }
    sink(&predictor.header());
    let mut whole = Outcome::default();
    for (dataset, data) in datasets {
        let part = predictor.lines(dataset, *data, threads, |bytes| {
            sink(bytes);
            Ok::<(), ReplayError>(())
        })?;
        whole.errors = whole.errors.plus(&part.errors);
    }
    Ok(whole)
}
