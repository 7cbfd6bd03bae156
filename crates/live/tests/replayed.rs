//! What the scale shows is what `replay` derives of the recorded frames, to the digit.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

use openweigh_dataset::frame::Collector;
use openweigh_dataset::weighing::{Reducer, quantities};
use openweigh_formats::canonical;
use openweigh_formats::dataset::Dataset;
use openweigh_formats::events::{Event, Kind};
use openweigh_formats::session::Session;
use openweigh_formats::touches::{COLUMNS, TouchReader};
use openweigh_formats::weighings::{Cell, Role};
use openweigh_formats::weights::Weights;
use openweigh_live::{LiveError, NotYet, Rule, Scale, State, Unattended, Weighing};
use openweigh_replay::Predictor;
use openweigh_replay::grams::Place;
use proptest::prelude::*;
use std::fmt::Write;

const AFFINE: &[u8] = include_bytes!("../../../artifacts/weights/magic-trackpad-affine-1.0.0.json");
const IDENTITY: &[u8] = include_bytes!("../../../artifacts/weights/trackweight-identity-1.0.0.json");
const DATASET: &[u8] = include_bytes!("../../../datasets/simulated-magic-trackpad/dataset.json");
const SESSION: &[u8] = include_bytes!("../../../datasets/simulated-magic-trackpad/sessions/s01/session.json");
const TOUCHES: &str = include_str!("../../../datasets/simulated-magic-trackpad/sessions/s01/touches.csv");

fn cell(text: &str) -> Cell {
    Cell::try_from(text.to_owned()).unwrap()
}

/// The rows of each frame.
fn frames(rows: &str) -> Vec<String> {
    let mut frames: Vec<(&str, String)> = Vec::new();
    for line in rows.lines() {
        let number = line.split(',').next().unwrap();
        match frames.last_mut() {
            Some((last, text)) if *last == number => writeln!(text, "{line}").unwrap(),
            _ => frames.push((number, format!("{line}\n"))),
        }
    }
    frames.into_iter().map(|(_, text)| text).collect()
}

/// Weighs whatever rests: a tare first, another after each so many loads.
fn weigh_all(scale: &mut Scale<'_>, rows: &str, events: &[Event], tare_after: usize) -> Vec<Weighing> {
    let (mut made, mut loads) = (Vec::new(), tare_after);
    for (at, frame) in frames(rows).iter().enumerate() {
        scale.feed(frame.as_bytes()).unwrap();
        for event in events.iter().filter(|event| event.after_frame == Some(at as u64)) {
            scale.event(event.kind);
        }
        if scale.state() != State::Steady {
            assert!(scale.weigh(Role::Unknown, cell("")).unwrap().is_err());
            continue;
        }
        let role = if loads >= tare_after { Role::Tare } else { Role::Unknown };
        loads = if role == Role::Tare { 0 } else { loads + 1 };
        made.push(scale.weigh(role, cell("thing")).unwrap().unwrap());
    }
    made
}

/// Grams, expanded uncertainty and flags, as results have them.
fn replayed(weights: &Weights, rows: &str, events: &[Event], made: &[Weighing]) -> Vec<[String; 4]> {
    let weighings: Vec<_> = made.iter().map(|one| one.weighing.clone()).collect();
    let wanted = quantities(&weights.recipe);
    let mut reader = TouchReader::default();
    let mut collector = Collector::new(weights.recipe.reading.as_ref().unwrap(), &wanted);
    let mut reducer = Reducer::new(&weights.recipe, &weighings, events);
    let text = format!("{}\n{rows}", COLUMNS.join(","));
    reader.feed(text.as_bytes(), &mut |row| collector.row(row, &mut |frame| reducer.frame(frame))).unwrap();
    collector.finish(&mut |frame| reducer.frame(frame));
    let chunk = reducer.finish().unwrap();
    let dataset: Dataset = canonical::read(DATASET).unwrap();
    let session: Session = canonical::read(SESSION).unwrap();
    let predictor = Predictor::new(weights).unwrap();
    let place = Place { dataset: &dataset, session: &session.id, weighings: &weighings };
    let (lines, _) = predictor.chunk(place, &chunk);
    let lines = String::from_utf8(lines).unwrap();
    let of_line = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let from_end = |back: usize| cells[cells.len() - back].to_owned();
        [cells[6].to_owned(), from_end(5), from_end(4), from_end(1)]
    };
    lines.lines().map(of_line).collect()
}

fn shown(one: &Weighing) -> [String; 4] {
    let text = |shown: Option<String>| shown.unwrap_or_default();
    let weighed = one.reading.weighed.as_ref();
    let flags: Vec<&str> = weighed.map(|weighed| weighed.flags.words().collect()).unwrap_or_default();
    [
        text(one.reading.values[0].1.as_ref().map(ToString::to_string)),
        text(weighed.and_then(|weighed| Some(weighed.grams.as_ref()?.to_string()))),
        text(weighed.and_then(|weighed| Some(weighed.uncertain.as_ref()?.expanded.to_string()))),
        flags.join("+"),
    ]
}

/// All weighings as the scale showed them, which must be all that is replayed.
fn compare(weights: &Weights, rows: &str, events: &[Event], rule: Rule, tare_after: usize) -> usize {
    let session: Session = canonical::read(SESSION).unwrap();
    let mut scale = Scale::new(Some(weights), &session, rule).unwrap();
    let made = weigh_all(&mut scale, rows, events, tare_after);
    let mut derived = replayed(weights, rows, events, &made);
    for (one, line) in made.iter().zip(&mut derived) {
        if one.weighing.role == Role::Tare {
            // Results give the reading of a tare, and flags of it; there are no grams.
            line[3].clear();
        }
        assert_eq!(shown(one), *line, "{:?}", one.weighing);
    }
    assert_eq!(made.len(), derived.len());
    made.len()
}

#[test]
fn a_published_session_is_shown_as_it_is_replayed() {
    let rows = TOUCHES.split_once('\n').unwrap().1;
    for weights in [AFFINE, IDENTITY] {
        let weights: Weights = canonical::read(weights).unwrap();
        for (hold_s, tare_after) in [(0.5, 3), (1.0, 1), (1.0, 100)] {
            let made = compare(&weights, rows, &[], Rule { hold_s, noise: None }, tare_after);
            assert!(made > 10, "{made} weighings");
        }
    }
}

#[test]
fn a_tare_is_needed_where_the_weights_subtract_one() {
    let weights: Weights = canonical::read(AFFINE).unwrap();
    let session: Session = canonical::read(SESSION).unwrap();
    let mut scale = Scale::new(Some(&weights), &session, Rule::default()).unwrap();
    assert_eq!(scale.weigh(Role::Unknown, cell("")).unwrap().unwrap_err(), NotYet::Empty);
    let mut frames = frames(TOUCHES.split_once('\n').unwrap().1).into_iter();
    let mut feed = |scale: &mut Scale<'_>| {
        for frame in frames.by_ref() {
            scale.feed(frame.as_bytes()).unwrap();
            if scale.state() == State::Steady {
                return;
            }
        }
    };
    feed(&mut scale);
    assert_eq!(scale.weigh(Role::Unknown, cell("")).unwrap().unwrap_err(), NotYet::NoTare);
    assert!(scale.reading().unwrap().weighed.unwrap().grams.is_none());
    let tare = scale.weigh(Role::Tare, cell("")).unwrap().unwrap().weighing.id;
    assert_eq!((scale.state(), scale.reading().unwrap().tare), (State::Settling, Some(tare.clone())));
    assert_eq!(scale.weigh(Role::Unknown, cell("")).unwrap().unwrap_err(), NotYet::Settling);
    feed(&mut scale);
    assert!(scale.use_tare(None) && scale.reading().unwrap().weighed.unwrap().grams.is_none());
    assert!(scale.use_tare(Some(&tare)) && !scale.use_tare(Some(&"other".to_owned().try_into().unwrap())));
    assert!(scale.weigh(Role::Unknown, cell("")).unwrap().is_ok());
}

#[test]
fn weights_of_another_pad_or_of_tables_are_refused() {
    let session: Session = canonical::read(SESSION).unwrap();
    let weights: Weights = canonical::read(AFFINE).unwrap();
    let mut other = session.clone();
    other.source.transport = "USB".parse().unwrap();
    let refused = Scale::new(Some(&weights), &other, Rule::default()).err().unwrap();
    assert!(matches!(refused, LiveError::OtherInstrument { .. }), "{refused}");
    let table = include_bytes!("../../../artifacts/weights/nist-pontius-1.0.0.json");
    let table: Weights = canonical::read(table).unwrap();
    assert_eq!(Scale::new(Some(&table), &session, Rule::default()).err().unwrap(), LiveError::OfTables);
}

#[test]
fn without_weights_the_numbers_of_the_pad_are_shown() {
    let session: Session = canonical::read(SESSION).unwrap();
    let mut scale = Scale::new(None, &session, Rule::default()).unwrap();
    let made = weigh_all(&mut scale, TOUCHES.split_once('\n').unwrap().1, &[], 100);
    let load = &made[1].reading;
    let (value, tare) = (&load.values[0].1, &made[0].reading.values[0].1);
    assert_eq!(load.net, Some(value.as_ref().unwrap().minus(tare.as_ref().unwrap())));
    assert!(load.weighed.is_none());
}

/// Loads that rest and change, fingers that lift and join, times that jump.
fn rows() -> impl Strategy<Value = String> {
    let load = (10_u32..200, 20_usize..120, 0_u32..3, 1_usize..3);
    (proptest::collection::vec(load, 1..8), any::<u64>()).prop_map(|(loads, seed)| {
        let (mut rows, mut frame, mut dice) = (String::new(), 0_u32, seed);
        let mut throw = |sides: u64| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (dice >> 33) % sides
        };
        for (pressure, count, lift, touches) in loads {
            for _ in 0..lift {
                let time = f64::from(frame) / 50.0;
                writeln!(rows, "{frame},{frame},{time},,,{}", ",".repeat(18)).unwrap();
                frame += 1;
            }
            for _ in 0..count {
                for touch in 0..touches {
                    let value = u64::from(pressure) + throw(3);
                    let time = f64::from(frame) / 50.0;
                    writeln!(
                        rows,
                        "{frame},{frame},{time},,{touch},touching,,,0.5,0.25,,,,{value}{}",
                        ",".repeat(10)
                    )
                    .unwrap();
                }
                frame += 1;
            }
        }
        rows
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn whatever_is_shown_is_replayed(rows in rows(), tare_after in 1_usize..4, hold in 1_u32..10, gap in 0_u64..400) {
        let weights: Weights = canonical::read(AFFINE).unwrap();
        let events = [Event { after_frame: Some(gap), kind: Kind::Gap, detail: cell("") }];
        let rule = Rule { hold_s: f64::from(hold) / 10.0, noise: Some(6.0) };
        compare(&weights, &rows, &events, rule, tare_after);
    }
}

#[test]
fn a_value_that_moves_is_shown_by_its_last_moments() {
    let session: Session = canonical::read(SESSION).unwrap();
    let mut scale = Scale::new(None, &session, Rule::default()).unwrap();
    let mut rows = String::new();
    for frame in 0..100 {
        let time = f64::from(frame) / 100.0;
        let value = if frame < 60 { 20 } else { 90 };
        writeln!(rows, "{frame},,{time},,1,touching,,,,,,,,{value}{}", ",".repeat(10)).unwrap();
    }
    scale.feed(rows.as_bytes()).unwrap();
    let reading = scale.reading().unwrap();
    assert_eq!((reading.state, reading.frames), (State::Settling, Some((74, 99))));
    assert_eq!(reading.values[0].1.as_ref().unwrap().to_string(), "90");
}

#[test]
fn unattended_weighs_a_tare_and_each_load_once() {
    let weights: Weights = canonical::read(AFFINE).unwrap();
    let session: Session = canonical::read(SESSION).unwrap();
    let mut scale = Scale::new(Some(&weights), &session, Rule::default()).unwrap();
    let mut unattended = Unattended::new(scale.needs_tare());
    let mut made = Vec::new();
    for frame in frames(TOUCHES.split_once('\n').unwrap().1) {
        scale.feed(frame.as_bytes()).unwrap();
        if let Some(role) = unattended.next(&scale) {
            made.push(scale.weigh(role, cell("")).unwrap().unwrap());
        }
    }
    assert!(
        made[0].weighing.role == Role::Tare && made[1..].iter().all(|one| one.weighing.role == Role::Unknown)
    );
    // The published protocol: each load once up and once down, the bare finger between them.
    let grams: Vec<f64> = (made[1..].iter())
        .map(|one| one.reading.weighed.as_ref().unwrap().grams.as_ref().unwrap().to_string().parse().unwrap())
        .collect();
    let loads = [20.0, 50.0, 100.0, 200.0, 300.0, 300.0, 200.0, 100.0, 50.0, 20.0];
    assert_eq!(grams.len(), loads.len(), "{grams:?}");
    assert!(grams.iter().zip(loads).all(|(grams, load)| (grams - load).abs() < 3.0), "{grams:?}");
}
