"""Releases to be checked: written by `openweigh publish`, signed with keys made for the occasion."""

import hashlib
import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
OPENWEIGH = os.environ["OPENWEIGH"]
BIN = pathlib.Path(os.environ["BIN"])
NAMES = ["nist-pontius-1.0.0", "simulated-magic-trackpad-1.0.0"]
WHO = "publisher@example.org"
NAMESPACE = "openweigh-release"


class Refused(Exception):
    """A verifier said no, or could not be run."""


def run(*words, cwd=None, stdin=None, expect=0) -> str:
    """Runs a program; anything but the expected exit code is a refusal that tells its last lines."""
    words = [str(word) for word in words]
    done = subprocess.run(words, cwd=cwd, input=stdin, capture_output=True, text=True)
    said = (done.stdout + done.stderr).strip()
    if done.returncode != expect:
        last = " / ".join(said.splitlines()[-6:])
        raise Refused(f"{pathlib.Path(words[0]).name} {words[1] if len(words) > 1 else ''}: exit {done.returncode}: {last}")
    return said


class Keys:
    """An Ed25519 key for SSHSIG and a P-256 key for OpenSSF Model Signing."""

    def __init__(self, folder: pathlib.Path):
        self.ssh, self.signers = folder / "publisher", folder / "allowed_signers"
        self.ec, self.ec_public = folder / "p256.pem", folder / "p256.pub.pem"
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", WHO, "-f", self.ssh)
        self.signers.write_text(f"{WHO} {self.ssh.with_suffix('.pub').read_text()}")
        run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.ec)
        run("openssl", "pkey", "-in", self.ec, "-pubout", "-out", self.ec_public)


def bundle(release: pathlib.Path) -> pathlib.Path:
    """Where the signature over the whole folder lies: beside it."""
    return release.with_name(release.name + ".oms.sig")


def sign(release: pathlib.Path, keys: Keys) -> None:
    """Signs a release again, with OpenSSH and model_signing."""
    signature = release / "SHA256SUMS.sig"
    signature.unlink(missing_ok=True)
    run("ssh-keygen", "-q", "-Y", "sign", "-f", keys.ssh, "-n", NAMESPACE, release / "SHA256SUMS")
    run(BIN / "model_signing", "sign", "key", release, "--signature", bundle(release), "--private_key", keys.ec)


def publish(name: str, to: pathlib.Path, keys: Keys, *more) -> pathlib.Path:
    """A release of a published manifest, signed by `publish`."""
    words = [name, "-o", to, "--key", keys.ssh, "--oms-key", keys.ec]
    run(OPENWEIGH, "-q", "publish", *words, *more, cwd=ROOT)
    return to


def worded(to: pathlib.Path, keys: Keys) -> pathlib.Path:
    """A release whose publisher says all that can be said, under a licence that the data are not under."""
    said = (ROOT / "artifacts/publications/nist-pontius.toml").read_text()
    said = said.replace('licence = "CC0-1.0"', 'licence = "CC-BY-4.0 OR Apache-2.0"\nhomepage = "https://example.org/scale?a=1&b=2"')
    said = said.replace("keywords = [", 'keywords = ["twice", "twice", "\\"quoted\\" \\\\ # : - word", ')
    said += """
[[author]]
name = 'Josiah "J." Carberry: a fictional person'
orcid = "0000-0002-1825-0097"
affiliation = "Brown University"

[[author]]
name = "Ünïcode Ω"
affiliation = "Elsewhere"
"""
    publication = to.with_suffix(".toml")
    publication.write_text(said)
    return publish(NAMES[0], to, keys, "--publication", publication)


def withheld(to: pathlib.Path, keys: Keys) -> pathlib.Path:
    """The simulated pad without its touches."""
    return publish(NAMES[1], to, keys, "--withhold", "sessions")


def sessions(release: pathlib.Path) -> list:
    """What our program needs to check a release that keeps touches back: the ledger that has them."""
    return ["--sessions", ROOT] if (release / "withheld.json").exists() else []


SAID = """format = "openweigh.publication/2"
summary = "Made for a check."
uses = "Checks."
limits = "All else."
licence = "CC0-1.0"
date = "2026-01-31"
instrument = "None: the numbers are made up"

[[author]]
name = "Nobody in particular"
"""

RECIPE = """format = "openweigh.recipe/1"
name = "line"
[model]
target = "y"
terms = ["1", "x"]
[result]
unit = "g"
decimals = 2
"""


def ledger(folder: pathlib.Path, keys: Keys) -> list[pathlib.Path]:
    """From a ledger of its own: a release of data alone, and one that succeeds another."""

    def ours(*words) -> None:
        run(OPENWEIGH, "-q", *words, cwd=folder)

    folder.mkdir()
    ours("init", ".")
    (folder / "artifacts/recipes/line.toml").write_text(RECIPE)
    for name in ["line", "rows"]:
        (folder / f"artifacts/publications/{name}.toml").write_text(SAID)
    earlier: list = []
    # The first table is pinned by the first weights, so the second stands under a name of its own.
    for version, data, rows in [
        ("1.0.0", "line", "0,1\n10,11\n20,21.5\n30,31\n"),
        ("1.1.0", "line-longer", "0,1\n10,11\n20,21.5\n30,31.5\n40,41\n"),
    ]:
        (folder / "line.csv").write_text("y,x\n" + rows)
        told = ["--unit", "y=g", "--unit", "x=count", "--license", "CC0-1.0", "--origin", "Made up.", "--provenance", "simulated"]
        ours("import", "table", "line.csv", "--name", data, "--version", version, *told)
        ours("fit", "--dataset", data, "--recipe", "line", "--name", "line", "--version", version)
        ours("replay", "--weights", f"line-{version}", "--dataset", data)
        own = ["--weights", f"line-{version}", "--results", f"line-{version}"]
        ours("seal", "--name", "line", "--version", version, *own, *(["--previous", "line-1.0.0"] if earlier else []))
        signed = ["--key", keys.ssh, "--oms-key", keys.ec]
        last = folder.with_name(f"line-{version}")
        ours("publish", f"line-{version}", "-o", last, *signed, *earlier)
        earlier = ["--previous", last]
    ours("seal", "--name", "rows", "--version", "1.0.0", "--dataset", data)
    alone = folder.with_name("rows-1.0.0")
    ours("publish", "rows-1.0.0", "-o", alone, *signed)
    return [last, alone]


def digest(path: pathlib.Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def resum(release: pathlib.Path) -> None:
    """Writes SHA256SUMS again, as somebody without the key can."""
    sums = release / "SHA256SUMS"
    paths = [line.split("  ", 1)[1] for line in sums.read_text().splitlines()]
    sums.write_text("".join(f"{digest(release / path)}  {path}\n" for path in paths))


def copy(release: pathlib.Path, to: pathlib.Path) -> pathlib.Path:
    """The release with its bundle under another name."""
    shutil.copytree(release, to)
    shutil.copy(bundle(release), bundle(to))
    return to
