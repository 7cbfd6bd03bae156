"""Who notices which change of a release: stock tools, and `openweigh verify`."""

import concurrent.futures
import json
import os
import pathlib
import subprocess

import verifiers
from releases import Keys, Refused, copy, digest, resum, sign
from supply_chain import digit_changed

WEIGHTS = "artifacts/weights/nist-pontius-1.0.0.json"
DATA = "datasets/nist-pontius/measurements.csv"
TEXT = "LICENSES/CC0-1.0.txt"

COLUMNS = ["sums", "SSHSIG", "OMS", "frictionless", "croissant validate", "croissant load", "ro-crate", "reuse", "openweigh"]
# What is known of each tool: a letter for each column, F where the change is noticed.
EXPECTED = {
    "nothing changed": "- - - - - - - - -",
    "weights digit edited": "F - F - - - - - F",
    "CSV digit edited": "F - F F - F - - F",
    "CSV to CRLF": "F - F F - F - - F",
    "file added": "- - F - - - - F F",
    "weights deleted": "F - F - - - F - F",
    "licence changed in card": "F - F - - - - - F",
    "licence text removed": "F - F - - - F F F",
    "weights edited, sums recomputed, no key": "- F F - - - - - F",
    "*honestly signed weights that the data do not produce*": "- - - - - - - - F",
}


def crlf(path: pathlib.Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


def other_licence(card: pathlib.Path) -> None:
    text = card.read_text()
    changed = text.replace("license: cc0-1.0", "license: mit", 1)
    card.write_text(changed if changed != text else text + "\nLicence: MIT\n")


def edited_and_summed(release: pathlib.Path) -> None:
    digit_changed(release / WEIGHTS)
    resum(release)


def forge(release: pathlib.Path, keys: Keys) -> None:
    """Weights that the data do not produce, all digests made right and signed with the publisher's own key."""
    before = {path: digest(release / path) for path in [WEIGHTS, "manifest.json"]}
    digit_changed(release / WEIGHTS)
    for changed in [WEIGHTS, "manifest.json"]:
        old, new = before[changed], digest(release / changed)
        for path in release.rglob("*"):
            # The coefficients' file holds a digest between bytes that are no text.
            if path.is_file() and old.encode() in path.read_bytes() and path.name != "SHA256SUMS.sig":
                path.write_bytes(path.read_bytes().replace(old.encode(), new.encode()))
    resum(release)
    sign(release, keys)


CHANGES = [
    lambda release, keys: None,
    lambda release, keys: digit_changed(release / WEIGHTS),
    lambda release, keys: digit_changed(release / DATA),
    lambda release, keys: crlf(release / DATA),
    lambda release, keys: (release / "notes.txt").write_text("More.\n"),
    lambda release, keys: (release / WEIGHTS).unlink(),
    lambda release, keys: other_licence(release / "README.md"),
    lambda release, keys: (release / TEXT).unlink(),
    lambda release, keys: edited_and_summed(release),
    forge,
]


def letter(check, release: pathlib.Path, keys: Keys) -> str:
    try:
        check(release, keys)
    except Refused:
        return "F"
    return "-"


def row(release: pathlib.Path, keys: Keys, croissant: dict) -> list[str]:
    tools = [verifiers.sums, verifiers.sshsig, verifiers.oms, verifiers.frictionless]
    letters = [letter(check, release, keys) for check in tools]
    letters += ["F" if croissant[what] else "-" for what in ["validate", "load"]]
    return letters + [letter(check, release, keys) for check in [verifiers.crate, verifiers.reuse, verifiers.ours]]


def derived_again(forged: pathlib.Path) -> bool:
    """Whether our verdict on forged weights is of the weights themselves, and not of a card that was forgotten."""
    words = [*verifiers.PROGRAM, "--json", "verify", forged]
    items = json.loads(subprocess.run(words, capture_output=True, text=True).stdout)["manifests"][0]["items"]
    if any(item["stage"] == "weights" and item["verdict"] == "failed" for item in items):
        return True
    print("openweigh: the forged weights themselves are not reported")
    return False


def check(release: pathlib.Path, work: pathlib.Path, keys: Keys) -> bool:
    """Prints the table; says whether it is the expected one."""
    verifiers.contexts(keys)
    changed = [copy(release, work / f"changed-{at}") for at in range(len(CHANGES))]
    for change, one in zip(CHANGES, changed, strict=True):
        change(one, keys)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        croissants = pool.submit(verifiers.croissants, changed)
        rows = pool.map(lambda at: row(changed[at], keys, croissants.result()[at]), range(len(changed)))
        found = dict(zip(EXPECTED, rows, strict=True))
    good = derived_again(changed[-1])
    print("| change | " + " | ".join(COLUMNS) + " |")
    print("|---" * (len(COLUMNS) + 1) + "|")
    for change, letters in found.items():
        print(f"| {change} | " + " | ".join(letters) + " |")
    for change, letters in found.items():
        for column, one, expected in zip(COLUMNS, letters, EXPECTED[change].split(), strict=True):
            if one != expected:
                print(f"{change}: {column}: found {one}, expected {expected}")
                good = False
    return good
