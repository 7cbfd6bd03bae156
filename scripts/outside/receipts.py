"""Receipts are DSSE envelopes: securesystemslib verifies them, and OpenSSL does from the bytes alone."""

import base64
import json
import pathlib

from releases import OPENWEIGH, Keys, Refused, run, sessions


def check(release: pathlib.Path, keys: Keys) -> None:
    """A receipt of ours, made here."""
    folder = keys.ssh.parent / f"{release.name}-receipts"
    run(OPENWEIGH, "-q", "receipt", release, "--key", keys.ssh, "--attest", folder, *sessions(release))
    (path,) = folder.glob("*.json")
    verify(path, keys)


def verify(path: pathlib.Path, keys: Keys) -> None:
    """Both programs accept the envelope, and refuse it with another payload."""
    from cryptography.hazmat.primitives import serialization
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import VerificationError
    from securesystemslib.signer import SSlibKey

    wire = json.loads(path.read_text())
    public = serialization.load_ssh_public_key(keys.ssh.with_suffix(".pub").read_bytes())
    known = [SSlibKey.from_crypto(public, keyid=wire["signatures"][0]["keyid"])]
    Envelope.from_dict(json.loads(path.read_text())).verify(known, 1)
    other = json.loads(path.read_text())
    other["payload"] = base64.b64encode(base64.b64decode(wire["payload"]) + b" ").decode()
    try:
        Envelope.from_dict(other).verify(known, 1)
        raise Refused("securesystemslib accepts another payload")
    except VerificationError:
        pass
    kind, payload = wire["payloadType"].encode(), base64.b64decode(wire["payload"])
    pae, signature, pem = (path.with_suffix(end) for end in [".pae", ".raw", ".pem"])
    pae.write_bytes(b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload))
    signature.write_bytes(base64.b64decode(wire["signatures"][0]["sig"]))
    pem.write_bytes(
        public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    words = ["pkeyutl", "-verify", "-pubin", "-inkey", pem, "-rawin", "-in", pae, "-sigfile", signature]
    run("openssl", *words)
    pae.write_bytes(pae.read_bytes() + b" ")
    run("openssl", *words, expect=1)
