//! A file for each way in which a release can be wrong, with the verdict it must get: `tests/release-defects/*.toml`.
//!
//! Each starts from a signed release (`base`), with the policy of a reader who believes its publisher, and, with
//! `receipts = true`, those of two others beside it. `[[change]]` edits it (`scene/change.rs`, `scene/publisher.rs`);
//! `again` are the steps that the publisher does again, with her own key: `digests`, `cards`, `sums`, `signature` (of
//! the base `kept`, which keeps touches back, `stated` and not `digests`). With all four, what is left is a lie that is
//! honestly signed. Then `openweigh verify release` is run with `options`, and
//! must end with `exit`, find exactly `finds` (`:*` is some place in the file) and say `says`, within seconds and four
//! gigabytes, having changed nothing. `why` tells in a sentence what would be lost if it passed.
//!
//! With `OPENWEIGH_DEFECTS=FOLDER` what the reader has is left in `FOLDER/releases/<name>`, with the words of the command
//! in `FOLDER/releases/<name>.words` and what `verify --json` said in `FOLDER/releases/<name>.json`, for other
//! implementations to judge (`scripts/check-defects`).

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod scene;

use openweigh_formats::Digest;
use scene::change::{Change, copy_folder, state};
use scene::people::{believed, key, ssh_keygen};
use scene::publisher::Publisher;
use scene::{Scene, repository};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// The releases that defects start from, and the manifests they are of.
const BASES: [(&str, &str); 3] = [
    ("pontius", "nist-pontius-1.0.0"),
    ("trackpad", "simulated-magic-trackpad-1.0.0"),
    ("child", "nist-pontius-1.1.0"),
];

/// The simulated pad without its touches, which strangers cannot check whole: there are no receipts of it.
const KEPT: (&str, &str) = ("kept", BASES[1].1);

/// Everything may take so many seconds, in a build without optimisation on a machine that does other things.
const SECONDS: u64 = 20;

/// A ledger whose manifests are published and signed by alice, and derived again by bob and carol.
fn published() -> Scene {
    let scene = Scene::published(BASES[0].1);
    believed(&scene);
    key(&scene, "mallory");
    // In PEM: of those that OpenSSH writes in its own form, one in 256 is not read (`KeyError::OpenSsh`).
    ssh_keygen(
        &scene,
        &["-q", "-m", "PEM", "-t", "ecdsa", "-b", "256", "-N", "", "-C", "press", "-f", "press"],
    );
    copy_folder(Scene::published(BASES[1].1).path(), scene.path());
    for name in ["nist-pontius", "simulated-magic-trackpad"] {
        let publication = format!("artifacts/publications/{name}.toml");
        scene.write(&publication, &std::fs::read(repository().join(&publication)).unwrap());
    }
    let (weights, previous) = (BASES[0].1, BASES[0].1);
    let seal = ["seal", "--name", "nist-pontius", "--version", "1.1.0", "--weights", weights, "--results"];
    scene.run(&[&seal[..], &[weights, "--previous", previous]].concat()).ends(0);
    for (base, manifest) in BASES {
        let mut publish = vec!["publish", manifest, "-o", base, "--key", "alice", "--oms-key", "press"];
        if base == "child" {
            publish.extend(["--previous", "pontius"]);
        }
        scene.run(&publish).ends(0);
        for verifier in ["bob", "carol"] {
            let folder = format!("said/{base}/{verifier}");
            scene.run(&["receipt", base, "--key", verifier, "--attest", &folder]).ends(0);
            let folder = scene.path().join(folder);
            let made = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
            std::fs::rename(made, folder.with_extension("json")).unwrap();
            std::fs::remove_dir(folder).unwrap();
        }
        std::fs::copy(
            scene.path().join(format!("{base}.oms.sig")),
            scene.path().join(format!("said/{base}.oms.sig")),
        )
        .unwrap();
    }
    let keeping = ["publish", KEPT.1, "-o", KEPT.0, "--key", "alice", "--withhold", "sessions"];
    scene.run(&keeping).ends(0);
    for name in ["alice", "bob"] {
        let (folder, reason) = (format!("said/withdrawn by {name}"), "The load was misread.");
        let withdraw = ["withdraw", BASES[0].0, "--reason", reason, "--key", name, "--attest", &folder];
        scene.run(&withdraw).ends(0);
        let folder = scene.path().join(folder);
        let made = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
        std::fs::rename(made, folder.join("withdrawal.json")).unwrap();
    }
    scene
}

/// A copy of a published release with what a reader has beside it.
struct Copy<'a> {
    desk: &'a Scene,
    base: String,
    /// Around the reader's folder, so that it can be seen what happens outside.
    around: TempDir,
}

impl<'a> Copy<'a> {
    fn of(desk: &'a Scene, base: &str) -> Self {
        let copy = Self { desk, base: base.to_owned(), around: TempDir::new().unwrap() };
        let (from, root) = (desk.path(), copy.root());
        copy_folder(&from.join(base), &root.join("release"));
        // What others said about this release and others, and withdrawals, for who wants to put them somewhere.
        copy_folder(&from.join("said"), &root.join("said"));
        for name in ["allowed_signers", "policy.toml", "press.pub"] {
            std::fs::copy(from.join(name), root.join(name)).unwrap();
        }
        if base != KEPT.0 {
            std::fs::copy(from.join(format!("{base}.oms.sig")), root.join("release.oms.sig")).unwrap();
        }
        std::fs::create_dir(copy.around.path().join("spare")).unwrap();
        std::fs::write(copy.around.path().join("outside.txt"), "Not of the release.\n").unwrap();
        copy
    }

    fn root(&self) -> PathBuf {
        self.around.path().join("reader")
    }

    fn read(&self, file: &str) -> Vec<u8> {
        std::fs::read(self.root().join("release").join(file)).unwrap()
    }

    fn id(&self, base: &str) -> String {
        Digest::of(&self.desk.read(&format!("{base}/manifest.json"))).to_string()
    }

    /// Puts in what only a run knows: ids of releases, digests, public keys.
    fn fill(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        // Only what is asked for is worked out: the program is large.
        let mut put = |name: &str, value: &dyn Fn() -> String| {
            let name = format!("{{{name}}}");
            if filled.contains(&name) {
                filled = filled.replace(&name, &value());
            }
        };
        let digest = |path: &Path| Digest::of(&std::fs::read(path).unwrap()).to_string();
        put("id", &|| self.id(&self.base));
        put("sums", &|| digest(&self.desk.path().join(&self.base).join("SHA256SUMS")));
        put("program", &|| digest(Path::new(env!("CARGO_BIN_EXE_openweigh"))));
        for (base, _) in BASES.into_iter().chain([KEPT]) {
            put(&format!("id of {base}"), &|| self.id(base));
        }
        for name in ["alice", "bob", "carol", "mallory"] {
            put(name, &|| self.desk.text(&format!("{name}.pub")).trim().to_owned());
        }
        filled
    }

    /// Puts the receipts of others beside the release, where they are looked for.
    fn attest(&self) {
        let said = self.desk.path().join("said").join(&self.base);
        copy_folder(&said, &self.root().join("attest").join(self.id(&self.base)));
    }

    fn change(&self, case: &toml::Table) {
        if case.get("receipts").is_some_and(|receipts| receipts.as_bool().unwrap()) {
            self.attest();
        }
        let (root, published) = (self.root(), self.desk.path().join(&self.base));
        let publisher =
            Publisher { keys: self.desk.path(), published: &published, release: &root.join("release") };
        let fill = |text: &str| self.fill(text);
        for words in case.get("change").map_or(&[][..], |changes| changes.as_array().unwrap()) {
            let change = Change::new(words.as_table().unwrap(), &fill);
            let done = publisher.apply(&root, &change) || change.apply(&root);
            assert!(done, "`{}` is no change", change.verb());
        }
        for step in list(case, "again") {
            assert!(publisher.again(&step), "`{step}` is no step of publishing");
        }
    }

    /// Runs the program in the reader's folder; none if it takes too long.
    #[expect(clippy::disallowed_methods, reason = "a bound of time cannot be tested without a clock")]
    fn verify(&self, options: &[String], seconds: u64) -> Option<scene::Ran> {
        let said = TempDir::new().unwrap();
        let file = |name: &str| Stdio::from(std::fs::File::create(said.path().join(name)).unwrap());
        // What cannot be had under such a limit is not tested there.
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -v 4194304 2>/dev/null; exec \"$0\" \"$@\""]);
        command.args([env!("CARGO_BIN_EXE_openweigh"), "verify", "release", "--threads", "2"]).args(options);
        command.current_dir(self.root()).env_remove("NO_COLOR");
        command.env("TMPDIR", self.around.path().join("spare")).env("HOME", self.around.path().join("spare"));
        command.stdin(Stdio::null()).stdout(file("out")).stderr(file("err"));
        let (mut child, started) = (command.spawn().unwrap(), std::time::Instant::now());
        let status = loop {
            match child.try_wait().unwrap() {
                Some(status) => break status,
                None if started.elapsed() > Duration::from_secs(seconds) => {
                    child.kill().unwrap();
                    child.wait().unwrap();
                    return None;
                }
                None => std::thread::sleep(Duration::from_millis(2)),
            }
        };
        let text = |name: &str| std::fs::read(said.path().join(name)).unwrap();
        Some(scene::ran(std::process::Output { status, stdout: text("out"), stderr: text("err") }))
    }
}

fn list(table: &toml::Table, key: &str) -> Vec<String> {
    let found = table.get(key).map_or(&[][..], |list| list.as_array().unwrap());
    found.iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

/// What was found wrong, as people are told it: word, stage, file and place. Claims are told together and left out.
fn told(stdout: &str) -> Vec<String> {
    let words = ["FAILED", "MALFORMED", "not checkable"];
    let told = stdout.lines().filter_map(|line| {
        let line = line.strip_prefix("  ")?;
        let word = words.into_iter().find(|word| line.starts_with(&format!("{word:<14}  ")))?;
        let (stage, subject) = line[16..].split_once(' ')?;
        let subject = if word == words[2] { subject.split(": ").next().unwrap() } else { subject };
        Some(format!("{word} {} {}", stage.trim_end(), subject.trim_start()))
    });
    told.filter(|line| !line.starts_with("not checkable claims")).collect()
}

/// The same, as machines are told it.
fn documented(stdout: &str) -> Option<Vec<String>> {
    let document: Value = serde_json::from_str(stdout).ok()?;
    let mut found = Vec::new();
    for item in document["manifests"].as_array().map_or(&[][..], Vec::as_slice).iter().flat_map(items) {
        let text = |key: &str| item[key].as_str().unwrap();
        let (stage, subject) = (text("stage"), text("subject"));
        let word = match text("verdict") {
            "checked" => continue,
            "not checkable" if stage == "claims" => continue,
            "not checkable" => "not checkable",
            "failed" => "FAILED",
            _ => "MALFORMED",
        };
        let place = &item["finding"];
        let at = place["line"].as_u64().map(|line| format!(":{line}:{}", place["column"]));
        found.push(format!("{word} {stage} {subject}{}", at.unwrap_or_default()));
    }
    Some(found)
}

fn items(manifest: &Value) -> &[Value] {
    manifest["items"].as_array().unwrap()
}

/// Whether something was found as expected, `:*` being some place: the layout of cards may change.
fn matches(found: &str, expected: &str) -> bool {
    let some = expected.strip_suffix(":*").and_then(|file| found.strip_prefix(file));
    let place = |text: &str| text.strip_prefix(':').and_then(|place| place.split_once(':')).is_some();
    found == expected || some.is_some_and(place)
}

/// Whether a run ended as it should, found what it should and said so.
fn judge(ran: &scene::Ran, expect: &toml::Table, copy: &Copy<'_>) -> Result<(), String> {
    let code = expect["exit"].as_integer().unwrap();
    if i64::from(ran.code) != code || ran.stderr.contains("panicked") {
        return Err(format!("exit {} instead of {code}", ran.code));
    }
    let finds: Vec<String> = list(expect, "finds").iter().map(|find| copy.fill(find)).collect();
    let (found, mut left) = (told(&ran.stdout), told(&ran.stdout));
    for find in &finds {
        let at = left.iter().position(|line| matches(line, find));
        left.remove(at.ok_or_else(|| format!("found {found:#?}, and not `{find}`"))?);
    }
    if !left.is_empty() {
        return Err(format!("found {left:#?}, too"));
    }
    if code != 0 && finds.is_empty() && !ran.stderr.starts_with("error: ") {
        return Err("a refusal names what it found, or an error".to_owned());
    }
    for text in list(expect, "says") {
        if !ran.all().contains(&copy.fill(&text)) {
            return Err(format!("does not say `{text}`"));
        }
    }
    let strange = |c: char| c.is_control() && c != '\n';
    match ran.all().chars().find(|c| strange(*c)) {
        Some(c) => Err(format!("says {c:?} to a terminal")),
        None => Ok(()),
    }
}

/// Leaves what a reader has for others to judge.
fn leave(copy: &Copy<'_>, name: &str, options: &[String], ran: &scene::Ran) {
    #[expect(clippy::disallowed_methods, reason = "how scripts/check-defects asks for the releases")]
    let Some(folder) = std::env::var_os("OPENWEIGH_DEFECTS") else { return };
    let at = Path::new(&folder).join("releases").join(name);
    std::fs::create_dir_all(at.parent().unwrap()).unwrap();
    let _ = std::fs::remove_dir_all(&at);
    // As it is: links and pipes, and files of a terabyte of nothing.
    let copied = Command::new("cp").args(["-a", "--sparse=always"]).arg(copy.root()).arg(&at).status();
    assert!(copied.unwrap().success(), "copied to {}", at.display());
    let words: String = options.iter().map(|word| format!("{word}\n")).collect();
    std::fs::write(format!("{}.words", at.display()), words).unwrap();
    std::fs::write(format!("{}.exit", at.display()), format!("{}\n", ran.code)).unwrap();
    std::fs::write(format!("{}.json", at.display()), &ran.stdout).unwrap();
}

fn check(desk: &Scene, case: &toml::Table, name: &str) -> Result<(), String> {
    assert!(case["why"].as_str().unwrap().ends_with('.'), "a reason is a sentence");
    let expect = case["expect"].as_table().unwrap();
    let copy = Copy::of(desk, case.get("base").map_or("pontius", |base| base.as_str().unwrap()));
    copy.change(case);
    let mut options = list(case, "options");
    if !case.contains_key("options") {
        options.extend(["--policy", "policy.toml"].map(str::to_owned));
    }
    let seconds =
        expect.get("seconds").map_or(SECONDS, |seconds| seconds.as_integer().unwrap().unsigned_abs());
    let before = state(copy.around.path());
    let late = || format!("took over {seconds} s");
    let ran = copy.verify(&options, seconds).ok_or_else(late)?;
    judge(&ran, expect, &copy).map_err(|why| format!("{why}\n{}", ran.all()))?;
    let asked = options.clone();
    options.extend(["--json", "-q"].map(str::to_owned));
    let machine = copy.verify(&options, seconds).ok_or_else(late)?;
    leave(&copy, name, &asked, &machine);
    if machine.code != ran.code {
        return Err(format!("exit {} with --json -q, {} without", machine.code, ran.code));
    }
    // How a file was changed is not searched for with `-q`, so that places may be missing.
    let bare = |found: Vec<String>| -> Vec<String> {
        let file = |line: String| line.split(':').next().unwrap().to_owned();
        found.into_iter().map(file).collect()
    };
    let documented = documented(&machine.stdout).ok_or_else(|| format!("no JSON: {}", machine.stdout))?;
    if bare(documented.clone()) != bare(told(&ran.stdout)) {
        return Err(format!("machines are told {documented:#?}, people\n{}", ran.all()));
    }
    if state(copy.around.path()) != before {
        return Err("verification changed something".to_owned());
    }
    Ok(())
}

#[test]
fn every_defect_of_a_release_is_found_and_named() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/release-defects");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    assert!(paths.len() >= 100, "the defects are there");
    let desk = published();
    let one = |path: &PathBuf| {
        let case: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
        // One case that cannot be set must not hide what the others found.
        let name = path.file_stem().unwrap().to_string_lossy();
        let found = std::panic::catch_unwind(|| check(&desk, &case, &name));
        found
            .unwrap_or_else(|_| Err("it cannot be set: see above".to_owned()))
            .err()
            .map(|why| format!("{name}: {why}"))
    };
    let (first, second) = paths.split_at(paths.len() / 2);
    let all = |paths: &[PathBuf]| paths.iter().filter_map(one).collect::<Vec<String>>();
    let wrong = std::thread::scope(|scope| {
        let other = scope.spawn(|| all(second));
        [all(first), other.join().unwrap()].concat()
    });
    assert!(wrong.is_empty(), "{} of {} defects:\n{}", wrong.len(), paths.len(), wrong.join("\n"));
}

/// Otherwise a defect could be refused for what the scene, and not the defect, did wrong.
#[test]
fn what_has_no_defect_holds_and_is_published_again_as_it_was() {
    let desk = published();
    for (base, _) in BASES {
        let copy = Copy::of(&desk, base);
        let bytes = |folder: &Path| {
            let paths = openweigh_ledger::Ledger::at(folder).everything(None).unwrap();
            let read = |path: String| (std::fs::read(folder.join(&path)).unwrap(), path);
            paths.into_iter().map(read).collect::<Vec<_>>()
        };
        let again = "receipts = true\nagain = [\"digests\", \"cards\", \"sums\", \"signature\"]";
        copy.change(&again.parse().unwrap());
        assert!(bytes(&copy.root().join("release")) == bytes(&desk.path().join(base)), "{base}");
        let options = ["--policy", "policy.toml", "--receipts", "2", "--oms-key", "press.pub"];
        let ran = copy.verify(&options.map(str::to_owned), 60).unwrap().ends(0);
        assert_eq!(told(&ran.stdout), [""; 0]);
    }
    let copy = Copy::of(&desk, KEPT.0);
    let files = || ["README.md", "SHA256SUMS", "withheld.json"].map(|file| copy.read(file));
    let published = files();
    copy.change(&"again = [\"stated\", \"cards\", \"sums\", \"signature\"]".parse().unwrap());
    assert!(files() == published, "{}", KEPT.0);
}
