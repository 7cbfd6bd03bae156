//! Two commands at once on one ledger: nothing torn, nothing lost. `scripts/check-two-at-a-time` tries many more.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod scene;

use openweigh_formats::canonical;
use openweigh_formats::dataset::Dataset;
use openweigh_formats::{Digest, sums::Sums};
use scene::{Ran, Scene};

/// Runs both at the same time.
fn both(scene: &Scene, first: &[&str], second: &[&str]) -> [Ran; 2] {
    std::thread::scope(|scope| {
        let other = scope.spawn(|| scene.run(second));
        [scene.run(first), other.join().unwrap()]
    })
}

fn is_whole(scene: &Scene, name: &str) -> bool {
    let dataset: Dataset = canonical::read(&scene.read(&format!("datasets/{name}/dataset.json"))).unwrap();
    let whole = |path: &str| Digest::of(&scene.read(&format!("datasets/{name}/{path}")));
    dataset.files.iter().all(|file| whole(file.path.as_str()) == file.sha256)
}

#[test]
fn of_two_imports_one_is_whole() {
    let scene = Scene::ledger();
    for number in 0..8 {
        let name = format!("d{number}");
        for (file, last) in [("a.csv", 1), ("b.csv", 2)] {
            let rows: String = (0..500).map(|row| format!("{row},{last}\n")).collect();
            scene.write(file, format!("x,y\n{rows}").as_bytes());
        }
        let force = number % 2 == 1;
        let words = |file| {
            let mut words = vec!["import", "table", file, "--name", name.as_str()];
            words.extend(force.then_some("--force"));
            words
        };
        let run = both(&scene, &words("a.csv"), &words("b.csv"));
        let done = run.iter().filter(|ran| ran.code == 0).count();
        assert!(if force { done == 2 } else { done == 1 }, "{run:?}");
        assert!(is_whole(&scene, &name));
    }
}

#[test]
fn of_two_seals_both_are_listed() {
    let scene = Scene::ledger();
    scene.write("d.csv", b"y,x\n0,1\n10,11\n20,21.5\n");
    scene.run(&["import", "table", "d.csv", "--name", "d", "--license", "CC0-1.0"]).ends(0);
    for number in 0..6 {
        let names = [format!("a{number}"), format!("b{number}")];
        let words =
            |at: usize| ["seal", "--version", "1.0.0", "--dataset", "d", "--name", names[at].as_str()];
        let run = both(&scene, &words(0), &words(1));
        assert!(run.iter().all(|ran| ran.code == 0), "{run:?}");
    }
    let sums = Sums::read(&scene.read("manifests/SHA256SUMS")).unwrap();
    assert_eq!(sums.0.len(), 12);
    for (name, digest) in &sums.0 {
        assert_eq!(Digest::of(&scene.read(&format!("manifests/{name}"))), *digest);
    }
    scene.run(&["verify"]).ends(0);
}

#[test]
fn who_holds_the_lock_is_named() {
    let scene = Scene::ledger();
    let own = scene.path().join(".openweigh");
    std::fs::create_dir_all(&own).unwrap();
    std::fs::write(own.join("lock"), "4242 openweigh import table\n").unwrap();
    let file = std::fs::File::open(own.join("lock")).unwrap();
    file.lock().unwrap();
    scene.write("d.csv", b"y,x\n0,1\n10,11\n");
    scene
        .run(&["import", "table", "d.csv", "--name", "d"])
        .ends(1)
        .says("`openweigh import table` (process 4242) is changing this ledger")
        .says("type the same command again");
    assert!(!scene.path().join("datasets/d/dataset.json").exists());
    drop(file);
    scene.run(&["import", "table", "d.csv", "--name", "d"]).ends(0);
}

#[test]
fn on_a_full_disk_the_old_dataset_stays_whole() {
    let scene = Scene::ledger();
    scene.write("small.csv", b"x,y\n1,2\n");
    scene.run(&["import", "table", "small.csv", "--name", "d"]).ends(0);
    let before = scene.read("datasets/d/dataset.json");
    let rows: String = (0..20_000).map(|row| format!("{row},{row}\n")).collect();
    scene.write("large.csv", format!("x,y\n{rows}").as_bytes());
    let words = format!(
        "trap '' XFSZ; ulimit -f 16; exec '{}' import table large.csv --name d --force",
        env!("CARGO_BIN_EXE_openweigh")
    );
    let ran =
        std::process::Command::new("sh").args(["-c", &words]).current_dir(scene.path()).output().unwrap();
    assert_eq!(ran.status.code(), Some(3), "{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(scene.read("datasets/d/dataset.json"), before);
    assert!(is_whole(&scene, "d"));
    let left = std::fs::read_dir(scene.path().join("datasets/d")).unwrap().count();
    assert_eq!(left, 2, "no draft is left behind");
    scene.run(&["import", "table", "large.csv", "--name", "d", "--force"]).ends(0);
    assert!(is_whole(&scene, "d"));
}
