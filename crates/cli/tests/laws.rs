//! What must not change a byte: threads, the order of rows, the split of the work.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod scene;

use scene::Scene;

const RECIPE: &str = "[model]\ntarget = \"y\"\nterms = [\"1\", \"x\", \"x^2\", \"x*z\", \"hinge(z,500.5)^2\"]\n[fit]\nvalidation = \"k-fold:7\"\n[result]\nunit = \"g\"\ndecimals = 3\n";

/// Simulated rows from a linear congruential generator.
fn rows(count: usize) -> Vec<String> {
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) % 1_000_000
    };
    let number = |value: u64| {
        let text = format!("{}.{:03}", value / 1000, value % 1000);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    (0..count).map(|_| [next(), next(), next()].map(number).join(",")).collect()
}

fn scene(rows: &[String]) -> Scene {
    let scene = Scene::ledger();
    scene.table("law", &format!("y,x,z\n{}\n", rows.join("\n")), RECIPE);
    scene
}

#[test]
fn threads_change_no_byte() {
    // More rows than one block of a sum, so that there is something to share.
    let scene = scene(&rows(20_000));
    let artifacts = |threads: &str| {
        let words = [
            "--threads",
            threads,
            "fit",
            "--dataset",
            "law",
            "--recipe",
            "law",
            "--name",
            "law",
            "--version",
            "1.0.0",
        ];
        scene.run(&words).ends(0);
        scene.run(&["--threads", threads, "replay", "--weights", "law-1.0.0", "--dataset", "law"]).ends(0);
        let paths = ["artifacts/weights/law-1.0.0.json", "artifacts/results/law-1.0.0.csv"];
        let bytes = paths.map(|path| scene.read(path));
        for path in paths {
            std::fs::remove_file(scene.path().join(path)).unwrap();
        }
        bytes
    };
    let one = artifacts("1");
    assert!(one == artifacts("2"));
    assert!(one == artifacts("8"));
    assert!(one == artifacts("3"));
}

#[test]
fn the_order_of_rows_changes_no_coefficient_and_no_statistic() {
    let mut rows = rows(5_000);
    let ordered = scene(&rows).fit("law");
    // A permutation without a fixed pattern: by the digits of each line, last first.
    rows.sort_by_key(|row| row.bytes().rev().collect::<Vec<_>>());
    let shuffled = scene(&rows).fit("law");
    for key in ["terms", "covariance", "residual_sd", "dof", "rss", "r_squared", "range", "normal"] {
        assert_eq!(ordered[key], shuffled[key], "{key}");
    }
    assert_ne!(ordered["validation"], shuffled["validation"], "k-fold validation does depend on the order");
    assert_ne!(ordered["trained_on"], shuffled["trained_on"]);
}

#[test]
fn a_dataset_in_parts_gives_the_same_fit() {
    let rows = rows(3_000);
    let whole = scene(&rows).fit("law");
    let parts = scene(&rows[..1_111]);
    parts.write("rest.csv", format!("y,x,z\n{}\n", rows[1_111..].join("\n")).as_bytes());
    parts.run(&["import", "table", "rest.csv", "--name", "rest"]).ends(0);
    let words = [
        "fit",
        "--dataset",
        "law",
        "rest",
        "--recipe",
        "law",
        "--name",
        "law",
        "--version",
        "1.0.0",
        "-o",
        "-",
    ];
    let ran = parts.run(&words).ends(0);
    let joined: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    for key in ["terms", "covariance", "residual_sd", "rss", "r_squared", "range", "normal", "validation"] {
        assert_eq!(whole[key], joined[key], "{key}");
    }
}
