//! Recordings that were cut at every place, and what is made of them.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod scene;

use openweigh_capture::{CaptureError, Loss, Place, Recorder, recover};
use openweigh_formats::events::Kind;
use openweigh_formats::weighings::{Id, Role, Weighing};
use openweigh_ledger::DraftError;
use scene::{frame, info, order, read, touch};
use std::path::{Path, PathBuf};

const FRAMES: u64 = 7;

fn weighing(id: &str, first: u64, last: u64, tare: Option<&str>) -> Weighing {
    Weighing {
        id: id.parse().unwrap(),
        role: if tare.is_some() { Role::Unknown } else { Role::Tare },
        label: String::new().try_into().unwrap(),
        first_frame: first,
        last_frame: last,
        tare: tare.map(|tare| tare.parse().unwrap()),
        reference_g: None,
        reference_u_g: None,
        details: None,
    }
}

/// A dataset with one whole session, and the folder of a second one that was not finished.
fn cut(root: &Path) -> (Place, PathBuf) {
    let mut recorder = Recorder::create(order(root, "pad"), &info()).unwrap();
    recorder.frame(&frame(0, vec![])).unwrap();
    recorder.finish().unwrap();
    let mut recorder = Recorder::create(order(root, "pad"), &info()).unwrap();
    for at in 0..FRAMES {
        let touches = (0..at % 3).map(|path| touch(i64::try_from(path).unwrap(), 12.0)).collect();
        recorder.frame(&frame(at, touches)).unwrap();
        match at {
            2 => recorder.weighing(&weighing("t1", 0, 2, None)).unwrap(),
            4 => recorder.dropped(2, "2 frames 2 touches").unwrap(),
            6 => recorder.weighing(&weighing("x", 3, 6, Some("t1"))).unwrap(),
            _ => {}
        }
    }
    let part = recorder.part().to_path_buf();
    // Rows linger in memory for a moment, as they do in a process that is killed.
    std::thread::sleep(std::time::Duration::from_millis(120));
    recorder.breathe().unwrap();
    drop(recorder);
    (Place::new(root, &"pad".parse().unwrap()), part)
}

fn second() -> Id {
    "s02".parse().unwrap()
}

/// Copies what is on disk, so that each cut starts from the same.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (source, target) = {
            let entry = entry.unwrap();
            (entry.path(), to.join(entry.file_name()))
        };
        if source.is_dir() {
            copy(&source, &target);
        } else {
            std::fs::copy(source, target).unwrap();
        }
    }
}

/// The dataset of `cut`, over and over, with the bytes of one file of the session changed.
fn each(file: &str, change: &dyn Fn(&[u8]) -> Vec<Vec<u8>>, check: &dyn Fn(&Place, &[u8])) {
    let root = scene::folder();
    let (_, part) = cut(root.path());
    let original = std::fs::read(part.join(file)).unwrap();
    let before = std::fs::read(root.path().join("datasets/pad/dataset.json")).unwrap();
    for bytes in change(&original) {
        let again = scene::folder();
        copy(root.path(), again.path());
        std::fs::write(again.path().join("datasets/pad/sessions/s02.part").join(file), &bytes).unwrap();
        let place = Place::new(again.path(), &"pad".parse().unwrap());
        assert_eq!(std::fs::read(place.folder().join("dataset.json")).unwrap(), before);
        check(&place, &bytes);
    }
}

#[test]
fn a_whole_tail_loses_nothing_and_is_recovered_once() {
    let root = scene::folder();
    let (place, part) = cut(root.path());
    assert_eq!(place.unfinished().unwrap(), [second()]);
    let recovery = recover(&place, &second()).unwrap();
    assert_eq!(recovery.losses, []);
    assert!(!part.exists());
    let found = read(place.folder(), "s02");
    assert_eq!((found.frames, found.weighings.len()), (FRAMES, 2));
    assert_eq!(found.session.quality.dropped, 2);
    assert_eq!(found.session.quality.gaps, 2);
    let last = found.events.last().unwrap();
    assert_eq!((last.after_frame, last.kind), (Some(FRAMES - 1), Kind::Gap));
    assert_eq!(found.dataset.version.to_string(), "1.1.0");
    assert!(place.unfinished().unwrap().is_empty());
    read(place.folder(), "s01");
}

#[test]
fn touches_cut_at_every_byte() {
    let cuts = |original: &[u8]| (0..original.len()).map(|at| original[..at].to_vec()).collect();
    each("touches.csv", &cuts, &|place, bytes| {
        let recovery = recover(place, &second()).unwrap();
        let rows = bytes.iter().filter(|byte| **byte == b'\n').count().saturating_sub(1);
        let Some(kept) = recovery.kept else {
            assert_eq!(rows, 0);
            assert!(!place.session(&second()).exists());
            read(place.folder(), "s01");
            return;
        };
        let found = read(place.folder(), "s02");
        assert_eq!(kept.session, found.session);
        assert!(kept.last_device_s.is_some());
        let text = std::fs::read(kept.folder.join("touches.csv")).unwrap();
        assert_eq!(text.iter().filter(|byte| **byte == b'\n').count(), rows + 1);
        assert!(bytes.starts_with(&text));
        assert!(found.weighings.iter().all(|weighing| weighing.last_frame < found.frames));
        let partial = bytes.len() - text.len();
        let tail = recovery.losses.iter().any(|loss| matches!(loss, Loss::Tail { file: "touches.csv", .. }));
        assert_eq!(tail, partial > 0);
        if bytes[text.len()..].starts_with(format!("{},", found.frames - 1).as_bytes()) {
            assert!(recovery.losses.contains(&Loss::Touches { frame: found.frames - 1 }));
        }
    });
}

#[test]
fn rows_behind_a_bad_line_are_kept_aside() {
    for file in ["touches.csv", "events.csv", "weighings.csv"] {
        let broken = |original: &[u8]| {
            let second = original.iter().position(|byte| *byte == b'\n').unwrap() + 1;
            let mut third = original.to_vec();
            let end = second + original[second..].iter().position(|byte| *byte == b'\n').unwrap() + 1;
            third.splice(end..end, *b"not a row\nnor this\n");
            third.extend_from_slice(&original[end..]);
            vec![third]
        };
        each(file, &broken, &|place, bytes| {
            let recovery = recover(place, &second()).unwrap();
            let aside = recovery.losses.iter().find_map(|loss| match loss {
                Loss::Tail { file: found, bytes, aside, .. } if *found == file => {
                    Some((*bytes, aside.clone().unwrap()))
                }
                _ => None,
            });
            let (lost, aside) = aside.unwrap();
            let kept = std::fs::read(&aside).unwrap();
            assert_eq!(kept.len() as u64, lost);
            assert!(kept.starts_with(b"not a row\nnor this\n") && bytes.ends_with(&kept));
            assert_eq!(aside.parent(), place.folder().parent(), "beside the dataset, where nobody reads it");
            std::fs::remove_file(aside).unwrap();
        });
    }
}

#[test]
fn tails_of_zeros_and_garbage() {
    let tails: [&[u8]; 6] =
        [&[0; 4096], b"\xff\xfe\n\n\n", b"6,1006", b"9,9,9,9\n9,9,9,9\n", b",,,\n", &[0xaa; 9_000]];
    let with_tails = |original: &[u8]| tails.iter().map(|tail| [original, tail].concat()).collect::<Vec<_>>();
    for file in ["touches.csv", "events.csv", "weighings.csv"] {
        each(file, &with_tails, &|place, _| {
            let recovery = recover(place, &second()).unwrap();
            assert!(matches!(recovery.losses[0], Loss::Tail { .. }), "{:?}", recovery.losses);
            let found = read(place.folder(), "s02");
            assert_eq!((found.frames, found.weighings.len(), found.events.len()), (FRAMES, 2, 2));
        });
    }
}

#[test]
fn events_and_weighings_cut_at_every_byte() {
    let cuts = |original: &[u8]| (0..original.len()).map(|at| original[..at].to_vec()).collect();
    for file in ["events.csv", "weighings.csv"] {
        each(file, &cuts, &|place, bytes| {
            recover(place, &second()).unwrap();
            let found = read(place.folder(), "s02");
            let rows = bytes.iter().filter(|byte| **byte == b'\n').count().saturating_sub(1);
            let kept = if file == "events.csv" { found.events.len() - 1 } else { found.weighings.len() };
            assert_eq!(kept, rows);
            assert_eq!(found.frames, FRAMES);
        });
    }
}

#[test]
fn a_recovery_that_was_cut_itself_is_done_again() {
    let root = scene::folder();
    let (place, part) = cut(root.path());
    let draft = std::fs::read(part.join("dataset.json.part")).unwrap();
    let before = std::fs::read(place.folder().join("dataset.json")).unwrap();
    recover(&place, &second()).unwrap();
    let after = std::fs::read(place.folder().join("dataset.json")).unwrap();
    // Renamed, but not yet described.
    std::fs::write(place.folder().join("dataset.json"), &before).unwrap();
    std::fs::write(place.session(&second()).join("dataset.json.part"), &draft).unwrap();
    std::fs::write(place.folder().join(".draft-x"), b"{").unwrap();
    assert_eq!(place.unfinished().unwrap(), [second()]);
    recover(&place, &second()).unwrap();
    assert_eq!(std::fs::read(place.folder().join("dataset.json")).unwrap(), after);
    // Described, but the draft is still there.
    std::fs::write(place.session(&second()).join("dataset.json.part"), &draft).unwrap();
    recover(&place, &second()).unwrap();
    assert_eq!(std::fs::read(place.folder().join("dataset.json")).unwrap(), after);
    read(place.folder(), "s02");
    assert!(!place.folder().join(".draft-x").exists());
}

#[test]
fn a_running_recording_is_left_alone() {
    let root = scene::folder();
    let mut recorder = Recorder::create(order(root.path(), "pad"), &info()).unwrap();
    recorder.frame(&frame(0, vec![])).unwrap();
    let place = Place::new(root.path(), &"pad".parse().unwrap());
    let id: Id = "s01".parse().unwrap();
    assert!(matches!(recover(&place, &id), Err(CaptureError::Running { .. })));
    recorder.finish().unwrap();
}

#[test]
fn a_large_file_without_a_header_is_not_thrown_away() {
    each("touches.csv", &|_| vec![vec![b'x'; 100_000]], &|place, bytes| {
        assert!(matches!(recover(place, &second()), Err(CaptureError::Malformed { .. })));
        assert_eq!(std::fs::read(place.part(&second()).join("touches.csv")).unwrap(), bytes);
    });
}

/// Steele's and Vigna's `SplitMix64`: every run sees the same bits.
fn bits(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Frames of any bits at all: what a broken driver may give.
fn any_frame(at: u64, seed: &mut u64) -> openweigh_capture::Frame {
    let touches = (0..bits(seed) % 4)
        .map(|_| {
            let mut float = || Some(f32::from_bits(u32::try_from(bits(seed) >> 32).unwrap()));
            let mut touch = touch(0, 0.0);
            for field in [&mut touch.x, &mut touch.y, &mut touch.vx, &mut touch.vy, &mut touch.total] {
                *field = float();
            }
            for field in [&mut touch.pressure, &mut touch.angle, &mut touch.density, &mut touch.x_mm] {
                *field = float();
            }
            touch.path = bits(seed).cast_signed();
            touch.field14 = Some(bits(seed).cast_signed());
            touch.state = openweigh_capture::Phase::of_number(i32::try_from(bits(seed) % 8).unwrap());
            touch
        })
        .collect();
    let mut frame = frame(at, touches);
    // Now and then a time that is none, or that goes back.
    match bits(seed) % 16 {
        0 => frame.device_s = f64::NAN,
        1 => frame.device_s = f64::from_bits(bits(seed)),
        2 => frame.device_s -= 0.5,
        _ => {}
    }
    frame
}

#[test]
fn frames_of_any_bits_are_read_back_and_a_recovery_counts_as_the_recorder_did() {
    let root = scene::folder();
    let mut counted = Vec::new();
    for name in ["whole", "cut"] {
        let mut recorder = Recorder::create(order(root.path(), name), &info()).unwrap();
        let mut seed = 3;
        for at in 0..5000 {
            recorder.frame(&any_frame(at, &mut seed)).unwrap();
        }
        let place = Place::new(root.path(), &name.parse().unwrap());
        if name == "whole" {
            recorder.finish().unwrap();
        } else {
            recorder.weighing(&weighing("t", 0, 4999, None)).unwrap();
            drop(recorder);
            recover(&place, &"s01".parse().unwrap()).unwrap();
        }
        let found = read(place.folder(), "s01");
        let text = std::fs::read(place.folder().join("sessions/s01/touches.csv")).unwrap();
        counted.push((found.session.quality, text));
    }
    assert_eq!(counted[1].0.gaps, 1);
    counted[1].0.gaps = 0;
    assert!(counted[0].0.non_finite > 100 && counted[0].0.clock_steps > 100 && counted[0].0.at_ceiling > 100);
    assert!(counted[0] == counted[1], "{:?} {:?}", counted[0].0, counted[1].0);
}

/// Everything in a folder, by path, links not followed.
fn everything(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(everything(&entry.path()));
        }
        let bytes = if kind.is_file() { std::fs::read(entry.path()).unwrap() } else { Vec::new() };
        found.push((entry.path(), bytes));
    }
    found.sort();
    found
}

/// Recovers session `id` of a folder that was prepared, and insists that it is refused and nothing changes.
fn refused(prepare: &dyn Fn(&Path), id: &str) -> CaptureError {
    let root = scene::folder();
    let (place, _) = cut(root.path());
    prepare(&place.sessions());
    let before = everything(root.path());
    let error = recover(&place, &id.parse().unwrap()).unwrap_err();
    assert_eq!(before, everything(root.path()), "{error}");
    error
}

#[test]
fn what_no_recording_writes_is_not_removed() {
    let own = |sessions: &Path| {
        std::fs::create_dir_all(sessions.join("originals/raw")).unwrap();
        std::fs::write(sessions.join("originals/raw/a.csv"), "mine\n").unwrap();
    };
    assert!(matches!(refused(&own, "originals"), CaptureError::Foreign { .. }));
    let note = |sessions: &Path| {
        std::fs::remove_file(sessions.join("s02.part/touches.csv")).unwrap();
        std::fs::remove_file(sessions.join("s02.part/session.json")).unwrap();
        std::fs::write(sessions.join("s02.part/note.txt"), "mine\n").unwrap();
    };
    assert!(matches!(refused(&note, "s02"), CaptureError::Foreign { .. }));
}

#[test]
fn touches_that_cannot_be_read_are_not_thrown_away() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    let recorded = |sessions: &Path| std::fs::read_to_string(sessions.join("s02.part/touches.csv")).unwrap();
    let write =
        |sessions: &Path, text: &str| std::fs::write(sessions.join("s02.part/touches.csv"), text).unwrap();
    for prepare in [
        &|sessions: &Path| write(sessions, pointer) as (),
        &|sessions: &Path| write(sessions, &recorded(sessions).replace('\n', "\r\n")),
        &|sessions: &Path| write(sessions, &recorded(sessions).replacen("\n0,", "\nx,", 1)),
    ] as [&dyn Fn(&Path); 3]
    {
        assert!(matches!(refused(prepare, "s02"), CaptureError::Malformed { .. }));
    }
}

#[test]
fn links_are_not_followed() {
    use std::os::unix::fs::symlink;
    let part = "s02.part";
    let files = ["touches.csv", "events.csv", "weighings.csv", "session.json", "dataset.json.part"];
    for name in files {
        for hard in [false, true] {
            let to_victim = |sessions: &Path| {
                let (file, victim) = (sessions.join(part).join(name), sessions.join("../../victim"));
                std::fs::rename(&file, &victim).unwrap();
                if hard {
                    std::fs::hard_link(&victim, file).unwrap();
                } else {
                    symlink("../../../../victim", file).unwrap();
                }
            };
            let error = refused(&to_victim, "s02");
            let is_refused = matches!(error, CaptureError::Write(DraftError::NotPlain { .. }));
            assert!(is_refused, "{name} {hard}: {error}");
        }
        let to_pipe = |sessions: &Path| {
            let path = sessions.join(part).join(name);
            std::fs::remove_file(&path).unwrap();
            std::os::unix::net::UnixListener::bind(path).unwrap();
        };
        refused(&to_pipe, "s02");
    }
    // Folders on the way: the session's own, that of all sessions, and the dataset's.
    for above in [part, "", ".."] {
        let root = scene::folder();
        let (place, _) = cut(root.path());
        let (folder, victim) = (place.sessions().join(above), root.path().join("victim"));
        let folder = if above == ".." { place.folder().to_path_buf() } else { folder };
        std::fs::rename(&folder, &victim).unwrap();
        let before = everything(&victim);
        symlink(&victim, folder.to_str().unwrap().trim_end_matches('/')).unwrap();
        assert!(recover(&place, &"s02".parse().unwrap()).is_err(), "{above}");
        assert_eq!(before, everything(&victim), "{above}");
    }
}

#[test]
fn a_recording_of_another_provenance_is_not_admitted() {
    let simulated = |sessions: &Path| {
        let draft = sessions.join("s02.part/dataset.json.part");
        let text = std::fs::read_to_string(&draft).unwrap();
        let (measured, simulated) = ("\"kind\": \"measured\"", "\"kind\": \"simulated\"");
        let other = if text.contains(measured) {
            text.replace(measured, simulated)
        } else {
            text.replace(simulated, measured)
        };
        assert_ne!(text, other);
        std::fs::write(draft, other).unwrap();
    };
    assert!(matches!(refused(&simulated, "s02"), CaptureError::Mixed { .. }));
}
