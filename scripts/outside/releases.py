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
    """Signs as a stranger would, with OpenSSH and model_signing."""
    signature = release / "SHA256SUMS.sig"
    signature.unlink(missing_ok=True)
    run("ssh-keygen", "-q", "-Y", "sign", "-f", keys.ssh, "-n", NAMESPACE, release / "SHA256SUMS")
    run(BIN / "model_signing", "sign", "key", release, "--signature", bundle(release), "--private_key", keys.ec)


def publish(name: str, to: pathlib.Path, keys: Keys) -> pathlib.Path:
    """A release of a published manifest, signed by `publish` itself if it can do that."""
    help_text = run(OPENWEIGH, "publish", "--help")
    own = [option for option in ["--key", "--oms-key"] if option in help_text]
    signed = ["--key", keys.ssh, "--oms-key", keys.ec] if len(own) == 2 else []
    run(OPENWEIGH, "publish", name, "-o", to / name, *signed, cwd=ROOT)
    if not signed:
        sign(to / name, keys)
    return to / name


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
