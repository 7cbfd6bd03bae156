//! The frames of a weighing as one reading: exact sums, ordered values, values held over time (4.7).

use crate::ReadingError;
use crate::frame::{Frame, Value};
use openweigh_exact::{Decimal, IBig, Ratio, UBig, round};
use openweigh_formats::csv;
use openweigh_formats::number::Number;
use openweigh_formats::reading::{Reading, Statistic};
use std::collections::BTreeMap;

/// Denominators that the values of a weighing may have, each a sum of pressures: more are refused.
const DENOMINATORS: usize = 1 << 14;

/// The reading of a weighing.
#[derive(Debug, Clone)]
pub struct Reduced {
    /// Frames that it was formed from.
    pub frames: u64,
    /// A value for each feature; none where frames lack it.
    pub values: Vec<Option<Decimal>>,
    /// Whether a frame was at the ceiling.
    pub saturated: bool,
    /// Whether frames are missing, or values in them.
    pub gap: bool,
}

/// What the frames of a weighing amount to so far.
#[derive(Debug)]
pub(crate) struct Accumulator {
    frames: u64,
    saturated: bool,
    gap: bool,
    features: Vec<Feature>,
    /// The last frame that counted, under a statistic over time.
    last: Option<(Decimal, Vec<Ratio>)>,
    elapsed: Decimal,
    over_time: bool,
}

/// One feature's frames.
#[derive(Debug)]
enum Feature {
    Sum(ExactSum),
    All(Vec<Value>),
    OverTime { weighted: ExactSum, plain: ExactSum },
}

/// An exact sum of values whose denominators repeat.
#[derive(Debug, Default)]
struct ExactSum {
    /// Sums of short decimals, by their count of places.
    narrow: Vec<i128>,
    /// Sums of the rest, by denominator.
    others: BTreeMap<UBig, IBig>,
}

impl ExactSum {
    fn push(&mut self, value: &Value) -> Result<(), ReadingError> {
        if let Value::Narrow { digits, places } = value {
            let places = *places as usize;
            if self.narrow.len() <= places {
                self.narrow.resize(places + 1, 0);
            }
            // 18 digits leave room for 10^20 frames.
            self.narrow[places] += i128::from(*digits);
            return Ok(());
        }
        value.ratio().map_or(Ok(()), |value| self.push_ratio(&value))
    }

    fn push_ratio(&mut self, value: &Ratio) -> Result<(), ReadingError> {
        *self.others.entry(value.denominator().clone()).or_default() += value.numerator();
        if self.others.len() > DENOMINATORS {
            Err(ReadingError::Denominators { limit: DENOMINATORS })
        } else {
            Ok(())
        }
    }

    fn total(&self) -> Ratio {
        let narrow = self.narrow.iter().enumerate().fold(Decimal::ZERO, |sum, (places, digits)| {
            sum.plus(&Decimal::new(IBig::from(*digits), u32::try_from(places).unwrap_or(u32::MAX)))
        });
        let others: Vec<Ratio> = (self.others.iter())
            .map(|(denominator, numerator)| Ratio::new(numerator.clone(), denominator.clone()))
            .collect();
        pairwise(&others).map_or_else(|| Ratio::from(&narrow), |others| others.plus(&Ratio::from(&narrow)))
    }
}

/// The sum of many fractions, by halves: the large ones are few.
fn pairwise(values: &[Ratio]) -> Option<Ratio> {
    match values {
        [] => None,
        [one] => Some(one.clone()),
        _ => {
            let (left, right) = values.split_at(values.len() / 2);
            Some(pairwise(left)?.plus(&pairwise(right)?))
        }
    }
}

impl Accumulator {
    pub(crate) fn new(features: usize, statistic: &Statistic) -> Self {
        let feature = || match statistic {
            Statistic::Mean => Feature::Sum(ExactSum::default()),
            Statistic::Median | Statistic::TrimmedMean(_) => Feature::All(Vec::new()),
            Statistic::TimeWeightedMean => {
                Feature::OverTime { weighted: ExactSum::default(), plain: ExactSum::default() }
            }
        };
        Self {
            frames: 0,
            saturated: false,
            gap: false,
            features: std::iter::repeat_with(feature).take(features).collect(),
            last: None,
            elapsed: Decimal::ZERO,
            over_time: *statistic == Statistic::TimeWeightedMean,
        }
    }

    /// Takes in a settled frame that counts.
    pub(crate) fn push(&mut self, frame: &Frame) -> Result<(), ReadingError> {
        self.saturated |= frame.saturated;
        let over_time = self.over_time;
        let without_time = over_time && frame.device_s == csv::Number::Missing;
        if frame.values.contains(&Value::Missing) || without_time {
            self.gap = true;
            return Ok(());
        }
        self.frames += 1;
        let held = if over_time { self.hold(frame) } else { None };
        for (at, (feature, value)) in self.features.iter_mut().zip(&frame.values).enumerate() {
            match feature {
                Feature::Sum(sum) => sum.push(value)?,
                Feature::All(values) => values.push(value.clone()),
                Feature::OverTime { weighted, plain } => {
                    plain.push(value)?;
                    if let Some((values, seconds)) = &held {
                        weighted.push_ratio(&values[at].times(seconds))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The values of the frame before, and how long they were held.
    fn hold(&mut self, frame: &Frame) -> Option<(Vec<Ratio>, Ratio)> {
        let now = frame.device_s.value()?;
        let values = frame.values.iter().filter_map(Value::ratio).collect();
        let (before, held) = self.last.replace((now.clone(), values))?;
        // A clock that was set back holds a value for no time.
        let seconds = now.minus(&before).max(Decimal::ZERO);
        self.elapsed = self.elapsed.plus(&seconds);
        Some((held, Ratio::from(&seconds)))
    }

    /// The reading of the frames so far.
    pub(crate) fn finish(self, reading: &Reading) -> Result<Reduced, ReadingError> {
        let frames = self.frames;
        let elapsed = Ratio::from(&self.elapsed);
        let value = |feature: Feature| -> Result<Option<Decimal>, ReadingError> {
            if frames == 0 {
                return Ok(None);
            }
            let exact = match feature {
                Feature::Sum(sum) => sum.total().divided_by_count(frames),
                Feature::All(values) => ordered(values, &reading.statistic)?,
                Feature::OverTime { plain, .. } if elapsed.is_zero() => {
                    plain.total().divided_by_count(frames)
                }
                Feature::OverTime { weighted, .. } => weighted.total().divided_by(&elapsed),
            };
            rounded(&exact, reading).map(Some)
        };
        let values = self.features.into_iter().map(value).collect::<Result<_, _>>()?;
        Ok(Reduced { frames, values, saturated: self.saturated, gap: self.gap || frames == 0 })
    }
}

/// A value as a reading has it, which is a number like any other.
pub(crate) fn rounded(value: &Ratio, reading: &Reading) -> Result<Decimal, ReadingError> {
    let value = round::to_places(value, reading.decimals).to_decimal();
    let number = Number::published(value);
    number.map(|number| number.0).map_err(|error| ReadingError::LongNumber { error })
}

/// The median, or the mean without the ends.
fn ordered(mut values: Vec<Value>, statistic: &Statistic) -> Result<Ratio, ReadingError> {
    values.sort_by(Value::order);
    let count = values.len();
    let kept = match statistic {
        Statistic::TrimmedMean(share) => {
            let cut = floor_of_product(&share.0, count);
            &values[cut..count - cut]
        }
        // The one in the middle, or the two.
        _ => &values[(count - 1) / 2..=count / 2],
    };
    let mut sum = ExactSum::default();
    kept.iter().try_for_each(|value| sum.push(value))?;
    Ok(sum.total().divided_by_count(kept.len() as u64))
}

/// floor(share·count), for a share from 0 to below 1/2.
fn floor_of_product(share: &Decimal, count: usize) -> usize {
    let power = IBig::from(openweigh_exact::decimal::power_of_ten(share.places()));
    let product = share.digits() * IBig::from(count as u64);
    usize::try_from(product / power).unwrap_or(0)
}
