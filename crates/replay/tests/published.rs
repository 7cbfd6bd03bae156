//! Published cases, to each printed digit: the GUM's H.3, ISO/TS 28037, NIST's load cell.

#![allow(clippy::unwrap_used, reason = "what the tests are made of is known")]

use openweigh_dataset::Data;
use openweigh_exact::{Decimal, Ratio, fisher, root, round, student};
use openweigh_fit::budget::lack_of_fit;
use openweigh_fit::{Fitted, Header, Readings, Training, fit};
use openweigh_formats::Digest;
use openweigh_formats::dataset::Dataset;
use openweigh_formats::recipe::Recipe;
use openweigh_formats::table::{Table, TableReader};
use openweigh_replay::single;

/// A table of two columns.
struct Case {
    dataset: Dataset,
    table: Table,
    sha256: Digest,
}

impl Case {
    fn new(rows: &str) -> Self {
        let column = |name: &str| serde_json::json!({"name": name, "unit": null, "type": "number", "uncertainty_of": null});
        let mut head: serde_json::Value =
            serde_json::from_slice(include_bytes!("../../../datasets/nist-pontius/dataset.json")).unwrap();
        head["columns"] = serde_json::json!([column("x"), column("y")]);
        let dataset: Dataset = serde_json::from_value(head).unwrap();
        let mut reader = TableReader::new(dataset.columns.iter().map(|column| (&column.name, true)));
        reader.feed(format!("x,y\n{rows}").as_bytes()).unwrap();
        let table = reader.finish().unwrap();
        Self { dataset, table, sha256: Digest::of(b"") }
    }

    fn training(&self) -> [Training<'_>; 1] {
        [Training { dataset: &self.dataset, sha256: &self.sha256, data: Data::Table(&self.table) }]
    }

    fn fitted(&self, recipe: &Recipe) -> Fitted {
        let header = Header {
            name: "a".parse().unwrap(),
            version: "1.0.0".parse().unwrap(),
            title: "a".parse().unwrap(),
            licence: None,
            parent: None,
        };
        fit(header, recipe, &self.training(), 1).unwrap()
    }
}

fn recipe(terms: &str, decimals: u32) -> Recipe {
    let text = format!(
        "format = \"openweigh.recipe/2\"\nname = \"a\"\n[model]\ntarget = \"y\"\nterms = [{terms}]\n[result]\ndecimals = {decimals}\n"
    );
    Recipe::from_toml(text.as_bytes()).unwrap()
}

fn number(text: &str) -> Ratio {
    Ratio::from(&text.parse::<Decimal>().unwrap())
}

/// xᵀCx of the mean response at a value of x.
fn of_mean(fitted: &Fitted, x: &str) -> Ratio {
    let entry = |row, column| fitted.estimate.covariance(row, column).unwrap();
    let (x, twice) = (number(x), number("2"));
    entry(0, 0).plus(&entry(0, 1).times(&x).times(&twice)).plus(&entry(1, 1).times(&x).times(&x))
}

#[test]
fn the_thermometer_of_the_gum() {
    // JCGM 100:2008, H.3: x is t - 20 °C.
    let rows = "1.521,-0.171\n2.012,-0.169\n2.512,-0.166\n3.003,-0.159\n3.507,-0.164\n3.999,-0.165\n4.513,-0.156\n5.002,-0.157\n5.503,-0.159\n6.01,-0.161\n6.511,-0.16\n";
    let case = Case::new(rows);
    let fitted = case.fitted(&recipe("\"1\", \"x\"", 4));
    let estimate = &fitted.estimate;
    let places = |value: &Ratio, places| round::to_places(value, places).to_string();
    let roots = |value: &Ratio, places| root::to_places(value, places).to_string();
    assert_eq!(places(&estimate.coefficient(0), 4), "-0.1712");
    assert_eq!(roots(&estimate.covariance(0, 0).unwrap(), 4), "0.0029");
    assert_eq!(places(&estimate.coefficient(1), 5), "0.00218");
    assert_eq!(roots(&estimate.covariance(1, 1).unwrap(), 5), "0.00067");
    assert_eq!(roots(&estimate.variance().unwrap(), 4), "0.0035");
    assert_eq!((roots(&of_mean(&fitted, "10"), 4).as_str(), estimate.degrees_of_freedom()), ("0.0041", 9));
    let at = |x: &str| {
        single::predict(&fitted.weights, &[("x".parse().unwrap(), x.parse().unwrap())], &[]).unwrap()
    };
    assert_eq!(at("10").predicted.to_string(), "-0.1494");
    let printed = [
        "-0.1679", "-0.1668", "-0.1657", "-0.1646", "-0.1635", "-0.1625", "-0.1614", "-0.1603", "-0.1592",
        "-0.1581", "-0.1570",
    ];
    for (row, printed) in rows.lines().zip(printed) {
        assert_eq!(at(row.split(',').next().unwrap()).predicted.to_string(), printed);
    }
    // A new reading scatters about the line besides: 0.0035² + 0.0041².
    let stated = at("10").stated.unwrap();
    assert_eq!(
        (stated.standard.to_string().as_str(), stated.dof, stated.repeatability_only),
        ("0.0054", 9, true)
    );
    assert_eq!(stated.k, student::two_sided_t(9, &number("0.95")));
}

#[test]
fn the_line_of_iso_ts_28037_with_an_unknown_common_deviation() {
    // Annex E, before its last step.
    let case = Case::new("1,3.014\n2,5.225\n3,7.004\n4,9.061\n5,11.201\n6,12.762\n");
    let fitted = case.fitted(&recipe("\"1\", \"x\"", 3));
    let estimate = &fitted.estimate;
    assert_eq!(round::to_places(&estimate.coefficient(0), 3).to_string(), "1.172");
    assert_eq!(root::to_places(&estimate.covariance(0, 0).unwrap(), 3).to_string(), "0.159");
    assert_eq!(round::to_places(&estimate.coefficient(1), 3).to_string(), "1.964");
    assert_eq!(root::to_places(&estimate.covariance(1, 1).unwrap(), 3).to_string(), "0.041");
    assert_eq!(round::to_places(&estimate.covariance(0, 1).unwrap(), 3).to_string(), "-0.006");
}

#[test]
fn the_line_of_iso_ts_28037_with_equal_weights() {
    // 6.3, first example: u(y) = 0.5 is known, so C = 0.25·(XᵀX)⁻¹ = 0.25/s²·(s²·(XᵀX)⁻¹).
    let case = Case::new("1,3.3\n2,5.6\n3,7.1\n4,9.3\n5,10.7\n6,12.1\n");
    let fitted = case.fitted(&recipe("\"1\", \"x\"", 3));
    let estimate = &fitted.estimate;
    let known = |row, column| {
        let own = estimate.covariance(row, column).unwrap();
        own.times(&number("0.25")).divided_by(&estimate.variance().unwrap())
    };
    assert_eq!(round::to_places(&estimate.coefficient(0), 3).to_string(), "1.867");
    assert_eq!(root::to_places(&known(0, 0), 3).to_string(), "0.465");
    assert_eq!(round::to_places(&estimate.coefficient(1), 3).to_string(), "1.757");
    assert_eq!(root::to_places(&known(1, 1), 3).to_string(), "0.120");
    assert_eq!(round::to_places(&known(0, 1), 3).to_string(), "-0.050");
    let chi_squared = estimate.rss().divided_by(&number("0.25"));
    assert_eq!(round::to_places(&chi_squared, 3).to_string(), "1.665");
}

#[test]
fn the_lack_of_fit_of_nists_load_cell() {
    // Handbook 4.6.1: a straight line, then a quadratic.
    let rows = include_str!("../../../datasets/nist-pontius/measurements.csv");
    let (header, _) = rows.split_once('\n').unwrap();
    let load = header.split(',').position(|name| name == "load").unwrap();
    let swapped: String = (rows.lines().skip(1))
        .map(|row| {
            let cells: Vec<&str> = row.split(',').collect();
            format!("{},{}\n", cells[load], cells[1 - load])
        })
        .collect();
    let case = Case::new(&swapped);
    for (terms, statistic, digits, p) in
        [("\"1\", \"x\"", "214.75", 2, "0"), ("\"1\", \"x\", \"x^2\"", "0.8107", 4, "0.6662")]
    {
        let recipe = recipe(terms, 6);
        let fitted = case.fitted(&recipe);
        let training = case.training();
        let readings = Readings::gather(&recipe, &training).unwrap();
        let lack = lack_of_fit(&recipe, &readings, &fitted.estimate).unwrap();
        assert_eq!(round::to_places(&lack.statistic, digits).to_string(), statistic);
        let tail = fisher::upper_tail(&lack.statistic, lack.above, lack.below);
        assert_eq!(tail.to_decimal().to_string(), p);
    }
}
