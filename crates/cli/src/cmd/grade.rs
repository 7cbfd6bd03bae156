//! `openweigh grade`

use super::verify;
use crate::answer::{self, Graded, Judged, Judgement, Openness, Part, Reproduced, Requirement};
use crate::args::Global;
use crate::exit;
use crate::failure::Failure;
use crate::place::{self, OnDisk};
use crate::progress::Progress;
use crate::screen::{Screen, Tone, padded};
use clap::ValueEnum;
use openweigh_formats::files;
use openweigh_formats::manifest::Manifest;
use openweigh_formats::publication::Publication;
use openweigh_formats::release;
use openweigh_formats::{Digest, licence, limits};
use openweigh_ledger::{Kind, Ledger};
use openweigh_openness::reproduced::ReproducedBy;
use openweigh_openness::{Answer, Card, Class, Criterion, Evidence, Grade, State, Subject, Texts, Tool};
use openweigh_verify::Opened;
use openweigh_verify::Summary;
use openweigh_verify::{Report, Stage, Verdict};
use std::path::{Path, PathBuf};

/// Grade how open a release is: open weights, open source, reproduced
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh grade release                                         every answer, with the file that proves it
  openweigh grade release --require open-weights --require class-2   exit 1 unless both are so")]
pub(crate) struct Args {
    /// A release's folder, or a manifest by `name-version` or path
    #[arg(value_name = "RELEASE")]
    release: String,
    /// Trust policy (TOML): whose receipts count
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Exit 1 unless this is so; several may be given
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    require: Vec<Required>,
}

/// What may be required.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Required {
    /// All ten criteria of the Open Weight Definition
    OpenWeights,
    /// All parts of the Open Source AI Definition
    OpenSource,
    /// Class I of the Model Openness Framework
    #[value(name = "class-1")]
    Class1,
    /// Class II, or I
    #[value(name = "class-2")]
    Class2,
    /// Class III, or II, or I
    #[value(name = "class-3")]
    Class3,
    /// Everything derived again, here and now
    Reproduced,
}

impl Required {
    fn of(self, grade: &Grade) -> Answer {
        match self {
            Self::OpenWeights => whole(&grade.open_weights),
            Self::OpenSource => whole(&grade.open_source),
            Self::Class1 => grade.framework.reaches(Class::OpenScience),
            Self::Class2 => grade.framework.reaches(Class::OpenTooling),
            Self::Class3 => grade.framework.reaches(Class::OpenModel),
            Self::Reproduced => grade.reproduced.here,
        }
    }

    fn word(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

fn whole(criteria: &[Criterion]) -> Answer {
    Answer::all(criteria.iter().map(|criterion| criterion.answer))
}

/// A release that was read and derived again.
struct Read {
    manifest: Manifest,
    id: Digest,
    contents: Opened,
    report: Report,
    publication: Option<Publication>,
    texts: Texts,
    cards: Vec<Card>,
    receipts: Vec<ReproducedBy>,
}

pub(crate) fn run(args: &Args, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
    let path = manifest_path(&args.release)?;
    let Some(read) = read(&path, args, global, screen)? else { return Ok(exit::INPUT) };
    let tool = Tool {
        name: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        licence: env!("CARGO_PKG_LICENSE").parse().expect("the workspace states an SPDX expression"),
    };
    let grade = openweigh_openness::grade(&Subject {
        manifest: &read.manifest,
        contents: &read.contents,
        report: &read.report,
        publication: read.publication.as_ref(),
        texts: &read.texts,
        cards: &read.cards,
        tool: &tool,
        receipts: &read.receipts,
    });
    let code = code(args, &grade, &read.report);
    screen.document(&document(&path, &read, &grade, &args.require, code));
    tell(&read, &grade, &args.require, screen)?;
    Ok(code)
}

/// A requirement that is not met outweighs what could not be read, and that what could not be decided.
fn code(args: &Args, grade: &Grade, report: &Report) -> u8 {
    if args.require.iter().any(|required| required.of(grade) != Answer::Yes) {
        exit::FAILED
    } else if report.items.iter().any(|item| matches!(item.verdict, Verdict::Malformed(_))) {
        exit::INPUT
    } else if report.summary() == Summary::Incomplete || grade.answers().any(|own| own == Answer::Unknown) {
        exit::INCOMPLETE
    } else {
        exit::DONE
    }
}

/// The manifest of a release, or of the ledger.
fn manifest_path(word: &str) -> Result<PathBuf, Failure> {
    if word == "-" {
        return Err(Failure::usage("a release is read where it stands; name its folder instead of `-`"));
    }
    place::find(&place::ledger()?, Kind::Manifest, word)
}

/// Verifies the release and keeps what is judged; none where its manifest cannot be read.
fn read(path: &Path, args: &Args, global: &Global, screen: &mut Screen) -> Result<Option<Read>, Failure> {
    // What is no manifest at all is told as every command tells it.
    place::document::<Manifest>(path)?;
    let (done, contents) = verify::whole(path, args.policy.as_deref(), None, global, screen)?;
    let (Some(manifest), Some(contents)) = (done.manifest, contents) else { return Ok(None) };
    let (root, _) = verify::root_of(path);
    let (ledger, progress) = (Ledger::at(root), Progress::new(true));
    let from = OnDisk(&ledger, &progress);
    let texts = openweigh_openness::texts::read(&manifest, &from);
    let said = release::PUBLICATION.parse().expect("a path of the format");
    let said = files::bytes(&from, &said, limits::TOML_BYTES).ok();
    let publication = said.and_then(|bytes| Publication::from_toml(&bytes).ok());
    let cards = done.checks.items.iter().filter(|item| item.stage == Stage::Cards);
    let cards = cards.map(|item| Card {
        path: item.subject.clone(),
        state: match &item.verdict {
            Verdict::Checked => State::Genuine,
            Verdict::Failed(finding) if finding.position.is_none() => State::Missing,
            _ => State::Edited,
        },
    });
    let cards = cards.collect();
    let receipts = done.receipts.into_iter().map(|(who, file)| ReproducedBy { who, file }).collect();
    Ok(Some(Read {
        manifest,
        id: done.id,
        contents,
        report: done.checks,
        publication,
        texts,
        cards,
        receipts,
    }))
}

/// The whole in a line.
fn headline(grade: &Grade) -> String {
    let yes = grade.open_weights.iter().filter(|criterion| criterion.answer == Answer::Yes).count();
    let class = match (grade.framework.class(), grade.framework.reaches(Class::OpenModel)) {
        (Some(class), _) => format!("MOF class {}", class.as_str()),
        (None, Answer::Unknown) => "MOF class unknown".to_owned(),
        (None, _) => "no MOF class".to_owned(),
    };
    let here = match grade.reproduced.here {
        Answer::Yes => "here",
        Answer::No => "no",
        _ => "not entirely",
    };
    let receipts = grade.reproduced.by.len();
    format!(
        "open weights: {} ({yes} of {}) · open source (OSAID): {} · {class} · reproduced: {here}, {receipts} {}",
        whole(&grade.open_weights).as_str(),
        grade.open_weights.len(),
        whole(&grade.open_source).as_str(),
        if receipts == 1 { "receipt" } else { "receipts" },
    )
}

fn toned(answer: Answer, screen: &Screen) -> String {
    let tone = match answer {
        Answer::Yes => Tone::Good,
        Answer::No => Tone::Bad,
        Answer::Unknown => Tone::Doubtful,
        Answer::NotApplicable => Tone::Faint,
    };
    screen.tone(tone, &padded(answer.as_str(), 14))
}

/// Where it can be read, in a few words; all of it stands in the JSON.
fn places(evidence: &[Evidence]) -> String {
    match evidence {
        [] => String::new(),
        [one] => format!("  [{one}]"),
        [first, second] => format!("  [{first}, {second}]"),
        [first, second, rest @ ..] => format!("  [{first}, {second} and {} more]", rest.len()),
    }
}

fn tell(read: &Read, grade: &Grade, required: &[Required], screen: &mut Screen) -> Result<(), Failure> {
    screen.line(&screen.tone(Tone::Faint, &format!("  release {}", read.id)))?;
    screen.line(&headline(grade))?;
    section(&format!("Open weights ({})", openweigh_openness::OPEN_WEIGHTS), &grade.open_weights, screen)?;
    section(&format!("Open source ({})", openweigh_openness::OPEN_SOURCE), &grade.open_source, screen)?;
    tell_framework(grade, screen)?;
    section("Reproduced here", &grade.reproduced.criteria, screen)?;
    for one in &grade.reproduced.by {
        screen.line(&format!("  and by {}  [{}]", one.who, one.file))?;
    }
    let list = format!("Licence texts (SPDX licence list {})", licence::list_version());
    section(&list, &grade.texts, screen)?;
    for one in required {
        let answer = one.of(grade);
        if answer != Answer::Yes {
            let text = format!("required, and {}: {}", answer.as_str(), one.word());
            screen.finding(&screen.tone(Tone::Bad, &text))?;
        }
    }
    Ok(())
}

fn section(title: &str, criteria: &[Criterion], screen: &mut Screen) -> Result<(), Failure> {
    screen.line("")?;
    screen.line(&screen.tone(Tone::Strong, title))?;
    for own in criteria {
        let head = format!("  {}  {}", toned(own.answer, screen), own.title);
        screen.line(&format!("{head}: {}{}", own.note, places(&own.evidence)))?;
    }
    Ok(())
}

fn tell_framework(grade: &Grade, screen: &mut Screen) -> Result<(), Failure> {
    screen.line("")?;
    screen.line(&screen.tone(Tone::Strong, openweigh_openness::FRAMEWORK))?;
    for class in Class::ALL {
        let lacks: Vec<&str> = grade.framework.lacks(class).map(|own| own.title).collect();
        let lacks =
            if lacks.is_empty() { String::new() } else { format!(": for want of {}", lacks.join(", ")) };
        let answer = toned(grade.framework.reaches(class), screen);
        screen.line(&format!("  {answer}  class {}, {}{lacks}", class.as_str(), class.name()))?;
    }
    for own in &grade.framework.components {
        let optional = if own.required { "" } else { " (optional)" };
        let head =
            format!("  {}  {:<3}  {}{optional}", toned(own.answer(), screen), own.class.as_str(), own.title);
        screen.line(&format!("{head}: {}{}", own.note, places(&own.evidence)))?;
    }
    Ok(())
}

fn document(path: &Path, read: &Read, grade: &Grade, required: &[Required], code: u8) -> Graded {
    let framework = &grade.framework;
    let definition = |definition, criteria: &[Criterion]| Judgement {
        definition,
        answer: whole(criteria).as_str(),
        criteria: Judged::all(criteria),
    };
    let witness = |one: &ReproducedBy| answer::Witness { who: one.who.clone(), file: one.file.clone() };
    let requirement = |one: &Required| Requirement { what: one.word(), answer: one.of(grade).as_str() };
    Graded {
        manifest: place::shown(path),
        release: read.id.to_string(),
        headline: headline(grade),
        open_weights: definition(openweigh_openness::OPEN_WEIGHTS, &grade.open_weights),
        open_source: definition(openweigh_openness::OPEN_SOURCE, &grade.open_source),
        model_openness: Openness {
            framework: openweigh_openness::FRAMEWORK,
            class: framework.class().map(Class::as_str),
            classes: Class::ALL
                .into_iter()
                .map(|class| (class.as_str(), framework.reaches(class).as_str()))
                .collect(),
            components: framework.components.iter().map(Part::of).collect(),
        },
        reproduced: Reproduced {
            here: grade.reproduced.here.as_str(),
            stages: Judged::all(&grade.reproduced.criteria),
            receipts: grade.reproduced.by.iter().map(witness).collect(),
        },
        licence_texts: answer::Texts {
            spdx_list: licence::list_version().to_owned(),
            texts: Judged::all(&grade.texts),
        },
        required: required.iter().map(requirement).collect(),
        exit: code,
    }
}
