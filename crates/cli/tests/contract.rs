//! The command line as a contract: exit codes, one document with `--json`, nothing lost or overwritten.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod scene;

use scene::Scene;

const RECIPE: &str = "[model]\ntarget = \"y\"\nterms = [\"1\", \"x\"]\n[fit]\nvalidation = \"leave-one-out\"\ndigits = 5\n[result]\nunit = \"g\"\ndecimals = 2\n";
const TABLE: &str = "y,x\n1.1,1\n1.9,2\n3.2,3\n3.8,4\n";

fn example() -> Scene {
    let scene = Scene::ledger();
    scene.table("example", TABLE, RECIPE);
    scene.fit("example");
    scene.run(&["replay", "--weights", "example-1.0.0", "--dataset", "example"]).ends(0);
    scene
}

#[test]
fn the_worked_example_of_the_specification() {
    let scene = example();
    let weights: serde_json::Value =
        serde_json::from_slice(&scene.read("artifacts/weights/example-1.0.0.json")).unwrap();
    let text = |pointer: &str| weights.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    assert_eq!([text("/terms/0/coefficient"), text("/terms/1/coefficient")], ["0.15", "0.94"]);
    assert_eq!([text("/terms/0/standard_error"), text("/terms/1/standard_error")], ["0.24799", "0.090554"]);
    assert_eq!(
        [text("/covariance/0/0"), text("/covariance/0/1"), text("/covariance/1/1")],
        ["0.0615", "-0.0205", "0.0082"]
    );
    assert_eq!([text("/residual_sd"), text("/rss"), text("/r_squared")], ["0.20248", "0.082", "0.98178"]);
    assert_eq!(
        [text("/validation/rmse"), text("/validation/mean_error"), text("/validation/max_abs_error")],
        ["0.26589", "0.05", "0.37"]
    );
    assert_eq!([text("/normal/xtx/1/1"), text("/normal/xty/1"), text("/normal/yty")], ["30", "29.7", "29.5"]);
    let results = scene.text("artifacts/results/example-1.0.0.csv");
    assert_eq!(results.lines().nth(1), Some("example,0,1,1.09,0.53,1.1,-0.01,"));
}

#[test]
fn every_command_has_help_with_two_examples() {
    let scene = Scene::empty();
    let commands: [&[&str]; 11] = [
        &["init"],
        &["import", "table"],
        &["fit"],
        &["replay"],
        &["seal"],
        &["verify"],
        &["grade"],
        &["explain"],
        &["inspect"],
        &["completions"],
        &["man"],
    ];
    for command in commands {
        let ran = scene.run(&[command, &["--help"]].concat()).ends(0);
        let examples = ran.stdout.split("Examples:").nth(1).unwrap_or_default();
        assert!(
            examples.matches("openweigh ").count() >= 2,
            "{command:?} shows two examples:\n{}",
            ran.stdout
        );
    }
}

#[test]
fn each_command_gives_one_json_document() {
    let scene = example();
    scene
        .run(&[
            "seal",
            "--name",
            "example",
            "--version",
            "1.0.0",
            "--weights",
            "example-1.0.0",
            "--results",
            "example-1.0.0",
        ])
        .ends(0);
    let commands: [&[&str]; 10] = [
        &["init", "new"],
        &["import", "table", "example.csv", "--name", "other"],
        &["fit", "--dataset", "example", "--recipe", "example", "--name", "example", "--version", "1.0.1"],
        &["replay", "--weights", "example-1.0.0", "--dataset", "example"],
        &["seal", "--name", "second", "--version", "1.0.0", "--weights", "example-1.0.0"],
        &["verify"],
        &["grade", "nowhere"],
        &["explain", "example-1.0.0", "2"],
        &["inspect", "artifacts/weights/example-1.0.0.json"],
        &["fit", "--dataset", "nothing", "--recipe", "example", "--name", "a", "--version", "1.0.0"],
    ];
    for command in commands {
        let ran = scene.run(&[command, &["--json"]].concat());
        let document: serde_json::Value = serde_json::from_str(&ran.stdout)
            .unwrap_or_else(|error| panic!("{command:?}: {error}\n{}{}", ran.stdout, ran.stderr));
        assert!(document.is_object());
        assert_eq!(document.get("error").is_some(), ran.code != 0, "{command:?}");
    }
}

#[test]
fn an_artifact_is_never_overwritten_unasked() {
    let scene = example();
    let fit =
        ["fit", "--dataset", "example", "--recipe", "example", "--name", "example", "--version", "1.0.0"];
    scene.run(&fit).ends(0).says("byte for byte the same");
    scene.write("artifacts/weights/example-1.0.0.json", b"mine");
    scene.run(&fit).ends(3).says("exists with other content").says("--force");
    assert_eq!(scene.read("artifacts/weights/example-1.0.0.json"), b"mine");
    scene.run(&[&fit[..], &["--force"]].concat()).ends(0).says("replaced");
    scene.write("example.csv", b"y,x\n1,1\n2,2\n");
    let before = scene.read("datasets/example/measurements.csv");
    scene
        .run(&["import", "table", "example.csv", "--name", "example"])
        .ends(3)
        .says("exists with other content");
    assert_eq!(scene.read("datasets/example/measurements.csv"), before);
}

#[test]
fn mistakes_in_words_are_usage() {
    let scene = example();
    let cases: [(&[&str], &str); 7] = [
        (&["fitt"], "similar"),
        (&["fit"], "required"),
        (
            &["fit", "--dataset", "a", "--recipe", "a", "--name", "A b", "--version", "1.0.0"],
            "a name of lower-case letters",
        ),
        (&["fit", "--dataset", "a", "--recipe", "a", "--name", "a", "--version", "1"], "a semantic version"),
        (&["-C", "nowhere", "verify"], "cannot enter nowhere"),
        (&["import", "table", "example.csv", "--name", "b", "--unit", "q=g"], "there is no such column"),
        (&["verify", "--id", "abc"], "64 lower-case hexadecimal digits"),
    ];
    for (words, says) in cases {
        scene.run(words).ends(2).says(says);
    }
}

#[test]
fn mistakes_in_inputs_name_file_and_place() {
    let scene = example();
    let recipe = |change: &dyn Fn(String) -> String| {
        let text = format!("format = \"openweigh.recipe/1\"\nname = \"bad\"\n{RECIPE}");
        scene.write("artifacts/recipes/bad.toml", change(text).as_bytes());
        scene
            .run(&["fit", "--dataset", "example", "--recipe", "bad", "--name", "bad", "--version", "1.0.0"])
            .ends(3)
    };
    recipe(&|text| text.replace("\"x\"]", "\"z\"]")).says("no number column `z`").says("`y`, `x`");
    recipe(&|text| text.replace("\"x\"]", "\"x\", \"hinge(x,0)\"]"))
        .says("`hinge(x,0)` is a combination of `x`");
    recipe(&|text| text.replace("[fit]", "[fit]\nestimator = \"huber:1.5:10\""))
        .says("bad.toml:7:13")
        .says("`huber:1.5:10` is reserved");
    recipe(&|text| text.replace("[fit]", "[fit]\nestimator = \"best\"")).says("unknown estimator `best`");
    recipe(&|text| text.replace("[fit]", "[reading]\n[fit]")).says("`reference_g` with a [reading]");
    recipe(&|text| text.replace("[fit]", "tare = \"signal\"\n[fit]")).says("`none` without a [reading]");
    recipe(&|text| text.replace("leave-one-out", "k-fold:9"))
        .says("the fitted rows are too few, or the folds too many: 4 and 9");
    recipe(&|text| text.replace("\"x\"]", "\"x\", \"x^2\", \"x^3\", \"x^4\"]")).says("(4)");
    scene.write("datasets/example/measurements.csv", TABLE.replace("1.9", "1.8").as_bytes());
    let fit = ["fit", "--dataset", "example", "--recipe", "example", "--name", "a", "--version", "1.0.0"];
    scene.run(&fit).ends(1).says("measurements.csv: the SHA-256 is");
    scene.write("datasets/example/measurements.csv", TABLE.replace("1.9", "1.90").as_bytes());
    scene.run(&fit).ends(3).says("measurements.csv:3:1").says("a trailing zero");
}

#[test]
fn foreign_tables_are_read_leniently_and_changes_are_told() {
    let scene = Scene::ledger();
    let table = "\u{feff}\"Load (lb)\";Deflection;Note\r\n1.000,50;+0,5;\"a, b\"\r\n";
    scene.write("foreign.csv", table.as_bytes());
    scene.run(&["import", "table", "foreign.csv", "--name", "foreign"]).ends(0);
    assert_eq!(scene.text("datasets/foreign/measurements.csv"), "Load,Deflection,Note\n1000.5,0.5,a; b\n");
    scene.write("foreign.csv", "\u{feff}\"Load (lb)\";d\r\n1000,50;+0,5\r\n2e3;NaN\r\n\r\n".as_bytes());
    scene
        .run(&[
            "import",
            "table",
            "foreign.csv",
            "--name",
            "second",
            "--unit",
            "Load (lb)=lbf",
            "--license",
            "CC0-1.0",
        ])
        .ends(0)
        .says("left out: the byte order mark")
        .says("line ends, from CR LF to LF")
        .says("`;` between fields")
        .says("`1000,50` to `1000.5`")
        .says("a word for a missing value");
    assert_eq!(scene.text("datasets/second/measurements.csv"), "Load,d\n1000.5,0.5\n2000,\n");
    let second: serde_json::Value =
        serde_json::from_str(&scene.text("datasets/second/dataset.json")).unwrap();
    assert_eq!(second["format"], "openweigh.dataset/2");
    assert_eq!(second["columns"][0]["unit"], "lbf");
    assert_eq!(second["provenance"]["source"]["reading"]["delimiter"], "semicolon");
    // What is ambiguous is refused, with options that work when they are typed.
    scene.write("two.csv", b"Masse;Rohwert\n500;5\n1.000;10\n");
    let import = ["import", "table", "two.csv", "--name", "two"];
    scene.run(&import).ends(3).says("two.csv:3:1: the numbers can be read in two ways").says("--decimal ,");
    scene.run(&[&import[..], &["--decimal", ","]].concat()).ends(0);
    assert_eq!(scene.text("datasets/two/measurements.csv"), "Masse,Rohwert\n500,5\n1000,10\n");
    scene
        .run(&["import", "table", "two.csv", "--decimal", ".", "--dry-run"])
        .ends(0)
        .says("nothing was written");
    scene.run(&[&import[..], &["--drop", "Nichts"]].concat()).ends(2).says("there are Masse, Rohwert");
    scene.run_with(&["import", "table", "-", "--name", "third"], b"a,b\n1,2\n").ends(0);
    scene
        .run_with(&["import", "table", "-", "--name", "fourth"], b"a,b\n1\n")
        .ends(3)
        .says(":2:1")
        .says("found 1 field, expected 2");
    scene.run_with(&["import", "table", "-", "--name", "fourth"], b"1,2\n3,4\n").ends(3).says("--no-header");
    scene.run_with(&["import", "table", "-", "--name", "fourth"], b"").ends(3).says("found no rows");
    scene.run_with(&["import", "table", "-", "--name", "fourth"], b"a,b\n\xff,1\n").ends(3).says("UTF-8");
}

#[test]
fn rows_that_lack_something_are_not_fitted_and_are_flagged() {
    let scene = Scene::ledger();
    scene.table("gaps", "y,x\n1.1,1\n1.9,2\n,5\n3.2,3\n9,\n3.8,4\n", RECIPE);
    let weights = scene.fit("gaps");
    assert_eq!(weights["normal"]["n"], 4);
    assert_eq!(weights["terms"][1]["coefficient"], "0.94");
    scene.run(&["replay", "--weights", "gaps-1.0.0", "--dataset", "gaps"]).ends(0).says("6 rows, 4 of them");
    let results = scene.text("artifacts/results/gaps-1.0.0.csv");
    let lines: Vec<&str> = results.lines().collect();
    assert_eq!(lines[3], "gaps,2,5,4.85,0.64,,,extrapolated");
    assert_eq!(lines[5], "gaps,4,,,,9,,gap");
}

#[test]
fn undefined_statistics_are_null_with_a_reason() {
    let scene = Scene::ledger();
    let recipe = RECIPE.replace("leave-one-out", "k-fold:2");
    scene.table("exact", "y,x\n1,1\n2,2\n", &recipe);
    let weights = scene.fit("exact");
    assert_eq!(weights["residual_sd"], serde_json::Value::Null);
    assert_eq!(weights["covariance"], serde_json::Value::Null);
    assert_eq!(weights["validation"]["rmse"], serde_json::Value::Null);
    let reasons: Vec<String> = weights["undefined"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| format!("{} {}", entry["quantity"].as_str().unwrap(), entry["reason"].as_str().unwrap()))
        .collect();
    assert_eq!(
        reasons,
        [
            "residual_sd no-degrees-of-freedom",
            "standard_error no-degrees-of-freedom",
            "covariance no-degrees-of-freedom",
            "validation fold-rank-deficient",
        ]
    );
    scene.run(&["replay", "--weights", "exact-1.0.0", "--dataset", "exact"]).ends(0);
    assert_eq!(
        scene.text("artifacts/results/exact-1.0.0.csv").lines().nth(1),
        Some("exact,0,1,1.00,,1,0.00,")
    );
    scene.table("flat", "y,x\n5,1\n5,2\n5,4\n", RECIPE);
    let flat = scene.fit("flat");
    assert_eq!(
        (&flat["r_squared"], &flat["undefined"][0]["reason"]),
        (&serde_json::Value::Null, &"constant-target".into())
    );
    assert_eq!(flat["residual_sd"], "0");
}

#[test]
fn the_published_ledger_holds_and_is_explained() {
    let scene = Scene::published("nist-pontius-1.0.0");
    scene.run(&["verify", "-v"]).ends(0).says("every digit matches").says("checked");
    scene.run(&["explain", "nist-pontius-1.0.0", "b2"]).ends(0).says("the claim holds");
    scene
        .run(&["explain", "nist-pontius-1.0.0", "nist-pontius:3"])
        .ends(0)
        .says("0.438771167293233084946")
        .says("the same");
    scene.run(&["explain", "nist-pontius-1.0.0"]).ends(0).says("residual-sd");
    let wrong = "0".repeat(64);
    scene.run(&["verify", "nist-pontius-1.0.0", "--id", &wrong]).ends(1).says("--id lists");
}

#[test]
fn a_manifest_alone_in_a_folder_must_list_everything_in_it() {
    let scene = Scene::published("nist-noint1-1.0.0");
    std::fs::rename(scene.path().join("manifests/nist-noint1-1.0.0.json"), scene.path().join("noint1.json"))
        .unwrap();
    std::fs::remove_dir_all(scene.path().join("manifests")).unwrap();
    scene.run(&["verify", "noint1.json"]).ends(0);
    scene.write("artifacts/weights/better.json", b"{}");
    scene.run(&["verify", "noint1.json"]).ends(1).says("artifacts/weights/better.json").says("not listed");
}

#[test]
fn weights_refuse_data_in_other_units() {
    let scene = Scene::ledger();
    scene.write("t.csv", TABLE.as_bytes());
    scene.run(&["import", "table", "t.csv", "--name", "grams", "--unit", "y=g", "--unit", "x=count"]).ends(0);
    scene.run(&["import", "table", "t.csv", "--name", "ounces", "--unit", "y=g", "--unit", "x=oz"]).ends(0);
    scene.write(
        "artifacts/recipes/r.toml",
        format!("format = \"openweigh.recipe/1\"\nname = \"r\"\n{RECIPE}").as_bytes(),
    );
    scene.run(&["fit", "--dataset", "grams", "--recipe", "r", "--name", "w", "--version", "1.0.0"]).ends(0);
    scene
        .run(&["replay", "--weights", "w-1.0.0", "--dataset", "ounces"])
        .ends(3)
        .says("`count`")
        .says("`oz`");
    scene
        .run(&["fit", "--dataset", "grams", "ounces", "--recipe", "r", "--name", "v", "--version", "1.0.0"])
        .ends(3)
        .says("is in `oz`, expected `count`");
}

#[test]
fn the_same_rows_never_count_twice() {
    let scene = example();
    scene.run(&["import", "table", "example.csv", "--name", "again"]).ends(0);
    let fit = [
        "fit",
        "--dataset",
        "example",
        "again",
        "--recipe",
        "example",
        "--name",
        "twice",
        "--version",
        "1.0.0",
    ];
    scene.run(&fit).ends(3).says("the data of dataset `again`, or its name, are given twice");
    scene.fit("example");
    let replay = ["replay", "--weights", "example-1.0.0", "--dataset", "example", "again", "-o", "twice.csv"];
    scene.run(&replay).ends(3).says("the data of dataset `again`, or its name, are given twice");
    let words = [
        "fit",
        "--dataset",
        "example",
        "example",
        "--recipe",
        "example",
        "--name",
        "w",
        "--version",
        "1.0.0",
    ];
    scene.run(&words).ends(2).says("given twice");
}

#[test]
fn a_manifest_that_is_gone_is_missed() {
    let scene = Scene::published("nist-noint1-1.0.0");
    let sums = scene.text("manifests/SHA256SUMS");
    let other = format!("{}  zz-1.0.0.json\n", "0".repeat(64));
    scene.write("manifests/SHA256SUMS", format!("{sums}{other}").as_bytes());
    scene.run(&["verify"]).ends(1).says("zz-1.0.0.json").says("it is missing");
    scene.run(&["verify", "nist-noint1-1.0.0"]).ends(0);
}

#[test]
fn a_reader_that_leaves_does_not_change_the_verdict() {
    let scene = Scene::published("nist-noint1-1.0.0");
    std::fs::remove_file(scene.path().join("LICENSES/CC0-1.0.txt")).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_openweigh"));
    command.args(["verify", "-v"]).current_dir(scene.path());
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn links_and_folders_do_not_lead_out_of_the_ledger() {
    let scene = Scene::published("nist-noint1-1.0.0");
    let other = Scene::empty();
    std::os::unix::fs::symlink(scene.path().join("manifests"), other.path().join("manifests")).unwrap();
    other.run(&["verify"]).ends(1).says("the file is missing");
    let outside = Scene::empty();
    outside.write("secret.txt", b"x");
    std::fs::remove_dir_all(scene.path().join("datasets/nist-noint1")).unwrap();
    std::os::unix::fs::symlink(outside.path(), scene.path().join("datasets/nist-noint1")).unwrap();
    let ran = scene.run(&["verify"]).ends(1).says("symbolic link");
    assert!(!ran.all().contains("secret.txt"));
}

#[test]
fn explain_judges_as_verify_does() {
    let scene = Scene::published("nist-noint1-1.0.0");
    let path = "manifests/nist-noint1-1.0.0.json";
    scene.write(path, scene.text(path).replace("2.07438016528926", "2.07438016528927").as_bytes());
    scene
        .run(&["explain", "nist-noint1-1.0.0", "b1"])
        .ends(1)
        .says("the claim does not hold")
        .says("derived 2.07438016528926");
    scene.write(path, scene.text(path).replace("\"unit\": \"1\"", "\"unit\": \"g\"").as_bytes());
    scene.run(&["explain", "nist-noint1-1.0.0", "r-squared", "--json"]).ends(1).says("claimed g, derived 1");
}

#[test]
fn pipes_are_written_to() {
    let scene = example();
    let words = [
        "fit",
        "--dataset",
        "example",
        "--recipe",
        "example",
        "--name",
        "p",
        "--version",
        "1.0.0",
        "-q",
        "-o",
    ];
    scene.run(&[&words[..], &["/dev/null"]].concat()).ends(0);
    scene.run(&[&words[..], &["/dev/stdout"]].concat()).ends(0).says("openweigh.weights/1");
}

#[test]
fn artifacts_are_inspected_by_name() {
    let scene = Scene::published("nist-noint1-1.0.0");
    scene.write("artifacts/results/only-1.0.0.csv", &scene.read("artifacts/results/nist-noint1-1.0.0.csv"));
    let ran = scene.run(&["inspect", "nist-noint1-1.0.0"]).ends(0).says("fitted on nist-noint1");
    let others = ran.says("of the same name: artifacts/results/nist-noint1-1.0.0.csv");
    others.says("of the same name: manifests/nist-noint1-1.0.0.json");
    scene.run(&["inspect", "only-1.0.0"]).ends(0).says("results: ");
    scene
        .run(&["inspect", "nist-noint1"])
        .ends(0)
        .says("of the same name: artifacts/recipes/nist-noint1.toml");
    let by_path =
        scene.run(&["inspect", "artifacts/recipes/nist-noint1.toml"]).ends(0).says("recipe nist-noint1");
    assert!(!by_path.all().contains("of the same name"));
    scene
        .run(&["inspect", "nist-noint2-1.0.0"])
        .ends(3)
        .says("no weights \"nist-noint2-1.0.0\"")
        .says("did you mean \"nist-noint1-1.0.0\"?");
    scene.run(&["inspect", "thermometer"]).ends(3).says("there are weights nist-noint1-1.0.0");
    scene.run(&["inspect", "../manifests/nist-noint1-1.0.0"]).ends(3);
}

#[test]
fn every_command_has_its_page() {
    let scene = Scene::empty();
    scene.run(&["man"]).ends(0).says(".TH openweigh 1");
    scene.run(&["man", "fit"]).ends(0).says("openweigh\\-fit").says("\\-\\-dataset <D>...");
    let table = scene.run(&["man", "import", "table"]).ends(0).says("Import a table: CSV, JSON lines");
    assert_eq!(scene.run(&["man", "import-table"]).ends(0).stdout, table.stdout);
    scene.run(&["man", "import", "recording"]).ends(0).says("\\-\\-pressure\\-unit");
    scene.run(&["man", "import", "nothing"]).ends(2).says("no command `import nothing`");
}

#[test]
fn a_quiet_failure_names_its_manifest() {
    let scene = Scene::published("nist-noint1-1.0.0");
    scene.run(&["verify", "-q"]).ends(0);
    assert_eq!(scene.run(&["verify", "-q"]).all(), "");
    std::fs::remove_file(scene.path().join("LICENSES/CC0-1.0.txt")).unwrap();
    let quiet = scene.run(&["verify", "-q"]).ends(1);
    assert!(quiet.stdout.starts_with("nist-noint1 1.0.0: "), "{}", quiet.stdout);
    assert_eq!(quiet.stdout.matches("nist-noint1 1.0.0: ").count(), 1);
    let usual = scene.run(&["verify"]).ends(1);
    assert_eq!(usual.stdout.matches("nist-noint1 1.0.0: ").count(), 1);
}

#[test]
fn artifacts_in_no_manifest_are_noted() {
    let scene = Scene::published("nist-noint1-1.0.0");
    let noted = |words: &[&str]| {
        let ran = scene.run(words).ends(0);
        ran.all().lines().find(|line| line.starts_with("note: ")).map(str::to_owned)
    };
    let unlisted = || {
        let found: serde_json::Value =
            serde_json::from_str(&scene.run(&["verify", "--json"]).ends(0).stdout).unwrap();
        found["unlisted"].clone()
    };
    // Claims are in the manifest itself, and their file in none.
    scene.write("artifacts/claims/nist-noint1.toml", b"");
    assert_eq!((noted(&["verify"]), unlisted()), (None, serde_json::json!([])));
    scene.write("artifacts/results/b.csv", b"");
    scene.write("artifacts/weights/a.json", b"");
    let expected = "note: 2 files are in no manifest: artifacts/results/b.csv, artifacts/weights/a.json";
    assert_eq!(noted(&["verify"]).as_deref(), Some(expected));
    assert_eq!(unlisted(), serde_json::json!(["artifacts/results/b.csv", "artifacts/weights/a.json"]));
    assert_eq!(noted(&["verify", "nist-noint1-1.0.0"]), None, "a manifest that is named is looked at alone");
    for number in 0..5 {
        scene.write(&format!("artifacts/weights/c{number}.json"), b"");
    }
    let many = noted(&["verify"]).unwrap();
    assert!(many.starts_with("note: 7 files are in no manifest: ") && many.ends_with("c2.json, …"), "{many}");
}

#[test]
fn explaining_what_was_tampered_with_fails() {
    let scene = Scene::published("nist-noint1-1.0.0");
    let data = "datasets/nist-noint1/measurements.csv";
    let whole = scene.text(data);
    scene.run(&["explain", "nist-noint1-1.0.0", "b1"]).ends(0);
    scene.write(data, whole.replacen("130,60", "130,61", 1).as_bytes());
    for subject in [&["explain", "nist-noint1-1.0.0"][..], &["explain", "nist-noint1-1.0.0", "b1"]] {
        scene.run(subject).ends(1).says("FAILED");
    }
    scene.run(&["explain", "nist-noint1-1.0.0", "nist-noint1:0"]).ends(1).says("FAILED");
    scene.write(data, whole.as_bytes());
    let weights = "artifacts/weights/nist-noint1-1.0.0.json";
    scene.write(weights, scene.text(weights).replacen("\"2.07", "\"2.08", 1).as_bytes());
    scene.run(&["explain", "nist-noint1-1.0.0", "b1"]).ends(1).says("FAILED");
}

/// The keys of version 2 of `verify --json`: those of version 1, and where a value comes from.
#[test]
fn findings_are_data_for_machines() {
    let scene = Scene::published("nist-noint1-1.0.0");
    let document = |scene: &Scene, code: i32| -> serde_json::Value {
        serde_json::from_str(&scene.run(&["verify", "--json"]).ends(code).stdout).unwrap()
    };
    let good = document(&scene, 0);
    assert_eq!(good["format"], "openweigh.verify/2");
    assert_eq!(good["manifests"][0]["done"]["derivations"], 2);
    assert_eq!(good["manifests"][0]["done"]["data_alone"], false);
    assert!(good["sentence"].as_str().unwrap().starts_with("Checked. All 2 derivations and "));
    let finding = |document: &serde_json::Value, stage: &str| {
        let items = document["manifests"][0]["items"].as_array().unwrap().clone();
        items.into_iter().find(|item| item["stage"] == stage && item["verdict"] == "failed").unwrap()["finding"].clone()
    };
    let data = "datasets/nist-noint1/measurements.csv";
    let whole = scene.text(data);
    scene.write(data, whole.replacen("130,60", "130,61", 1).as_bytes());
    let changed = finding(&document(&scene, 1), "bytes");
    assert_eq!((&changed["code"], &changed["derived"]), (&"other-bytes".into(), &serde_json::Value::Null));
    assert_eq!((&changed["cause_code"], &changed["certainty"]), (&"byte-replaced".into(), &"proved".into()));
    assert!(changed["found"].is_string() && changed["published"].is_string());
    scene.write(data, whole.as_bytes());
    let manifest = "manifests/nist-noint1-1.0.0.json";
    scene.write(
        manifest,
        scene.text(manifest).replacen("\"value\": \"2.07", "\"value\": \"2.08", 1).as_bytes(),
    );
    let claimed = finding(&document(&scene, 1), "claims");
    assert_eq!(
        (&claimed["code"], &claimed["derived"]),
        (&"claimed-value".into(), &"2.07438016528926".into())
    );
    // Words of an author that sound like ours choose no label.
    let sounding = scene
        .text(manifest)
        .replace("Certified coefficient B1", "withdrawn, not the one that SHA-256 says, nothing else");
    scene.write(manifest, sounding.as_bytes());
    scene.run(&["verify"]).ends(1).says("      derived      2.07438016528926");
}

/// The program as it is built without options. `scripts/check-stores` has one with the network.
#[cfg(not(feature = "network"))]
#[test]
fn a_build_without_the_network_says_how_to_get_one_that_has_it() {
    let scene = Scene::empty();
    let manifest = b"{\"name\":\"stand-in\",\"version\":\"1.0.0\",\"title\":\"A stand-in\"}\n";
    scene.write("release/manifest.json", manifest);
    let sums = format!("{}  manifest.json\n", openweigh_formats::Digest::of(manifest));
    scene.write("release/SHA256SUMS", sums.as_bytes());
    for store in
        ["oci://localhost:1/lab/scale:1.0.0", "s3://bucket/prefix:1.0.0", "https://localhost:1/store"]
    {
        for words in [["pull", store, "here"], ["push", "release", store]] {
            let ran = scene.run(&words).ends(2);
            assert!(ran.stderr.contains("this build"), "{}", ran.stderr);
            assert!(
                ran.stderr.contains("cargo install --path crates/cli --features network"),
                "{}",
                ran.stderr
            );
        }
    }
    assert!(!scene.path().join("here").exists());
}

#[test]
fn explain_says_which_rows_and_how_the_uncertainty_was_rounded() {
    let scene = Scene::published("nist-pontius-1.0.0");
    let rows = "datasets/nist-pontius/measurements.csv, lines 2 to 41";
    scene.run(&["explain", "nist-pontius-1.0.0", "b2"]).ends(0).says(rows);
    scene
        .run(&["explain", "artifacts/results/nist-pontius-1.0.0.csv"])
        .ends(0)
        .says("half to even")
        .says("nist-pontius:0");
    // The only manifest need not be named.
    scene.run(&["explain"]).ends(0).says("residual-sd");
    let scene = Scene::published("simulated-magic-trackpad-1.0.0");
    let name = "simulated-magic-trackpad-1.0.0";
    let whole = scene.run(&["explain", name, "simulated-magic-trackpad:s01/up-100"]).ends(0);
    // As `replay` prints it.
    let ran = scene.run(&["explain", name, "s01/up-100"]).ends(0);
    assert_eq!(ran.stdout, whole.stdout);
    let touches = "of datasets/simulated-magic-trackpad/sessions/s01/touches.csv";
    let ran = ran.says(touches).says("weighings.csv, line").says("its tare");
    ran.says(
        "0.99, the expanded uncertainty: the root of k²·(s² + xᵀCx) with k = 2, to 2 decimals, half to even",
    );
    scene.run(&["explain", name, "slope"]).ends(0).says("sessions: s01 (10 weighings of known mass), s02");
    scene
        .run(&["explain", name, "s09/nothing"])
        .ends(2)
        .says("no results of this manifest are of a weighing");
}

#[test]
fn inside_a_release_its_numbers_are_explained_without_its_name() {
    let scene = Scene::published("nist-pontius-1.0.0");
    let said = "artifacts/publications/nist-pontius.toml";
    scene.write(said, &std::fs::read(scene::repository().join(said)).unwrap());
    scene.run(&["publish", "nist-pontius-1.0.0", "-o", "release"]).ends(0);
    scene.run(&["-C", "release", "explain"]).ends(0).says("residual-sd");
    scene.run(&["-C", "release", "explain", "b2"]).ends(0).says("the claim holds");
    scene.run(&["-C", "release", "explain", "nothing"]).ends(2).says("is no claim, coefficient or row");
}
