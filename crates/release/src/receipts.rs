//! Receipts: what was found here in the words of one, and how many of others count.

use crate::report::Remark;
use crate::said::Attestation;
use crate::signature::{Answered, Question, item, names};
use openweigh_formats::Digest;
use openweigh_formats::manifest::{Manifest, Role};
use openweigh_trust::receipt::{self, Receipt, Tool};
use openweigh_trust::tally::{self, count_independent};
use openweigh_trust::{Keyring, Signed};
use openweigh_verify::{Item, Kind, Report, Stage, Verdict};

/// Counts independent receipts, where some are wanted or there are any.
pub(crate) fn count(
    question: &Question<'_>,
    said: &[Attestation],
    sums: &[u8],
    keyring: Option<&Keyring<'_>>,
    signed: Option<&Signed<'_>>,
    answer: &mut Answered,
) {
    let trust = question.trust;
    let Some((keyring, accepted)) = keyring.zip(trust.policy) else { return };
    let wanted = trust.receipts.or_else(|| accepted.policy.minimum()).unwrap_or(0);
    let receipts: Vec<(String, Vec<u8>)> = (said.iter().filter(|own| !own.is_withdrawal()))
        .map(|own| (own.file.clone(), own.bytes.clone()))
        .collect();
    if wanted == 0 && receipts.is_empty() {
        return;
    }
    let own = match trust.around.tool() {
        Ok(tool) => of(question.manifest, question.checks, tool),
        Err(why) => {
            answer.items.push(item("receipts", Verdict::Malformed(Kind::NotOpened(why).into())));
            return;
        }
    };
    let sums = Digest::of(sums);
    let about = tally::Release { manifest: question.id, sums: &sums, signer: signed };
    let tally = count_independent(&receipts, &about, keyring, accepted.policy.verifiers(), Some(&own));
    for counted in &tally.counted {
        let (names, file) = (names(&counted.person.names), counted.file.clone());
        answer.receipts.push((names.clone(), file.clone()));
        let same_program = counted.tool.sha256 == own.tool.sha256;
        answer.remarks.push(Remark::DerivedAgain { names, same_program, file });
    }
    for dismissed in &tally.dismissed {
        let (file, why) = (dismissed.file.clone(), dismissed.reason.to_string());
        answer.remarks.push(Remark::NoReceipt { file, why });
    }
    let found = tally.independent();
    let verdict = if found >= usize::try_from(wanted).unwrap_or(usize::MAX) {
        Verdict::Checked
    } else {
        Verdict::failed(Kind::Receipts { found, wanted })
    };
    answer.items.push(item("receipts", verdict));
}

/// What this program found, in the words of a receipt. What could not be checked, for want of touches that are kept
/// back, is expected to hold: a receipt of somebody who was given them says so. Nobody signs a receipt in which it is open.
pub fn of(manifest: &Manifest, checks: &Report, tool: Tool) -> Receipt {
    let holds = |stage: Stage, subject: &str| {
        let of = |item: &&Item| item.stage == stage && item.subject == subject;
        checks.items.iter().filter(of).all(not_refuted)
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
            items: checks.items.iter().filter(|item| item.stage == stage && not_refuted(item)).count() as u64,
        });
    Receipt { tool, derived: derived.collect(), claims, stages: counted.collect() }
}

fn not_refuted(item: &Item) -> bool {
    matches!(item.verdict, Verdict::Checked | Verdict::NotCheckable(_))
}
