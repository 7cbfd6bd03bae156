//! What the figures of an instrument are called, and why one may be undefined.

/// What a figure is of, in the words of the VIM where it has some.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantity {
    /// Standard deviation of repeated readings of one load in one session, pooled.
    Repeatability,
    /// Standard deviation of the mean errors of sessions.
    Reproducibility,
    /// Readings downwards less readings upwards, at one load.
    Hysteresis,
    /// The last reading without a load less the first, in a session.
    ZeroReturn,
    /// The reading of a load that has rested long less its first one.
    Creep,
    /// Largest departure of the loads' mean readings from the line through the first and the last.
    LinearityEndPoints,
    /// Largest departure of the loads' mean readings from the line of least squares.
    LinearityLeastSquares,
    /// Mean error at a position less that at the centre.
    Eccentricity,
    /// Mean error of the last session less that of the first.
    Drift,
    /// F of the lack of fit.
    LackOfFit,
    /// The instrument's step, in the unit of results.
    Resolution,
    /// The smallest load whose repeatability, twice, is at most 1 % of it.
    MinimumWeight,
}

impl Quantity {
    /// All of them, in order.
    pub const ALL: [Self; 12] = [
        Self::Repeatability,
        Self::Reproducibility,
        Self::Hysteresis,
        Self::ZeroReturn,
        Self::Creep,
        Self::LinearityEndPoints,
        Self::LinearityLeastSquares,
        Self::Eccentricity,
        Self::Drift,
        Self::LackOfFit,
        Self::Resolution,
        Self::MinimumWeight,
    ];

    /// The word for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Repeatability => "repeatability",
            Self::Reproducibility => "reproducibility",
            Self::Hysteresis => "hysteresis",
            Self::ZeroReturn => "zero-return",
            Self::Creep => "creep",
            Self::LinearityEndPoints => "linearity-end-points",
            Self::LinearityLeastSquares => "linearity-least-squares",
            Self::Eccentricity => "eccentricity",
            Self::Drift => "drift",
            Self::LackOfFit => "lack-of-fit",
            Self::Resolution => "resolution",
            Self::MinimumWeight => "minimum-weight",
        }
    }
}

impl Quantity {
    /// The name for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Repeatability => "repeatability",
            Self::Reproducibility => "reproducibility, between sessions",
            Self::Hysteresis => "hysteresis, down less up",
            Self::ZeroReturn => "zero return",
            Self::Creep => "creep",
            Self::LinearityEndPoints => "linearity, end points",
            Self::LinearityLeastSquares => "linearity, least squares",
            Self::Eccentricity => "eccentricity, less centre",
            Self::Drift => "drift, last session less first",
            Self::LackOfFit => "lack of fit",
            Self::Resolution => "resolution",
            Self::MinimumWeight => "minimum weight, 2 s at most 1 %",
        }
    }
}

/// Why a figure is undefined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// No load was read twice in a session.
    NoRepeats,
    /// There are no two sessions.
    OneSession,
    /// No load was read upwards and downwards.
    NoDirections,
    /// No session reads zero twice.
    NoZero,
    /// No load was read again after 30 s or more.
    NoHolds,
    /// The model has not exactly one feature.
    NotOneFeature,
    /// There are fewer than three loads.
    FewLoads,
    /// No load was read at the centre and elsewhere.
    NoPositions,
    /// The data cannot show a lack of fit.
    NoLackOfFit,
    /// The instrument states no step, or the model is no straight line.
    NoStep,
}

impl Reason {
    /// The word for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoRepeats => "no-repeats",
            Self::OneSession => "one-session",
            Self::NoDirections => "no-directions",
            Self::NoZero => "no-zero",
            Self::NoHolds => "no-holds",
            Self::NotOneFeature => "not-one-feature",
            Self::FewLoads => "few-loads",
            Self::NoPositions => "no-positions",
            Self::NoLackOfFit => "no-lack-of-fit",
            Self::NoStep => "no-step",
        }
    }

    /// The reason in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::NoRepeats => "no load was read twice in one session",
            Self::OneSession => "the data have no two sessions",
            Self::NoDirections => "no load was read both upwards and downwards (column `direction`)",
            Self::NoZero => "no session reads zero twice",
            Self::NoHolds => "no load was read again after 30 s or more (column `hold_s`)",
            Self::NotOneFeature => "the model has not exactly one feature",
            Self::FewLoads => "there are fewer than three different loads",
            Self::NoPositions => "no load was read at the `centre` and elsewhere (column `position`)",
            Self::NoLackOfFit => "no load was repeated, or there are no more loads than terms",
            Self::NoStep => "the instrument states no step, or the model is no straight line",
        }
    }
}

/// In what a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum In {
    /// The unit of results.
    Result,
    /// Percent of the span of known values, or of readings.
    PercentOfSpan,
    /// A plain number.
    One,
}

/// A value of a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// Where it is: a load, a position, a probability; empty where there is but one.
    pub at: String,
    /// The number.
    pub value: String,
    /// In what.
    pub unit: In,
    /// Degrees of freedom, of a standard deviation; two of a ratio of variances.
    pub dof: Vec<u64>,
}

/// A figure with its values, or why it has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// What it is of.
    pub quantity: Quantity,
    /// The values.
    pub values: Result<Vec<Value>, Reason>,
}
