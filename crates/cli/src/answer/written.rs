//! Of commands that write a file of the ledger.

use super::answer;
use openweigh_formats::{recipe::Recipe, weights::Weights};
use serde::Serialize;

/// `init`
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Initialised {
    /// The ledger's folder.
    pub(crate) directory: String,
    /// What was made in it; nothing if it was a ledger before.
    pub(crate) made: Vec<String>,
}
answer!(Initialised, "openweigh.init/1");

/// `fit`
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Fitted<'a> {
    /// The weights.
    pub(crate) file: String,
    /// SHA-256 of the file.
    pub(crate) sha256: String,
    /// Its length.
    pub(crate) bytes: usize,
    /// `false` if the same bytes were there before.
    pub(crate) written: bool,
    /// What the file holds.
    pub(crate) weights: &'a Weights,
    /// The recipe that was written, where the command's options say the model.
    pub(crate) recipe: Option<String>,
}
answer!(Fitted<'a>, "openweigh.fit/1");

/// `replay`
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Replayed {
    /// The results.
    pub(crate) file: String,
    /// SHA-256 of the file.
    pub(crate) sha256: String,
    /// Its length.
    pub(crate) bytes: usize,
    /// How many rows it has.
    pub(crate) rows: usize,
    /// `false` if the same bytes were there before.
    pub(crate) written: bool,
    /// Rows outside the calibrated range.
    pub(crate) extrapolated: u64,
    /// Rows that lack a feature, so nothing is predicted.
    pub(crate) gaps: u64,
    /// Rows at the sensor's ceiling.
    pub(crate) saturated: u64,
    /// Predictions less known targets.
    pub(crate) errors: Errors,
}
answer!(Replayed, "openweigh.replay/1");

/// Errors where the target is known, in the result's unit.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Errors {
    /// How many.
    pub(crate) n: u64,
    /// The root of their mean square.
    pub(crate) rmse: Option<String>,
    /// Their mean.
    pub(crate) mean_error: Option<String>,
    /// The largest, without its sign.
    pub(crate) max_abs_error: Option<String>,
}

/// `seal`
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Sealed {
    /// The manifest.
    pub(crate) file: String,
    /// SHA-256 of the file: the id of its release.
    pub(crate) sha256: String,
    /// `false` if the same bytes were there before.
    pub(crate) written: bool,
    /// How many files it lists.
    pub(crate) files: usize,
    /// How many derivations.
    pub(crate) derivations: usize,
    /// How many claims.
    pub(crate) claims: usize,
}
answer!(Sealed, "openweigh.seal/1");

/// `readings`
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Readings {
    /// The table of readings.
    pub(crate) file: String,
    /// SHA-256 of the file.
    pub(crate) sha256: String,
    /// Its length.
    pub(crate) bytes: usize,
    /// How many rows it has.
    pub(crate) rows: usize,
    /// `false` if the same bytes were there before.
    pub(crate) written: bool,
}
answer!(Readings, "openweigh.readings/1");

/// `export`
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(not(feature = "frames"), allow(dead_code, reason = "a plain build exports nothing"))]
pub(crate) struct Exported {
    /// The Parquet file.
    pub(crate) file: String,
    /// Its length.
    pub(crate) bytes: usize,
    /// How many rows it has.
    pub(crate) rows: usize,
    /// How many columns.
    pub(crate) columns: usize,
    /// `false` if the same bytes were there before.
    pub(crate) written: bool,
}
answer!(Exported, "openweigh.export/1");

/// `recipe new`
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RecipeNew<'a> {
    /// The recipe.
    pub(crate) file: String,
    /// `false` if the same bytes were there before.
    pub(crate) written: bool,
    /// What the file holds.
    pub(crate) recipe: &'a Recipe,
}
answer!(RecipeNew<'a>, "openweigh.recipe-new/1");

/// `claims new`
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ClaimsNew {
    /// The claims file.
    pub(crate) file: String,
    /// `false` if the same bytes were there before.
    pub(crate) written: bool,
    /// The claims in it.
    pub(crate) claims: Vec<Proposed>,
}
answer!(ClaimsNew, "openweigh.claims-new/1");

/// A claim that was proposed.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Proposed {
    /// Its id.
    pub(crate) id: String,
    /// Its value.
    pub(crate) value: String,
}

/// `protocol new`
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ProtocolNew {
    /// The protocol.
    pub(crate) file: String,
    /// `false` if the same bytes were there before.
    pub(crate) written: bool,
    /// The text of the file.
    pub(crate) protocol: String,
}
answer!(ProtocolNew, "openweigh.protocol-new/1");

/// `protocol list`
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ProtocolList {
    /// Those of the ledger, then those that the program carries.
    pub(crate) protocols: Vec<KnownProtocol>,
}
answer!(ProtocolList, "openweigh.protocol-list/1");

/// A protocol that `record --protocol` knows by name.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct KnownProtocol {
    /// Its name.
    pub(crate) name: String,
    /// The folder, or `built in`.
    pub(crate) from: String,
    /// What it is for; empty if it does not say.
    pub(crate) meaning: String,
}

/// `report`
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Reported {
    /// One for each weights that were named.
    pub(crate) reports: Vec<ReportPage>,
}
answer!(Reported, "openweigh.report/1");

/// A page of `report`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ReportPage {
    /// The weights, NAME-VERSION.
    pub(crate) weights: String,
    /// The page.
    pub(crate) file: String,
    /// SHA-256 of the file.
    pub(crate) sha256: String,
    /// Its length.
    pub(crate) bytes: usize,
    /// `false` if the same bytes were there before.
    pub(crate) written: bool,
}

/// `inspect` of results; anything else is shown as the artifact that it is.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct InspectedResults {
    /// The names of the columns.
    pub(crate) columns: Option<Vec<String>>,
    /// How many rows there are.
    pub(crate) rows: usize,
}
answer!(InspectedResults, "openweigh.inspect/1");

/// `characterise`
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Characterised {
    /// The weights, NAME-VERSION.
    pub(crate) weights: String,
    /// Fitted rows that the figures are of.
    pub(crate) rows: usize,
    /// Sessions that the rows are of.
    pub(crate) sessions: usize,
    /// The figures.
    pub(crate) figures: Vec<Figure>,
}
answer!(Characterised, "openweigh.characterise/1");

/// One figure of an instrument.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Figure {
    /// What it is of.
    pub(crate) quantity: &'static str,
    /// Its values; none where it is undefined.
    pub(crate) values: Vec<FigureValue>,
    /// Why it is undefined.
    pub(crate) undefined: Option<&'static str>,
}

/// One value of a figure.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct FigureValue {
    /// At which load, position or probability; empty where there is but one value.
    pub(crate) at: String,
    /// The number.
    pub(crate) value: String,
    /// Its unit.
    pub(crate) unit: Option<String>,
    /// Degrees of freedom, of a standard deviation; two of a ratio of variances.
    pub(crate) dof: Vec<u64>,
}

/// `predict`
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Prediction {
    /// The weights, NAME-VERSION.
    pub(crate) weights: String,
    /// What is predicted.
    pub(crate) target: String,
    /// Its unit.
    pub(crate) unit: Option<String>,
    /// The prediction.
    pub(crate) predicted: String,
    /// Its expanded uncertainty U.
    pub(crate) expanded_u: Option<String>,
    /// Its standard uncertainty, where the weights have a budget.
    pub(crate) u: Option<String>,
    /// The degrees of freedom of that.
    pub(crate) dof: Option<u64>,
    /// The coverage factor.
    pub(crate) k: Option<String>,
    /// Whether the budget has repeatability alone.
    pub(crate) repeatability_only: Option<bool>,
    /// The features that are outside the calibrated range.
    pub(crate) extrapolated: Vec<String>,
}
answer!(Prediction, "openweigh.predict/1");
