//! Who speaks for a release: the stage `signature`, withdrawals, and the OMS bundle.

use crate::receipts;
use crate::report::{Remark, Signed as Standing};
use crate::said::{Attestation, Said};
use crate::trust::{Accepted, Bundle, Trust};
use crate::verify::{Subject, Told};
use openweigh_formats::files::{self, Unreadable};
use openweigh_formats::manifest::Manifest;
use openweigh_formats::{Digest, limits, release};
use openweigh_trust::sshsig::{self, ArmoredSignature};
use openweigh_trust::statement::Statement;
use openweigh_trust::withdrawal::{self, Withdrawal};
use openweigh_trust::{Distrust, Keyring, PublicKey, Signed, dsse, oms};
use openweigh_verify::{Cause, Finding, Item, Kind, Open, Report, Stage, Verdict};

/// How many of the files that are no statements are told one by one.
const NOTES: usize = 10;

/// A release that was gone through, and what is to be known of its signers.
pub(crate) struct Question<'a> {
    pub(crate) subject: &'a Subject<'a>,
    pub(crate) trust: &'a Trust<'a>,
    pub(crate) manifest: &'a Manifest,
    pub(crate) id: &'a Digest,
    pub(crate) checks: &'a Report,
}

/// What was answered.
#[derive(Default)]
pub(crate) struct Answered {
    pub(crate) items: Vec<Item>,
    pub(crate) remarks: Vec<Remark>,
    /// Receipts that count: who, and the file.
    pub(crate) receipts: Vec<(String, String)>,
    /// What is known of who signed.
    pub(crate) signed: Standing,
}

pub(crate) fn item(subject: &str, verdict: Verdict) -> Item {
    Item { stage: Stage::Signature, subject: subject.to_owned(), verdict }
}

fn failed(subject: &str, why: impl ToString) -> Item {
    item(subject, Verdict::failed(Kind::Signature(why.to_string())))
}

/// The names by which a policy knows whose key it is.
pub(crate) fn names<T: ToString>(names: impl IntoIterator<Item = T>) -> String {
    names.into_iter().map(|name| name.to_string()).collect::<Vec<_>>().join(", ")
}

impl Question<'_> {
    /// Tells and gives what is known.
    pub(crate) fn ask(&self, sink: &mut dyn FnMut(Told<'_>)) -> Answered {
        let sums = self.read(release::SUMS, limits::JSON_BYTES).ok().flatten().unwrap_or_default();
        let mut answer = Answered::default();
        let keyring = self.trust.policy.map(Accepted::keyring);
        let (signed, signer) = self.signature(&sums, keyring.as_ref(), &mut answer);
        answer.items.extend(self.kept_signature());
        let Said { statements: said, unread, notes } = self.trust.around.said(self.id);
        let more = notes.len().saturating_sub(NOTES);
        let notes = notes.into_iter().take(NOTES);
        answer.remarks.extend(notes.map(|(file, why)| Remark::NoStatement { file, why }));
        if more > 0 {
            answer.remarks.push(Remark::MoreNoStatements(more));
        }
        for (file, why) in unread {
            answer.items.push(item(&file, Verdict::NotCheckable(Open::MayWithdraw(why))));
        }
        self.withdrawals(&said, keyring.as_ref(), signer.as_ref(), &mut answer);
        receipts::count(self, &said, &sums, keyring.as_ref(), signed.as_ref(), &mut answer);
        if let Some(key) = self.trust.oms_key {
            answer.items.push(self.bundle(key));
        }
        let unsigned =
            matches!(self.read(release::SIGNATURE, openweigh_trust::limits::SIGNATURE_BYTES), Ok(None));
        answer.signed = match (&signed, &signer) {
            (Some(signed), _) => {
                Standing::Accepted(names(signed.standing.names()), signed.key.fingerprint().to_string())
            }
            (None, Some(key)) if self.trust.policy.is_none() => Standing::Key(key.fingerprint().to_string()),
            _ if unsigned => Standing::No,
            _ => Standing::Refused,
        };
        answer.remarks.iter().for_each(|remark| sink(Told::Remark(remark)));
        answer.items.iter().for_each(|item| sink(Told::Item(item)));
        answer
    }

    /// A file of the release itself, not one that a link there leads to; none where there is none.
    fn read(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, String> {
        match files::bytes(self.subject.files, &path.parse().expect("a name of the format"), limit) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(Unreadable::Missing) => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Whether what is kept as the signature of the release before fits what is kept of its checksums, which pin its
    /// changelog. Whose it was could be judged then: the key may have expired or been given up since.
    fn kept_signature(&self) -> Option<Item> {
        let kept = |name: &str| format!("{}/{name}", release::PREVIOUS);
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
        answer: &mut Answered,
    ) -> (Option<Signed<'k>>, Option<PublicKey>) {
        let armored = match self.read(release::SIGNATURE, openweigh_trust::limits::SIGNATURE_BYTES) {
            Ok(Some(armored)) => armored,
            Ok(None) => {
                match keyring {
                    Some(_) => answer.items.push(item(release::SIGNATURE, Verdict::failed(Kind::Unsigned))),
                    None => answer.remarks.push(Remark::Unsigned),
                }
                return (None, None);
            }
            Err(error) => {
                answer.items.push(failed(release::SIGNATURE, error));
                return (None, None);
            }
        };
        let read = ArmoredSignature::read(&armored);
        let key = read.as_ref().ok().and_then(|own| own.verify(sshsig::RELEASE, sums).ok()).cloned();
        let Some((keyring, accepted)) = keyring.zip(self.trust.policy) else {
            match (&key, &read) {
                (Some(key), _) => {
                    answer.remarks.push(Remark::SignedWith { key: key.fingerprint().to_string() });
                }
                (None, Err(error)) => answer.items.push(failed(release::SIGNATURE, error)),
                (None, Ok(own)) => {
                    let error = own.verify(sshsig::RELEASE, sums).err().map(|error| error.to_string());
                    answer.items.push(failed(release::SIGNATURE, error.unwrap_or_default()));
                }
            }
            return (None, key);
        };
        match keyring.verify_release(sums, &armored, &accepted.policy.release.signers) {
            Ok(signed) => {
                let key_of = signed.key.fingerprint().to_string();
                let by = names(signed.standing.names());
                answer.remarks.push(Remark::SignedBy { names: by, key: key_of });
                answer.items.push(item(release::SIGNATURE, Verdict::Checked));
                (Some(signed), key)
            }
            Err(distrust) => {
                let why = distrust.to_string();
                let kind = match distrust {
                    Distrust::Unlisted(_) => Kind::NotAccepted(why),
                    _ => Kind::Signature(why),
                };
                answer.items.push(item(release::SIGNATURE, Verdict::failed(kind)));
                (None, key)
            }
        }
    }

    /// Withdrawals by whom the policy lets, or, without a policy, by the release's own key.
    fn withdrawals(
        &self,
        said: &[Attestation],
        keyring: Option<&Keyring<'_>>,
        signer: Option<&PublicKey>,
        answer: &mut Answered,
    ) {
        for own in said.iter().filter(|own| own.is_withdrawal()) {
            if let Some(why) = self.unreadable(own, keyring, signer) {
                answer.items.push(item(&own.file, Verdict::NotCheckable(Open::WithdrawalUnread(why))));
                continue;
            }
            let found = match keyring.zip(self.trust.policy) {
                Some((keyring, accepted)) => {
                    withdrawal::verify(&own.bytes, self.id, keyring, &accepted.policy.release.signers)
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
                    answer.items.push(item(&own.file, Verdict::Failed(finding)));
                }
                Err(why) => answer.remarks.push(Remark::NoWithdrawal { file: own.file.clone(), why }),
            }
        }
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
        let may = match keyring.zip(self.trust.policy) {
            Some((keyring, accepted)) => {
                withdrawal::is_by_one_who_may(&envelope, keyring, &accepted.policy.release.signers)
            }
            None => signer.is_some_and(|signer| envelope.is_signed_by(signer)),
        };
        may.then(|| format!("a withdrawal that cannot be read ({error}); it could withdraw the release"))
    }

    /// The OMS bundle beside the release, under the reader's key.
    fn bundle(&self, key: &PublicKey) -> Item {
        let Bundle { name, bytes } = self.trust.around.bundle();
        let bad = |why: String| item(&name, Verdict::failed(Kind::Bundle(why)));
        let bytes = match bytes {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return item(&name, Verdict::failed(Kind::NoBundle)),
            Err(error) => return bad(error),
        };
        let files = match self.trust.around.digests() {
            Ok(files) => files,
            Err(error) => return bad(error),
        };
        match oms::verify(&bytes, key, &files, None) {
            Ok(_) => item(&name, Verdict::Checked),
            Err(error) => bad(error.to_string()),
        }
    }
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
