//! Scenarios: what is understood, where mistakes are, and that the examples hold.

#![allow(clippy::float_cmp, reason = "values that are exact by their making")]
#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

use openweigh_simulator::scenario::{AtEnd, Kind, Pace};
use openweigh_simulator::{DEFAULT, Scenario};

#[test]
fn the_default_is_one_pad_with_three_coins() {
    let scenario = Scenario::parse(DEFAULT).unwrap();
    assert_eq!(scenario.pace, Pace::RealTime);
    assert_eq!(scenario.at_end, AtEnd::Unplug);
    let [pad] = &scenario.pads[..] else { panic!("one pad") };
    assert_eq!(pad.kind, Kind::MagicTrackpad);
    assert!(pad.id.unwrap() > u64::from(u32::MAX));
    let loads: Vec<f64> = [4.0, 6.0, 10.0, 15.0, 19.3, 19.8, 20.5].map(|at| pad.load_g(at)).to_vec();
    assert_eq!(loads, [0.0, 7.5, 15.0, 22.5, 15.0, 7.5, 0.0]);
    assert_eq!(
        [0.5, 1.05, 10.0, 21.0].map(|at| pad.hold_g(at)),
        [0.0, 60.0 * ((1.05 - 1.0) / 0.1), 60.0, 0.0]
    );
}

#[test]
fn all_examples_hold() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        Scenario::parse(&text).unwrap_or_else(|error| panic!("{}:{error}", path.display()));
        count += 1;
    }
    assert!(count >= 5);
}

#[test]
fn mistakes_have_a_place() {
    let cases = [
        ("seed = 1\n", "1:1: missing field `pad`"),
        ("seed = \"a\"\npad = []", "1:8: invalid type: string \"a\", expected u32"),
        ("[[pad]]\nkind = \"mouse\"", "2:8: unknown variant `mouse`"),
        ("[[pad]]\nkindd = 1", "2:1: unknown field `kindd`"),
        ("pace = 0.0\npad = []", "1:8: invalid value: floating point `0.0`, expected \"real-time\""),
        ("pace = \"fast\"\npad = []", "1:8: invalid value: string \"fast\", expected \"real-time\""),
        ("[[pad]]\n[[pad.load]]\ngrams = 1.0\non_s = 2.0\noff_s = 1.0", "2:1: off_s must be after on_s"),
        (
            "[[pad]]\n\n[[pad.contact]]\nkind = \"finger\"\nfrom_s = 2.0\nuntil_s = 2.0",
            "3:1: until_s must be after",
        ),
        ("[[pad]]\n[[pad.event]]\nkind = \"sleep\"\nat_s = 1.0", "2:1: for_s goes with a sleep"),
        ("[[pad]]\n[[pad.event]]\nkind = \"unplug\"\nat_s = 1.0\nto = 1", "2:1: to goes with a counter"),
        ("[[pad]]\n[[pad.event]]\nkind = \"count\"\nat_s = 1.0\ncount = 3", "2:1: such a count is believed"),
        ("[[pad]]\nquantum = 0.0", "1:1: quantum must be above 0"),
        ("[[pad]]\ngain = nan", "1:1: a number of this pad is not finite"),
        ("[[pad]]\nflood = { frames = 1, touches = 65 }", "1:1: a frame has at most 64 touches"),
        (
            "[[pad]]\nplayback = \"a\"\nflood = { frames = 1, touches = 1 }",
            "1:1: a pad has a timeline, a flood or",
        ),
        ("[[pad]]\ndevice_index = 1", "1:1: device_index is for a playback"),
        ("[[pad]]\nseconds = -1.0", "1:1: a time is below 0"),
        ("[[pad]", "1:7: "),
    ];
    for (text, expected) in cases {
        let error = Scenario::parse(text).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{text:?}\nfound {error}\nexpected {expected}");
    }
}

#[test]
fn the_gauges_weigh_by_nearness() {
    let text = "[[pad]]\ngauges = [0.8, 1.0, 1.2, 1.0]";
    let pad = &Scenario::parse(text).unwrap().pads[0];
    assert_eq!(
        [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)].map(|(x, y)| pad.gain_at(x, y)),
        [0.8, 1.0, 1.2, 1.0]
    );
    assert!((pad.gain_at(0.5, 0.5) - 1.0).abs() < 1e-12);
}
