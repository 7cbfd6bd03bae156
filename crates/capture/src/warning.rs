//! What a user should know about a recording that ended, and what can be done about it.

use crate::evidence::{ClocksDisagree, Evidence};
use crate::recorder::Recorded;
use openweigh_formats::declared::Contradicted;
use openweigh_formats::session::{Quality, Source};

/// Something about a recording that its user should know. Display says what was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// There is no known mass.
    #[error("no weighing has a known mass")]
    NoReference,
    /// Some steps were not weighed.
    #[error("not weighed: {}", ids.join(", "))]
    LeftOut {
        /// Their ids.
        ids: Vec<String>,
    },
    /// Frames were lost.
    #[error("frames that came faster than they could be kept: {frames}")]
    Dropped {
        /// How many.
        frames: u64,
    },
    /// The recording was interrupted.
    #[error("interruptions of the recording: {gaps}")]
    Gaps {
        /// How often.
        gaps: u64,
    },
    /// Touches reached the ceiling.
    #[error("touches at the device's ceiling: {touches}")]
    AtCeiling {
        /// How many.
        touches: u64,
    },
    /// Pressures are no multiples of the step that the session states.
    #[error("touches whose pressure is no multiple of the stated step of {quantum}: {touches}")]
    OffQuantum {
        /// The step.
        quantum: String,
        /// How many.
        touches: u64,
    },
    /// Pressures are above the ceiling that the session states.
    #[error("touches whose pressure is above the stated ceiling of {ceiling}: {touches}")]
    AboveCeiling {
        /// The ceiling.
        ceiling: String,
        /// How many.
        touches: u64,
    },
    /// The device's clock contradicts the times of arrival.
    #[error(
        "the device's clock and the times of arrival disagree: {} s and {} s from the first frame to the last",
        seconds(*device_ms), seconds(*arrival_ms)
    )]
    ClocksDisagree {
        /// Milliseconds by the device's clock.
        device_ms: i64,
        /// Milliseconds by the times of arrival.
        arrival_ms: i64,
    },
    /// The clock did not go on.
    #[error("times that the device's clock stood still or went back: {steps}")]
    ClockSteps {
        /// How often.
        steps: u64,
    },
    /// Values were no numbers.
    #[error("values that were no numbers and are empty: {values}")]
    NonFinite {
        /// How many.
        values: u64,
    },
    /// States have no name.
    #[error("touches in a state without a name, written as not-tracking: {touches}")]
    UnknownStates {
        /// How many.
        touches: u64,
    },
    /// Nothing pressed.
    #[error("every pressure is 0")]
    NoPressure,
}

impl Warning {
    /// What a person can do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::NoReference => "weights cannot be fitted to this session; record one with reference masses",
            Self::LeftOut { .. } => "record them in another session of the dataset",
            Self::Dropped { .. } => {
                "leave the machine alone while it records, or give the queue more room with --capacity"
            }
            Self::Gaps { .. } => {
                "weighings across an interruption are marked; keep the machine awake and the pad connected"
            }
            Self::AtCeiling { .. } => "such weighings are never fitted; use lighter loads or more contacts",
            Self::OffQuantum { .. } | Self::AboveCeiling { .. } => {
                "the values stay as they came; what was stated of the pad is not so, and what rests on it is in doubt"
            }
            Self::ClocksDisagree { .. } => {
                "one of the two clocks is not what it is taken for; do not rely on times in seconds here"
            }
            Self::ClockSteps { .. } => "look at events.csv; means over time need a clock that goes forward",
            Self::NonFinite { .. } => "look at the empty cells of touches.csv before using them",
            Self::UnknownStates { .. } => "events.csv has their numbers; please report them",
            Self::NoPressure => "the pad may have no force sensors; see `openweigh devices`",
        }
    }

    /// What is to be said of frames, whoever gave them.
    pub(crate) fn of_frames(quality: &Quality, evidence: &Evidence, source: &Source) -> Vec<Self> {
        let count = |value: u64, warning: Self| (value > 0).then_some(warning);
        let stated = |number: &Option<_>| number.as_ref().map_or_else(String::new, ToString::to_string);
        let Contradicted { off_quantum, above_ceiling } = evidence.contradicted;
        [
            count(quality.dropped, Self::Dropped { frames: quality.dropped }),
            count(quality.gaps, Self::Gaps { gaps: quality.gaps }),
            count(quality.at_ceiling, Self::AtCeiling { touches: quality.at_ceiling }),
            count(off_quantum, Self::OffQuantum { quantum: stated(&source.quantum), touches: off_quantum }),
            count(
                above_ceiling,
                Self::AboveCeiling { ceiling: stated(&source.ceiling), touches: above_ceiling },
            ),
            evidence.clocks().map(|ClocksDisagree { device_ms, arrival_ms }| Self::ClocksDisagree {
                device_ms,
                arrival_ms,
            }),
            count(quality.clock_steps, Self::ClockSteps { steps: quality.clock_steps }),
            count(quality.non_finite, Self::NonFinite { values: quality.non_finite }),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// What is to be said of a recording that ended.
    pub(crate) fn all(
        recorded: &Recorded,
        evidence: &Evidence,
        references: bool,
        left_out: Vec<String>,
        pressed: bool,
    ) -> Vec<Self> {
        let quality = &recorded.session.quality;
        let unknown = recorded.unknown_states;
        let first = [
            (!pressed && quality.touches > 0).then_some(Self::NoPressure),
            (!references).then_some(Self::NoReference),
            (!left_out.is_empty()).then_some(Self::LeftOut { ids: left_out }),
        ];
        let frames = Self::of_frames(quality, evidence, &recorded.session.source);
        let last = (unknown > 0).then_some(Self::UnknownStates { touches: unknown });
        first.into_iter().flatten().chain(frames).chain(last).collect()
    }
}

/// Milliseconds as seconds with three decimals.
fn seconds(milliseconds: i64) -> String {
    let (sign, size) = (if milliseconds < 0 { "-" } else { "" }, milliseconds.unsigned_abs());
    format!("{sign}{}.{:03}", size / 1000, size % 1000)
}
