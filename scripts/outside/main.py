"""Every outside verifier on six releases, one line each; with --table, who notices which change."""

import pathlib
import re
import shutil
import sys
import tempfile
import time
from importlib.metadata import version

import arithmetic
import receipts
import supply_chain
import table
import verifiers
from releases import NAMES, Keys, Refused, ledger, publish, run, withheld, worded


def of_program(*words) -> str:
    """The version that a program states, or what it says at all."""
    try:
        said = run(*words)
    except (Refused, OSError):
        return "?"
    found = re.search(r"\d+\.\d+[.\w]*", said)
    return found[0] if found else said.splitlines()[0]


def openssh() -> str:
    # It tells its version on standard error, and only as `ssh`.
    return of_program("ssh", "-V")


CHECKS = [
    ("sha256sum", lambda: of_program("sha256sum", "--version"), verifiers.sums),
    ("ssh-keygen -Y verify", openssh, verifiers.sshsig),
    ("model_signing", lambda: version("model-signing"), verifiers.oms),
    ("frictionless", lambda: version("frictionless"), verifiers.frictionless),
    ("check-jsonschema: our schemas", lambda: version("check-jsonschema"), verifiers.schemas),
    ("check-jsonschema: CITATION.cff", lambda: version("check-jsonschema"), verifiers.citation),
    ("huggingface_hub", lambda: version("huggingface_hub"), verifiers.card),
    ("in-toto-verify, which fits again", lambda: version("in-toto"), supply_chain.check),
    ("mlcroissant: validate and load", lambda: version("mlcroissant"), verifiers.croissant),
    ("rocrate-validator", lambda: version("roc-validator"), verifiers.crate),
    ("reuse lint", lambda: version("reuse"), verifiers.reuse),
    ("securesystemslib and openssl: receipts", lambda: version("securesystemslib"), receipts.check),
    ("in-toto-attestation", lambda: version("in-toto-attestation"), verifiers.statements),
    ("safetensors", lambda: version("safetensors"), verifiers.coefficients),
    ("fractions and bc", lambda: of_program("bc", "--version"), arithmetic.check),
    ("openweigh verify", lambda: of_program(*verifiers.PROGRAM, "--version"), verifiers.ours),
]


# What needs weights, and what needs the data they follow from.
OF_WEIGHTS = [supply_chain.check, verifiers.statements, arithmetic.check]
OF_DATA = [supply_chain.check]


def applies(check, release: pathlib.Path) -> bool:
    """Whether a verifier has anything to verify in a release."""
    if not list(release.glob("artifacts/weights/*.json")):
        return check not in OF_WEIGHTS
    return not (release / "withheld.json").exists() or check not in OF_DATA


def check_all(releases: list[pathlib.Path], keys: Keys) -> bool:
    """Runs each verifier on each release; says whether all were content."""
    good = True
    for name, of, check in CHECKS:
        begin, verdict, at = time.monotonic(), "ok", ""
        try:
            for release in releases:
                if applies(check, release):
                    at = release.name
                    check(release, keys)
        except Refused as refusal:
            verdict, good = f"FAILED: {at}: {refusal}", False
        except Exception as error:  # noqa: BLE001 - a library's own refusal
            verdict, good = f"FAILED: {at}: {type(error).__name__}: {error}", False
        print(f"{name:40} {of():12} {time.monotonic() - begin:6.1f} s  {verdict}", flush=True)
    return good


def main() -> int:
    work = pathlib.Path(tempfile.mkdtemp(prefix="outside-"))
    try:
        keys = Keys(work)
        if "--table" in sys.argv[1:]:
            return 0 if table.check(publish(NAMES[0], work / NAMES[0], keys), work, keys) else 1
        releases = [publish(name, work / name, keys) for name in NAMES] + [worded(work / "worded", keys)]
        releases += [withheld(work / "withheld", keys), *ledger(work / "ledger", keys)]
        return 0 if check_all(releases, keys) else 1
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    sys.exit(main())
