//! Who asks a store: names and passwords from the environment, or from where docker keeps them.

use crate::cmd::push::Moving;
use crate::failure::Failure;
use openweigh_ledger::read_whole;
use openweigh_store::{Access, Location, Login, Place};
use std::path::PathBuf;

/// Bytes of docker's configuration.
const CONFIG_BYTES: u64 = 1 << 20;

/// What the environment says about this store.
pub(crate) fn of(location: &Location, moving: &Moving) -> Result<Access, Failure> {
    let (insecure, token_host) = (moving.insecure, moving.token_host.clone());
    let mut access = Access { insecure, token_host, ..Access::default() };
    match &location.place {
        Place::Registry { host, .. } => access.login = login(host)?,
        Place::Bucket { .. } => access.settings = settings(),
        Place::Folder(_) | Place::Web(_) => {}
    }
    Ok(access)
}

/// The login that was set for this host, and for no other.
fn login(host: &str) -> Result<Option<Login>, Failure> {
    let user = variable("OPENWEIGH_REGISTRY_USER").zip(variable("OPENWEIGH_REGISTRY_PASSWORD"));
    if let Some((user, password)) = user {
        match variable("OPENWEIGH_REGISTRY_HOST") {
            Some(own) if own == host => return Ok(Some(Login { user, password })),
            Some(_) => {}
            None => {
                let set = "OPENWEIGH_REGISTRY_USER and OPENWEIGH_REGISTRY_PASSWORD are set, and no registry that they \
                           are for";
                return Err(Failure::usage(format!(
                    "{set}; if they are for this one: export OPENWEIGH_REGISTRY_HOST={host}"
                )));
            }
        }
    }
    Ok(left_by_docker(host))
}

fn left_by_docker(host: &str) -> Option<Login> {
    let own = || variable("HOME").map(|home| PathBuf::from(home).join(".docker"));
    let folder = variable("DOCKER_CONFIG").map(PathBuf::from).or_else(own)?;
    // Without such a file a registry is asked as anyone may ask it.
    let bytes = read_whole(&folder.join("config.json"), CONFIG_BYTES).ok()?;
    Login::from_docker_config(&bytes, host)
}

#[expect(clippy::disallowed_methods, reason = "credentials come by the environment and go no further")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

fn settings() -> Vec<(String, String)> {
    let unicode =
        std::env::vars_os().filter_map(|(name, text)| name.into_string().ok().zip(text.into_string().ok()));
    unicode.filter(|(name, text)| name.starts_with("AWS_") && !text.is_empty()).collect()
}
