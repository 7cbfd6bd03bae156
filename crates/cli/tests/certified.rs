//! NIST's certified values beyond the published manifests, to every printed digit.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod scene;

use openweigh_exact::{Decimal, Ratio, round};
use scene::Scene;

/// Insists that `found`, an exact value rounded to 17 digits, agrees with a certified value of 15.
fn agrees(found: &serde_json::Value, certified: &str) {
    let found: Decimal = found.as_str().unwrap().parse().unwrap();
    let certified: Decimal = certified.parse().unwrap();
    assert_eq!(round::to_digits(&Ratio::from(&found), 15), certified);
}

/// Insists on coefficients, their standard deviations, residual standard deviation and R².
fn check(weights: &serde_json::Value, certified: &[(&str, &str)], residual_sd: &str, r_squared: &str) {
    let terms = weights["terms"].as_array().unwrap();
    assert_eq!(terms.len(), certified.len());
    for (term, (coefficient, deviation)) in terms.iter().zip(certified) {
        agrees(&term["coefficient"], coefficient);
        agrees(&term["standard_error"], deviation);
    }
    agrees(&weights["residual_sd"], residual_sd);
    agrees(&weights["r_squared"], r_squared);
}

fn quintic(name: &str, y: impl Fn(i64) -> String) -> serde_json::Value {
    let scene = Scene::ledger();
    let rows: String = (0..=20).map(|x| format!("{},{x}\n", y(x))).collect();
    let recipe = "[model]\ntarget = \"y\"\nterms = [\"1\", \"x\", \"x^2\", \"x^3\", \"x^4\", \"x^5\"]\n[result]\ndecimals = 6\n";
    scene.table(name, &format!("y,x\n{rows}"), recipe);
    scene.fit(name)
}

/// The polynomial 1 + x + … + x⁵.
fn ones(x: i64) -> i64 {
    (0..6).map(|k| x.pow(k)).sum()
}

/// Wampler's disturbance: what Wampler3 adds to the polynomial, times 100 and 10 000 in 4 and 5.
const DISTURBANCE: [i64; 21] = [
    759, -2048, 2048, -2048, 2523, -2048, 2048, -2048, 1838, -2048, 2048, -2048, 1838, -2048, 2048, -2048,
    2523, -2048, 2048, -2048, 759,
];

#[test]
fn noint2() {
    let scene = Scene::ledger();
    scene.table(
        "noint2",
        "y,x\n3,4\n4,5\n4,6\n",
        "[model]\ntarget = \"y\"\nterms = [\"x\"]\n[result]\ndecimals = 6\n",
    );
    let certified = [("0.727272727272727", "0.0420827318078432")];
    check(&scene.fit("noint2"), &certified, "0.369274472937998", "0.993348115299335");
}

#[test]
fn wampler1_and_2_fit_perfectly() {
    let first = quintic("wampler1", |x| ones(x).to_string());
    check(&first, &[("1", "0"); 6], "0", "1");
    let tenths = |x: i64| (0..6u32).map(|k| x.pow(k) * 10i64.pow(5 - k)).sum::<i64>();
    let second = quintic("wampler2", |x| format!("{}.{:05}", tenths(x) / 100_000, tenths(x) % 100_000));
    let powers = ["1", "0.1", "0.01", "0.001", "0.0001", "0.00001"].map(|b| (b, "0"));
    check(&second, &powers, "0", "1");
}

#[test]
fn wampler3_to_5() {
    let disturbed =
        |factor: i64| move |x: i64| (ones(x) + factor * DISTURBANCE[usize::try_from(x).unwrap()]).to_string();
    let deviations = [
        "2152.32624678170",
        "2363.55173469681",
        "779.343524331583",
        "101.475507550350",
        "5.64566512170752",
        "0.112324854679312",
    ];
    let certified = deviations.map(|deviation| ("1", deviation.trim_end_matches('0')));
    check(&quintic("wampler3", disturbed(1)), &certified, "2360.14502379268", "0.99999555902582");
    let deviations = [
        "215232.624678170",
        "236355.173469681",
        "77934.3524331583",
        "10147.5507550350",
        "564.566512170752",
        "11.2324854679312",
    ];
    let certified = deviations.map(|deviation| ("1", deviation.trim_end_matches('0')));
    check(&quintic("wampler4", disturbed(100)), &certified, "236014.502379268", "0.957478440825662");
    let deviations = [
        "21523262.4678170",
        "23635517.3469681",
        "7793435.24331583",
        "1014755.07550350",
        "56456.6512170752",
        "1123.24854679312",
    ];
    let certified = deviations.map(|deviation| ("1", deviation.trim_end_matches('0')));
    check(
        &quintic("wampler5", disturbed(10_000)),
        &certified,
        "23601450.2379268",
        "0.00224668921574940".trim_end_matches('0'),
    );
}
