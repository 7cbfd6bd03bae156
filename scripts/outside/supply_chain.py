"""in-toto's verifier derives the weights again: a layout whose inspection runs `openweigh fit` in a copy.

Layouts name a day on which they expire, so this is made for the occasion and no part of a release. Rules end in
DISALLOW, or a mismatch would pass.
"""

import json
import pathlib
import shutil

from in_toto.models.layout import Inspection, Layout, Step
from in_toto.models.link import Link
from in_toto.models.metadata import Envelope
from in_toto.runlib import record_artifacts_as_dict
from releases import BIN, OPENWEIGH, Keys, Refused, run
from securesystemslib.signer import CryptoSigner


def fit_of(release: pathlib.Path) -> tuple[list[str], str, list[str]]:
    """The files that the first weights follow from, the weights, and the command that derives them."""
    manifest = json.loads((release / "manifest.json").read_text())
    fit = next(derivation for derivation in manifest["derivations"] if derivation["kind"] == "fit")
    (output,) = fit["outputs"]
    weights = json.loads((release / output).read_text())
    inputs, command = list(fit["inputs"]), [OPENWEIGH, "-q", "fit", "--recipe", fit["inputs"][0], "--force"]
    for path in fit["inputs"][1:]:
        folder = path.rsplit("/", 1)[0]
        command += ["--dataset", folder]
        inputs += [f"{folder}/{file['path']}" for file in json.loads((release / path).read_text())["files"]]
    command += ["--name", weights["name"], "--version", weights["version"], "--title", weights["title"]]
    return inputs, output, [*command, "--license", weights["licence"], "-o", output]


def pem(signer: CryptoSigner) -> bytes:
    """The public key as SPKI PEM, which in-toto-verify reads."""
    from cryptography.hazmat.primitives import serialization

    public = serialization.load_pem_private_key(signer.private_bytes, None).public_key()
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def prepare(release: pathlib.Path, work: pathlib.Path, owner, worker) -> None:
    """A folder with the inputs, the weights as they are, a signed link that vouches for them, and the layout."""
    inputs, output, command = fit_of(release)
    for path in [*inputs, output]:
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(release / path, work / path)
    digests = record_artifacts_as_dict([*inputs, output], base_path=str(work))
    link = Link(name="fit", materials={path: digests[path] for path in inputs}, products={output: digests[output]})
    envelope = Envelope.from_signable(link)
    envelope.create_signature(worker)
    step = Step(name="fit")
    step.pubkeys = [worker.public_key.keyid]
    for path in inputs:
        step.add_material_rule_from_string(f"ALLOW {path}")
    step.add_material_rule_from_string("DISALLOW *")
    step.add_product_rule_from_string(f"CREATE {output}")
    step.add_product_rule_from_string("DISALLOW *")
    again = Inspection(name="fit-again")
    again.run = command
    for path in inputs:
        again.add_material_rule_from_string(f"MATCH {path} WITH MATERIALS FROM fit")
        again.add_product_rule_from_string(f"MATCH {path} WITH MATERIALS FROM fit")
    again.add_material_rule_from_string(f"MATCH {output} WITH PRODUCTS FROM fit")
    again.add_product_rule_from_string(f"MATCH {output} WITH PRODUCTS FROM fit")
    for rules in [again.add_material_rule_from_string, again.add_product_rule_from_string]:
        # The ledger's lock is no input and no output.
        for own in ["root.layout", "owner.pub", "fit.*.link", ".openweigh/*"]:
            rules(f"ALLOW {own}")
        rules("DISALLOW *")
    layout = Layout()
    layout.set_relative_expiration(days=1)
    layout.keys[worker.public_key.keyid] = worker.public_key.to_dict() | {"keyid": worker.public_key.keyid}
    layout.steps, layout.inspect = [step], [again]
    signed = Envelope.from_signable(layout)
    signed.create_signature(owner)
    signed.dump(str(work / "root.layout"))
    envelope.dump(str(work / f"fit.{worker.public_key.keyid[:8]}.link"))
    (work / "owner.pub").write_bytes(pem(owner))


def verdict(work: pathlib.Path, expect: int, because: str = "") -> None:
    words = ["--layout", "root.layout", "--verification-keys", "owner.pub"]
    said = run(BIN / "in-toto-verify", *words, cwd=work, expect=expect)
    if because not in said:
        raise Refused(f"in-toto-verify refuses {work.name} weights for another reason: {said[:300]}")


def digit_changed(path: pathlib.Path) -> None:
    """Another last digit of the first coefficient, or of the first line of a table."""
    text = path.read_text()
    if path.suffix == ".json":
        at = text.index('"', text.index('"coefficient": "') + 16) - 1
    else:
        at = text.index("\n", text.index("\n") + 1) - 1
        while not text[at].isdigit():
            at -= 1
    path.write_text(text[:at] + ("1" if text[at] != "1" else "2") + text[at + 1 :])


def check(release: pathlib.Path, keys: Keys) -> None:
    """Honest weights pass; edited data do not; nor do weights that somebody made up and signed honestly."""
    owner, worker = CryptoSigner.generate_ed25519(), CryptoSigner.generate_ed25519()
    base = keys.ssh.parent / f"in-toto-{release.name}"
    inputs, output, _ = fit_of(release)
    table = next(path for path in inputs if path.endswith(("measurements.csv", "touches.csv")))
    prepare(release, base / "honest", owner, worker)
    verdict(base / "honest", 0)
    prepare(release, base / "edited", owner, worker)
    digit_changed(base / "edited" / table)
    # The program itself refuses data that dataset.json does not list.
    verdict(base / "edited", 1, "non-zero return value '1' from command")
    forged = base / "forged-release"
    shutil.copytree(release, forged)
    digit_changed(forged / output)
    prepare(forged, base / "forged", owner, worker)
    if (forged / output).read_bytes() == (release / output).read_bytes():
        raise Refused("nothing was forged")
    verdict(base / "forged", 1, "'expected_products' of item 'fit-again'")
