//! Reports of calibrations: the published ones are written again byte for byte, and what a file says is never markup.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod scene;

use scene::{Scene, repository};

#[test]
fn the_published_reports_are_written_again() {
    for name in ["nist-pontius", "magic-trackpad-affine"] {
        let manifest = if name == "nist-pontius" { name } else { "simulated-magic-trackpad" };
        let scene = Scene::published(&format!("{manifest}-1.0.0"));
        let published = format!("artifacts/reports/{name}-1.0.0.html");
        scene.run(&["report", &format!("{name}-1.0.0"), "--threads", "3"]).ends(0).says("artifacts/reports");
        let pages = repository().join("docs/reports");
        let expected = std::fs::read(pages.join(format!("{name}-1.0.0.html"))).unwrap();
        assert!(
            scene.read(&published) == expected,
            "docs/reports has another one: openweigh report {name}-1.0.0 -o docs/reports/{name}-1.0.0.html --force"
        );
        scene.run(&["report", &format!("{name}-1.0.0"), "--threads", "1"]).ends(0).says("unchanged");
    }
}

#[test]
fn the_figures_of_nist_stand_in_its_report() {
    let page = std::fs::read_to_string(repository().join("docs/reports/nist-pontius-1.0.0.html")).unwrap();
    assert!(page.contains("F = 0.81072 on 17 and 20 degrees of freedom, p = 0.6662"));
    assert!(page.contains("0.000205177"), "residual standard deviation 2.05177424076185E-04");
    assert!(!page.contains("<script") && !page.contains("src=") && !page.contains("href="));
}

#[test]
fn every_section_is_there_and_says_what_is_missing() {
    let scene = Scene::published("simulated-magic-trackpad-1.0.0");
    let page = scene.run(&["report", "magic-trackpad-affine-1.0.0", "-o", "-"]).ends(0).stdout;
    for heading in [
        "Item and owner",
        "Traceability",
        "Conditions",
        "Method",
        "Results by load",
        "Figures",
        "Coefficients",
        "Uncertainty budget",
        "Residuals",
        "Uncertainty and held-out errors",
        "Validation by session",
        "Calibrated range",
        "What is not covered",
        "Derive it again",
    ] {
        assert!(page.contains(&format!("<h2>{heading}</h2>")), "{heading}");
    }
    for missing in
        ["Date and place: the data have none.", "Residuals by place: the weights do not read x and y."]
    {
        assert!(page.contains(missing), "{missing}");
    }
    assert!(page.contains("Simulated data: no instrument was calibrated."));
    // Declared coefficients have no standard errors and no validation, and the page says so.
    let page = scene.run(&["report", "trackweight-identity-1.0.0", "-o", "-"]).ends(0).stdout;
    assert!(
        page.contains("u is undefined: ") && page.contains("Held-out errors: the recipe has no validation.")
    );
}

#[test]
fn what_files_say_is_never_markup() {
    let scene = Scene::ledger();
    scene.write("a.csv", b"mass,reading\n0,1\n10,11.2\n20,20.9\n30,31.1\n");
    let hostile = "<script>alert(1)</script> & \"quoted\" <b>";
    scene
        .run(&[
            "import",
            "table",
            "a.csv",
            "--name",
            "a",
            "--unit",
            "mass=g",
            "--unit",
            "reading=mV",
            "--title",
            hostile,
            "--origin",
            "</p><img onerror=x>",
            "--author",
            "</dd><svg onload=y>",
            "--license",
            "CC0-1.0",
        ])
        .ends(0);
    scene
        .run(&[
            "fit",
            "--dataset",
            "a",
            "--preset",
            "affine",
            "--target",
            "mass",
            "--name",
            "a",
            "--title",
            hostile,
        ])
        .ends(0);
    let page = scene.run(&["report", "a-1.0.0", "-o", "-"]).ends(0).stdout;
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;quoted&quot; &lt;b&gt;"));
    assert!(page.contains("&lt;/p&gt;&lt;img onerror=x&gt;"));
    let elements = ["<script", "<img", "<svg onload", "<b>"];
    assert!(elements.iter().all(|element| !page.contains(element)));
}

#[test]
fn data_that_were_changed_since_are_refused_and_a_manifest_is_understood() {
    let scene = Scene::published("nist-pontius-1.0.0");
    scene.run(&["report", "nist-pontius-1.0.0", "-o", "a.html"]).ends(0);
    scene.run(&["report", "manifests/nist-pontius-1.0.0.json", "-o", "b.html"]).ends(0);
    assert!(scene.read("a.html") == scene.read("b.html"));
    let described = scene
        .text("datasets/nist-pontius/dataset.json")
        .replace("\"version\": \"1.0.0\"", "\"version\": \"1.0.1\"");
    scene.write("datasets/nist-pontius/dataset.json", described.as_bytes());
    scene.run(&["report", "nist-pontius-1.0.0", "-o", "c.html"]).ends(3).says("other bytes of dataset.json");
    let pad = Scene::published("simulated-magic-trackpad-1.0.0");
    pad.run(&["report", "simulated-magic-trackpad-1.0.0", "-o", "a.html"]).ends(2).says("2 weights");
    pad.run(&["report", "simulated-magic-trackpad-1.0.0"])
        .ends(0)
        .says("artifacts/reports/trackweight-identity-1.0.0.html");
}

/// NIST's load cell (e-Handbook, 4.6.1): F of the line is 214.75, that of the parabola 0.8107 with p 0.6662.
#[test]
fn figures_of_the_load_cell_are_those_of_nist() {
    let scene = Scene::published("nist-pontius-1.0.0");
    let figures = |words: &[&str]| -> serde_json::Value {
        let ran = scene.run(&[&["characterise", "nist-pontius", "--json"], words].concat()).ends(0);
        serde_json::from_str(&ran.stdout).unwrap()
    };
    let of = |document: &serde_json::Value, quantity: &str| {
        let figures = document["figures"].as_array().unwrap();
        figures.iter().find(|figure| figure["quantity"] == quantity).unwrap().clone()
    };
    let found = figures(&[]);
    let lack = of(&found, "lack-of-fit");
    assert_eq!(lack["values"][0]["value"], "0.8107");
    assert_eq!(lack["values"][1]["value"], "0.6662");
    assert_eq!(lack["values"][0]["dof"], serde_json::json!([17, 20]));
    for (quantity, reason) in [
        ("reproducibility", "one-session"),
        ("hysteresis", "no-directions"),
        ("zero-return", "no-zero"),
        ("creep", "no-holds"),
        ("eccentricity", "no-positions"),
        ("drift", "one-session"),
        ("resolution", "no-step"),
    ] {
        assert_eq!(of(&found, quantity)["undefined"], reason, "{quantity}");
    }
    let words = ["--terms", "1,load", "--target", "deflection", "--name", "line"];
    scene.run(&[&["fit", "--dataset", "nist-pontius"], words.as_slice()].concat()).ends(0);
    scene.run(&["characterise", "nist-pontius"]).ends(2).says("--weights line-1.0.0");
    let line = of(&figures(&["--weights", "line-1.0.0"]), "lack-of-fit");
    assert!(line["values"][0]["value"].as_str().unwrap().starts_with("214.7"), "{line}");
    assert_eq!(line["values"][1]["value"], "0.0000");
}

#[test]
fn figures_of_a_pad_say_what_its_weighings_say() {
    let scene = Scene::published("simulated-magic-trackpad-1.0.0");
    let words = ["characterise", "simulated-magic-trackpad", "--weights", "magic-trackpad-affine-1.0.0"];
    let said = scene.run(&words).ends(0).all();
    for part in
        ["repeatability", "0.4260", "resolution", "4.1202", "zero return: undefined: no session reads zero"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    scene
        .run(&["characterise", "simulated-magic-trackpad"])
        .ends(2)
        .says("--weights trackweight-identity-1.0.0");
}
