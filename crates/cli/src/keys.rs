//! Keys as users name them: a private key file, or a public one whose other half an SSH agent holds.

use crate::failure::Failure;
use crate::place;
use openweigh_trust::agent::AgentKey;
use openweigh_trust::key::KeyError;
use openweigh_trust::{PrivateKey, PublicKey, Signer, limits};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// The key of a file: of a private one itself, of a public one through the agent.
pub(crate) fn signer(path: &Path) -> Result<Box<dyn Signer>, Failure> {
    let bytes = place::read(path, limits::KEY_BYTES)?;
    let failed = |source| Failure::Key { path: place::shown(path), source };
    if let Ok(public) = PublicKey::from_line(&bytes) {
        let socket = agent().ok_or_else(|| Failure::NoAgent { path: place::shown(path) })?;
        return Ok(Box::new(AgentKey::find(&socket, public)?));
    }
    match PrivateKey::read(&bytes, None) {
        Err(KeyError::Encrypted) if std::io::stdin().is_terminal() => {
            let passphrase = rpassword::prompt_password(format!("Passphrase of {}: ", place::shown(path)));
            let passphrase = passphrase.map_err(Failure::Output)?;
            Ok(Box::new(PrivateKey::read(&bytes, Some(passphrase.as_bytes())).map_err(failed)?))
        }
        key => Ok(Box::new(key.map_err(failed)?)),
    }
}

/// A public key, as OpenSSH or as PEM writes it.
pub(crate) fn public(path: &Path) -> Result<PublicKey, Failure> {
    let bytes = place::read(path, limits::KEY_BYTES)?;
    PublicKey::from_line(&bytes)
        .or_else(|_| PublicKey::from_spki_pem(&bytes))
        .map_err(|source| Failure::Key { path: place::shown(path), source })
}

#[expect(clippy::disallowed_methods, reason = "where OpenSSH says that its agent is")]
fn agent() -> Option<PathBuf> {
    std::env::var_os("SSH_AUTH_SOCK").filter(|socket| !socket.is_empty()).map(PathBuf::from)
}
