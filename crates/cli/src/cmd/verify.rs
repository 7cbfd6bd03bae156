//! `openweigh verify`

pub(crate) mod around;
mod telling;

use crate::args::Global;
use crate::exit;
use crate::failure::Failure;
use crate::place::{self, OnDisk};
use crate::progress::Progress;
use crate::screen::{Screen, Tone};
use crate::{keys, show};
use around::Beside;
use openweigh_formats::files::{Overlay, Unreadable};
use openweigh_formats::manifest::Manifest;
use openweigh_formats::release;
use openweigh_formats::sums::Sums;
use openweigh_formats::{Digest, edit, limits};
use openweigh_ledger::lookup::is_release;
use openweigh_ledger::{Kind, Ledger, OpenError};
use openweigh_release::{Accepted, Report, Subject, Told, Trust, document};
use openweigh_trust::PublicKey;
use openweigh_trust::time::Time;
use openweigh_verify::{Kind as Found, Opened, Scope, Verdict};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
pub(crate) use telling::tell;
use telling::{Heading, summary, tell_notes, tell_remark, tell_unchecked_claims, tell_unlisted};

/// Derive everything in a manifest or release again; compare each digit
#[derive(Debug, Default, clap::Args)]
#[command(after_help = "Examples:
  openweigh verify                                  every manifest of this ledger
  openweigh verify manifests/load-cell-1.0.0.json   one of them, -v for each item
  openweigh verify release                          a release, all of it (inside it: `openweigh verify`)
  openweigh verify release --sessions private       with the touches that it keeps back
  openweigh verify release --policy policy.toml     signed by somebody whom you accept

A trust policy names the file with your signers' public keys, and who of them may sign releases:
  format = \"openweigh.policy/1\"
  allowed_signers = \"allowed_signers\"       # beside the policy, in OpenSSH's format: one line a key
  # revoked = \"revoked_keys\"               # keys that no longer count

  [release]
  signers = [\"alice@example.org\"]

  # [receipts]                              # who derived it again, and how many of them you want
  # verifiers = [\"bob@example.org\"]
  # minimum = 1

A line of allowed_signers:
  alice@example.org namespaces=\"openweigh-release\" ssh-ed25519 AAAA…")]
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

pub(crate) fn run(args: &Args, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
    let paths = manifests(args)?;
    if args.id.is_some() && paths.len() != 1 {
        return Err(Failure::usage(format!("--id is for one manifest, found {}", paths.len())));
    }
    only_of_releases(args, &paths)?;
    let mut done = Vec::new();
    let mut search = global.search();
    let asked = Asked::read(args)?;
    for path in &paths {
        done.push(one(path, args, &asked, global, &mut search, screen)?.0);
    }
    let of_ledger = args.manifests.is_empty()
        && paths.first().is_some_and(|path| matches!(root_of(path).1, Scope::Ledger));
    if of_ledger {
        done.extend(gone(&paths, screen)?);
    }
    let code = exit::of(document::worst(&done));
    let unlisted = if of_ledger { unlisted(&paths, &done) } else { None };
    screen.document(&document::of(&done, unlisted.as_deref()));
    summary(&done, screen)?;
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

/// Whose word counts, as far as it is read before any manifest is.
struct Asked {
    policy: Option<Accepted>,
    oms_key: Option<PublicKey>,
}

impl Asked {
    fn read(args: &Args) -> Result<Self, Failure> {
        let policy = args.policy.as_deref().map(|path| around::accepted(path, args.at)).transpose()?;
        let oms_key = args.oms_key.as_deref().map(keys::public).transpose()?;
        if let Some(typed) = &args.attest {
            around::check(typed)?;
        }
        Ok(Self { policy, oms_key })
    }
}

/// What can be done with a manifest that holds: it can be published, once it is said by whom.
fn next(path: &Path, done: &Report, screen: &mut Screen) -> Result<(), Failure> {
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
) -> Result<(Report, Option<Opened>), Failure> {
    let (policy, sessions) = (policy.map(Path::to_path_buf), sessions.map(Path::to_path_buf));
    let args = Args { policy, sessions, ..Args::default() };
    let asked = Asked::read(&args)?;
    one(path, &args, &asked, global, &mut global.search(), screen)
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
fn gone(paths: &[PathBuf], screen: &mut Screen) -> Result<Vec<Report>, Failure> {
    let Some(folder) = paths.first().and_then(|path| path.parent()) else { return Ok(Vec::new()) };
    let sums = openweigh_ledger::read_whole(&folder.join("SHA256SUMS"), limits::TOML_BYTES).ok();
    // Sums that are malformed were told with each manifest.
    let sums = sums.and_then(|bytes| Sums::read(&bytes).ok()).unwrap_or_default();
    let mut gone = Vec::new();
    for (name, digest) in sums.0 {
        let path = folder.join(name.as_str());
        if !paths.contains(&path) {
            let verdict = Verdict::failed(Found::ManifestGone);
            let report = Report::alone(place::shown(&path), digest, verdict);
            report.checks.items.iter().try_for_each(|item| tell(item, screen))?;
            gone.push(report);
        }
    }
    Ok(gone)
}

/// Artifacts that no manifest of the ledger lists. That is no mistake: they may be sealed tomorrow. Claims are
/// never listed, since a manifest holds them; nor what a publisher says, since a release holds it. Nothing is said where a manifest cannot be read.
fn unlisted(paths: &[PathBuf], done: &[Report]) -> Option<Vec<String>> {
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

/// Goes through one manifest: opens what it is made of, and tells what the library finds.
fn one(
    path: &Path,
    args: &Args,
    asked: &Asked,
    global: &Global,
    search: &mut edit::SearchBudget,
    screen: &mut Screen,
) -> Result<(Report, Option<Opened>), Failure> {
    let (root, scope) = root_of(path);
    let (ledger, progress) = (Ledger::at(root), Progress::of("verifying"));
    let other = args.sessions.clone().map(Ledger::at);
    let other = other.as_ref().map(|other| OnDisk(other, &progress));
    let files = Overlay::new(OnDisk(&ledger, &progress), other);
    let sums_path = path.with_file_name(release::SUMS);
    let subject = Subject {
        files: &files,
        scope,
        name: path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        shown: place::shown(path),
        shown_sums: place::shown(&sums_path),
        manifest: bytes_of(path)?,
        sums: match openweigh_ledger::read_whole(&sums_path, limits::TOML_BYTES) {
            Ok(sums) => Ok(Some(sums)),
            Err(OpenError::Missing) => Ok(None),
            Err(error) => Err(error.to_string()),
        },
        expected: args.id.as_ref(),
    };
    let beside = Beside { release: ledger.root(), typed: args.attest.as_deref() };
    let trust = Trust {
        policy: asked.policy.as_ref(),
        receipts: args.receipts,
        oms_key: asked.oms_key.as_ref(),
        around: &beside,
    };
    let (mut broken, mut heading) = (None, Heading(None));
    let found = openweigh_release::open(&subject, &trust, global.budget(), search, &mut |told| {
        if broken.is_none() {
            broken = tell_one(&told, &mut heading, screen).err();
        }
    });
    broken.map_or(Ok(found), Err)
}

/// The bytes of a manifest, or the verdict that there are none.
fn bytes_of(path: &Path) -> Result<Result<Vec<u8>, Verdict>, Failure> {
    if path.is_symlink() {
        return Ok(Err(Verdict::failed(Found::Unreadable(Unreadable::NotPlain("a symbolic link")))));
    }
    match place::read(path, limits::JSON_BYTES) {
        Ok(bytes) => Ok(Ok(bytes)),
        Err(Failure::Open { source, .. }) => {
            Ok(Err(Verdict::Malformed(Found::NotOpened(source.to_string()).into())))
        }
        Err(failure) => Err(failure),
    }
}

fn tell_one(told: &Told<'_>, heading: &mut Heading, screen: &mut Screen) -> Result<(), Failure> {
    match told {
        Told::Manifest(manifest) => {
            let title = show::title(&manifest.name, &manifest.version, &manifest.title);
            heading.0 = Some(screen.tone(Tone::Strong, &title));
            if screen.is_quiet() { Ok(()) } else { heading.tell(screen) }
        }
        Told::Unread(shown) => screen.finding(&screen.tone(Tone::Strong, shown)),
        Told::Item(item) => heading.over(item, screen),
        Told::Derived(checks) => tell_unchecked_claims(checks, screen),
        Told::Remark(remark) => tell_remark(remark, screen),
    }
}
