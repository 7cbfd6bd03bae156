//! README.md, REPRODUCE.md and the tutorial are true: their commands are run, in order, and print what they show.
//!
//! A `console` block holds commands after `$ `, continued after `> `, and their output. Standard
//! error belongs to the output. With `OPENWEIGH_WRITE_DOCUMENTS` set, the outputs are rewritten.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod bench;
mod scene;

use bench::simulator;
use scene::{Scene, repository};
use std::process::Command;

/// A command with the output that the page shows.
struct Step {
    command: String,
    shown: String,
}

fn execute(scene: &Scene, steps: &[Step]) -> Vec<String> {
    // One shell for the page, so that `cd` holds; a marker line ends each output.
    let marker = "=== end of step ===";
    let mut script = String::from("exec 2>&1\n");
    for step in steps {
        script.push_str(&format!("{}\nprintf '%s\\n' '{marker}'\n", step.command));
    }
    scene.write(".script", script.as_bytes());
    let bin = std::path::Path::new(env!("CARGO_BIN_EXE_openweigh")).parent().unwrap();
    #[expect(clippy::disallowed_methods, reason = "the shell needs to find its programs")]
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let output =
        Command::new("bash").arg(".script").current_dir(scene.path()).env("PATH", path).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut outputs: Vec<String> = text.split(&format!("{marker}\n")).map(settled).collect();
    assert_eq!(outputs.pop().as_deref(), Some(""), "{text}");
    assert_eq!(outputs.len(), steps.len(), "{text}");
    outputs
}

/// An output without what is made anew each time: keys, and what is named after them.
fn settled(output: &str) -> String {
    // The public half of an Ed25519 key begins so, and is 68 characters long.
    const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAI";
    let pieces: Vec<&str> = output.split(KEY).collect();
    let shortened = pieces.iter().enumerate().map(|(at, piece)| match at {
        0 => (*piece).to_owned(),
        _ => format!("{KEY}…{}", &piece[68 - KEY.len()..]),
    });
    let settled: String = shortened.collect();
    let mut rest = settled.as_str();
    let mut whole = String::new();
    while let Some((before, after)) = rest.split_once("SHA256:") {
        let key = after.len()
            - after.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "+/".contains(c)).len();
        whole.push_str(before);
        whole.push_str(if key == 43 { "SHA256:…" } else { "SHA256:" });
        rest = &after[if key == 43 { 43 } else { 0 }..];
    }
    whole + rest
}

/// The steps of a page's blocks, and the page with a gap for each block.
fn read(page: &str) -> (Vec<Vec<Step>>, Vec<String>) {
    let (mut blocks, mut around) = (Vec::new(), Vec::new());
    let mut rest = page;
    while let Some((before, after)) = rest.split_once("```console\n") {
        let (block, after) = after.split_once("```\n").unwrap();
        let mut steps: Vec<Step> = Vec::new();
        for line in block.lines() {
            if let Some(command) = line.strip_prefix("$ ") {
                steps.push(Step { command: command.to_owned(), shown: String::new() });
            } else if let Some(more) = line.strip_prefix("> ").or((line == ">").then_some("")) {
                let step = steps.last_mut().unwrap();
                step.command.push_str(&format!("\n{more}"));
            } else {
                steps.last_mut().unwrap().shown.push_str(&format!("{line}\n"));
            }
        }
        blocks.push(steps);
        around.push(before.to_owned());
        rest = after;
    }
    around.push(rest.to_owned());
    (blocks, around)
}

fn check(name: &str) {
    let page_path = repository().join(name);
    let page = std::fs::read_to_string(&page_path).unwrap();
    let (blocks, around) = read(&page);
    let scene = Scene::empty();
    for folder in ["datasets", "artifacts", "manifests", "LICENSES", "scripts", "scenarios", "protocols"] {
        let copied =
            Command::new("cp").arg("-r").arg(repository().join(folder)).arg(scene.path()).status().unwrap();
        assert!(copied.success());
    }
    // What the page has built, cargo has built for this test; it lies elsewhere.
    std::fs::create_dir_all(scene.path().join("target/release")).unwrap();
    let library = simulator();
    std::os::unix::fs::symlink(&library, scene.path().join("target/release/libopenweigh_simulator.so"))
        .unwrap();
    let steps: Vec<Step> = (blocks.iter().flatten())
        .map(|step| {
            let built = ("cargo build --release -p openweigh-simulator", ":");
            let run = step.command.replace("cargo run --release -- ", "openweigh ");
            Step { command: run.replace(built.0, built.1), shown: step.shown.clone() }
        })
        .collect();
    let outputs = execute(&scene, &steps);
    #[expect(clippy::disallowed_methods, reason = "how a person asks the test to rewrite the pages")]
    if std::env::var_os("OPENWEIGH_WRITE_DOCUMENTS").is_some() {
        let mut outputs = outputs.iter();
        let mut written = String::new();
        for (before, block) in around.iter().zip(&blocks) {
            written.push_str(&format!("{before}```console\n"));
            for step in block {
                let lines: Vec<String> = step
                    .command
                    .lines()
                    .enumerate()
                    .map(|(at, line)| {
                        format!("{} {line}", if at == 0 { "$" } else { ">" }).trim_end().to_owned()
                    })
                    .collect();
                written.push_str(&format!("{}\n{}", lines.join("\n"), outputs.next().unwrap()));
            }
            written.push_str("```\n");
        }
        written.push_str(around.last().unwrap());
        std::fs::write(&page_path, written).unwrap();
        return;
    }
    for (step, output) in steps.iter().zip(&outputs) {
        assert_eq!(*output, step.shown, "{name}: {}", step.command);
    }
}

/// A page for newcomers: whatever is typed was proposed before, by a message or by help, or is a name of their own.
#[test]
fn newcomers_type_what_they_are_told() {
    const PAGE: &str = "docs/tutorial/load-cell.md";
    const OWN: [&str; 5] = ["scale", "kitchen", "kitchn", "../export.csv", "new"];
    check(PAGE);
    let scene = Scene::empty();
    let page = std::fs::read_to_string(repository().join(PAGE)).unwrap();
    let mut said = scene.run(&["--help"]).ends(0).stdout;
    for step in read(&page).0.iter().flatten() {
        if let Some(words) = step.command.strip_prefix("openweigh ") {
            let command: Vec<&str> = words.split(' ').take_while(|word| !word.starts_with('-')).collect();
            let named = command.iter().take(if matches!(command[0], "import" | "claims") { 2 } else { 1 });
            let help: Vec<&str> = named.copied().chain(["--help"]).collect();
            said.push_str(&scene.run(&help).ends(0).stdout);
            for word in words.split(' ').filter(|word| !OWN.contains(word)) {
                assert!(said.contains(word), "nobody said `{word}` before: {}", step.command);
            }
        }
        said.push_str(&step.shown);
    }
}

/// The pages use Python for their second opinions; without it only the rest of the tests run.
fn has_python() -> bool {
    Command::new("python3")
        .args(["-c", "import tomllib"])
        .output()
        .is_ok_and(|output| output.status.success())
}

#[test]
fn readme_is_true() {
    check("README.md");
    // Rewritten outputs are taken as they come; the front page shows ways that lead on.
    let page = std::fs::read_to_string(repository().join("README.md")).unwrap();
    assert!(!page.contains("\nerror: "), "README.md shows an error");
    assert!(page.lines().count() <= 150, "README.md is at most 150 lines long");
}

#[test]
fn verify_somebodys_results_is_true() {
    check("docs/tutorial/verify.md");
}

#[test]
fn calibrate_a_trackpad_is_true() {
    check("docs/tutorial/pad.md");
}

#[test]
fn publish_a_release_is_true() {
    check("docs/tutorial/release.md");
}

/// Markdown files of a folder and of the folders in it, by their paths in the repository.
fn pages(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(repository().join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            found.extend(pages(&path));
        } else if path.ends_with(".md") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A page with commands and their output that no test above runs would go stale unseen.
#[test]
fn no_page_shows_output_that_nothing_runs() {
    let source = std::fs::read_to_string(repository().join("crates/cli/tests/documents.rs")).unwrap();
    for page in pages("docs") {
        let text = std::fs::read_to_string(repository().join(&page)).unwrap();
        assert!(!text.contains("```console\n") || source.contains(&format!("\"{page}\"")), "{page}");
    }
}

/// The book has every page of `docs`, in an order to read them in, and nothing else.
#[test]
fn the_book_has_every_page() {
    let summary = std::fs::read_to_string(repository().join("docs/SUMMARY.md")).unwrap();
    let mut listed: Vec<String> = (summary.split("](").skip(1))
        .map(|rest| format!("docs/{}", rest.split_once(')').unwrap().0))
        .collect();
    listed.sort();
    let mut there = pages("docs");
    there.retain(|page| page != "docs/SUMMARY.md");
    assert_eq!(listed, there);
}

/// A link within the repository leads to a file that is there, and, with `#`, to one of its headings.
#[test]
fn links_lead_somewhere() {
    let mut checked = 0;
    let roots = ["README.md", "REPRODUCE.md", "CONTRIBUTING.md", "SECURITY.md", "crates/README.md"];
    for page in pages("docs").into_iter().chain(roots.map(str::to_owned)) {
        let text = std::fs::read_to_string(repository().join(&page)).unwrap();
        let here = repository().join(&page).parent().unwrap().to_owned();
        for rest in text.split("](").skip(1) {
            let target = rest.split_once(')').unwrap().0;
            if target.contains("://") || target.contains(' ') {
                continue;
            }
            let (file, heading) = target.split_once('#').map_or((target, None), |(f, h)| (f, Some(h)));
            let led = if file.is_empty() { repository().join(&page) } else { here.join(file) };
            assert!(led.exists(), "{page} leads to {target}, which is not there");
            if let Some(heading) = heading {
                let text = std::fs::read_to_string(led).unwrap();
                assert!(headings(&text).iter().any(|h| h == heading), "{page}: no heading for {target}");
            }
            checked += 1;
        }
    }
    assert!(checked > 100, "{checked} links were checked");
}

/// The headings of a page as a link names them: lower case, hyphens for spaces, no punctuation.
fn headings(text: &str) -> Vec<String> {
    let titles = text.lines().filter(|line| line.starts_with('#'));
    titles
        .map(|line| {
            (line.trim_start_matches('#').trim().to_lowercase().chars())
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
                .map(|c| if c == ' ' { '-' } else { c })
                .collect()
        })
        .collect()
}

#[test]
fn reproduce_is_true() {
    if has_python() {
        check("REPRODUCE.md");
    } else {
        #[expect(clippy::print_stdout, reason = "a skipped test says so")]
        {
            println!("skipped: REPRODUCE.md needs Python 3.11");
        }
    }
}
