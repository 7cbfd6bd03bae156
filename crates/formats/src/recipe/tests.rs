use super::*;
use crate::reading::Reduction;
use crate::touches::State;

const GOOD: &str = r#"format = "openweigh.recipe/1"
name = "load-cell"

[model]
target = "y"
terms = ["1", "x", "x^2"]

[result]
decimals = 2
"#;

#[test]
fn defaults_are_those_of_the_specification() {
    let recipe = Recipe::from_toml(GOOD.as_bytes()).unwrap();
    assert_eq!(recipe.fit, Fit::default());
    assert_eq!(recipe.result.coverage.unwrap().to_string(), "2");
    assert_eq!(recipe.model.tare, Tare::None);
}

#[test]
fn mistakes_are_named_with_their_place() {
    let cases = [
        (GOOD.replace("recipe/1", "recipe/3"), "a newer program is needed"),
        (GOOD.replace("recipe/1", "weights/1"), "this is another kind of file"),
        (GOOD.replace("x^2", "x^99"), "6:9: `99` is not an exponent"),
        (GOOD.replace("x^2", "x"), "`x` twice"),
        (GOOD.replace("\"x\"", "\"y\""), "the target `y` in a term"),
        (
            GOOD.replace("[result]", "[fit]\nestimator = \"wls\"\n[result]"),
            "9:13: estimator `wls` is reserved",
        ),
        (GOOD.replace("[result]", "[fit]\nestimator = \"lasso\"\n[result]"), "unknown estimator `lasso`"),
        (GOOD.replace("[result]", "[fit]\ndigits = 51\n[result]"), "fit.digits: found 51, expected 1 to 50"),
        (GOOD.replace("[result]", "[fit]\nvalidation = \"k-fold:1\"\n[result]"), "not a number of folds"),
        (GOOD.replace("decimals = 2", "decimals = 2\nspeed = 3"), "unknown field `speed`"),
        (GOOD.replace("decimals = 2", "decimals = -2"), "9:12: "),
        (GOOD.replace("decimals = 2", "decimals = 2\ncoverage = \"0\""), "result.coverage: found 0"),
        (GOOD.replace("name", "nom"), "unknown field `nom`"),
        (GOOD.replace("[model]", "[model"), "4:7"),
    ];
    for (text, expected) in cases {
        let message = Recipe::from_toml(text.as_bytes()).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}\n  should contain {expected}");
    }
}

const SECOND: &str = r#"format = "openweigh.recipe/2"
name = "hx711"

[reading]
settle_s = "0.5"

[model]
target = "reference_g"
terms = ["1", "count"]

[fit]
validation = "leave-one-session-out"

[result]
unit = "g"
decimals = 2
"#;

#[test]
fn version_2_reads_channels_and_sessions_of_tables() {
    let recipe = Recipe::from_toml(SECOND.as_bytes()).unwrap();
    assert_eq!(recipe.model.direction, Some(Direction::Inverse));
    assert_eq!(recipe.result.coverage, None);
    let reading = recipe.reading.unwrap();
    assert_eq!((reading.touches, reading.states.as_ref(), reading.of_touches()), (None, None, None));
    assert_eq!((reading.reduction(), reading.counted_states()), (Reduction::Sum, &[State::Touching][..]));
    let table = SECOND.replace("[reading]\nsettle_s = \"0.5\"\n", "").replace("reference_g", "mass");
    Recipe::from_toml(table.as_bytes()).unwrap();
}

#[test]
fn places_of_touch_sessions_are_read_in_version_2() {
    let names = |text: &str| -> Vec<String> {
        let recipe = Recipe::from_toml(text.as_bytes()).unwrap();
        recipe.features().iter().map(ToString::to_string).collect()
    };
    let of_touches =
        SECOND.replace("settle_s", "touches = \"sum\"\nsettle_s").replace("\"count\"", "\"y*pressure\"");
    assert_eq!(names(&of_touches), ["y", "pressure", "x"]);
    assert_eq!(names(SECOND), ["count"]);
    let first = of_touches.replace("recipe/2", "recipe/1");
    assert_eq!(names(&first), ["y", "pressure"]);
    let recipe = Recipe::from_toml(of_touches.as_bytes()).unwrap();
    assert_eq!(recipe.usual_session_terms().iter().map(ToString::to_string).collect::<Vec<_>>(), ["1", "y"]);
    assert_eq!(Recipe::from_toml(recipe.to_toml().as_bytes()).unwrap(), recipe);
}

#[test]
fn what_version_2_has_not_yet_is_refused_by_name() {
    for (from, to, message) in [
        ("recipe/2", "recipe/1", "`count`, expected of touch sessions, `x`, `y`"),
        (
            "decimals = 2",
            "decimals = 2\ncoverage = \"2\"",
            "result.coverage: found the key, expected no such",
        ),
        (
            "[fit]",
            "direction = \"forward\"\n[fit]",
            "direction = \"forward\": found the key, expected nothing",
        ),
        ("[fit]", "direction = \"sideways\"\n[fit]", "unknown variant `sideways`"),
        ("[fit]", "[fit]\nsession_terms = [\"other\"]", "fit.session_terms: found `other`"),
        (
            "[fit]",
            "[uncertainty]\ncoverage_probability = \"1\"\n[fit]",
            "expected a share from 0.5 to 0.9999",
        ),
        (
            "[fit]",
            "[uncertainty]\nconfidence = \"0.4\"\n[fit]",
            "expected a share from 0.5 to 0.9999, or 0 for the t quantile",
        ),
        ("[fit]", "[uncertainty]\nshare = 3\n[fit]", "unknown field `share`"),
        (
            "[fit]",
            "[[uncertainty.component]]\nname = \"drift\"\nvalue = \"-0.1\"\ndistribution = \"rectangular\"\n[fit]",
            "expected a number from 0",
        ),
        (
            "[fit]",
            "[[uncertainty.component]]\nname = \"rounding\"\nvalue = \"0.1\"\n[fit]",
            "this component follows from the data",
        ),
        (
            "[fit]",
            "[[derive]]\nname = \"l\"\nof = \"count\"\nfunction = \"ln\"\ndecimals = 9\n[fit]",
            "[[derive]]: found the key",
        ),
        ("[fit]", "[fit]\nestimator = \"york\"", "estimator `york` is reserved"),
        ("settle_s", "states = [\"hover\"]\nsettle_s", "`count`, expected of touch sessions"),
    ] {
        let error = Recipe::from_toml(SECOND.replacen(from, to, 1).as_bytes()).unwrap_err().to_string();
        assert!(error.contains(message), "{error}\nnot\n{message}");
    }
    let first = GOOD.replace("[result]", "[uncertainty]\n[result]");
    let error = Recipe::from_toml(first.as_bytes()).unwrap_err().to_string();
    assert!(
        error.contains("uncertainty: found the key, expected no such key in `openweigh.recipe/1`"),
        "{error}"
    );
}
