//! The errors of the pad, each alone, against what its definition says.

#![allow(unsafe_code, reason = "C functions are called")]
#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

use openweigh_simulator::abi::{Plain, Record, Reference};
use std::sync::{Mutex, PoisonError};

unsafe extern "C" {
    fn OpenweighSimulatorSet(text: *const u8, length: usize) -> bool;
    fn MTDeviceCreateDefault() -> Reference;
    fn MTDeviceStart(device: Reference, mode: i32) -> i32;
    fn MTDeviceIsRunning(device: Reference) -> bool;
    fn MTDeviceRelease(device: Reference);
    fn MTRegisterContactFrameCallback(device: Reference, callback: Plain);
}

static TURN: Mutex<()> = Mutex::new(());
static READ: Mutex<Vec<(f64, f32)>> = Mutex::new(Vec::new());

unsafe extern "C" fn read(_: Reference, touches: *const Record, count: i32, time_s: f64, _: i32) -> i32 {
    // SAFETY: the records are valid during the call.
    let records = unsafe { std::slice::from_raw_parts(touches, usize::try_from(count).unwrap()) };
    READ.lock().unwrap().extend(records.iter().map(|record| (time_s - 1000.0, record.pressure)));
    0
}

/// Time and count of each touch while a load of 1000 g lies on a base from 2 s to 6 s.
fn weigh(pad: &str) -> Vec<(f64, f32)> {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    READ.lock().unwrap().clear();
    let text = format!(
        "pace = \"unthrottled\"\nbehaviour = \"ideal\"\n[[pad]]\nkind = \"apple-silicon\"\n{pad}\n[[pad.contact]]\nkind = \"base\"\nfrom_s = 0.0\n\
         until_s = 8.0\n[[pad.load]]\ngrams = 1000.0\non_s = 2.0\noff_s = 6.0\n"
    );
    // SAFETY: a device is made, played to its end and released; the callback is a static function.
    unsafe {
        assert!(OpenweighSimulatorSet(text.as_ptr(), text.len()));
        let device = MTDeviceCreateDefault();
        MTRegisterContactFrameCallback(device, read);
        MTDeviceStart(device, 0);
        while MTDeviceIsRunning(device) {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        MTDeviceRelease(device);
    }
    READ.lock().unwrap().clone()
}

/// The mean count between two times.
fn mean(read: &[(f64, f32)], from_s: f64, until_s: f64) -> f64 {
    let within: Vec<f64> = read
        .iter()
        .filter(|(time_s, _)| (from_s..until_s).contains(time_s))
        .map(|(_, count)| f64::from(*count))
        .collect();
    within.iter().sum::<f64>() / f64::from(u32::try_from(within.len()).unwrap())
}

fn assert_near(found: f64, expected: f64, within: f64) {
    assert!((found - expected).abs() <= within, "found {found}, expected {expected}");
}

#[test]
fn gain_offset_and_bend_make_the_curve() {
    let read = weigh("noise = 0.0\ngain = 0.9\noffset = 7.0\nbend = 1e-5");
    assert_near(mean(&read, 0.5, 1.9), 7.0, 0.0);
    assert_near(mean(&read, 3.0, 5.9), 0.9 * 1000.0 + 7.0 + 10.0, 0.0);
}

#[test]
fn drift_goes_on_by_the_second() {
    let read = weigh("noise = 0.0\nquantum = 0.001\ndrift = 2.0");
    assert_near(mean(&read, 4.9, 5.1) - mean(&read, 2.9, 3.1), 4.0, 0.05);
}

#[test]
fn creep_rises_towards_its_fraction() {
    let read = weigh("noise = 0.0\nquantum = 0.001\ncreep = { fraction = 0.1, time_s = 0.5 }");
    // The load is down at 2.1 s; a ramp of 0.1 s counts as its middle.
    let expected = |time_s: f64| 1000.0 * (1.1 - 0.1 * libm::exp(-(time_s - 2.05) / 0.5));
    assert_near(mean(&read, 2.49, 2.51), expected(2.5), 1.5);
    assert_near(mean(&read, 5.8, 5.9), 1100.0, 0.1);
    // What has crept goes back as slowly.
    assert_near(mean(&read, 7.9, 7.99), 100.0 * libm::exp(-1.9 / 0.5), 0.5);
}

#[test]
fn hysteresis_lags_by_its_grams_both_ways() {
    let read = weigh("noise = 0.0\nhysteresis = 20.0");
    assert_near(mean(&read, 3.0, 5.9), 980.0, 0.0);
    assert_near(mean(&read, 6.5, 7.9), 20.0, 0.0);
}

#[test]
fn noise_has_its_deviation_and_no_bias() {
    let read = weigh("noise = 3.0\nquantum = 0.001\noffset = 100.0");
    let loaded: Vec<f64> = read
        .iter()
        .filter(|(time_s, _)| (2.2..5.9).contains(time_s))
        .map(|(_, count)| f64::from(*count))
        .collect();
    let number = f64::from(u32::try_from(loaded.len()).unwrap());
    let mean = loaded.iter().sum::<f64>() / number;
    let variance = loaded.iter().map(|count| (count - mean) * (count - mean)).sum::<f64>() / (number - 1.0);
    // 328 readings: four standard errors.
    assert_near(mean, 1100.0, 4.0 * 3.0 / 18.0);
    assert_near(variance / 9.0, 1.0, 4.0 * 0.078);
}

#[test]
fn the_ceiling_holds() {
    let read = weigh("noise = 5.0\nceiling = 900.0");
    assert_near(mean(&read, 3.0, 5.9), 900.0, 0.0);
}
