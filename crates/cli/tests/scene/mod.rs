//! A ledger in a temporary folder, and the program run on it as a user runs it.

#![allow(dead_code, reason = "each test uses its part of the scene")]
#![allow(clippy::unwrap_used, reason = "a scene that cannot be set is a failed test")]

pub(crate) mod answers;
pub(crate) mod change;
pub(crate) mod people;
pub(crate) mod publisher;
pub(crate) mod reseal;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// The root of the repository, which is itself a ledger.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A folder to act in.
pub(crate) struct Scene {
    folder: TempDir,
}

/// What a run printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Insists on an exit code.
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Insists that something was said.
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(
            self.all().contains(text),
            "should say: {text}\nstdout:\n{}\nstderr:\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    pub(crate) fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

impl Scene {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    /// An initialised ledger.
    pub(crate) fn ledger() -> Self {
        let scene = Self::empty();
        scene.run(&["init"]).ends(0);
        scene
    }

    /// A copy of one of the repository's published manifests with all its files.
    pub(crate) fn published(name: &str) -> Self {
        let scene = Self::empty();
        let manifest = std::fs::read_to_string(repository().join(format!("manifests/{name}.json"))).unwrap();
        let parsed: serde_json::Value = serde_json::from_str(&manifest).unwrap();
        for file in parsed["files"].as_array().unwrap() {
            let path = file["path"].as_str().unwrap();
            scene.write(path, &std::fs::read(repository().join(path)).unwrap());
        }
        scene.write(&format!("manifests/{name}.json"), manifest.as_bytes());
        let sums = std::fs::read_to_string(repository().join("manifests/SHA256SUMS")).unwrap();
        let own: String = sums
            .lines()
            .filter(|line| line.ends_with(&format!("  {name}.json")))
            .map(|line| format!("{line}\n"))
            .collect();
        scene.write("manifests/SHA256SUMS", own.as_bytes());
        scene
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn read(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.path().join(path)).unwrap()
    }

    pub(crate) fn text(&self, path: &str) -> String {
        String::from_utf8(self.read(path)).unwrap()
    }

    pub(crate) fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// A table dataset and a recipe for it.
    pub(crate) fn table(&self, name: &str, csv: &str, recipe: &str) {
        self.write(&format!("{name}.csv"), csv.as_bytes());
        self.run(&["import", "table", &format!("{name}.csv"), "--name", name]).ends(0);
        let recipe = format!("format = \"openweigh.recipe/1\"\nname = \"{name}\"\n{recipe}");
        self.write(&format!("artifacts/recipes/{name}.toml"), recipe.as_bytes());
    }

    /// Runs the program in this folder.
    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        self.run_with(words, b"")
    }

    /// Runs the program in this folder with some standard input.
    pub(crate) fn run_with(&self, words: &[&str], input: &[u8]) -> Ran {
        use std::io::Write;
        let mut command = Command::new(env!("CARGO_BIN_EXE_openweigh"));
        command.args(words).current_dir(self.path()).env_remove("NO_COLOR");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A program that does not read its input is right to close it.
        let _ = child.stdin.take().unwrap().write_all(input);
        ran(child.wait_with_output().unwrap())
    }

    /// Fits `name` on the dataset and recipe of the same name, and gives the weights.
    pub(crate) fn fit(&self, name: &str) -> serde_json::Value {
        let words =
            ["fit", "--dataset", name, "--recipe", name, "--name", name, "--version", "1.0.0", "--force"];
        self.run(&words).ends(0);
        serde_json::from_slice(&self.read(&format!("artifacts/weights/{name}-1.0.0.json"))).unwrap()
    }
}

pub(crate) fn ran(output: Output) -> Ran {
    let stdout = String::from_utf8(output.stdout).unwrap();
    answers::check(&stdout);
    Ran {
        code: output.status.code().expect("not ended by a signal"),
        stdout,
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
