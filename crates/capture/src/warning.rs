//! What a user should know about a recording that ended, and what can be done about it.

use openweigh_formats::session::Quality;

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
            Self::ClockSteps { .. } => "look at events.csv; means over time need a clock that goes forward",
            Self::NonFinite { .. } => "look at the empty cells of touches.csv before using them",
            Self::UnknownStates { .. } => "events.csv has their numbers; please report them",
            Self::NoPressure => "the pad may have no force sensors; see `openweigh devices`",
        }
    }

    pub(crate) fn all(
        quality: &Quality,
        unknown_states: u64,
        references: bool,
        left_out: Vec<String>,
        pressed: bool,
    ) -> Vec<Self> {
        let count = |value: u64, warning: Self| (value > 0).then_some(warning);
        [
            (!pressed && quality.touches > 0).then_some(Self::NoPressure),
            (!references).then_some(Self::NoReference),
            (!left_out.is_empty()).then_some(Self::LeftOut { ids: left_out }),
            count(quality.dropped, Self::Dropped { frames: quality.dropped }),
            count(quality.gaps, Self::Gaps { gaps: quality.gaps }),
            count(quality.at_ceiling, Self::AtCeiling { touches: quality.at_ceiling }),
            count(quality.clock_steps, Self::ClockSteps { steps: quality.clock_steps }),
            count(quality.non_finite, Self::NonFinite { values: quality.non_finite }),
            count(unknown_states, Self::UnknownStates { touches: unknown_states }),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
