//! What is said: names are found or told, advice works as it stands, counts agree with their nouns.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod scene;

use scene::{Ran, Scene};

const TABLE: &str = "mass,reading\n0,12.1\n7.5,19.7\n8.5,20.6\n15,27.1\n16,28.3\n22.5,34.6\n";

fn kitchen() -> Scene {
    let scene = Scene::ledger();
    scene.write("kitchen.csv", TABLE.as_bytes());
    let import = ["import", "table", "kitchen.csv", "--name", "kitchen", "--unit", "mass=g"];
    scene.run(&import).ends(0);
    scene
}

fn fitted() -> Scene {
    let scene = kitchen();
    scene.run(&["fit", "--dataset", "kitchen", "--target", "mass", "--preset", "affine"]).ends(0);
    scene.run(&["replay", "--weights", "kitchen-1.0.0", "--dataset", "kitchen"]).ends(0);
    scene.run(&["claims", "new", "--weights", "kitchen-1.0.0"]).ends(0);
    let seal = "seal --name kitchen --version 1.0.0 --weights kitchen-1.0.0 --results kitchen-1.0.0 --claims kitchen";
    scene.run(&seal.split(' ').collect::<Vec<_>>()).ends(0);
    scene
}

/// The first command in backticks of the advice.
fn advice(ran: &Ran) -> Vec<String> {
    let advice = ran.stderr.split_once("what to do: ").unwrap().1;
    let command = advice.split_once("`openweigh ").unwrap().1.split('`').next().unwrap();
    command.split(' ').map(str::to_owned).collect()
}

fn next(ran: &Ran) -> Vec<String> {
    let command = ran.stdout.rsplit_once("next: openweigh ").unwrap().1.lines().next().unwrap();
    command.split(' ').map(str::to_owned).collect()
}

fn run(scene: &Scene, words: &[String]) -> Ran {
    scene.run(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn following_the_next_command_leads_to_a_check() {
    let scene = kitchen();
    let mut ran =
        scene.run(&["fit", "--dataset", "kitchen", "--target", "mass", "--preset", "affine"]).ends(0);
    let mut seen = Vec::new();
    for _ in 0..4 {
        let words = next(&ran);
        seen.push(words[0].clone());
        ran = run(&scene, &words).ends(0);
    }
    assert_eq!(seen, ["replay", "claims", "seal", "verify"]);
    ran.says("every digit matches");
}

#[test]
fn advice_works_as_it_stands() {
    let scene = kitchen();
    let no_model = scene.run(&["fit", "--dataset", "kitchen"]).ends(2);
    let mut words = advice(&no_model);
    let target = run(&scene, &words).ends(3).says("which column is predicted?").says("--target mass");
    words.extend(["--target".to_owned(), "mass".to_owned()]);
    run(&scene, &words).ends(0);
    drop(target);
    let bare = scene.run(&["predict", "--weights", "kitchen-1.0.0"]).ends(2).says("no value for `reading`");
    run(&scene, &advice(&bare)).ends(0).says("±");
    let near = scene.run(&["fit", "--dataset", "kitchn", "--preset", "affine"]).ends(3);
    run(&scene, &advice(&near.says("did you mean \"kitchen\"?"))).ends(0);
    let none = scene.run(&["verify", "kitchen-1.0.0"]).ends(3).says("no manifest \"kitchen-1.0.0\"");
    assert_eq!(advice(&none)[0], "seal");
}

#[test]
fn units_that_differ_are_mended_as_advised() {
    let scene = fitted();
    scene.write("other.csv", TABLE.as_bytes());
    scene.run(&["import", "table", "other.csv", "--name", "other", "--unit", "mass=mg"]).ends(0);
    let refused = scene.run(&["replay", "--weights", "kitchen-1.0.0", "--dataset", "other"]).ends(3);
    let words: Vec<String> = advice(&refused)
        .into_iter()
        .map(|word| if word == "FILE" { "other.csv".into() } else { word })
        .collect();
    run(&scene, &words).ends(0);
    scene.run(&["replay", "--weights", "kitchen-1.0.0", "--dataset", "other-2"]).ends(0);
}

#[test]
fn every_kind_of_name_that_is_missing_is_told() {
    let scene = fitted();
    for (words, says) in [
        ("fit --dataset nothing --preset affine", "no dataset \"nothing\" in datasets; there are: kitchen"),
        ("fit --dataset kitchen --recipe kitchens", "did you mean \"kitchen\"?"),
        ("replay --weights kitchen --dataset kitchen", "did you mean \"kitchen-1.0.0\"?"),
        ("seal --name a --version 1.0.0 --weights kitchen-1.0.0 --results kitchn-1.0.0", "no results"),
        ("seal --name a --version 1.0.0 --weights kitchen-1.0.0 --claims nothing", "no claims \"nothing\""),
        ("explain nothing", "no manifest \"nothing\""),
        ("grade nothing", "no manifest \"nothing\""),
        ("publish nothing -o release", "no manifest \"nothing\""),
        ("record --name a --protocol coin", "did you mean \"coins\"?"),
    ] {
        let ran = scene.run(&words.split(' ').collect::<Vec<_>>()).ends(3);
        assert!(ran.stderr.contains(says), "{words}: {}", ran.stderr);
        assert!(ran.stderr.contains("what to do: "), "{words}: {}", ran.stderr);
    }
}

#[test]
fn a_slip_of_the_hand_finds_its_command() {
    let scene = Scene::empty();
    for (slip, meant) in [("fti", "'fit'"), ("verfiy", "'verify'"), ("replya", "'replay'")] {
        scene.run(&[slip]).ends(2).says(meant);
    }
}

#[test]
fn a_link_to_the_program_puts_no_words_into_its_help() {
    let scene = Scene::empty();
    let link = scene.path().join("openweigh\nChecked.");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_openweigh"), &link).unwrap();
    for words in [&[][..], &["verify", "--help"], &["fti"]] {
        let told = scene::ran(std::process::Command::new(&link).args(words).output().unwrap());
        assert!(!told.all().contains("Checked."), "{}", told.all());
    }
}

#[test]
fn a_ledger_in_which_nothing_was_sealed_says_how_to() {
    Scene::empty().run(&["verify"]).ends(3).says("found no manifest").says("openweigh seal");
}

#[test]
fn coefficients_are_explained_claimed_or_not() {
    let scene = fitted();
    scene.run(&["explain", "kitchen-1.0.0", "b1"]).ends(0).says("93355/93508").says("the claim holds");
    let weights = "artifacts/weights/kitchen-1.0.0.json";
    scene.run(&["explain", weights, "reading"]).ends(0).says("93355/93508").says("follow from the sums");
    scene.run(&["explain", weights, "b9"]).ends(2).says("it has b0 (1), b1 (reading)");
    let text = scene.text(weights).replace("0.99836377636138084", "0.99836377636138085");
    scene.write(weights, text.as_bytes());
    scene.run(&["explain", weights, "b1"]).ends(1).says("do not follow");
}

#[test]
fn what_is_headed_exactly_is_exact() {
    let scene = fitted();
    let told: serde_json::Value =
        serde_json::from_str(&scene.run(&["explain", "kitchen-1.0.0", "--json"]).ends(0).stdout).unwrap();
    let of =
        |id: &str| told["claims"].as_array().unwrap().iter().find(|claim| claim["id"] == id).unwrap().clone();
    assert_eq!(of("b1")["exactly"], "93355/93508");
    assert!(of("residual-sd")["exactly"].as_str().unwrap().starts_with("sqrt("));
    scene.run(&["explain", "kitchen-1.0.0"]).ends(0).says("0.99836377636138084442…");
}

#[test]
fn replay_tells_uncertainty_and_what_is_extrapolated() {
    let scene = fitted();
    scene.write("far.csv", b"mass,reading\n1,13\n,99\n");
    scene.run(&["import", "table", "far.csv", "--name", "far", "--unit", "mass=g"]).ends(0);
    let ran = scene.run(&["replay", "--weights", "kitchen-1.0.0", "--dataset", "far"]).ends(0);
    ran.says("extrapolated: 1 row: outside the range that was fitted").says("± is the expanded uncertainty");
    let far = scene.run(&["predict", "--weights", "kitchen-1.0.0", "reading=99"]).ends(0);
    far.says("extrapolated: reading was fitted from 12.1 to 34.6");
}

#[test]
fn all_keys_that_are_missing_are_told() {
    let scene = kitchen();
    scene.write("artifacts/recipes/bare.toml", b"format = \"openweigh.recipe/1\"\n\n[model]\n\n[result]\n");
    let ran = scene.run(&["fit", "--dataset", "kitchen", "--recipe", "bare"]).ends(3);
    ran.says("missing: `name` (line 1), `target` (line 3), `terms` (line 3), `decimals` (line 5)");
}

#[test]
fn protocols_are_made_and_found_by_name() {
    let scene = Scene::ledger();
    scene.run(&["protocol", "list"]).ends(0).says("masses").says("built in");
    let new = ["protocol", "new", "--name", "mine", "--masses", "10,20.5", "--down"];
    scene.run(&new).ends(0).says("next: openweigh record --name mine --protocol mine");
    assert!(scene.text("protocols/mine.toml").contains("reference_g = \"20.5\""));
    scene.run(&["protocol", "list"]).ends(0).says("protocols/");
}

#[test]
fn counts_agree_with_their_nouns() {
    let scene = Scene::ledger();
    scene.write("one.csv", b"mass,reading\n1,2\n");
    scene.run(&["import", "table", "one.csv", "--name", "one"]).ends(0);
    let ran = scene.run(&["fit", "--dataset", "one", "--target", "mass", "--preset", "proportional"]).ends(0);
    ran.says("1 row,");
    let ran = scene.run(&["replay", "--weights", "one-1.0.0", "--dataset", "one"]).ends(0).says("1 row,");
    assert!(!ran.stdout.contains("1 rows"), "{}", ran.stdout);
}

#[test]
fn completion_offers_what_is_there() {
    let scene = fitted();
    for (words, expected) in [
        (&["fit", "--dataset", "kit"][..], "kitchen"),
        (&["replay", "--weights", ""], "kitchen-1.0.0"),
        (&["fit", "--recipe", ""], "kitchen"),
        (&["record", "--protocol", "mas"], "masses"),
    ] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_openweigh"));
        command.current_dir(scene.path()).env("OPENWEIGH_COMPLETE", "bash");
        command.env("_CLAP_COMPLETE_INDEX", words.len().to_string()).env("_CLAP_IFS", "\n");
        let output = command.arg("--").arg("openweigh").args(words).output().unwrap();
        let offered = String::from_utf8(output.stdout).unwrap();
        assert!(offered.lines().any(|line| line == expected), "{words:?}: {offered}");
    }
    scene.run(&["completions", "bash"]).ends(0).says("OPENWEIGH_COMPLETE");
}
