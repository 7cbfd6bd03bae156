//! `openweigh verify`

pub(crate) mod outcome;
pub(crate) mod signature;
mod telling;

use crate::args::Global;
use crate::exit;
use crate::failure::Failure;
use crate::place::{self, Lent, OnDisk};
use crate::progress::Progress;
use crate::screen::{Screen, Tone};
use crate::show;
use openweigh_formats::files::Unreadable;
use openweigh_formats::manifest::Manifest;
use openweigh_formats::path::RelativePath;
use openweigh_formats::sums::Sums;
use openweigh_formats::{Digest, canonical, edit, limits};
use openweigh_ledger::lookup::is_release;
use openweigh_ledger::{Kind, Ledger, OpenError};
use openweigh_publish::check::Release;
use openweigh_publish::release;
use openweigh_trust::time::Time;
use openweigh_verify::Summary;
use openweigh_verify::{Cause, Finding, Item, Kind as Found, Other, Proof, Report, Stage, Verdict, examine};
use openweigh_verify::{Opened, Scope};
use serde_json::json;
pub(crate) use telling::tell;

use outcome::Signed;
use signature::{Believed, Question};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use telling::{Heading, as_json, summary, tell_notes, tell_unchecked_claims, tell_unlisted};

/// Derive everything in a manifest or release again; compare each digit
#[derive(Debug, Default, clap::Args)]
#[command(after_help = "Examples:
  openweigh verify                                  every manifest of this ledger
  openweigh verify manifests/load-cell-1.0.0.json   one of them, -v for each item
  openweigh verify release                          a release, all of it (inside it: `openweigh verify`)
  openweigh verify release --sessions private       with the touches that it keeps back")]
pub(crate) struct Args {
    /// Manifests, by path or `name-version`, or folders of releases [default: all of the ledger]
    #[arg(value_name = "MANIFEST")]
    manifests: Vec<String>,
    /// Require the (only) manifest to have this SHA-256
    #[arg(long, value_name = "SHA256")]
    id: Option<Digest>,
    /// Trust policy (TOML): whose signatures you accept
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Require at least K receipts from people who re-derived the release
    #[arg(long, value_name = "K", requires = "policy")]
    receipts: Option<u32>,
    /// Folder of receipts and withdrawals [default: attest, beside the release]
    #[arg(long, value_name = "DIR")]
    attest: Option<PathBuf>,
    /// Folder with the touches that the release keeps back, at their paths
    #[arg(long, value_name = "DIR")]
    sessions: Option<PathBuf>,
    /// Check the OMS bundle beside a release with this P-256 public key
    #[arg(long, value_name = "FILE")]
    oms_key: Option<PathBuf>,
    /// Moment at which keys must be valid, as `YYYYMMDD[HHMM[SS]]Z` [default: now]
    #[arg(long, value_name = "TIME", requires = "policy")]
    at: Option<Time>,
}

/// A manifest that was gone through.
pub(crate) struct Done {
    /// What it is called: by its file, in a release by itself.
    pub(crate) name: String,
    path: String,
    pub(crate) id: Digest,
    pub(crate) report: Report,
    /// What it says, if it could be read.
    pub(crate) manifest: Option<Manifest>,
    /// Receipts of others that count: who, and the file.
    pub(crate) receipts: Vec<(String, String)>,
    /// What is known of who published it.
    pub(crate) signed: Signed,
}

pub(crate) fn run(args: &Args, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
    let paths = manifests(args)?;
    if args.id.is_some() && paths.len() != 1 {
        return Err(Failure::usage(format!("--id is for one manifest, found {}", paths.len())));
    }
    only_of_releases(args, &paths)?;
    let mut done = Vec::new();
    let mut search = global.search();
    let believed = Believed::read(args)?;
    for path in &paths {
        done.push(one(path, args, believed.as_ref(), global, &mut search, screen)?.0);
    }
    let of_ledger = args.manifests.is_empty()
        && paths.first().is_some_and(|path| matches!(root_of(path).1, Scope::Ledger));
    if of_ledger {
        done.extend(gone(&paths, screen)?);
    }
    let worst = done.iter().map(|done| done.report.summary()).max().unwrap_or(Summary::Checked);
    let code = exit::of(worst);
    let unlisted = if of_ledger { unlisted(&paths, &done) } else { None };
    screen.document(json!({
        "format": "openweigh.verify/2", "sentence": outcome::sentence(&done, worst), "manifests": done.iter().map(as_json).collect::<Vec<_>>(), "unlisted": unlisted, "exit": code,
    }));
    summary(&done, worst, screen)?;
    tell_notes(&done, screen)?;
    tell_unlisted(&unlisted.unwrap_or_default(), screen)?;
    if let ([path], [one]) = (paths.as_slice(), done.as_slice())
        && code == exit::DONE
        && matches!(root_of(path).1, Scope::Ledger)
    {
        next(path, one, screen)?;
    }
    Ok(code)
}

/// What can be done with a manifest that holds: it can be published, once it is said by whom.
fn next(path: &Path, done: &Done, screen: &mut Screen) -> Result<(), Failure> {
    let Some(manifest) = &done.manifest else { return Ok(()) };
    let said = Ledger::at(root_of(path).0).place(Kind::Publication, manifest.name.as_str());
    let name = &done.name;
    if said.is_file() {
        show::next(&format!("publish {name} -o ../{name}"), screen)
    } else {
        show::next(&format!("publish {name} --template > {}", place::shown(&said)), screen)
    }
}

/// Nobody signs a manifest in a ledger: who asks for signatures there must not be told that everything holds.
fn only_of_releases(args: &Args, paths: &[PathBuf]) -> Result<(), Failure> {
    let asked =
        args.policy.is_some() || args.oms_key.is_some() || args.attest.is_some() || args.sessions.is_some();
    let unsigned = |path: &&PathBuf| path.exists() && !matches!(root_of(path).1, Scope::Files);
    match paths.iter().find(unsigned).filter(|_| asked) {
        Some(path) => Err(Failure::usage(format!(
            "--policy, --attest, --oms-key and --sessions are about releases, folders with a manifest.json; {} is another \
             manifest, which nobody signs",
            place::shown(path)
        ))),
        None => Ok(()),
    }
}

/// Goes through a manifest for another command, which gets what could be read, too.
pub(crate) fn whole(
    path: &Path,
    policy: Option<&Path>,
    sessions: Option<&Path>,
    global: &Global,
    screen: &mut Screen,
) -> Result<(Done, Option<Opened>), Failure> {
    let (policy, sessions) = (policy.map(Path::to_path_buf), sessions.map(Path::to_path_buf));
    let args = Args { policy, sessions, ..Args::default() };
    let believed = Believed::read(&args)?;
    one(path, &args, believed.as_ref(), global, &mut global.search(), screen)
}

fn manifests(args: &Args) -> Result<Vec<PathBuf>, Failure> {
    let ledger = place::ledger()?;
    if args.manifests.is_empty() {
        if is_release(ledger.root()) {
            return Ok(vec![ledger.root().join(release::MANIFEST)]);
        }
        let folder = place::shown(&ledger.root().join("manifests"));
        let found = match ledger.manifests() {
            // A ledger in which nothing was sealed yet.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            found => found.map_err(|error| Failure::Open { path: folder.clone(), source: error.into() })?,
        };
        if found.is_empty() {
            return Err(Failure::input(
                folder,
                "found no manifest; make one with `openweigh seal`, or name one",
            ));
        }
        return Ok(found);
    }
    if args.manifests.iter().any(|word| word == "-") {
        return Err(Failure::usage(
            "a manifest is read where it stands, beside its files; name its path instead of `-`",
        ));
    }
    let mut found = Vec::new();
    for word in &args.manifests {
        place::one_meaning(&ledger, Kind::Manifest, word)?;
        let folder = Path::new(word);
        let other = Some(Ledger::at(folder)).filter(|_| folder.is_dir() && !is_release(folder));
        match other.and_then(|other| other.manifests().ok()).filter(|inside| !inside.is_empty()) {
            Some(inside) => found.extend(inside),
            // A release without its manifest is told with what else is wrong.
            None if folder.is_dir() => found.push(folder.join(release::MANIFEST)),
            None => found.push(place::find(&ledger, Kind::Manifest, word)?),
        }
    }
    // What is named twice, however it is spelled, is gone through and counted once.
    let mut seen = BTreeSet::new();
    found.retain(|path| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        seen.insert((place::real(folder.unwrap_or(Path::new("."))), path.file_name().map(ToOwned::to_owned)))
    });
    Ok(found)
}

/// The root of a manifest, and what it has to account for: the folder above `manifests/` is a ledger,
/// any other folder is a release of its own.
pub(crate) fn root_of(path: &Path) -> (PathBuf, Scope) {
    // By the words of the path alone: a linked folder must not lead to the files of another ledger.
    let full = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let folder = full.parent().unwrap_or(Path::new(".")).to_path_buf();
    match folder.file_name() {
        Some(name) if name == "manifests" => {
            (folder.parent().map_or(folder.clone(), Path::to_path_buf), Scope::Ledger)
        }
        _ if path.file_name().is_some_and(|name| name == release::MANIFEST) => (folder, Scope::Files),
        _ => {
            let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            (folder, Scope::Release { own: vec![name, "SHA256SUMS".to_owned()] })
        }
    }
}

/// Manifests that `SHA256SUMS` lists and that are not there.
fn gone(paths: &[PathBuf], screen: &mut Screen) -> Result<Vec<Done>, Failure> {
    let Some(folder) = paths.first().and_then(|path| path.parent()) else { return Ok(Vec::new()) };
    let sums = openweigh_ledger::read_whole(&folder.join("SHA256SUMS"), limits::TOML_BYTES).ok();
    // Sums that are malformed were told with each manifest.
    let sums = sums.and_then(|bytes| Sums::read(&bytes).ok()).unwrap_or_default();
    let mut gone = Vec::new();
    for (name, digest) in sums.0 {
        let path = folder.join(name.as_str());
        if !paths.contains(&path) {
            gone.push(alone(place::shown(&path), digest, Verdict::failed(Found::ManifestGone), screen)?);
        }
    }
    Ok(gone)
}

/// The name of a file without its extension.
fn stem(path: &str) -> String {
    Path::new(path).file_stem().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// Artifacts that no manifest of the ledger lists. That is no mistake: they may be sealed tomorrow. Claims are
/// never listed, since a manifest holds them; nor what a publisher says, since a release holds it. Nothing is said where a manifest cannot be read.
fn unlisted(paths: &[PathBuf], done: &[Done]) -> Option<Vec<String>> {
    let (root, _) = root_of(paths.first()?);
    let manifests: Option<Vec<&Manifest>> = done.iter().map(|done| done.manifest.as_ref()).collect();
    let files = manifests?.into_iter().flat_map(|manifest| &manifest.files);
    let listed: BTreeSet<&str> = files.map(|file| file.path.as_str()).collect();
    let mut found = Ledger::at(root).everything(Some("artifacts")).unwrap_or_default();
    let never = ["artifacts/claims/", "artifacts/publications/"];
    found.retain(|path| {
        !never.iter().any(|folder| path.starts_with(folder)) && !listed.contains(path.as_str())
    });
    found.sort();
    Some(found)
}

/// A manifest of which there is only one thing to say.
fn alone(path: String, id: Digest, verdict: Verdict, screen: &mut Screen) -> Result<Done, Failure> {
    let item = Item { stage: Stage::Bytes, subject: path.clone(), verdict };
    tell(&item, screen)?;
    Ok(Done {
        name: stem(&path),
        path,
        id,
        report: Report { items: vec![item], ..Report::default() },
        manifest: None,
        receipts: Vec::new(),
        signed: Signed::NotAsked,
    })
}

fn one(
    path: &Path,
    args: &Args,
    believed: Option<&Believed>,
    global: &Global,
    search: &mut edit::SearchBudget,
    screen: &mut Screen,
) -> Result<(Done, Option<Opened>), Failure> {
    let shown = place::shown(path);
    if path.is_symlink() {
        let verdict = Verdict::Failed(Found::Unreadable(Unreadable::NotPlain("a symbolic link")).into());
        return Ok((alone(shown, Digest::of(b""), verdict, screen)?, None));
    }
    let bytes = match place::read(path, limits::JSON_BYTES) {
        Ok(bytes) => bytes,
        Err(Failure::Open { source, .. }) => {
            let verdict = Verdict::Malformed(Found::NotOpened(source.to_string()).into());
            return Ok((alone(shown, Digest::of(b""), verdict, screen)?, None));
        }
        Err(failure) => return Err(failure),
    };
    let id = Digest::of(&bytes);
    let pinned = pinned(path, &bytes, &id, args.id.as_ref(), search);
    let mut report = Report::default();
    let manifest: Manifest = match canonical::read(&bytes) {
        Ok(manifest) => manifest,
        Err(source) => {
            // A changed byte is told as that, even where it also broke the layout.
            if let Some(Item { verdict: Verdict::Failed(_), .. }) = &pinned {
                report.items.extend(pinned);
            }
            let finding = Finding::from(&source);
            report.items.push(Item {
                stage: Stage::Bytes,
                subject: shown.clone(),
                verdict: Verdict::Malformed(finding),
            });
            screen.finding(&screen.tone(Tone::Strong, &shown))?;
            for item in &report.items {
                tell(item, screen)?;
            }
            let (name, receipts, signed) = (stem(&shown), Vec::new(), Signed::NotAsked);
            return Ok((Done { name, path: shown, id, report, manifest: None, receipts, signed }, None));
        }
    };
    let title = show::title(&manifest.name, &manifest.version, &manifest.title);
    let mut heading = Heading(Some(screen.tone(Tone::Strong, &title)));
    if !screen.is_quiet() {
        heading.tell(screen)?;
    }
    let (root, scope) = root_of(path);
    let ledger = Ledger::at(root);
    let budget = global.budget();
    let named = path
        .file_stem()
        .is_some_and(|stem| stem == format!("{}-{}", manifest.name, manifest.version).as_str());
    if matches!(scope, Scope::Ledger) && !named {
        let kind = Found::OtherFileName(format!("{}-{}", manifest.name, manifest.version));
        let item = Item { stage: Stage::Bytes, subject: shown.clone(), verdict: Verdict::failed(kind) };
        heading.over(&item, screen)?;
        report.items.push(item);
    }
    let (mut broken, progress) = (None, Progress::of("verifying"));
    if let Some(item) = pinned {
        broken = heading.over(&item, screen).err();
        report.items.push(item);
    }
    let lent = args.sessions.clone().map(Ledger::at);
    let from = Lent::new(OnDisk(&ledger, &progress), lent.as_ref().map(|lent| OnDisk(lent, &progress)));
    let (rest, contents) = examine(&manifest, &from, &scope, budget, |item| {
        if broken.is_none() {
            broken = heading.over(item, screen).err();
        }
    });
    report.items.extend(rest.items);
    report.notes.extend(rest.notes);
    if broken.is_none() {
        broken = tell_unchecked_claims(&report, screen).err();
    }
    if matches!(scope, Scope::Files) {
        let max_csv = budget.max_csv;
        let release = Release { manifest: &manifest, id: &id, contents: &contents, max_csv };
        for item in release.check(&from) {
            broken = broken.or(heading.over(&item, screen).err());
            report.items.push(item);
        }
        report.notes.extend(release.unread(&from));
    }
    if let Some(failure) = broken {
        return Err(failure);
    }
    let (mut receipts, mut signed) = (Vec::new(), Signed::NotAsked);
    if matches!(scope, Scope::Files) {
        let (folder, manifest, id) = (ledger.root(), &manifest, &id);
        let question = Question { folder, manifest, id, report: &report, believed, args };
        let answer = question.ask(&mut heading, screen)?;
        report.items.extend(answer.items);
        (receipts, signed) = (answer.receipts, answer.signed);
    }
    let own = matches!(scope, Scope::Files).then(|| format!("{}-{}", manifest.name, manifest.version));
    let name = own.unwrap_or_else(|| stem(&shown));
    Ok((Done { name, path: shown, id, report, manifest: Some(manifest), receipts, signed }, Some(contents)))
}

/// Whether the manifest is the one that `SHA256SUMS` beside it, or the user, says it is.
pub(crate) fn pinned(
    path: &Path,
    bytes: &[u8],
    id: &Digest,
    wanted: Option<&Digest>,
    search: &mut edit::SearchBudget,
) -> Option<Item> {
    let subject = place::shown(path);
    let item = |verdict| Some(Item { stage: Stage::Bytes, subject: subject.clone(), verdict });
    let mut mismatch = |listed: &Digest, by: &'static str| {
        // The length as published is not listed, so each kind of edit is tried.
        let size = bytes.len() as u64;
        let edit = [size, size.saturating_sub(1), size + 1]
            .into_iter()
            .find_map(|size| edit::locate(bytes, listed, size, search));
        item(Verdict::Failed(Finding {
            position: edit.as_ref().and_then(edit::Edit::position),
            published: Some(listed.to_string()),
            other: Some(Other::Found(id.to_string())),
            cause: edit.map(|edit| Cause::Proved(Proof::Edit(edit))),
            ..Found::OtherManifest(by).into()
        }))
    };
    if let Some(wanted) = wanted
        && wanted != id
    {
        return mismatch(wanted, "--id");
    }
    let sums_path = path.with_file_name("SHA256SUMS");
    let sums = match openweigh_ledger::read_whole(&sums_path, limits::TOML_BYTES) {
        Ok(sums) => sums,
        Err(OpenError::Missing) => return None,
        Err(error) => return item(Verdict::failed(Found::SumsUnread(error.to_string()))),
    };
    let sums = match Sums::read(&sums) {
        Ok(sums) => sums,
        Err(error) => {
            let finding = Finding::from(&error);
            return Some(Item {
                stage: Stage::Bytes,
                subject: place::shown(&sums_path),
                verdict: Verdict::Malformed(finding),
            });
        }
    };
    let name =
        path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse::<RelativePath>().ok());
    match name.and_then(|name| sums.0.get(&name).cloned()) {
        Some(listed) if listed == *id => item(Verdict::Checked),
        Some(listed) => mismatch(&listed, "SHA256SUMS"),
        None => item(Verdict::failed(Found::NotInSums)),
    }
}
