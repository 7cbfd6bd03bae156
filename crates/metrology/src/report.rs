//! The page of a calibration (docs/spec/12-reports.md): a function of the texts of weights and their datasets.
//!
//! The page has no script, names no address, and reads no clock: equal inputs give equal bytes. Whatever it takes from a
//! file is a text to the writer of HTML, and never markup.

mod budget;
mod coefficients;
mod figures;
mod item;
mod limits;
mod loads;
mod method;
mod plot;
mod residuals;
mod scale;
mod source;
mod table;

use crate::observations::Observations;
use openweigh_exact::Decimal;
use openweigh_fit::{Training, Work};
use openweigh_formats::Digest;
use openweigh_formats::dataset::ProvenanceKind;
use openweigh_formats::recipe::REFERENCE;
use openweigh_formats::weights::Weights;
use openweigh_markup::html::{Element, page};
use openweigh_replay::ReplayError;
use table::paragraph;

/// The version of the page: another one gives other bytes.
pub const GENERATOR: u32 = 1;

/// What a report is of.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The weights.
    pub weights: &'a Weights,
    /// SHA-256 of their bytes.
    pub sha256: &'a Digest,
    /// The datasets that they were fitted on, in order.
    pub training: &'a [Training<'a>],
}

/// What the sections tell of.
struct Known<'a> {
    subject: &'a Subject<'a>,
    weights: &'a Weights,
    found: &'a Observations<'a>,
    loads: Vec<loads::Load>,
}

/// Writes the report of a calibration.
///
/// # Errors
/// Data and weights do not go together, or the work is beyond the limits.
pub fn report(subject: &Subject<'_>, threads: usize, work: &mut Work) -> Result<String, ReplayError> {
    let found = Observations::gather(subject.weights, subject.training, threads, work)?;
    let known = Known { subject, weights: subject.weights, found: &found, loads: loads::of(&found) };
    let sections = [
        ("Item and owner", item::write(&known)),
        ("Traceability", item::traceability(&known)),
        ("Conditions", item::conditions(&known)),
        ("Method", method::write(&known)),
        ("What was fitted", method::picture(&known)),
        ("Results by load", loads::write(&known)),
        ("Figures", figures::write(&known)),
        ("Coefficients", coefficients::write(&known)),
        ("Uncertainty budget", budget::write(&known)),
        ("Residuals", residuals::write(&known)),
        ("Uncertainty and held-out errors", residuals::held_out(&known)),
        ("Validation by session", figures::by_session(&known)),
        ("Calibrated range", limits::range(&known)),
        ("What is not covered", limits::not_covered(&known)),
        ("Derive it again", source::write(&known)),
    ];
    let section = |(heading, inside): (&str, Vec<Element>)| {
        Element::new("section").with(Element::new("h2").text(heading)).with_all(inside)
    };
    let body = Element::new("body")
        .with(header(&known))
        .with(Element::new("main").with_all(sections.into_iter().map(section)))
        .with(source::footer(&known));
    let title = format!("{} {}: calibration report", known.weights.name, known.weights.version);
    let policy = "default-src 'none'; style-src 'unsafe-inline'";
    let meta = |name: &'static str, content: &'static str| {
        Element::new("meta").attribute("name", name).attribute("content", content)
    };
    let head = Element::new("head")
        .with(Element::new("meta").attribute("charset", "utf-8"))
        .with(
            Element::new("meta")
                .attribute("http-equiv", "Content-Security-Policy")
                .attribute("content", policy),
        )
        .with(meta("viewport", "width=device-width, initial-scale=1"))
        .with(meta("generator", "openweigh report 1"))
        .with(Element::new("title").text(title))
        .with(Element::style(include_str!("report/style.css")));
    Ok(page(&Element::new("html").attribute("lang", "en").with(head).with(body)))
}

/// A whole number.
fn whole(number: u32) -> Decimal {
    Decimal::new(number.into(), 0)
}

impl Known<'_> {
    /// The unit of results, none where it is not stated.
    fn unit(&self) -> Option<String> {
        self.weights.recipe.result.unit.as_ref().map(ToString::to_string)
    }

    /// A heading of a column with the unit of results.
    fn in_unit(&self, name: &str) -> String {
        self.unit().map_or_else(|| name.to_owned(), |unit| format!("{name} / {unit}"))
    }

    /// What the known values are called.
    fn target(&self) -> &str {
        match self.weights.recipe.model.target.as_str() {
            REFERENCE => "load",
            other => other,
        }
    }

    /// Decimals of results.
    fn decimals(&self) -> u32 {
        self.weights.recipe.result.decimals
    }

    fn is_simulated(&self) -> bool {
        self.subject.training.iter().any(|one| one.dataset.provenance.kind == ProvenanceKind::Simulated)
    }

    /// What an expanded uncertainty is of.
    fn coverage(&self) -> String {
        let recipe = &self.weights.recipe;
        match (&recipe.result.coverage, &recipe.uncertainty) {
            (Some(k), _) => format!(
                "U is the expanded uncertainty of one further reading with coverage factor k = {k}. It knows the scatter of the fitted rows and of the coefficients, and nothing else."
            ),
            (None, Some(own)) => {
                let alone = self.found.rows.iter().find_map(|row| row.uncertain.as_ref()?.budget.as_ref());
                let whose = match alone {
                    Some(stated) if stated.repeatability_only => {
                        "It is repeatability only: one session does not show how the next one differs."
                    }
                    _ => "It is for a new weighing by the same instrument, within the calibrated range.",
                };
                let share = &own.coverage_probability;
                let confidence = alone.and_then(|stated| stated.confidence.as_ref());
                let confidence = confidence.map_or_else(String::new, |own| format!(" and confidence {own}"));
                format!(
                    "U is the expanded uncertainty, k·u, with coverage probability {share}{confidence}. {whose}"
                )
            }
            (None, None) => String::new(),
        }
    }
}

fn header(known: &Known<'_>) -> Element {
    let weights = known.weights;
    let mut header = Element::new("header")
        .with(paragraph("Calibration report").attribute("class", "kind"))
        .with(Element::new("h1").text(weights.title.to_string()))
        .with(paragraph(format!("{} {}", weights.name, weights.version)).attribute("class", "kind"));
    if known.is_simulated() {
        let words = "Simulated data: no instrument was calibrated.";
        header = header.with(paragraph(words).attribute("class", "warning"));
    }
    header.with(paragraph(method::formula(weights)).attribute("class", "formula")).with(figures::tiles(known))
}
