//! Claims: published numbers that verification recomputes (docs/spec/7-manifests.md, 7.3).

use crate::canonical::inconsistent;
use crate::handwritten::quoted;
use crate::limits;
use crate::malformed::{Fault, Malformed};
use crate::number::Stated;
use crate::path::RelativePath;
use crate::term::Term;
use crate::text::{Line, Name, Unit, text_type};
use crate::weighings::Id;
use serde::{Deserialize, Serialize};

text_type!(
    /// What a claim is called inside its manifest: `pontius-b2`.
    ClaimId,
    "an id of letters, digits and `. _ -`, at most 100 characters",
    "^[A-Za-z0-9][A-Za-z0-9._-]*$",
    100,
    |text| {
        text.len() <= 100
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    }
);

/// A published number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Claim {
    /// Its name in the manifest.
    pub id: ClaimId,
    /// What is claimed, in a sentence.
    pub statement: Line,
    /// Which quantity.
    pub quantity: Quantity,
    /// Of what.
    pub over: Over,
    /// The number, with as many decimals as its author vouches for.
    pub value: Stated,
    /// Its unit, if the sources state one.
    #[serde(default)]
    pub unit: Option<Unit>,
}

/// What a claim is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Over {
    /// Weights or results.
    pub file: RelativePath,
    /// The term, for a coefficient or standard error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term: Option<Term>,
    /// The dataset, for one prediction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<Name>,
    /// The row of a table, for one prediction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u64>,
    /// The session, for one weighing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Id>,
    /// The weighing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weighing: Option<Id>,
}

/// Quantities that can be claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum Quantity {
    /// A coefficient.
    Coefficient,
    /// A coefficient's standard error.
    StandardError,
    /// The residual standard deviation.
    ResidualSd,
    /// The residual sum of squares.
    Rss,
    /// R².
    RSquared,
    /// Rows fitted, or lines with an error.
    N,
    /// Degrees of freedom.
    Dof,
    /// Root of the mean squared error.
    Rmse,
    /// Mean error.
    MeanError,
    /// Largest absolute error.
    MaxAbsError,
    /// One prediction.
    Predicted,
    /// The grams of one weighing.
    Grams,
    /// One expanded uncertainty.
    ExpandedU,
}

impl Quantity {
    /// The word in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Coefficient => "coefficient",
            Self::StandardError => "standard_error",
            Self::ResidualSd => "residual_sd",
            Self::Rss => "rss",
            Self::RSquared => "r_squared",
            Self::N => "n",
            Self::Dof => "dof",
            Self::Rmse => "rmse",
            Self::MeanError => "mean_error",
            Self::MaxAbsError => "max_abs_error",
            Self::Predicted => "predicted",
            Self::Grams => "grams",
            Self::ExpandedU => "expanded_u",
        }
    }
}

impl Claim {
    /// Checks that `over` says what the quantity needs, and no more.
    ///
    /// # Errors
    /// What is missing or superfluous.
    pub fn check(&self) -> Result<(), Fault> {
        use Quantity as Q;
        let of_term = matches!(self.quantity, Q::Coefficient | Q::StandardError);
        let of_row = matches!(self.quantity, Q::Predicted | Q::ExpandedU);
        let of_weighing = matches!(self.quantity, Q::Grams | Q::ExpandedU);
        let over = &self.over;
        let weighing = (over.session.is_some(), over.weighing.is_some());
        let given = (over.term.is_some(), over.dataset.is_some(), over.row.is_some());
        let sound = (given == (of_term, of_row, of_row) && weighing == (false, false))
            || (of_weighing && given == (false, true, false) && weighing == (true, true));
        if sound && !(self.quantity == Q::Grams && weighing == (false, false)) {
            return Ok(());
        }
        let expected = if of_term {
            "`file` and `term`"
        } else if self.quantity == Q::Grams {
            "`file`, `dataset`, `session` and `weighing`"
        } else if self.quantity == Q::ExpandedU {
            "`file`, `dataset` and either `row` or `session` and `weighing`"
        } else if of_row {
            "`file`, `dataset` and `row`"
        } else {
            "`file` alone"
        };
        let what = format!("claim `{}`: over, for `{}`", self.id, self.quantity.as_str());
        Err(inconsistent(what, "other keys", expected))
    }
}

/// Checks a list of claims: enough room, unique ids, each complete.
pub(crate) fn check_all(claims: &[Claim]) -> Result<(), Fault> {
    if claims.len() > limits::CLAIMS {
        return Err(inconsistent("claims", claims.len(), format!("at most {}", limits::CLAIMS)));
    }
    let mut ids = std::collections::BTreeSet::new();
    for claim in claims {
        if !ids.insert(&claim.id) {
            return Err(inconsistent("claims", format!("the id `{}` twice", claim.id), "each id once"));
        }
        claim.check()?;
    }
    Ok(())
}

/// Reads a claims file, `[[claim]]` tables in TOML with `format = "openweigh.claims/1"`.
///
/// # Errors
/// Where and how the bytes depart from the format.
pub fn from_toml(bytes: &[u8]) -> Result<Vec<Claim>, Malformed> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        #[serde(rename = "format")]
        _format: Format,
        #[serde(default)]
        claim: Vec<Claim>,
    }
    #[derive(Deserialize)]
    enum Format {
        #[serde(rename = "openweigh.claims/1")]
        V1,
    }
    let file: File = crate::handwritten::read(bytes, "openweigh.claims/1")?;
    check_all(&file.claim).map_err(Malformed::whole)?;
    Ok(file.claim)
}

/// Claims as the TOML that a person would have written; [`from_toml`] reads the same claims from it.
pub fn to_toml(claims: &[Claim]) -> String {
    let mut out = String::from("format = \"openweigh.claims/1\"\n");
    for claim in claims {
        let over = &claim.over;
        let mut keys = vec![format!("file = {}", quoted(over.file.as_str()))];
        let texts = [
            ("term", over.term.as_ref().map(ToString::to_string)),
            ("dataset", over.dataset.as_ref().map(ToString::to_string)),
            ("session", over.session.as_ref().map(ToString::to_string)),
            ("weighing", over.weighing.as_ref().map(ToString::to_string)),
        ];
        keys.extend(texts.into_iter().filter_map(|(key, text)| Some(format!("{key} = {}", quoted(&text?)))));
        keys.extend(over.row.map(|row| format!("row = {row}")));
        out.push_str(&format!(
            "\n[[claim]]\nid = {}\nstatement = {}\nquantity = {}\nover = {{ {} }}\nvalue = {}\n",
            quoted(claim.id.as_str()),
            quoted(claim.statement.as_str()),
            quoted(claim.quantity.as_str()),
            keys.join(", "),
            quoted(&claim.value.to_string()),
        ));
        if let Some(unit) = &claim.unit {
            out.push_str(&format!("unit = {}\n", quoted(unit.as_str())));
        }
    }
    out
}
