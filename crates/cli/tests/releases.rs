//! Releases: made by `publish`, checked by `verify`, as their makers and strangers run them.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod scene;

use scene::Scene;
use scene::people::{POLICY, believed};

const RECIPE: &str =
    "[model]\ntarget = \"y\"\nterms = [\"1\", \"x\"]\n[result]\nunit = \"g\"\ndecimals = 2\n";

const PUBLICATION: &str = r#"format = "openweigh.publication/1"
summary = "Made up for a test."
uses = "Tests."
limits = "Anything else."
licence = "CC0-1.0"
date = "2026-01-31"
instrument = "None: the numbers are made up"

[[author]]
name = "A. Tester"
"#;

/// A ledger with a fit, results and a manifest `line-VERSION`. Other data than the first are another dataset: those
/// that are pinned are not changed.
fn sealed(scene: &Scene, version: &str, csv: &str, previous: &[&str]) {
    let dataset = if csv == FIRST { "line" } else { "line-2" };
    scene.write("line.csv", csv.as_bytes());
    let import = [
        "import",
        "table",
        "line.csv",
        "--name",
        dataset,
        "--unit",
        "y=g",
        "--unit",
        "x=count",
        "--license",
        "CC0-1.0",
        "--origin",
        "Made up.",
        "--provenance",
        "simulated",
        "--version",
        version,
    ];
    scene.run(&import).ends(0);
    scene.write(
        "artifacts/recipes/line.toml",
        format!("format = \"openweigh.recipe/1\"\nname = \"line\"\n{RECIPE}").as_bytes(),
    );
    scene.write("artifacts/publications/line.toml", PUBLICATION.as_bytes());
    let fit = ["fit", "--dataset", dataset, "--recipe", "line", "--name", "line", "--version", version];
    scene.run(&fit).ends(0);
    let weights = format!("line-{version}");
    let results = format!("artifacts/results/{weights}.csv");
    let mut replay = vec!["replay", "--weights", &weights, "--dataset", dataset, "-o", &results];
    if dataset != "line" {
        // What the first version's rows weigh now.
        replay.extend(["--dataset", "line"]);
    }
    scene.run(&replay).ends(0);
    let mut seal =
        vec!["seal", "--name", "line", "--version", version, "--weights", &weights, "--results", &weights];
    seal.extend(previous);
    scene.run(&seal).ends(0);
}

const FIRST: &str = "y,x\n0,1\n10,11\n20,21.5\n30,31\n";
const SECOND: &str = "y,x\n0,1\n10,11\n20,21.5\n30,31.5\n40,41\n";

#[test]
fn a_release_holds_and_every_edit_of_it_is_named() {
    let scene = Scene::ledger();
    sealed(&scene, "1.0.0", FIRST, &[]);
    scene.run(&["publish", "line-1.0.0", "-o", "release"]).ends(0).says("wrote release");
    scene.run(&["publish", "line-1.0.0", "-o", "release"]).ends(0).says("left alone");
    scene.run(&["verify", "release"]).ends(0).says("cards");
    scene
        .run(&["publish", "line-1.0.0", "-o", "none", "--dry-run"])
        .ends(0)
        .says("datasets/line/measurements.csv")
        .says("the names of those who publish")
        .says("nothing was written");
    assert!(!scene.path().join("none").exists());
    let card = scene.text("release/README.md");
    let edited = card.replace("| b1 | `x` | 0.", "| b1 | `x` | 1.");
    assert_ne!(card, edited);
    scene.write("release/README.md", edited.as_bytes());
    scene
        .run(&["verify", "release"])
        .ends(1)
        .says("README.md:")
        .says("published    | b1 | `x` | 1.")
        .says("derived      | b1 | `x` | 0.");
    scene.write("release/README.md", card.as_bytes());
    scene.write("release/notes.txt", b"later");
    scene.run(&["verify", "release"]).ends(1).says("notes.txt").says("not listed");
    scene.run(&["publish", "line-1.0.0", "-o", "release"]).ends(3).says("exists with other content");
    std::fs::remove_file(scene.path().join("release/notes.txt")).unwrap();
    for (path, text) in [("publication.toml", "publication.toml"), ("CHANGELOG.md", "the file is missing")] {
        let kept = scene.read(&format!("release/{path}"));
        std::fs::remove_file(scene.path().join("release").join(path)).unwrap();
        scene.run(&["verify", "release"]).ends(1).says(text);
        scene.write(&format!("release/{path}"), &kept);
    }
    scene.write("release/.git/config", b"of whoever cloned it");
    scene.run(&["verify", "release"]).ends(0);
}

#[test]
fn a_changelog_of_the_second_generator_quotes_what_nobody_derives_again() {
    let scene = Scene::ledger();
    let second = |scene: &Scene, changes: &str| {
        let words = format!("publication/2\"\nchanges = \"{changes}\"\nrisks = \"</blockquote> - none\"");
        let said = PUBLICATION.replace("publication/1\"", &words);
        scene.write("artifacts/publications/line.toml", said.as_bytes());
    };
    let publish = |version: &str, to: &str, more: &[&str]| {
        let manifest = format!("line-{version}");
        let mut words = vec!["publish", manifest.as_str(), "-o", to];
        words.extend(more);
        scene.run(&words).ends(0);
        scene.run(&["verify", to]).ends(0);
    };
    // The first is of the first generator: its history is quoted by the second.
    sealed(&scene, "1.0.0", FIRST, &[]);
    publish("1.0.0", "one", &[]);
    sealed(&scene, "1.1.0", SECOND, &["--previous", "line-1.0.0"]);
    second(&scene, "- Weights `line` 1.0.0 → 1.1.0: all better. <b>Bold</b>");
    publish("1.1.0", "two", &["--previous", "one"]);
    let changes = scene.text("two/CHANGELOG.md");
    assert!(changes.contains("> \\- Weights \\`line\\` 1.0.0 → 1.1.0: all better. \\<b\\>Bold"), "{changes}");
    assert!(changes.contains("- Results of `line`: 4 of 4 move, by at most 0.05 g; 5 new."), "{changes}");
    let history = "\n## Before: as published then, not recomputed\n\n> ```text\n> ## 1.0.0, 2026-01-31\n>\n";
    assert!(changes.contains(history), "{changes}");
    assert!(scene.text("two/README.md").contains("> \\</blockquote\\> - none\n"));
    assert!(scene.text("two/params.json").contains("\"coefficient\": \""));
    let again = "--dataset line-2 --recipe line --name line --version 1.2.0".split(' ');
    scene.run(&["fit"].into_iter().chain(again).collect::<Vec<_>>()).ends(0);
    let seal = "seal --name line --version 1.2.0 --weights line-1.2.0 --previous line-1.1.0".split(' ');
    scene.run(&seal.collect::<Vec<_>>()).ends(0);
    second(&scene, "Nothing.");
    publish("1.2.0", "three", &["--previous", "two"]);
    let changes = scene.text("three/CHANGELOG.md");
    assert_eq!(changes.matches("Before: as published then").count(), 1, "{changes}");
    assert!(
        changes.contains("> ## 1.1.0, 2026-01-31\n") && changes.contains("> ## 1.0.0, 2026-01-31\n"),
        "{changes}"
    );
    scene.write("three/CHANGELOG.md", changes.replace("> - First", "> - Best").as_bytes());
    scene.run(&["verify", "three"]).ends(1).says("CHANGELOG.md");
}

#[test]
fn a_changelog_tells_in_grams_what_moved_and_is_checked() {
    let scene = Scene::ledger();
    sealed(&scene, "1.0.0", FIRST, &[]);
    scene.run(&["publish", "line-1.0.0", "-o", "one"]).ends(0);
    sealed(&scene, "1.1.0", SECOND, &["--previous", "line-1.0.0"]);
    scene.run(&["publish", "line-1.1.0", "-o", "two"]).ends(2).says("--previous");
    scene.run(&["publish", "line-1.1.0", "-o", "two", "--previous", "one"]).ends(0);
    let changes = scene.text("two/CHANGELOG.md");
    assert!(changes.contains("## 1.1.0"), "{changes}");
    assert!(changes.contains("\n## 1.0.0, 2026-01-31\n\n- First release.\n"), "{changes}");
    assert!(changes.contains("- Results of `line`: 4 of 4 move, by at most 0.05 g; 5 new."), "{changes}");
    assert!(changes.contains("- Weights `line` 1.0.0 → 1.1.0: `1` "), "{changes}");
    scene.run(&["verify", "two"]).ends(0);
    scene.write("two/CHANGELOG.md", changes.replace("by at most 0.05", "by at most 0.01").as_bytes());
    scene.run(&["verify", "two"]).ends(1).says("by at most 0.05").says("by at most 0.01");
    scene.write("two/CHANGELOG.md", changes.as_bytes());
    let kept = "two/previous/artifacts/results/line-1.0.0.csv";
    scene.write(kept, scene.text(kept).replace("0.", "9.").as_bytes());
    scene.run(&["verify", "two"]).ends(1).says("previous/artifacts/results/line-1.0.0.csv");
}

#[test]
fn data_alone_have_a_card_of_their_own() {
    let scene = Scene::ledger();
    sealed(&scene, "1.0.0", FIRST, &[]);
    let publication = PUBLICATION.replace("instrument = \"None: the numbers are made up\"\n", "");
    scene.write("artifacts/publications/rows.toml", publication.as_bytes());
    let both =
        ["seal", "--name", "rows", "--version", "1.0.0", "--dataset", "line", "--weights", "line-1.0.0"];
    scene.run(&both).ends(2);
    scene.run(&["seal", "--name", "rows", "--version", "1.0.0", "--dataset", "line"]).ends(0);
    scene.run(&["verify", "rows-1.0.0"]).ends(0);
    scene
        .run(&["publish", "rows-1.0.0", "-o", "rows"])
        .ends(1)
        .says("the device that measured is not stated");
    scene.write("artifacts/publications/rows.toml", PUBLICATION.as_bytes());
    scene.run(&["publish", "rows-1.0.0", "-o", "rows"]).ends(0);
    scene.run(&["verify", "rows"]).ends(0);
    let card = scene.text("rows/README.md");
    let front = card.split("---\n").nth(1).unwrap();
    assert!(front.contains(
        "configs:\n- config_name: \"line\"\n  data_files:\n  - \"datasets/line/measurements.csv\"\n"
    ));
    assert!(
        front.contains("pretty_name:") && !front.contains("library_name") && !front.contains("model-index")
    );
    assert!(!card.contains("weights follow"), "{card}");
    scene.run(&["grade", "rows", "--require", "open-weights"]).ends(1);
    scene.write("rows/datasets/line/measurements.csv", FIRST.replace("21.5", "21.6").as_bytes());
    scene.run(&["verify", "rows"]).ends(1).says("datasets/line/measurements.csv:4:7");
}

#[test]
fn a_version_is_published_once() {
    let scene = Scene::ledger();
    sealed(&scene, "1.0.0", FIRST, &[]);
    scene.run(&["publish", "line-1.0.0", "-o", "one"]).ends(0);
    let lower = ["seal", "--name", "line", "--version", "0.9.0", "--weights", "line-1.0.0"];
    scene
        .run(&[&lower[..], &["--previous", "line-1.0.0"]].concat())
        .ends(2)
        .says("`line` 0.9.0 cannot succeed `line` 1.0.0: the name stays, and the version rises");
    sealed(&scene, "1.1.0", SECOND, &["--previous", "line-1.0.0"]);
    let lowered = scene.text("manifests/line-1.1.0.json").replacen("1.1.0", "0.9.0", 1);
    scene.write("manifests/line-0.9.0.json", lowered.as_bytes());
    scene
        .run(&["publish", "line-0.9.0", "-o", "two", "--previous", "one"])
        .ends(3)
        .says("a release after it cannot be version 0.9.0");
}

#[test]
fn a_twin_of_a_card_in_letter_case_is_not_published() {
    let scene = Scene::ledger();
    sealed(&scene, "1.0.0", FIRST, &[]);
    scene.run(&["replay", "--weights", "line-1.0.0", "--dataset", "line", "-o", "readme.md"]).ends(0);
    let seal =
        ["seal", "--name", "line", "--version", "2.0.0", "--weights", "line-1.0.0", "--results", "readme.md"];
    scene.run(&seal).ends(0);
    scene
        .run(&["publish", "line-2.0.0", "-o", "release"])
        .ends(1)
        .says("readme.md: `readme.md` and `README.md` differ in letter case alone");
    assert!(!scene.path().join("release").exists());
}

#[test]
fn what_is_missing_is_named_and_nothing_is_published() {
    let scene = Scene::ledger();
    scene.table("bare", FIRST, RECIPE);
    scene.fit("bare");
    scene.run(&["seal", "--name", "bare", "--version", "1.0.0", "--weights", "bare-1.0.0"]).ends(0);
    scene
        .run(&["publish", "bare-1.0.0", "-o", "release"])
        .ends(1)
        .says("bare.toml, which says who publishes and what for, is missing")
        .says("--template");
    let template = scene.run(&["publish", "bare-1.0.0", "--template"]).ends(0).stdout;
    scene.write("artifacts/publications/bare.toml", template.as_bytes());
    scene
        .run(&["publish", "bare-1.0.0", "-o", "release"])
        .ends(3)
        .says("expected a day of the calendar such as");
    let said = PUBLICATION.replace("instrument = \"None: the numbers are made up\"\n", "");
    scene.write("artifacts/publications/bare.toml", said.as_bytes());
    scene
        .run(&["publish", "bare-1.0.0", "-o", "release"])
        .ends(1)
        .says("datasets/bare/dataset.json: no licence")
        .says("artifacts/weights/bare-1.0.0.json: the device");
    assert!(!scene.path().join("release").exists());
    scene.write("artifacts/weights/bare-1.0.0.json", b"{}");
    scene.run(&["publish", "bare-1.0.0", "-o", "release"]).ends(1).says("does not hold");
}

/// A release signed by alice, and a policy that believes her, and bob and carol as verifiers.
fn signed(scene: &Scene) {
    sealed(scene, "1.0.0", FIRST, &[]);
    believed(scene);
    scene.run(&["publish", "line-1.0.0", "-o", "release", "--key", "alice"]).ends(0).says("allowed_signers");
    scene.run(&["publish", "line-1.0.0", "-o", "release", "--key", "alice"]).ends(0).says("left alone");
}

#[test]
fn a_policy_says_who_may_sign() {
    let scene = Scene::ledger();
    signed(&scene);
    let verify = ["verify", "release", "--policy", "policy.toml"];
    scene.run(&verify).ends(0).says("signed by alice");
    scene.run(&["verify", "release"]).ends(0).says("pass --policy to check whose key that is");
    let ours = scene.read("release/SHA256SUMS.sig");
    scene.run(&["publish", "line-1.0.0", "-o", "other", "--key", "bob"]).ends(0);
    scene.write("release/SHA256SUMS.sig", &scene.read("other/SHA256SUMS.sig"));
    scene.run(&verify).ends(1).says("lets the key sign in `openweigh-receipt`");
    std::fs::remove_file(scene.path().join("release/SHA256SUMS.sig")).unwrap();
    scene
        .run(&verify)
        .ends(1)
        .says("not signed, and the policy wants it signed")
        .says("openweigh publish --key");
    scene.run(&["verify", "release"]).ends(0).says("not signed: nobody vouches for who published this");
    scene.write("release/SHA256SUMS.sig", &ours);
    scene.write("revoked", scene.text("alice.pub").as_bytes());
    scene.write("policy.toml", POLICY.replace("\n\n[", "\nrevoked = \"revoked\"\n\n[").as_bytes());
    scene.run(&verify).ends(1).says("is revoked");
    scene.write("policy.toml", POLICY.as_bytes());
    let listed = scene.text("allowed_signers");
    let expired = listed.replace("alice namespaces", "alice valid-before=\"20250101Z\",namespaces");
    scene.write("allowed_signers", expired.as_bytes());
    scene.run(&verify).ends(1).says("expired");
    scene.run(&["verify", "release", "--policy", "policy.toml", "--at", "20240101Z"]).ends(0);
    let at = ["verify", "release", "--policy", "policy.toml", "--at", "2024-01-01"];
    scene.run(&at).ends(2).says("type `20240101000000Z`");
    let told = scene.run(&["verify", "--help"]).ends(0);
    for word in ["openweigh.policy/1", "allowed_signers = ", "signers = [", "minimum = "] {
        assert!(told.stdout.contains(word), "{word}: {}", told.stdout);
    }
    scene.write("policy.toml", b"format = \"openweigh.policy/1\"\n");
    scene.run(&verify).ends(3).says("missing: `allowed_signers`").says("`openweigh verify --help` shows it");
    scene.write("policy.toml", POLICY.replace("allowed_signers\"", "elsewhere\"").as_bytes());
    scene.run(&verify).ends(3).says("elsewhere").says("ssh-ed25519 AAAA…");
    scene.write("policy.toml", POLICY.as_bytes());
    let elsewhere = listed.replace("openweigh-*", "git");
    scene.write("allowed_signers", elsewhere.as_bytes());
    scene.run(&verify).ends(1).says("openweigh-release");
}

#[test]
fn a_policy_is_for_releases() {
    let scene = Scene::ledger();
    signed(&scene);
    for words in [&["verify"][..], &["verify", "line-1.0.0"]] {
        scene.run(words).ends(0);
        scene.run(&[words, &["--policy", "policy.toml"]].concat()).ends(2).says("is another manifest");
    }
    std::fs::copy(scene.path().join("release/manifest.json"), scene.path().join("release/other.json"))
        .unwrap();
    let other = ["verify", "release/other.json", "--policy", "policy.toml"];
    scene.run(&other).ends(2).says("is another manifest");
}

#[test]
fn a_stock_program_agrees_about_the_signature() {
    let scene = Scene::ledger();
    signed(&scene);
    let verified = std::process::Command::new("ssh-keygen")
        .args(["-Y", "verify", "-f", "allowed_signers", "-I", "alice", "-n", "openweigh-release"])
        .args(["-s", "release/SHA256SUMS.sig"])
        .current_dir(scene.path())
        .stdin(std::fs::File::open(scene.path().join("release/SHA256SUMS")).unwrap())
        .output();
    let verified = verified.unwrap();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
}

#[test]
fn receipts_of_independent_people_are_counted() {
    let scene = Scene::ledger();
    signed(&scene);
    let verify = |count| ["verify", "release", "--policy", "policy.toml", "--receipts", count];
    scene.run(&verify("1")).ends(1).says("found 0 independent receipts, expected at least 1");
    scene.run(&["receipt", "release", "--key", "bob"]).ends(0).says("2 files derived again");
    scene.run(&["receipt", "release", "--key", "bob"]).ends(0).says("unchanged");
    scene.run(&verify("1")).ends(0).says("derived again by bob, with this program");
    scene.run(&["receipt", "release", "--key", "alice"]).ends(0);
    scene.run(&verify("2")).ends(1).says("its signer signed the release, too");
    scene.run(&["receipt", "release", "--key", "carol"]).ends(0);
    scene.run(&verify("2")).ends(0);
    // A receipt for another release is none for this one, wherever it is put.
    let attest = scene.path().join("attest");
    let own = std::fs::read_dir(&attest).unwrap().next().unwrap().unwrap().path();
    sealed(&scene, "1.1.0", SECOND, &[]);
    scene.run(&["publish", "line-1.1.0", "-o", "later", "--key", "alice"]).ends(0);
    let elsewhere =
        ["verify", "later", "--policy", "policy.toml", "--receipts", "1", "--attest", own.to_str().unwrap()];
    scene.run(&elsewhere).ends(1).says("it is about the manifest");
    let card = scene.text("release/README.md");
    scene.write("release/README.md", card.replace("tests", "pests").replace("Tests", "Pests").as_bytes());
    scene.run(&["receipt", "release", "--key", "carol", "--force"]).ends(1).says("no receipt");
}

#[test]
fn a_withdrawal_is_seen_by_whoever_verifies() {
    let scene = Scene::ledger();
    signed(&scene);
    let withdraw = |key| ["withdraw", "release", "--reason", "The mass was 52 g.", "--key", key];
    scene.run(&withdraw("bob")).ends(0);
    scene.run(&["verify", "release"]).ends(0).says("another key than the release's signed it");
    scene.run(&["verify", "release", "--policy", "policy.toml"]).ends(0).says("does not count");
    scene.run(&withdraw("alice")).ends(0);
    scene.run(&["verify", "release"]).ends(1).says("withdrawn").says("reason       \"The mass was 52 g.\"");
    scene.run(&["verify", "release", "--policy", "policy.toml"]).ends(1).says("withdrawn");
    // However the folder is spelled, what others say lies beside it.
    for spelled in ["release/datasets/..", "./release/.", "release/"] {
        scene.run(&["verify", spelled, "--policy", "policy.toml"]).ends(1).says("withdrawn");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("release", scene.path().join("link")).unwrap();
        scene.run(&["verify", "link", "--policy", "policy.toml"]).ends(1).says("withdrawn");
    }
    let again =
        ["withdraw", "release", "--reason", "x", "--key", "alice", "--replacement", "nothing", "--force"];
    scene.run(&again).ends(2).says("no folder of a release and no id");
}

#[test]
fn what_is_no_statement_beside_a_release_stops_nobody() {
    let scene = Scene::ledger();
    signed(&scene);
    scene.run(&["receipt", "release", "--key", "bob"]).ends(0);
    let id = std::fs::read_dir(scene.path().join("attest")).unwrap().next().unwrap().unwrap().path();
    std::fs::create_dir(id.join("folder.json")).unwrap();
    std::fs::write(id.join("large.json"), vec![b' '; 17 << 20]).unwrap();
    let verify = ["verify", "release", "--policy", "policy.toml", "--receipts", "1", "-v"];
    scene.run(&verify).ends(0).says("derived again by bob").says("folder.json").says("large.json");
    // What could be a withdrawal and was not read is not passed over, and not silent either: one that was cut,
    std::fs::write(id.join("cut.json"), "{\"payloadType\": \"application/vnd.in-toto+json\"").unwrap();
    scene.run(&verify).ends(4).says("cut.json").says("it could withdraw the release");
    std::fs::remove_file(id.join("cut.json")).unwrap();
    // one behind a link, or all of them behind something else.
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", id.join("link.json")).unwrap();
        scene.run(&verify).ends(4).says("link.json").says("it could withdraw the release");
        scene.run(&["verify", "release", "-q"]).ends(4).says("link.json");
        std::fs::rename(scene.path().join("attest"), scene.path().join("moved")).unwrap();
        scene.write("attest", b"");
        scene.run(&["verify", "release", "-q"]).ends(4).says("it could withdraw the release");
    }
}

#[test]
fn folders_that_nobody_reads_are_named() {
    let scene = Scene::ledger();
    signed(&scene);
    scene.write("release/.git/config", b"");
    scene.run(&["verify", "release"]).ends(0).says("note: .git/: 1 file is here, not read");
    scene.write("release/.git/hooks/post-checkout", b"");
    scene.write("release/.git/hooks/pre-commit.sample", b"");
    scene.run(&["verify", "release"]).ends(0).says("3 files are here").says("1 of them is a program");
    // Version control is carried over, and what is somebody's own keeps the release.
    scene.write("release/README.md", b"changed");
    let edited = scene.run(&["publish", "line-1.0.0", "-o", "release", "--force"]);
    edited.ends(3).says("changed since it was written: README.md");
    std::fs::remove_file(scene.path().join("release/README.md")).unwrap();
    scene.run(&["publish", "line-1.0.0", "-o", "release", "--force"]).ends(0).says("replaced");
    assert_eq!(scene.text("release/.git/hooks/post-checkout"), "");
    scene.write("release/notes.txt", b"mine");
    scene.run(&["publish", "line-1.0.0", "-o", "release", "--force"]).ends(3).says("notes.txt");
    assert_eq!(scene.text("release/notes.txt"), "mine");
}

#[test]
fn junk_does_not_hide_a_withdrawal() {
    let scene = Scene::ledger();
    signed(&scene);
    scene.run(&["withdraw", "release", "--reason", "The mass was 52 g.", "--key", "alice"]).ends(0);
    let id = std::fs::read_dir(scene.path().join("attest")).unwrap().next().unwrap().unwrap().path();
    for name in ["a", "b", "c", "d", "e"] {
        std::fs::write(id.join(format!("{name}.json")), vec![b'['; 16 << 20]).unwrap();
    }
    for at in 0..300 {
        std::fs::write(id.join(format!("0-{at}.json")), vec![b'{'; 200]).unwrap();
    }
    scene.run(&["verify", "release"]).ends(1).says("withdrawn").says("The mass was 52 g.");
    // Nor does a key that has expired since.
    let policy = scene.text("policy.toml");
    let signers = scene.text("allowed_signers");
    let expired = signers.replace("alice ", "alice valid-before=\"20200101Z\",");
    assert_ne!(signers, expired);
    scene.write("allowed_signers", expired.as_bytes());
    assert!(policy.contains("allowed_signers"));
    scene.run(&["verify", "release", "--policy", "policy.toml"]).ends(1).says("the release is withdrawn");
}

#[test]
fn only_releases_are_replaced() {
    let scene = Scene::ledger();
    sealed(&scene, "1.0.0", FIRST, &[]);
    for other in [".", "datasets", "line.csv"] {
        scene
            .run(&["publish", "line-1.0.0", "-o", other, "--force"])
            .ends(3)
            .says("expected a release")
            .says("choose another folder");
    }
    scene.run(&["verify", "line-1.0.0"]).ends(0);
}

#[test]
fn a_changelog_keeps_versions_of_one_name_and_things_of_one_claim_apart() {
    let scene = Scene::ledger();
    sealed(&scene, "1.0.0", FIRST, &[]);
    let fit =
        |version| ["fit", "--dataset", "line", "--recipe", "line", "--name", "line", "--version", version];
    let weights = |version: &str| format!("line-{version}");
    scene.run(&fit("9.0.0")).ends(0);
    scene.run(&["replay", "--weights", &weights("9.0.0"), "--dataset", "line"]).ends(0);
    scene.write("artifacts/publications/both.toml", PUBLICATION.as_bytes());
    let seal = |version: &str, quantity: &str, value: &str, previous: &[&str]| {
        let claim = format!(
            "format = \"openweigh.claims/1\"\n[[claim]]\nid = \"rows\"\nstatement = \"Rows\"\nquantity = \"{quantity}\"\nvalue = \"{value}\"\nunit = \"1\"\n\
             over = {{ file = \"artifacts/weights/line-1.0.0.json\" }}\n"
        );
        scene.write("artifacts/claims/both.toml", claim.as_bytes());
        let (one, nine) = (weights("1.0.0"), weights("9.0.0"));
        let mut words =
            vec!["seal", "--name", "both", "--version", version, "--weights", &one, "--weights", &nine];
        words.extend(["--results", &one, "--results", &nine, "--claims", "both"]);
        words.extend(previous);
        scene.run(&words).ends(0);
    };
    seal("1.0.0", "n", "4", &[]);
    scene.run(&["publish", "both-1.0.0", "-o", "one"]).ends(0);
    // The first version is fitted anew, the ninth stays. A manifest pins it, so that it is replaced by hand.
    let recipe = scene.text("artifacts/recipes/line.toml").replace("\"line\"", "\"other\"");
    scene.write("artifacts/recipes/other.toml", recipe.replace("\"1\", \"x\"", "\"x\"").as_bytes());
    let mut again = fit("1.0.0").map(|word| if word == "line" { "other" } else { word }).to_vec();
    again[2] = "line";
    again[6] = "line";
    again.push("--force");
    let pinned = "artifacts/weights/line-1.0.0.json is pinned by manifests/both-1.0.0.json and manifests/line-1.0.0.json";
    scene.run(&again).ends(1).says(pinned).says("another --version");
    again.extend(["-o", "new.json"]);
    scene.run(&again).ends(0);
    scene.write("artifacts/weights/line-1.0.0.json", &scene.read("new.json"));
    let replay = ["replay", "--weights", &weights("1.0.0"), "--dataset", "line", "--force"];
    scene
        .run(&replay)
        .ends(1)
        .says("artifacts/results/line-1.0.0.csv is pinned by")
        .says("-o artifacts/results/NEW.csv");
    scene.run(&[&replay[..], &["-o", "new.csv"]].concat()).ends(0);
    scene.write("artifacts/results/line-1.0.0.csv", &scene.read("new.csv"));
    seal("1.1.0", "dof", "3", &["--previous", "both-1.0.0"]);
    scene.run(&["publish", "both-1.1.0", "-o", "two", "--previous", "one"]).ends(0);
    let changes = scene.text("two/CHANGELOG.md");
    assert!(changes.contains("- Weights `line-1.0.0` 1.0.0 → 1.0.0: "), "{changes}");
    assert!(changes.contains("- Results of `line-1.0.0`: 4 of 4 move, by at most "), "{changes}");
    assert!(changes.contains("- Results of `line-9.0.0`: 0 of 4 move."), "{changes}");
    assert!(changes.contains("- Claim `rows`: now of something else, 3 1; it was 4 1."), "{changes}");
    scene.run(&["verify", "two"]).ends(0);
}

#[path = "../../release/examples/verify_release.rs"]
#[allow(dead_code, unreachable_pub, reason = "the example is a program as well")]
mod verify_release;

#[test]
fn a_program_of_thirty_lines_finds_what_the_command_finds() {
    let scene = Scene::empty();
    sealed(&scene, "1.0.0", FIRST, &[]);
    scene.run(&["publish", "line-1.0.0", "-o", "release"]).ends(0);
    for changed in [false, true] {
        if changed {
            let card = scene.path().join("release/README.md");
            let text = std::fs::read_to_string(&card).unwrap();
            std::fs::write(&card, text.replacen("0.", "1.", 1)).unwrap();
        }
        let folder = scene.path().join("release");
        let printed = scene.run(&["verify", folder.to_str().unwrap(), "--json"]);
        let found = verify_release::of(folder.to_str().unwrap());
        // The command names files as seen from the folder in which it runs.
        let here = format!("{}/", scene.path().display());
        assert_eq!(printed.stdout.trim_end(), verify_release::as_json(&found).replace(&here, ""));
        assert_eq!(found.summary() == openweigh_verify::Summary::Checked, !changed);
    }
}
