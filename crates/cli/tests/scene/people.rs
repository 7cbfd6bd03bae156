//! People with keys, and whom a reader believes.

use super::Scene;
use std::process::Command;

/// A policy that lets alice sign releases; the keys stand in `allowed_signers` beside it.
pub(crate) const POLICY: &str = "format = \"openweigh.policy/1\"\nallowed_signers = \"allowed_signers\"\n\n[release]\nsigners = [\"alice\"]\n";

/// A key of OpenSSH's, made here: every run has another one.
pub(crate) fn key(scene: &Scene, name: &str) -> String {
    ssh_keygen(scene, &["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", name]);
    scene.text(&format!("{name}.pub")).trim().to_owned()
}

/// Runs OpenSSH's own program in the scene's folder.
pub(crate) fn ssh_keygen(scene: &Scene, words: &[&str]) {
    let ran = Command::new("ssh-keygen").args(words).current_dir(scene.path()).output().unwrap();
    assert!(ran.status.success(), "ssh-keygen {words:?}: {}", String::from_utf8_lossy(&ran.stderr));
}

/// A policy that believes alice, and bob and carol as verifiers, with a new key for each.
pub(crate) fn believed(scene: &Scene) {
    let lines: Vec<String> = ["alice", "bob", "carol"]
        .iter()
        .map(|name| {
            let namespaces = if *name == "alice" { "openweigh-*" } else { "openweigh-receipt" };
            format!("{name} namespaces=\"{namespaces}\" {}\n", key(scene, name))
        })
        .collect();
    scene.write("allowed_signers", lines.concat().as_bytes());
    scene.write("policy.toml", POLICY.as_bytes());
}
