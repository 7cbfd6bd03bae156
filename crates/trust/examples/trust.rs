//! Signs and checks from the command line, so that `scripts/check-signatures` can hold this crate against
//! other programs. Thin: it reads files, and every decision is the library's.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example for a script")]
#![allow(clippy::disallowed_types, reason = "an example for a script")]

use openweigh_formats::digest::Digest;
use openweigh_trust::key::{PrivateKey, PublicKey, Signer};
use openweigh_trust::receipt::{Derived, Receipt, Recomputed, Stage, Tool};
use openweigh_trust::signers::AllowedSigners;
use openweigh_trust::withdrawal::Withdrawal;
use openweigh_trust::{Keyring, agent, oms, receipt, revoked, sshsig, tally, withdrawal};
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Outcome<String> {
    match *words {
        ["sign", key, namespace, file] => Ok(sshsig::sign(&*signer(key)?, namespace, &read(file)?)?),
        ["agent-sign", socket, public, namespace, file] => {
            let key = agent::AgentKey::find(Path::new(socket), PublicKey::from_line(&read(public)?)?)?;
            Ok(sshsig::sign(&key, namespace, &read(file)?)?)
        }
        ["verify", ref words @ ..] => verify(words),
        ["fingerprint", key] => Ok(format!("{}\n", PublicKey::from_line(&read(key)?)?.fingerprint())),
        ["receipt", key, manifest, sums] => {
            let statement = sample()?.of(&digest(manifest)?, &digest(sums)?)?;
            Ok(String::from_utf8(receipt::sign(&statement, &*signer(key)?)?)?)
        }
        ["withdrawal", key, manifest] => {
            let withdrawn = Withdrawal { reason: "The scale was tilted.".parse()?, replacement: None };
            Ok(String::from_utf8(withdrawal::sign(&withdrawn.of(&digest(manifest)?)?, &*signer(key)?)?)?)
        }
        ["count", ref words @ ..] => count(words),
        ["oms-sign", key, folder] => {
            let name = Path::new(folder)
                .file_name()
                .and_then(|name| name.to_str())
                .ok_or("a folder without a name")?;
            Ok(String::from_utf8(oms::write(&files(folder)?, name, &*signer(key)?)?)?)
        }
        ["oms-verify", public, bundle, folder, ref own @ ..] => {
            let key = PublicKey::from_spki_pem(&read(public)?)?;
            let covered = oms::verify(&read(bundle)?, &key, &files(folder)?, own.first().copied())?;
            Ok(format!("good: {} files, {} left out\n", covered.signed, covered.left_out.len()))
        }
        _ => Err("see the words in crates/trust/examples/trust.rs".into()),
    }
}

/// The signature of a file, by a principal at a moment.
fn verify(words: &[&str]) -> Outcome<String> {
    let [signers, revoked, at, principal, namespace, sig, file] = *words else {
        return Err("seven words".into());
    };
    let (signers, revoked) = (AllowedSigners::read(&read(signers)?)?, list(revoked)?);
    let keyring = Keyring { signers: &signers, revoked: &revoked, at: at.parse()? };
    let armored = sshsig::ArmoredSignature::read(&read(sig)?)?;
    let key = armored.verify(namespace, &read(file)?)?;
    let signed = keyring.judge_as(key, &[principal.parse()?], namespace)?;
    Ok(format!("good: {}\n", signed.key.fingerprint()))
}

/// How many receipts count, and why the others do not.
fn count(words: &[&str]) -> Outcome<String> {
    let [signers, revoked, at, manifest, sums, ref receipts @ ..] = *words else {
        return Err("five words".into());
    };
    let (signers, revoked) = (AllowedSigners::read(&read(signers)?)?, list(revoked)?);
    let keyring = Keyring { signers: &signers, revoked: &revoked, at: at.parse()? };
    let files: Vec<(String, Vec<u8>)> =
        receipts.iter().map(|&file| Ok((file.to_owned(), read(file)?))).collect::<Outcome<_>>()?;
    let (manifest, sums) = (digest(manifest)?, digest(sums)?);
    let release = tally::Release { manifest: &manifest, sums: &sums, signer: None };
    let tally = tally::count_independent(&files, &release, &keyring, None, None);
    let reasons = tally.dismissed.iter().map(|one| format!("{}: {}\n", one.file, one.reason));
    Ok(format!("{}\n{}", tally.independent(), reasons.collect::<String>()))
}

/// A receipt such as a verifier writes.
fn sample() -> Outcome<Receipt> {
    let tool = Tool { name: "openweigh".parse()?, version: "0.1.0".parse()?, sha256: Digest::of(b"tool") };
    let derived = Derived { path: "artifacts/weights/a.json".parse()?, sha256: Digest::of(b"weights") };
    let claims = vec![Recomputed { id: "a-b1".parse()?, value: "0.00073".parse()? }];
    let stages = vec![Stage { stage: "digests".parse()?, items: 3 }];
    Ok(Receipt { tool, derived: vec![derived], claims, stages })
}

fn signer(path: &str) -> Outcome<Box<dyn Signer>> {
    Ok(Box::new(PrivateKey::read(&read(path)?, Some(b"test passphrase"))?))
}

/// A list of revoked keys, empty if its name is `-`.
fn list(path: &str) -> Outcome<revoked::Revoked> {
    if path == "-" { Ok(revoked::Revoked::default()) } else { Ok(revoked::Revoked::read(&read(path)?)?) }
}

fn read(path: &str) -> Outcome<Vec<u8>> {
    std::fs::read(path).map_err(|error| format!("{path}: {error}").into())
}

fn digest(path: &str) -> Outcome<Digest> {
    Ok(Digest::of(&read(path)?))
}

fn files(folder: &str) -> Outcome<oms::Files> {
    let mut files = oms::Files::new();
    let mut waiting = vec![Path::new(folder).to_owned()];
    while let Some(at) = waiting.pop() {
        for entry in std::fs::read_dir(at)? {
            let path = entry?.path();
            if path.is_dir() {
                waiting.push(path);
                continue;
            }
            let name = path.strip_prefix(folder)?.to_str().ok_or("a name that is not text")?.to_owned();
            files.insert(name, Digest::of(&std::fs::read(&path)?));
        }
    }
    Ok(files)
}
