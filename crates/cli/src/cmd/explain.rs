//! `openweigh explain`: how one number came to be, or why it differs.

mod coefficient;
mod meant;
mod results;
mod sources;

use crate::answer::{ClaimValue, Explained, ExplainedClaim};
use crate::args::Global;
use crate::exit;
use crate::failure::Failure;
use crate::place::{self, OnDisk};
use crate::progress::Progress;
use crate::screen::{Screen, Tone, padded};
use crate::show;
use meant::Meant;
use openweigh_dataset::Data;
use openweigh_exact::{Decimal, Ratio};
use openweigh_formats::claim::{Claim, Quantity};
use openweigh_formats::count;
use openweigh_formats::dataset::Exclusion;
use openweigh_formats::manifest::{Manifest, Role};
use openweigh_formats::path::RelativePath;
use openweigh_formats::shown::quoted;
use openweigh_formats::weights::Weights;
use openweigh_ledger::Ledger;
use openweigh_replay::Predictor;
use openweigh_verify::Opened;
use openweigh_verify::Verdict;
use openweigh_verify::claims::{self, Exact};
use openweigh_verify::derive::{Derived, derive};
use openweigh_verify::inventory;
use openweigh_verify::trace::{self, Trace};

/// Explain how a number was derived, or why it differs
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh explain load-cell-1.0.0                     what there is to explain (in a release: `openweigh explain`)
  openweigh explain load-cell-1.0.0 b2                  the claim or the coefficient `b2`
  openweigh explain artifacts/weights/scale-1.0.0.json b1
  openweigh explain load-cell-1.0.0 load-cell:12        row 12 of the dataset `load-cell`
  openweigh explain coins-1.0.0 s01/euro-1              weighing `euro-1` of session `s01`, as `replay` prints it
  openweigh explain artifacts/results/coins-1.0.0.csv   what results come from")]
pub(crate) struct Args {
    /// Manifest, release, weights or results, by path or `name-version` [default: the release you are in, or the only
    /// manifest]
    manifest: Option<String>,
    /// A claim's id, a coefficient as `fit` numbers them (b0, b1, …), DATASET:ROW with rows counted from 0,
    /// SESSION/WEIGHING (of several datasets, DATASET:SESSION/WEIGHING), or the path of results
    #[arg(value_name = "CLAIM, COEFFICIENT or ROW")]
    subject: Option<String>,
}

struct Scene<'a> {
    manifest: &'a Manifest,
    contents: &'a Opened,
    derived: &'a Derived,
    ledger: &'a Ledger,
}

pub(crate) fn run(args: &Args, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
    let (path, subject) = match meant::meant(args.manifest.as_deref(), args.subject.as_deref())? {
        Meant::Manifest(path, subject) => (path, subject),
        Meant::Weights(path, subject) => return coefficient::of_weights(&path, subject.as_deref(), screen),
    };
    let (manifest, _): (Manifest, _) = place::document(&path)?;
    let (root, scope) = super::verify::root_of(&path);
    let ledger = Ledger::at(root);
    let budget = global.budget();
    let (mut bad, progress) = (Vec::new(), Progress::of("deriving"));
    let contents = inventory::read_all(&manifest, &OnDisk(&ledger, &progress), &scope, budget, &mut |item| {
        if item.verdict != Verdict::Checked {
            bad.push(item);
        }
    });
    let mut derived = Derived::default();
    derive(&manifest, &contents, &OnDisk(&ledger, &progress), budget, &mut derived, &mut |item| {
        if matches!(item.verdict, Verdict::Failed(_)) {
            bad.push(item);
        }
    });
    drop(progress);
    for item in &bad {
        super::verify::tell(item, screen)?;
    }
    let scene = Scene { manifest: &manifest, contents: &contents, derived: &derived, ledger: &ledger };
    let failed = bad.iter().any(|item| matches!(item.verdict, Verdict::Failed(_)));
    match scene.explain(subject.as_deref(), screen) {
        Ok(_) if failed => Ok(exit::FAILED),
        // What cannot be shown for want of a file that failed has failed with it.
        Err(failure) if failed && failure.code() == exit::INPUT => {
            screen.finding(&failure.told())?;
            Ok(exit::FAILED)
        }
        told => told,
    }
}

impl Scene<'_> {
    fn explain(&self, subject: Option<&str>, screen: &mut Screen) -> Result<u8, Failure> {
        let Some(subject) = subject else { return self.overview(screen) };
        if let Some(claim) = self.manifest.claims.iter().find(|claim| claim.id.as_str() == subject) {
            return self.claim(claim, screen);
        }
        if let Some(file) = self.manifest.of_role(Role::Results).find(|file| file.path.as_str() == subject) {
            return self.results(&file.path, screen);
        }
        let (dataset, row) = match subject.split_once(':') {
            Some((dataset, row)) => (Some(dataset), row),
            None => (None, subject),
        };
        if let Some((session, weighing)) = row.split_once('/').filter(|(_, weighing)| !weighing.contains('/'))
        {
            let dataset = match dataset {
                Some(dataset) => dataset,
                None => self.dataset_of(session, weighing)?,
            };
            self.weighing(dataset, session, weighing, screen)
        } else if let Ok(row) = row.parse::<usize>() {
            self.row(dataset, row, screen)
        } else {
            self.coefficient(subject, screen)
        }
    }

    /// A coefficient of the manifest's weights, claimed or not; of several weights, `WEIGHTS:b1` says which.
    fn coefficient(&self, subject: &str, screen: &mut Screen) -> Result<u8, Failure> {
        let (name, word) = match subject.split_once(':') {
            Some((name, word)) => (Some(name), word),
            None => (None, subject),
        };
        let named = |weights: &Weights| {
            name.is_none_or(|name| {
                name == format!("{}-{}", weights.name, weights.version) || name == weights.name.as_str()
            })
        };
        let all = || self.contents.weights.iter().filter(|(_, weights)| named(weights));
        for (path, weights) in all() {
            if let Some(told) = coefficient::tell(weights, path.as_str(), word, screen) {
                let code = told?;
                self.fitted_rows(path, &weights.recipe, screen)?;
                return Ok(code);
            }
        }
        let ids: Vec<&str> = self.manifest.claims.iter().map(|claim| claim.id.as_str()).collect();
        if ids.is_empty()
            && let Some((_, weights)) = all().next()
        {
            return Err(coefficient::unknown(weights, word));
        }
        Err(Failure::usage(format!(
            "`{subject}` is no claim, coefficient or row of this manifest; its claims are: {}",
            ids.join(", ")
        )))
    }

    fn overview(&self, screen: &mut Screen) -> Result<u8, Failure> {
        let manifest = self.manifest;
        screen.line(
            &screen.tone(Tone::Strong, &show::title(&manifest.name, &manifest.version, &manifest.title)),
        )?;
        for derivation in &manifest.derivations {
            let inputs: Vec<&str> = derivation.inputs.iter().map(RelativePath::as_str).collect();
            let outputs: Vec<&str> = derivation.outputs.iter().map(RelativePath::as_str).collect();
            let kind = derivation.kind.as_str();
            screen.line(&format!("  {kind}: {}", inputs.join(" + ")))?;
            screen.line(&format!("       -> {}", outputs.join(", ")))?;
        }
        let mut rows = vec![["claim", "claimed", "recomputed", "statement"].map(str::to_owned).to_vec()];
        let mut stated = Vec::new();
        for claim in &manifest.claims {
            let exact = claims::recompute(claim, manifest, self.contents, self.derived).ok();
            let exact = exact.map(|(exact, _)| exact);
            stated.push(ClaimValue {
                id: claim.id.to_string(),
                claimed: claim.value.to_string(),
                exactly: exact.as_ref().map(exactly),
                digits: exact.as_ref().map(|exact| digits(exact, 20)),
            });
            let exact = exact.map_or_else(|| "cannot be recomputed".to_owned(), |exact| cut(&exact, 20));
            rows.push(vec![
                claim.id.to_string(),
                claim.value.to_string(),
                exact,
                claim.statement.to_string(),
            ]);
        }
        if rows.len() > 1 {
            show::table(&rows, &[false, false, false, false], screen)?;
        }
        screen.document(&Explained::Manifest { claims: stated });
        Ok(exit::DONE)
    }

    fn claim(&self, claim: &Claim, screen: &mut Screen) -> Result<u8, Failure> {
        screen.line(
            &screen.tone(Tone::Strong, &format!("{}: {}", claim.id, quoted(claim.statement.as_str()))),
        )?;
        let unit = claim.unit.as_ref().map_or_else(String::new, |unit| format!(" {unit}"));
        let term = claim.over.term.as_ref().map_or_else(String::new, |term| format!(" of `{term}`"));
        let of = format!("the {}{term} in {}", claim.quantity.as_str(), claim.over.file);
        screen.line(&format!("  claimed   {}{unit}, {of}", claim.value))?;
        if let (Quantity::Predicted | Quantity::ExpandedU, Some(dataset), Some(row)) =
            (claim.quantity, &claim.over.dataset, claim.over.row)
        {
            self.row(Some(dataset.as_str()), usize::try_from(row).unwrap_or(usize::MAX), screen)?;
        } else if let (Some(dataset), Some(session), Some(weighing)) =
            (&claim.over.dataset, &claim.over.session, &claim.over.weighing)
        {
            self.weighing(dataset.as_str(), session.as_str(), weighing.as_str(), screen)?;
        } else {
            self.derivation(claim, screen)?;
        }
        let exact = claims::recompute(claim, self.manifest, self.contents, self.derived).ok();
        let exact = exact.map(|(exact, _)| exactly(&exact));
        let (code, verdict, why) = match claims::check(claim, self.manifest, self.contents, self.derived) {
            Verdict::Checked => (exit::DONE, "holds", None),
            Verdict::Failed(finding) => {
                let why = match (&finding.published, finding.derived()) {
                    (Some(claimed), Some(derived)) => format!("claimed {claimed}, derived {derived}"),
                    _ => finding.kind.to_string(),
                };
                (exit::FAILED, "does not hold", Some(why))
            }
            Verdict::Malformed(finding) => (exit::INPUT, "makes no sense", Some(finding.kind.to_string())),
            Verdict::NotCheckable(why) => (exit::INCOMPLETE, "cannot be checked", Some(why.to_string())),
        };
        let tone = if code == exit::DONE { Tone::Good } else { Tone::Bad };
        let why_text = why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        screen.finding(&format!("  {}{why_text}", screen.tone(tone, &format!("the claim {verdict}"))))?;
        screen.document(&Explained::Claim(ExplainedClaim {
            id: claim.id.to_string(),
            claimed: claim.value.to_string(),
            exactly: exact,
            verdict,
            reason: why,
        }));
        Ok(code)
    }

    /// From which files, to which exact value, to which rounding.
    fn derivation(&self, claim: &Claim, screen: &mut Screen) -> Result<(), Failure> {
        if let Some(derivation) = self.manifest.derivation_of(&claim.over.file) {
            for input in &derivation.inputs {
                screen.line(&format!("  {}{input}", padded("from", 10)))?;
            }
        }
        if let Some((fitted, _)) = self.derived.fits.get(&claim.over.file) {
            let (rows, terms) = (fitted.weights.normal.n, fitted.weights.terms.len());
            let (rows, terms) = (count::of(rows, "row"), count::of(terms, "term"));
            screen.line(&format!("  solved    exactly over the rationals, from {rows} and {terms}"))?;
        }
        self.rows_of(claim, screen)?;
        let Ok((exact, _)) = claims::recompute(claim, self.manifest, self.contents, self.derived) else {
            return Ok(());
        };
        let (kind, value) = match &exact {
            Exact::Value(value) => ("exactly  ", value),
            Exact::Root(square) => ("root of  ", square),
        };
        if let Some(fraction) = fraction(value) {
            screen.line(&format!("  {kind} {fraction}"))?;
        }
        screen.line(&format!("  that is   {}", cut(&exact, 40)))?;
        let places = claim.value.0.places();
        screen.line(&format!("  rounded   {} to {places} decimals, half to even", exact.to_places(places)))
    }

    fn weighing(
        &self,
        name: &str,
        session: &str,
        weighing: &str,
        screen: &mut Screen,
    ) -> Result<u8, Failure> {
        let (path, results, weights) = self.predicted(Some(name))?;
        let read = self.contents.dataset(path, &weights.recipe);
        let Some((dataset, Data::Sessions(sessions))) = read else {
            return Err(Failure::input(
                path,
                "it has no sessions, or they could not be read; `openweigh verify` says which file is at fault",
            ));
        };
        let place = path.as_str().replace("dataset.json", &format!("sessions/{session}"));
        let title = format!("weighing `{weighing}` of session `{session}` of `{}`: {place}", dataset.name);
        screen.line(&screen.tone(Tone::Strong, &title))?;
        excluded(dataset.exclusion(session, weighing), screen)?;
        let Some(trace) = trace::of_weighing(weights, sessions, session, weighing) else {
            return Err(Failure::usage(format!(
                "there is no weighing `{session}/{weighing}` with grams in `{}`",
                dataset.name
            )));
        };
        if let Some(one) = sessions.iter().find(|one| one.session.id.as_str() == session) {
            self.frames(path, one, weighing, screen)?;
        }
        self.trace(&trace, weights, screen)?;
        let one =
            sessions.iter().filter(|one| one.session.id.as_str() == session).cloned().collect::<Vec<_>>();
        let mut lines = Vec::new();
        Predictor::new(weights)?.lines(dataset, Data::Sessions(&one), 1, |bytes| {
            lines.extend_from_slice(bytes);
            Ok::<(), openweigh_replay::ReplayError>(())
        })?;
        let start = format!("{},{session},{weighing},", dataset.name);
        let lines = String::from_utf8_lossy(&lines).into_owned();
        let derived = lines.lines().find(|line| line.starts_with(&start)).unwrap_or_default().to_owned();
        let same = self.compare(results, &derived, &start, screen)?;
        screen.document(&Explained::Weighing {
            dataset: dataset.name.to_string(),
            session: session.to_owned(),
            weighing: weighing.to_owned(),
            sum: trace.sum.to_string(),
            predicted: trace.predicted.to_string(),
            line: derived,
            same,
        });
        Ok(if same { exit::DONE } else { exit::FAILED })
    }

    fn row(&self, name: Option<&str>, row: usize, screen: &mut Screen) -> Result<u8, Failure> {
        let (path, results, weights) = self.predicted(name)?;
        let Some((dataset, table)) = self.contents.table(path) else {
            return Err(Failure::input(
                path,
                "it has no table, or the table could not be read; `openweigh verify` says which file is at fault",
            ));
        };
        if row >= table.rows() {
            return Err(Failure::usage(format!(
                "`{}` has rows 0 to {}, there is no row {row}",
                dataset.name,
                table.rows().saturating_sub(1)
            )));
        }
        let measurements = path.as_str().replace("dataset.json", openweigh_formats::dataset::MEASUREMENTS);
        screen.line(&screen.tone(
            Tone::Strong,
            &format!("row {row} of `{}`: {measurements}, line {}", dataset.name, row + 2),
        ))?;
        excluded(dataset.excluded.iter().find(|one| one.row == Some(row as u64)), screen)?;
        let Some(trace) = trace::of_row(weights, dataset, table, row)? else {
            screen.line("  a feature is missing, so nothing is predicted (flag `gap`)")?;
            screen.document(&Explained::Gap {
                dataset: dataset.name.to_string(),
                row,
                predicted: None,
                flags: "gap",
            });
            return Ok(exit::DONE);
        };
        self.trace(&trace, weights, screen)?;
        let derived = Predictor::new(weights)?.line(dataset, table, row);
        let derived = String::from_utf8_lossy(&derived).trim_end().to_owned();
        let start = format!("{},{row},", dataset.name);
        let same = self.compare(results, &derived, &start, screen)?;
        screen.document(&Explained::Row {
            dataset: dataset.name.to_string(),
            row,
            sum: trace.sum.to_string(),
            predicted: trace.predicted.to_string(),
            line: derived,
            same,
        });
        Ok(if same { exit::DONE } else { exit::FAILED })
    }

    /// Features, terms, their sum and its rounding.
    fn trace(&self, trace: &Trace, weights: &Weights, screen: &mut Screen) -> Result<(), Failure> {
        for (feature, value) in &trace.features {
            let tare = trace.tare.iter().find(|(name, _)| name == feature);
            let tare = tare.map_or(String::new(), |(_, tare)| format!(", of its tare {tare}"));
            screen.line(&format!("  {feature} = {value}{tare}"))?;
        }
        let mut rows = vec![["term", "value", "coefficient", "product, exactly"].map(str::to_owned).to_vec()];
        for term in &trace.terms {
            rows.push(vec![
                term.term.clone(),
                term.value.to_string(),
                term.coefficient.to_string(),
                term.product.to_string(),
            ]);
        }
        show::table(&rows, &[false, false, false, false], screen)?;
        let decimals = weights.recipe.result.decimals;
        let target = &weights.recipe.model.target;
        screen.line(&format!("  {}{}", padded("sum", 10), trace.sum))?;
        screen.line(&format!(
            "  rounded   {} to {decimals} decimals, half to even: the predicted {target}",
            trace.predicted
        ))?;
        sources::uncertainty(trace.uncertain.as_ref(), weights, screen)
    }
}

/// The first digits of an exact value.
fn digits(exact: &Exact, count: u32) -> String {
    match exact {
        Exact::Value(value) => openweigh_exact::round::to_digits(value, count).to_string(),
        Exact::Root(square) => openweigh_exact::root::to_digits(square, count).to_string(),
    }
}

/// The same, with a mark where more digits would follow.
fn cut(exact: &Exact, count: u32) -> String {
    let shown = digits(exact, count);
    let Ok(number) = Decimal::parse_within(&shown, usize::MAX) else { return shown };
    let whole = match exact {
        Exact::Value(value) => Ratio::from(&number) == *value,
        Exact::Root(square) => Ratio::from(&number.times(&number)) == *square,
    };
    if whole { shown } else { format!("{shown}…") }
}

/// The exact value itself, for machines.
fn exactly(exact: &Exact) -> String {
    match exact {
        Exact::Value(value) => value.reduced_text(),
        Exact::Root(square) => format!("sqrt({})", square.reduced_text()),
    }
}

/// The fraction itself, reduced, where it is short enough to be read.
fn fraction(value: &Ratio) -> Option<String> {
    let text = value.reduced_text();
    (text.len() <= 90).then_some(text)
}

/// Says that something was not fitted, and why.
fn excluded(exclusion: Option<&Exclusion>, screen: &mut Screen) -> Result<(), Failure> {
    exclusion.map_or(Ok(()), |one| {
        screen.line(
            &screen
                .tone(Tone::Doubtful, &format!("  excluded, never fitted: {}", quoted(one.reason.as_str()))),
        )
    })
}
