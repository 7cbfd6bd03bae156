//! Who asks: names and passwords, which are held, sent where they belong, and never shown or written.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;

/// What the person who asks brings along.
#[derive(Clone, Default)]
pub struct Access {
    /// For the registry that is asked.
    pub login: Option<Login>,
    /// Another host, with its port if it has one, to which the registry may send for a token with that login.
    pub token_host: Option<String>,
    /// `AWS_…` settings, for buckets.
    pub settings: Vec<(String, String)>,
    /// Whether plain HTTP is used with registries and buckets of other machines.
    pub insecure: bool,
}

/// A name and a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The name.
    pub user: String,
    /// The password.
    pub password: String,
}

impl fmt::Debug for Access {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Access").field("insecure", &self.insecure).finish_non_exhaustive()
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Login").finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct DockerConfig {
    #[serde(default)]
    auths: BTreeMap<String, DockerAuth>,
}

#[derive(Deserialize)]
struct DockerAuth {
    #[serde(default)]
    auth: String,
}

impl Login {
    /// The login for a host from the text of docker's `config.json`, where `docker login`, `podman
    /// login` and their like write it. Programs that such a file names are not run.
    pub fn from_docker_config(bytes: &[u8], host: &str) -> Option<Self> {
        let config: DockerConfig = serde_json::from_slice(bytes).ok()?;
        let entry = config.auths.get(host).or_else(|| config.auths.get(&format!("https://{host}")))?;
        let text = String::from_utf8(STANDARD.decode(&entry.auth).ok()?).ok()?;
        let (user, password) = text.split_once(':')?;
        (!user.is_empty()).then(|| Self { user: user.to_owned(), password: password.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_found_and_not_shown() {
        let config =
            br#"{"auths":{"localhost:5000":{"auth":"YWRhOnBhc3M6d29yZA=="},"b":{}},"credsStore":"x"}"#;
        let login = Login::from_docker_config(config, "localhost:5000").unwrap();
        assert_eq!((login.user.as_str(), login.password.as_str()), ("ada", "pass:word"));
        assert_eq!(Login::from_docker_config(config, "b"), None);
        assert_eq!(Login::from_docker_config(config, "c"), None);
        assert_eq!(Login::from_docker_config(b"{", "c"), None);
        let access = Access { login: Some(login), ..Access::default() };
        assert!(!format!("{access:?}").contains("pass"));
    }
}
