//! `openweigh publish`

use crate::answer::{PublicFile, Published};
use crate::args::Global;
use crate::failure::Failure;
use crate::place::{self, OnDisk};
use crate::progress::Progress;
use crate::screen::Screen;
use crate::{exit, keys, show};
use openweigh_formats::count;
use openweigh_formats::dataset::{Dataset, ProvenanceKind};
use openweigh_formats::files;
use openweigh_formats::manifest::{Manifest, ManifestFile, Role};
use openweigh_formats::path::RelativePath;
use openweigh_formats::publication::Publication;
use openweigh_formats::release;
use openweigh_formats::weights::Weights;
use openweigh_formats::{Digest, canonical, limits};
use openweigh_ledger::release::Parts;
use openweigh_ledger::{Kind, Ledger, Written, licences};
use openweigh_release::previous::Previous;
use openweigh_release::source::false_texts;
use openweigh_release::{Missing, Source, generate, source, withheld};
use openweigh_trust::{Signer, oms, sshsig};
use openweigh_verify::examine;
use openweigh_verify::{Opened, Scope};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Make a release: a folder that strangers check with their own tools
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh publish load-cell-1.0.0 -o release
  openweigh publish load-cell-1.0.0 -o release --dry-run
  openweigh publish my-pad-1.0.0 -o release --withhold sessions")]
pub(crate) struct Args {
    /// The manifest, by `name-version` or path
    #[arg(value_name = "MANIFEST")]
    manifest: String,
    /// The folder of the release
    #[arg(short, value_name = "DIR", required_unless_present_any = ["dry_run", "template"])]
    output: Option<PathBuf>,
    /// What you say about it: a TOML file, by name or path [default: artifacts/publications/NAME.toml]
    #[arg(long, value_name = "P")]
    publication: Option<String>,
    /// The folder of the release that this one succeeds
    #[arg(long, value_name = "RELEASE")]
    previous: Option<PathBuf>,
    /// Print a publication to be filled in, for artifacts/publications/NAME.toml
    #[arg(long, conflicts_with = "output")]
    template: bool,
    /// List what would become public, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Sign with this key: a private key file, or a public one whose private half an SSH agent holds
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Write an OMS bundle beside the release, signed with this P-256 key
    #[arg(long, value_name = "FILE")]
    oms_key: Option<PathBuf>,
    /// Keep raw data back: the release states readings and digests instead, and says what stays unproved
    #[arg(long, value_name = "WHAT", value_enum)]
    withhold: Option<Withhold>,
    /// Replace an existing release
    #[arg(long)]
    force: bool,
}

/// What can be kept back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Withhold {
    /// The touches of all sessions
    Sessions,
}

/// What a publisher is asked to say; what `#` stands before may be left out.
const TEMPLATE: &str = r#"format = "openweigh.publication/2"
summary = ""             # what this is, in a few sentences
uses = ""                # what it is good for
limits = ""              # what it is not good for
# risks = ""             # what may go wrong for those who rely on it
# misuse = ""            # what it must not be used for
keywords = []
licence = "CC0-1.0"      # of the cards; data and weights state their own
date = ""                # the day of publication, as 2026-01-31: no clock is read
INSTRUMENT
# changes = ""           # what is new since the release before
# homepage = "https://example.org/scale"

[[author]]
name = ""
# orcid = "0000-0000-0000-0000"
# affiliation = ""
"#;

/// The form for a manifest: the instrument has to be said where the weights do not name it.
fn template(word: &str) -> Result<String, Failure> {
    let ledger = place::ledger()?;
    let (manifest, _): (Manifest, _) = place::document(&place::find(&ledger, Kind::Manifest, word)?)?;
    let of = |role| manifest.of_role(role).map(|file| ledger.on_disk(&file.path));
    let mut named = of(Role::Touches).next().is_some() || !manifest.is_data_alone();
    for path in of(Role::Weights) {
        let (weights, _): (Weights, _) = place::document(&path)?;
        named &= weights.applies_to.pad.is_some();
    }
    let line = if named {
        "# instrument = \"\"        # what measured, if it is more than the pad that the weights name"
    } else {
        "instrument = \"\"          # what measured: maker, model, serial number"
    };
    Ok(TEMPLATE.replace("INSTRUMENT", line))
}

/// A manifest that holds, with everything that its release follows from.
struct Prepared {
    ledger: Ledger,
    manifest: Manifest,
    bytes: Vec<u8>,
    opened: Opened,
    publication: Publication,
    said: Vec<u8>,
    /// Texts of the licences that only the cards are under.
    texts: BTreeMap<String, Vec<u8>>,
    previous: Option<Previous>,
    results: BTreeMap<RelativePath, Vec<u8>>,
}

pub(crate) fn run(args: &Args, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
    if args.template {
        screen.raw(template(&args.manifest)?.as_bytes())?;
        return Ok(exit::DONE);
    }
    let prepared = prepare(args, global, screen)?;
    let (id, said) = (Digest::of(&prepared.bytes), Digest::of(&prepared.said));
    let none = BTreeSet::new();
    let mut source = Source {
        manifest: &prepared.manifest,
        id: &id,
        publication: &prepared.publication,
        publication_id: &said,
        opened: &prepared.opened,
        texts: &prepared.texts,
        previous: prepared.previous.as_ref(),
        results: &prepared.results,
        withheld: &none,
    };
    let mut missing = source.missing();
    let touches = withheld::touches(&source);
    if args.withhold.is_some() {
        missing.extend(withheld::obstacles(&source));
        source.withheld = &touches;
    }
    missing.extend(false_texts(&prepared.texts));
    if !missing.is_empty() {
        return Err(Failure::Incomplete(missing));
    }
    let mut written = vec![
        (release::MANIFEST.to_owned(), prepared.bytes.clone()),
        (release::PUBLICATION.to_owned(), prepared.said.clone()),
    ];
    written.extend(generate::generate(&source).into_iter().map(|file| (file.path, file.bytes)));
    let key = args.key.as_deref().map(keys::signer).transpose()?;
    if let Some(key) = &key {
        let (_, sums) = written.last().expect("the checksums are the last that is generated");
        let signature = sshsig::sign(key.as_ref(), sshsig::RELEASE, sums)?;
        written.push((release::SIGNATURE.to_owned(), signature.into_bytes()));
    }
    let parts = Parts { copied: source.present().collect(), written };
    let collisions = release::case_collisions(
        parts.written.iter().map(|(path, _)| path.as_str()),
        parts.copied.iter().map(|file| file.path.as_str()),
    );
    if !collisions.is_empty() {
        let missing = |one: release::Collision| Missing { what: one.to_string(), path: one.path };
        return Err(Failure::Incomplete(collisions.into_iter().map(missing).collect()));
    }
    let Some(output) = args.output.as_ref().filter(|_| !args.dry_run) else {
        return preview(&prepared, &parts, screen);
    };
    let done = openweigh_ledger::release::write(&prepared.ledger, &parts, output, args.force)?;
    if let Some(path) = &args.oms_key {
        let key = keys::signer(path)?;
        bundle(&prepared.ledger, &parts, &prepared.manifest, key.as_ref(), output, args.force, screen)?;
    }
    let files = parts.copied.len() + parts.written.len();
    screen.document(&Published::Release {
        release: place::shown(output),
        id: id.to_string(),
        files,
        written: done != Written::Same,
    });
    let (shown, files) = (place::shown(output), count::of(files, "file"));
    screen.line(&match done {
        Written::New => format!("wrote {shown}: {files}"),
        Written::Same => format!("{shown} is there already, byte for byte the same; left alone"),
        Written::Replaced => format!("replaced {shown}: {files}"),
    })?;
    screen.line(&format!("  release {id}"))?;
    if !source.withheld.is_empty() {
        screen.line(&format!(
            "  kept back: the touches of {}; that the stated readings are theirs stays unproved to others",
            count::of(source.withheld.len(), "session")
        ))?;
    }
    match key {
        None => screen.line("  not signed; sign it with --key, so that others can tell that it is yours")?,
        Some(key) => {
            let public = key.public_key();
            screen.line(&format!("  signed with key {}", public.fingerprint()))?;
            screen.line(
                "  send this line to your readers, separately from the release; it goes into their allowed_signers:",
            )?;
            screen.line(&format!(
                "  YOU@EXAMPLE.ORG namespaces=\"{},{}\" {}",
                sshsig::RELEASE,
                sshsig::RECEIPT,
                public.to_line().trim_end()
            ))?;
        }
    }
    show::next(&format!("verify {shown}"), screen)?;
    Ok(exit::DONE)
}

/// What a file tells about a person, if it does.
fn about_people(prepared: &Prepared, file: &ManifestFile) -> Option<&'static str> {
    let of = |(path, dataset): (&RelativePath, &Dataset)| {
        let own = dataset.files.iter().any(|own| path.sibling(&own.path).is_ok_and(|path| path == file.path));
        own.then_some(dataset.provenance.kind)
    };
    let kind = prepared.opened.datasets.iter().find_map(of);
    if kind == Some(ProvenanceKind::Simulated) {
        return None;
    }
    Some(match file.role {
        Role::Touches => "where, when and how hard the pad was touched: of a finger, a trace of a person",
        Role::Session => {
            "the device (its id as a salted hash), the system, and what was noted of place and contact"
        }
        Role::Dataset => {
            match prepared.opened.datasets.get(&file.path).map(|dataset| dataset.authors.len()) {
                Some(0) => "where the data are from, in the words of its `origin`; nobody is named as author",
                _ => "the names of those who made the data",
            }
        }
        _ => return None,
    })
}

/// Lists what would become public, and writes nothing.
fn preview(prepared: &Prepared, parts: &Parts<'_>, screen: &mut Screen) -> Result<u8, Failure> {
    let copied = parts
        .copied
        .iter()
        .map(|file| (file.path.to_string(), file.bytes, about_people(prepared, file).unwrap_or_default()));
    let written = parts.written.iter().map(|(path, bytes)| {
        let says = if path == release::PUBLICATION { "the names of those who publish" } else { "" };
        (path.clone(), bytes.len() as u64, says)
    });
    let mut files: Vec<(String, u64, &str)> = copied.chain(written).collect();
    files.sort();
    let mut rows = vec![["file", "bytes", "says about people"].map(str::to_owned).to_vec()];
    rows.extend(
        files.iter().map(|(path, bytes, says)| vec![path.clone(), bytes.to_string(), (*says).to_owned()]),
    );
    let total: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
    let public = |(path, bytes, says): &(String, u64, &str)| PublicFile {
        path: path.clone(),
        bytes: *bytes,
        about_people: (*says).to_owned(),
    };
    let listed = files.iter().map(public).collect();
    screen.document(&Published::Preview { files: listed, bytes: total, written: false });
    show::table(&rows, &[false, true, false], screen)?;
    screen.line(&format!(
        "{}, {total} bytes would become public; nothing was written",
        count::of(files.len(), "file")
    ))?;
    Ok(exit::DONE)
}

/// Writes the OMS bundle beside the release.
fn bundle(
    ledger: &Ledger,
    parts: &Parts<'_>,
    manifest: &Manifest,
    key: &dyn Signer,
    output: &Path,
    force: bool,
    screen: &mut Screen,
) -> Result<(), Failure> {
    let copied = parts.copied.iter().map(|file| (file.path.to_string(), file.sha256.clone()));
    let written = parts.written.iter().map(|(path, bytes)| (path.clone(), Digest::of(bytes)));
    let files = copied.chain(written).collect();
    let bytes = oms::write(&files, &format!("{}-{}", manifest.name, manifest.version), key)?;
    let (path, written) = openweigh_ledger::release::write_beside(ledger, output, ".oms.sig", &bytes, force)?;
    show::written(&path, written, &Digest::of(&bytes), screen)
}

/// Reads the manifest and derives everything again: nothing is published that does not hold.
fn prepare(args: &Args, global: &Global, screen: &mut Screen) -> Result<Prepared, Failure> {
    let ledger = place::ledger()?;
    let path = place::find(&ledger, Kind::Manifest, &args.manifest)?;
    let bytes = place::read(&path, limits::JSON_BYTES)?;
    let malformed = |source| Failure::Malformed { path: place::shown(&path), source };
    let manifest: Manifest = canonical::read(&bytes).map_err(malformed)?;
    let word = args.publication.clone().unwrap_or_else(|| manifest.name.to_string());
    let said_path = ledger.find(Kind::Publication, &word).map_err(|missing| Failure::Unsaid {
        path: place::shown(&ledger.place(Kind::Publication, &missing.word)),
        manifest: args.manifest.clone(),
    })?;
    let said = place::read(&said_path, limits::TOML_BYTES)?;
    let publication = Publication::from_toml(&said)
        .map_err(|source| Failure::Malformed { path: place::shown(&said_path), source })?;
    let budget = global.budget();
    let (progress, mut broken) = (Progress::of("deriving"), None);
    let from = OnDisk(&ledger, &progress);
    let (report, opened) = examine(&manifest, &from, &Scope::Ledger, budget, |item| {
        if broken.is_none() {
            broken = super::verify::tell(item, screen).err();
        }
    });
    if let Some(failure) = broken {
        return Err(failure);
    }
    if !report.holds() {
        return Err(Failure::Unproved { path: place::shown(&path) });
    }
    let previous = predecessor(args, &manifest, budget.max_csv)?;
    let results = match &previous {
        None => BTreeMap::new(),
        Some(_) => results(&manifest, &from, budget.max_csv)?,
    };
    drop(progress);
    let texts = licence_texts(&ledger, &manifest, &publication)?;
    Ok(Prepared { ledger, manifest, bytes, opened, publication, said, texts, previous, results })
}

/// The release that this one succeeds, if its manifest names one.
fn predecessor(args: &Args, manifest: &Manifest, max_csv: u64) -> Result<Option<Previous>, Failure> {
    let (named, given) = match (&manifest.previous, &args.previous) {
        (None, None) => return Ok(None),
        (Some(named), Some(given)) => (named, given),
        (Some(named), None) => {
            let what = format!("it succeeds the release {named}: give that release's folder with --previous");
            return Err(Failure::usage(what));
        }
        (None, Some(_)) => {
            let what = "the manifest succeeds none: seal it with --previous, then publish with --previous";
            return Err(Failure::usage(what));
        }
    };
    let (release, progress) = (Ledger::at(given.clone()), Progress::of("deriving"));
    let previous = Previous::read(&OnDisk(&release, &progress), "", named, max_csv)
        .map_err(|error| Failure::input(place::shown(given), error))?;
    previous.precedes(manifest).map_err(|error| Failure::input(place::shown(given), error))?;
    Ok(Some(previous))
}

/// The bytes of the results, to be compared with those of the release before.
fn results(
    manifest: &Manifest,
    from: &OnDisk<'_>,
    max_csv: u64,
) -> Result<BTreeMap<RelativePath, Vec<u8>>, Failure> {
    let read = |file: &ManifestFile| {
        let bytes = files::bytes(from, &file.path, max_csv);
        let bytes = bytes.map_err(|error| Failure::input(&file.path, error))?;
        Ok((file.path.clone(), bytes))
    };
    manifest.of_role(Role::Results).map(read).collect()
}

/// The texts of licences that the cards are under and nothing else: from the ledger, or one of those carried along.
fn licence_texts(
    ledger: &Ledger,
    manifest: &Manifest,
    publication: &Publication,
) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let mut texts = BTreeMap::new();
    for id in source::texts_wanted(manifest, publication) {
        let at = Ledger::licence(&id).map(|path| ledger.on_disk(&path)).filter(|at| at.exists());
        let text = match at {
            Some(at) => Some(place::read(&at, limits::JSON_BYTES)?),
            None => licences::text(&id).map(|text| text.as_bytes().to_vec()),
        };
        texts.extend(text.map(|text| (id, text)));
    }
    Ok(texts)
}
