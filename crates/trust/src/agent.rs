//! Keys that an SSH agent holds (draft-ietf-sshm-ssh-agent, OpenSSH's `PROTOCOL.agent`), over the socket
//! that the caller names. The only part of this crate that talks to anything.
//!
//! An agent's Ed25519 signatures are deterministic; its ECDSA ones need not be, so that signing the same
//! release twice can give two signatures, both good.

use crate::key::{Fingerprint, PublicKey, SignError, Signature, Signer};
use crate::limits;
use crate::revoked::string;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// Message numbers of the protocol.
const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;

/// An agent that did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The socket cannot be reached, or the conversation broke off.
    #[error("the agent at {}: {error}", socket.display())]
    Unreachable {
        /// The socket.
        socket: PathBuf,
        /// What went wrong.
        #[source]
        error: std::io::Error,
    },
    /// The agent answered something else than was asked.
    #[error("the agent gave {found}, expected {expected}")]
    Answer {
        /// What it answered.
        found: String,
        /// What was expected.
        expected: &'static str,
    },
    /// The agent does not hold the key.
    #[error("the agent does not hold the key {fingerprint}")]
    NoKey {
        /// The key.
        fingerprint: Fingerprint,
    },
    /// The agent did not sign: its user said no, or it may not use the key.
    #[error("the agent refused to sign with the key {fingerprint}")]
    Refused {
        /// The key.
        fingerprint: Fingerprint,
    },
}

/// A key whose private half an agent holds.
#[derive(Debug, Clone)]
pub struct AgentKey {
    socket: PathBuf,
    key: PublicKey,
}

impl AgentKey {
    /// Asks the agent whether it holds the key.
    ///
    /// # Errors
    /// The agent cannot be reached, or does not hold it.
    pub fn find(socket: &Path, key: PublicKey) -> Result<Self, AgentError> {
        if keys(socket)?.contains(&key) {
            Ok(Self { socket: socket.to_owned(), key })
        } else {
            Err(AgentError::NoKey { fingerprint: key.fingerprint() })
        }
    }
}

impl Signer for AgentKey {
    fn public_key(&self) -> &PublicKey {
        &self.key
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        let refused = || AgentError::Refused { fingerprint: self.key.fingerprint() };
        let mut request = vec![SIGN_REQUEST];
        let blob = self.key.to_blob();
        for part in [blob.as_slice(), message] {
            let length = u32::try_from(part.len()).map_err(|_| refused())?;
            request.extend(length.to_be_bytes());
            request.extend(part);
        }
        request.extend(0_u32.to_be_bytes());
        let (kind, body) = ask(&self.socket, &request)?;
        if kind != SIGN_RESPONSE {
            return Err(refused().into());
        }
        let signature = string(&body)
            .and_then(|(signature, _)| ssh_key::Signature::try_from(signature).ok())
            .map(Signature::from_ssh)
            .ok_or_else(|| AgentError::Answer { found: "other bytes".to_owned(), expected: "a signature" })?;
        // What an agent gives is checked before anybody else sees it.
        if self.key.verifies(message, &signature) { Ok(signature) } else { Err(refused().into()) }
    }
}

/// The keys that the agent holds and that are of an algorithm used here.
///
/// # Errors
/// The agent cannot be reached, or answers something else.
pub fn keys(socket: &Path) -> Result<Vec<PublicKey>, AgentError> {
    let answer = |found: String| AgentError::Answer { found, expected: "a list of keys" };
    let (kind, body) = ask(socket, &[REQUEST_IDENTITIES])?;
    if kind != IDENTITIES_ANSWER {
        return Err(answer(format!("message {kind}")));
    }
    let cut = || answer("a list that is cut short".to_owned());
    let (count, mut rest) = body.split_first_chunk::<4>().ok_or_else(cut)?;
    let count = u32::from_be_bytes(*count);
    if count > limits::AGENT_KEYS {
        return Err(answer(format!("{count} keys")));
    }
    let mut found = Vec::new();
    for _ in 0..count {
        let (blob, after) = string(rest).ok_or_else(cut)?;
        let (_, after) = string(after).ok_or_else(cut)?;
        rest = after;
        found.extend(PublicKey::from_blob(blob));
    }
    Ok(found)
}

/// Sends one message and reads the kind and body of the answer.
#[cfg(unix)]
fn ask(socket: &Path, message: &[u8]) -> Result<(u8, Vec<u8>), AgentError> {
    std::os::unix::net::UnixStream::connect(socket)
        .and_then(|stream| talk(stream, message))
        .map_err(|error| AgentError::Unreachable { socket: socket.to_owned(), error })
}

#[cfg(not(unix))]
fn ask(socket: &Path, _: &[u8]) -> Result<(u8, Vec<u8>), AgentError> {
    Err(AgentError::Unreachable { socket: socket.to_owned(), error: std::io::ErrorKind::Unsupported.into() })
}

#[cfg_attr(not(unix), allow(dead_code, reason = "no agent is reached there"))]
fn talk(mut stream: impl Read + Write, message: &[u8]) -> std::io::Result<(u8, Vec<u8>)> {
    let invalid = || std::io::Error::from(std::io::ErrorKind::InvalidData);
    let length = u32::try_from(message.len()).map_err(|_| invalid())?;
    stream.write_all(&length.to_be_bytes())?;
    stream.write_all(message)?;
    stream.flush()?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if !(1..=limits::AGENT_BYTES).contains(&length) {
        return Err(invalid());
    }
    let mut answer = vec![0; usize::try_from(length).map_err(|_| invalid())?];
    stream.read_exact(&mut answer)?;
    let kind = answer.remove(0);
    Ok((kind, answer))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    /// A socket whose agent gives these answers, each to one connection.
    fn agent(folder: &Path, answers: Vec<Vec<u8>>) -> PathBuf {
        let socket = folder.join("agent");
        let listener = UnixListener::bind(&socket).expect("a test's own bytes");
        std::thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().expect("a test's own bytes");
                let mut length = [0; 4];
                stream.read_exact(&mut length).expect("a test's own bytes");
                let mut request =
                    vec![0; usize::try_from(u32::from_be_bytes(length)).expect("a test's own bytes")];
                stream.read_exact(&mut request).expect("a test's own bytes");
                stream.write_all(&answer).expect("a test's own bytes");
            }
        });
        socket
    }

    fn framed(body: &[u8]) -> Vec<u8> {
        [&u32::try_from(body.len()).expect("a test's own bytes").to_be_bytes(), body].concat()
    }

    #[test]
    fn an_agent_that_misbehaves_is_an_error() {
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";
        let key = PublicKey::from_line(key.as_bytes()).unwrap();
        let listed =
            [[IDENTITIES_ANSWER, 0, 0, 0, 1].as_slice(), &framed(&key.to_blob()), &framed(b"me")].concat();
        for answer in [
            vec![],
            vec![0, 0, 0, 0],
            vec![0xff, 0xff, 0xff, 0xff],
            framed(&[5]),
            framed(&[IDENTITIES_ANSWER]),
            framed(&[IDENTITIES_ANSWER, 0xff, 0xff, 0xff, 0xff]),
            framed(&[IDENTITIES_ANSWER, 0, 0, 0, 1, 0, 0, 0, 9]),
            framed(&[IDENTITIES_ANSWER, 0, 0, 0, 0]),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let socket = agent(folder.path(), vec![answer.clone()]);
            assert!(AgentKey::find(&socket, key.clone()).is_err(), "{answer:?}");
        }
        let forged = [b"\0\0\0\x0bssh-ed25519".as_slice(), &framed(&[7; 64])].concat();
        for answer in [vec![5], vec![SIGN_RESPONSE], [vec![SIGN_RESPONSE], framed(&forged)].concat()] {
            let folder = tempfile::tempdir().unwrap();
            let socket = agent(folder.path(), vec![framed(&listed), framed(&answer)]);
            let signer = AgentKey::find(&socket, key.clone()).unwrap();
            assert!(signer.sign(b"message").is_err(), "{answer:?}");
        }
        assert!(keys(Path::new("nowhere/at/all")).is_err());
    }
}
