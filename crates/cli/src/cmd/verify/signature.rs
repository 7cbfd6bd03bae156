//! Whom a user believes: the stage `signature` of a release, receipts of others, and withdrawals.

use super::Args;
use super::outcome::Signed as Standing;
use super::telling::Heading;
use crate::attest::{self, Attestation, Said};
use crate::failure::Failure;
use crate::screen::Screen;
use crate::{keys, place};
use openweigh_formats::digest::Hasher;
use openweigh_formats::manifest::{Manifest, Role};
use openweigh_formats::sums::Sums;
use openweigh_formats::{Digest, limits};
use openweigh_ledger::{Ledger, OpenError, read_blocks, read_whole};
use openweigh_publish::{previous, release};
use openweigh_trust::policy::Policy;
use openweigh_trust::receipt::{self, Receipt};
use openweigh_trust::revoked::Revoked;
use openweigh_trust::signers::AllowedSigners;
use openweigh_trust::sshsig::{self, ArmoredSignature};
use openweigh_trust::statement::Statement;
use openweigh_trust::tally::{self, count_independent};
use openweigh_trust::time::Time;
use openweigh_trust::withdrawal::{self, Withdrawal};
use openweigh_trust::{Keyring, PublicKey, Signed, dsse, oms};
use openweigh_verify::{Cause, Finding, Item, Kind, Open, Report, Stage, Verdict};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A policy with the files that it names.
pub(super) struct Believed {
    policy: Policy,
    signers: AllowedSigners,
    revoked: Revoked,
    at: Time,
}

impl Believed {
    /// Reads the policy that the user names, if one.
    pub(super) fn read(args: &Args) -> Result<Option<Self>, Failure> {
        let Some(path) = &args.policy else { return Ok(None) };
        let malformed = |path: &Path| {
            let path = place::shown(path);
            move |source| Failure::Malformed { path, source }
        };
        let policy = Policy::read(&place::read(path, limits::TOML_BYTES)?).map_err(malformed(path))?;
        let beside = |name: &openweigh_formats::path::RelativePath| path.with_file_name(name.as_str());
        let listed = beside(&policy.allowed_signers);
        let signers = place::read(&listed, openweigh_trust::limits::SIGNERS_BYTES)?;
        let signers = AllowedSigners::read(&signers).map_err(malformed(&listed))?;
        let revoked = match &policy.revoked {
            None => Revoked::default(),
            Some(name) => {
                let path = beside(name);
                let bytes = place::read(&path, openweigh_trust::limits::REVOKED_BYTES)?;
                Revoked::read(&bytes).map_err(malformed(&path))?
            }
        };
        Ok(Some(Self { policy, signers, revoked, at: args.at.unwrap_or_else(now) }))
    }

    fn keyring(&self) -> Keyring<'_> {
        Keyring { signers: &self.signers, revoked: &self.revoked, at: self.at }
    }
}

#[expect(clippy::disallowed_methods, reason = "keys expire: this is asked now, and reaches no artifact")]
fn now() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Time::from_unix(since.map_or(0, |since| since.as_secs()))
}

/// A release that was gone through, and what is to be known of its signers.
pub(super) struct Question<'a> {
    pub(super) folder: &'a Path,
    pub(super) manifest: &'a Manifest,
    pub(super) id: &'a Digest,
    pub(super) report: &'a Report,
    pub(super) believed: Option<&'a Believed>,
    pub(super) args: &'a Args,
}

fn item(subject: &str, verdict: Verdict) -> Item {
    Item { stage: Stage::Signature, subject: subject.to_owned(), verdict }
}

fn failed(subject: &str, why: impl ToString) -> Item {
    item(subject, Verdict::failed(Kind::Signature(why.to_string())))
}

/// A small file of the release; none where there is none.
fn optional(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, String> {
    match read_whole(path, limit) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(OpenError::Missing) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// How many of the files that are no statements are told one by one.
const NOTES: usize = 10;

/// What was answered.
pub(super) struct Answered {
    pub(super) items: Vec<Item>,
    /// Receipts that count: who, and the file.
    pub(super) receipts: Vec<(String, String)>,
    /// What is known of who signed.
    pub(super) signed: Standing,
}

/// Receipts that were counted, with the item about their number.
#[derive(Default)]
struct Counted {
    items: Vec<Item>,
    receipts: Vec<(String, String)>,
}

impl Question<'_> {
    /// Tells and gives the items of the stage.
    pub(super) fn ask(&self, heading: &mut Heading, screen: &mut Screen) -> Result<Answered, Failure> {
        let sums = self.read(release::SUMS, limits::JSON_BYTES).ok().flatten().unwrap_or_default();
        let mut items = Vec::new();
        let keyring = self.believed.map(Believed::keyring);
        let (signed, signer) = self.signature(&sums, keyring.as_ref(), &mut items, screen)?;
        items.extend(self.kept_signature());
        let Said { statements: said, unread, notes } =
            attest::all(self.folder, self.id, self.args.attest.as_deref())?;
        for (file, why) in notes.iter().take(NOTES) {
            screen.line(&format!("  {file}: {why}"))?;
        }
        if notes.len() > NOTES {
            screen.line(&format!("  and {} more that are no statements", notes.len() - NOTES))?;
        }
        for (file, why) in unread {
            items.push(item(&file, Verdict::NotCheckable(Open::MayWithdraw(why))));
        }
        items.extend(self.withdrawals(&said, keyring.as_ref(), signer.as_ref(), screen)?);
        let counted = self.receipts(&said, &sums, keyring.as_ref(), signed.as_ref(), screen)?;
        items.extend(counted.items);
        if let Some(key) = &self.args.oms_key {
            items.push(self.bundle(&keys::public(key)?));
        }
        for item in &items {
            heading.over(item, screen)?;
        }
        let unsigned =
            matches!(self.read(release::SIGNATURE, openweigh_trust::limits::SIGNATURE_BYTES), Ok(None));
        let signed = match (&signed, &signer) {
            (Some(signed), _) => {
                let names: Vec<String> = signed.standing.names().iter().map(ToString::to_string).collect();
                Standing::Accepted(names.join(", "), signed.key.fingerprint().to_string())
            }
            (None, Some(key)) if self.believed.is_none() => Standing::Key(key.fingerprint().to_string()),
            _ if unsigned => Standing::No,
            _ => Standing::Refused,
        };
        Ok(Answered { items, receipts: counted.receipts, signed })
    }

    /// A file of the release itself, not one that a link there leads to; none where there is none.
    fn read(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, String> {
        let (path, mut bytes) = (path.parse().expect("a name of the format"), Vec::new());
        match Ledger::at(self.folder).read(&path, limit, &mut |block| bytes.extend_from_slice(block)) {
            Ok(()) => Ok(Some(bytes)),
            Err(OpenError::Missing) => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Whether what is kept as the signature of the release before fits what is kept of its checksums, which pin its
    /// changelog. Whose it was could be judged then: the key may have expired or been given up since.
    fn kept_signature(&self) -> Option<Item> {
        let kept = |name: &str| format!("{}/{name}", previous::FOLDER);
        let signature = kept(release::SIGNATURE);
        // What cannot be read there was told with the cards.
        let armored = self.read(&signature, openweigh_trust::limits::SIGNATURE_BYTES).ok()??;
        let sums = self.read(&kept(release::SUMS), limits::JSON_BYTES).ok()??;
        let fits =
            ArmoredSignature::read(&armored).and_then(|own| own.verify(sshsig::RELEASE, &sums).map(|_| ()));
        fits.err().map(|error| failed(&signature, error))
    }

    /// The publisher's signature, and the key that made it.
    fn signature<'k>(
        &self,
        sums: &[u8],
        keyring: Option<&Keyring<'k>>,
        items: &mut Vec<Item>,
        screen: &mut Screen,
    ) -> Result<(Option<Signed<'k>>, Option<PublicKey>), Failure> {
        let armored = match self.read(release::SIGNATURE, openweigh_trust::limits::SIGNATURE_BYTES) {
            Ok(Some(armored)) => armored,
            Ok(None) => {
                if keyring.is_some() {
                    items.push(item(release::SIGNATURE, Verdict::failed(Kind::Unsigned)));
                } else {
                    screen.line("  not signed: nobody vouches for who published this")?;
                }
                return Ok((None, None));
            }
            Err(error) => {
                items.push(failed(release::SIGNATURE, error));
                return Ok((None, None));
            }
        };
        let read = ArmoredSignature::read(&armored);
        let key = read.as_ref().ok().and_then(|own| own.verify(sshsig::RELEASE, sums).ok()).cloned();
        let Some((keyring, believed)) = keyring.zip(self.believed) else {
            match (&key, &read) {
                (Some(key), _) => screen.line(&format!(
                    "  signed with key {}; pass --policy to check whose key that is",
                    key.fingerprint()
                ))?,
                (None, Err(error)) => items.push(failed(release::SIGNATURE, error)),
                (None, Ok(own)) => {
                    let error = own.verify(sshsig::RELEASE, sums).err().map(|error| error.to_string());
                    items.push(failed(release::SIGNATURE, error.unwrap_or_default()));
                }
            }
            return Ok((None, key));
        };
        match keyring.verify_release(sums, &armored, &believed.policy.release.signers) {
            Ok(signed) => {
                let names: Vec<String> = signed.standing.names().iter().map(ToString::to_string).collect();
                screen.line(&format!(
                    "  signed by {}, key {}",
                    names.join(", "),
                    signed.key.fingerprint()
                ))?;
                items.push(item(release::SIGNATURE, Verdict::Checked));
                Ok((Some(signed), key))
            }
            Err(distrust) => {
                items.push(failed(release::SIGNATURE, distrust));
                Ok((None, key))
            }
        }
    }

    /// Withdrawals by whom the policy lets, or, without a policy, by the release's own key.
    fn withdrawals(
        &self,
        said: &[Attestation],
        keyring: Option<&Keyring<'_>>,
        signer: Option<&PublicKey>,
        screen: &mut Screen,
    ) -> Result<Vec<Item>, Failure> {
        let mut items = Vec::new();
        for own in said.iter().filter(|own| own.kind.starts_with(withdrawal::FAMILY)) {
            if let Some(why) = self.unreadable(own, keyring, signer) {
                items.push(item(&own.file, Verdict::NotCheckable(Open::WithdrawalUnread(why))));
                continue;
            }
            let found = match keyring.zip(self.believed) {
                Some((keyring, believed)) => {
                    withdrawal::verify(&own.bytes, self.id, keyring, &believed.policy.release.signers)
                        .map(|(withdrawal, signed)| (withdrawal, signed.key))
                        .map_err(|error| error.to_string())
                }
                None => by_its_own_key(&own.bytes, self.id, signer),
            };
            match found {
                Ok((withdrawal, key)) => {
                    let (key, replacement) = (key.fingerprint().to_string(), withdrawal.replacement);
                    let reason = withdrawal.reason.as_str().trim_end().to_owned();
                    let cause = Some(Cause::Stated(reason));
                    let finding = Finding { cause, ..Kind::Withdrawn { key, replacement }.into() };
                    items.push(item(&own.file, Verdict::Failed(finding)));
                }
                Err(why) => {
                    screen.line(&format!("  {}: a withdrawal that does not count: {why}", own.file))?;
                }
            }
        }
        Ok(items)
    }

    /// Why a withdrawal cannot be read that one signed who may withdraw; none if it can, or if others signed it.
    fn unreadable(
        &self,
        own: &Attestation,
        keyring: Option<&Keyring<'_>>,
        signer: Option<&PublicKey>,
    ) -> Option<String> {
        let envelope = dsse::Envelope::read(&own.bytes).ok()?;
        let error = Statement::<Withdrawal>::read(envelope.payload()).err()?;
        let may = match keyring.zip(self.believed) {
            Some((keyring, believed)) => {
                withdrawal::is_by_one_who_may(&envelope, keyring, &believed.policy.release.signers)
            }
            None => signer.is_some_and(|signer| envelope.is_signed_by(signer)),
        };
        may.then(|| format!("a withdrawal that cannot be read ({error}); it could withdraw the release"))
    }

    /// Independent receipts, where some are wanted.
    fn receipts(
        &self,
        said: &[Attestation],
        sums: &[u8],
        keyring: Option<&Keyring<'_>>,
        signed: Option<&Signed<'_>>,
        screen: &mut Screen,
    ) -> Result<Counted, Failure> {
        let (Some(keyring), Some(believed)) = (keyring, self.believed) else {
            return Ok(Counted::default());
        };
        let wanted = self.args.receipts.or_else(|| believed.policy.minimum()).unwrap_or(0);
        let receipts: Vec<(String, Vec<u8>)> = said
            .iter()
            .filter(|own| !own.kind.starts_with(withdrawal::FAMILY))
            .map(|own| (own.file.clone(), own.bytes.clone()))
            .collect();
        if wanted == 0 && receipts.is_empty() {
            return Ok(Counted::default());
        }
        let own = receipt_of(self.manifest, self.report)?;
        let sums = Digest::of(sums);
        let about = tally::Release { manifest: self.id, sums: &sums, signer: signed };
        let tally = count_independent(&receipts, &about, keyring, believed.policy.verifiers(), Some(&own));
        let mut answered = Counted::default();
        for counted in &tally.counted {
            let names: Vec<String> = counted.person.names.iter().map(ToString::to_string).collect();
            let Receipt { tool, .. } = &own;
            let same = if counted.tool.sha256 == tool.sha256 { "this program" } else { "another build" };
            screen.line(&format!(
                "  derived again by {}, with {same}: {}",
                names.join(", "),
                counted.file
            ))?;
            answered.receipts.push((names.join(", "), counted.file.clone()));
        }
        for dismissed in &tally.dismissed {
            screen.line(&format!(
                "  {}: a receipt that does not count: {}",
                dismissed.file, dismissed.reason
            ))?;
        }
        let found = tally.independent();
        let verdict = if found >= usize::try_from(wanted).unwrap_or(usize::MAX) {
            Verdict::Checked
        } else {
            Verdict::failed(Kind::Receipts { found, wanted })
        };
        answered.items.push(item("receipts", verdict));
        Ok(answered)
    }

    /// The OMS bundle beside the release, under the user's key.
    fn bundle(&self, key: &PublicKey) -> Item {
        let path = bundle_path(self.folder);
        let subject = place::shown(&path);
        let bad = |why: String| item(&subject, Verdict::failed(Kind::Bundle(why)));
        let bytes = match optional(&path, openweigh_trust::limits::BUNDLE_BYTES) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return item(&subject, Verdict::failed(Kind::NoBundle)),
            Err(error) => return bad(error),
        };
        let files = match files(self.folder) {
            Ok(files) => files,
            Err(error) => return bad(error.to_string()),
        };
        match oms::verify(&bytes, key, &files, None) {
            Ok(_) => item(&subject, Verdict::Checked),
            Err(error) => bad(error.to_string()),
        }
    }
}

/// The OMS bundle lies beside the folder that it covers.
pub(crate) fn bundle_path(folder: &Path) -> PathBuf {
    let full = place::real(folder);
    let mut name = full.file_name().unwrap_or_default().to_os_string();
    name.push(".oms.sig");
    full.with_file_name(name)
}

/// All files of a release with the digests of their bytes.
pub(crate) fn files(folder: &Path) -> Result<oms::Files, OpenError> {
    let mut files = BTreeMap::new();
    for path in Ledger::at(folder).everything(None)? {
        let mut hasher = Hasher::default();
        read_blocks(&folder.join(&path), u64::MAX, &mut |block| hasher.update(block))?;
        files.insert(path, hasher.finish());
    }
    Ok(files)
}

/// A withdrawal by the very key that signed the release.
fn by_its_own_key(
    bytes: &[u8],
    id: &Digest,
    signer: Option<&PublicKey>,
) -> Result<(Withdrawal, PublicKey), String> {
    let signer = signer.ok_or("the release is not signed, so nobody is known to speak for it")?;
    let envelope = dsse::Envelope::read(bytes).map_err(|error| error.to_string())?;
    let statement = Statement::<Withdrawal>::read(envelope.payload()).map_err(|error| error.to_string())?;
    if statement.subject.first().map(|subject| &subject.digest.sha256) != Some(id) {
        return Err("it is about another release".to_owned());
    }
    if !envelope.is_signed_by(signer) {
        return Err("another key than the release's signed it".to_owned());
    }
    Ok((statement.predicate, signer.clone()))
}

/// What this program found, in the words of a receipt. What could not be checked, for want of touches that are kept
/// back, is expected to hold: a receipt of somebody who was given them says so. Nobody signs a receipt in which it is open.
pub(crate) fn receipt_of(manifest: &Manifest, report: &Report) -> Result<Receipt, Failure> {
    let holds = |stage: Stage, subject: &str| {
        let of = |item: &&Item| item.stage == stage && item.subject == subject;
        report.items.iter().filter(of).all(not_refuted)
    };
    let derived = manifest.files.iter().filter(|file| match file.role {
        Role::Weights => holds(Stage::Weights, file.path.as_str()),
        Role::Results => holds(Stage::Results, file.path.as_str()),
        _ => false,
    });
    let derived =
        derived.map(|file| receipt::Derived { path: file.path.clone(), sha256: file.sha256.clone() });
    let mut claims: Vec<receipt::Recomputed> = (manifest.claims.iter())
        .filter(|claim| holds(Stage::Claims, claim.id.as_str()))
        .map(|claim| {
            let value = claim.value.to_string().try_into().expect("numbers are one line");
            receipt::Recomputed { id: claim.id.clone(), value }
        })
        .collect();
    claims.sort_by(|left, right| left.id.cmp(&right.id));
    let counted =
        Stage::ALL.into_iter().filter(|stage| *stage != Stage::Signature).map(|stage| receipt::Stage {
            stage: stage.as_str().parse().expect("stages have names"),
            items: report.items.iter().filter(|item| item.stage == stage && not_refuted(item)).count() as u64,
        });
    Ok(Receipt { tool: tool()?, derived: derived.collect(), claims, stages: counted.collect() })
}

fn not_refuted(item: &Item) -> bool {
    matches!(item.verdict, Verdict::Checked | Verdict::NotCheckable(_))
}

/// This program, by the digest of its executable.
fn tool() -> Result<receipt::Tool, Failure> {
    let failed =
        |error: std::io::Error| Failure::Open { path: "this program".to_owned(), source: error.into() };
    let path = std::env::current_exe().map_err(failed)?;
    let mut hasher = Hasher::default();
    let read = read_blocks(&path, u64::MAX, &mut |block| hasher.update(block));
    read.map_err(|source| Failure::Open { path: place::shown(&path), source })?;
    Ok(receipt::Tool {
        name: "openweigh".to_owned().try_into().expect("a line"),
        version: env!("CARGO_PKG_VERSION").parse().expect("the package has a semantic version"),
        sha256: hasher.finish(),
    })
}

/// The digests that the release's own list states, for a signature of them.
pub(crate) fn sums(folder: &Path) -> Result<Vec<u8>, Failure> {
    let path = folder.join(release::SUMS);
    let bytes = place::read(&path, limits::JSON_BYTES)?;
    Sums::read(&bytes).map_err(|source| Failure::Malformed { path: place::shown(&path), source })?;
    Ok(bytes)
}
