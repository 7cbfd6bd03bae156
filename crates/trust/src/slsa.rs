//! SLSA provenance v1 (<https://slsa.dev/provenance/v1>) of fitted weights, for programs that look for it.
//!
//! An export, not signed and without a clock: everything in it follows from the manifest, so that whoever has the
//! release can write the same bytes.

use crate::statement::{DigestSet, Predicate, Statement, Subject};
use openweigh_formats::digest::Digest;
use openweigh_formats::malformed::Fault;
use openweigh_formats::path::RelativePath;
use openweigh_formats::text::{Name, Version};
use serde::{Deserialize, Serialize};

/// The type of the build that a fit is.
pub const BUILD_TYPE: &str = "urn:openweigh:fit:1";

/// How weights were fitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fit {
    /// The recipe's file.
    pub recipe: RelativePath,
    /// The name of the weights.
    pub name: Name,
    /// The version of the weights.
    pub version: Version,
    /// The files that went in, in the order of the manifest.
    pub inputs: Vec<(RelativePath, Digest)>,
    /// The program's name.
    pub tool: Name,
    /// The program's version.
    pub tool_version: Version,
}

/// The predicate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Provenance {
    /// What was built, from what.
    pub build_definition: BuildDefinition,
    /// By whom.
    pub run_details: RunDetails,
}

/// What was built, from what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct BuildDefinition {
    /// The URI of the kind of build, [`BUILD_TYPE`].
    pub build_type: String,
    /// What the user chose.
    pub external_parameters: ExternalParameters,
    /// The files that went in.
    pub resolved_dependencies: Vec<Subject>,
}

/// What the user chose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalParameters {
    /// The recipe's file.
    pub recipe: RelativePath,
    /// The name of the weights.
    pub name: Name,
    /// Their version.
    pub version: Version,
}

/// By whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunDetails {
    /// The program.
    pub builder: Builder,
}

/// A program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Builder {
    /// Its URI, `urn:openweigh:tool:openweigh@VERSION`.
    pub id: String,
}

impl Predicate for Provenance {
    const TYPE: &'static str = "https://slsa.dev/provenance/v1";

    fn check(&self, _: &[Subject]) -> Result<(), Fault> {
        let fault = |what: &str, found: &str, expected: &str| {
            Err(Fault::Inconsistent {
                what: what.to_owned(),
                found: found.to_owned(),
                expected: expected.to_owned(),
            })
        };
        let built = &self.build_definition;
        if built.build_type != BUILD_TYPE {
            return fault("buildType", &built.build_type, BUILD_TYPE);
        }
        let recipe = &built.external_parameters.recipe;
        if !built.resolved_dependencies.iter().any(|one| one.name == *recipe) {
            return fault("resolvedDependencies", "no recipe", recipe.as_str());
        }
        Ok(())
    }
}

/// The provenance of weights.
///
/// # Errors
/// The recipe is not among the inputs.
pub fn provenance(weights: &[(RelativePath, Digest)], fit: Fit) -> Result<Statement<Provenance>, Fault> {
    let subjects = |files: &[(RelativePath, Digest)]| {
        let subject = |(name, sha256): &(RelativePath, Digest)| Subject {
            name: name.clone(),
            digest: DigestSet { sha256: sha256.clone() },
        };
        files.iter().map(subject).collect::<Vec<_>>()
    };
    let predicate = Provenance {
        build_definition: BuildDefinition {
            build_type: BUILD_TYPE.to_owned(),
            resolved_dependencies: subjects(&fit.inputs),
            external_parameters: ExternalParameters {
                recipe: fit.recipe,
                name: fit.name,
                version: fit.version,
            },
        },
        run_details: RunDetails {
            builder: Builder { id: format!("urn:openweigh:tool:{}@{}", fit.tool, fit.tool_version) },
        },
    };
    Statement::new(subjects(weights), predicate)
}
