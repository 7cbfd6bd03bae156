#!/usr/bin/env python3
"""A second implementation of releases, from page 10 of docs/spec alone; what a manifest claims, `rederive.py` derives again.
usage: rerelease.py RELEASE [--policy FILE] [--receipts K] [--at TIME] [--attest DIR] [--id ID]
The texts of cards are fixed by their generator and not by the pages (10), so that of a release in which nothing is wrong they are left as
not checkable, exit code 4. Signatures of checksums are judged by OpenSSH's ssh-keygen, those of statements here (Ed25519, RFC 8032)."""
import argparse, base64, binascii, collections, functools, hashlib, itertools, json, os, re, stat, subprocess, sys, tempfile, tomllib
from pathlib import Path
import rederive
from rederive import Malformed, Unchecked, attempt, conforms, document, item, schema, sha256
HOUSEKEEPING = (".git/", ".cache/huggingface/")
KEPT = ["CHANGELOG.md", "SHA256SUMS", "manifest.json"]  # of the release before, with its weights, results and signature
MOST, SMALL, POLICY, SIGNATURE = 1 << 24, 1 << 16, 1 << 20, 1 << 14  # 10.5
# ---- Ed25519, RFC 8032, 5.1.7
P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
def plus(a, b):
    (x1, y1, z1, t1), (x2, y2, z2, t2) = a, b
    a, b, c, d = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P, 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P
def times(n, point):
    sum_ = (0, 1, 1, 0)
    for bit in bin(n)[2:]: sum_ = plus(sum_, sum_); sum_ = plus(sum_, point) if bit == "1" else sum_
    return sum_
def point(data):
    y = int.from_bytes(data, "little"); sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P: x = x * pow(2, (P - 1) // 4, P) % P
    assert y < P and (x * x - square) % P == 0 and not (x == 0 and sign), "no point"
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P
BASE = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
def good(key, message, signature):
    try: a, r, s = point(key), point(signature[:32]), int.from_bytes(signature[32:], "little")
    except (AssertionError, ValueError): return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    (x1, y1, z1, _), (x2, y2, z2, _) = times(s, BASE), plus(r, times(k, a))
    return len(signature) == 64 and s < ORDER and (x1 * z2 - x2 * z1) % P == 0 == (y1 * z2 - y2 * z1) % P
# ---- files
def look(path):  # a plain file's bytes, of at most `most`; a pipe is never opened
    return stat.S_ISREG(os.lstat(path).st_mode)
def small(path, most):
    if not look(path) or os.lstat(path).st_size > most: raise Malformed(f"{path} is no plain file of at most {most} bytes")
    return Path(path).read_bytes()
def walk(root, at=""):  # every path that is no folder
    for entry in sorted(os.scandir(root / at), key=lambda e: e.name):
        path = f"{at}{entry.name}"
        if entry.is_dir(follow_symlinks=False): yield from () if f"{path}/" in HOUSEKEEPING else walk(root, path + "/")
        else: yield path
# ---- keys and who has them: OpenSSH's formats
def strings(blob):  # SSH's strings, one after the other
    while blob: n = int.from_bytes(blob[:4], "big"); assert len(blob) >= 4 + n; yield blob[4:4 + n]; blob = blob[4 + n:]
def fingerprint(blob): return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
def moment(text):  # UTC, with `Z`; as a text that sorts
    assert re.fullmatch(r"(\d{8}|\d{12}|\d{14})Z", text), f"{text} is no moment in UTC"
    return text[:-1].ljust(14, "0")
Line = collections.namedtuple("Line", "principals namespaces after before blob")
LINE = re.compile(r'(\S+)\s+(?:((?:[^\s"]|"[^"]*")+)\s+)?((?:sk-)?(?:ssh|ecdsa)-\S+)\s+([A-Za-z0-9+/=]+)(?:\s.*)?')
def allowed(data):
    lines = []
    for text in data.decode().splitlines():
        if not text.strip() or text.startswith("#"): continue
        principals, options, _, key = LINE.fullmatch(text.strip()).groups()
        options = dict(re.findall(r'([a-z-]+)="?([^",]*(?:,[^"=]*)?)"?(?:,|$)', options or ""))
        assert {*options} <= {"namespaces", "valid-after", "valid-before"}, options
        when = [moment(options[name]) if name in options else None for name in ("valid-after", "valid-before")]
        lines.append(Line(principals.strip('"').split(","), options.get("namespaces", "*").split(","), *when, base64.b64decode(key, validate=True)))
    return lines
def admits(patterns, word):
    def one(pattern): return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), word) is not None
    return any(one(p) for p in patterns if p[:1] != "!") and not any(one(p[1:]) for p in patterns if p[:1] == "!")
class Reader:  # 10.3: whom one who verifies believes
    def __init__(self, path, at):
        data = small(path, POLICY)
        self.policy = attempt(lambda: tomllib.loads(data.decode()))
        attempt(conforms, self.policy, schema("policy"), schema("policy"), False)
        self.allowed = path.parent / self.policy["allowed_signers"]
        self.lines = attempt(allowed, small(self.allowed, POLICY))
        self.revoked = path.parent / self.policy["revoked"] if "revoked" in self.policy else None
        if self.revoked: small(self.revoked, MOST)
        self.at, self.signers = at, self.policy["release"]["signers"]
        for line in self.lines: self.is_revoked(line.blob)  # a list that cannot be read is no list
        self.verifiers, self.minimum = (self.policy.get("receipts", {}).get(key) for key in ("verifiers", "minimum"))
    def is_revoked(self, blob):
        if not self.revoked: return False
        data = small(self.revoked, MOST)
        if not data.startswith(b"SSHKRL"):  # public keys or fingerprints, one a line
            words = [line.split() for line in attempt(data.decode).splitlines() if line.strip() and not line.startswith("#")]
            keys = [attempt(base64.b64decode, one[1]) if len(one) > 1 else one[0] for one in words]
            if any(isinstance(key, str) and not re.fullmatch(r"SHA256:[A-Za-z0-9+/]{43}", key) for key in keys): raise Malformed("revoked keys")
            return blob in keys or fingerprint(blob) in keys
        with tempfile.NamedTemporaryFile("w", suffix=".pub") as key:
            kind = next(strings(blob)).decode()
            key.write(f"{kind} {base64.b64encode(blob).decode()}\n"); key.flush()
            asked = subprocess.run(["ssh-keygen", "-Q", "-f", self.revoked, key.name], capture_output=True, text=True)
            if asked.returncode and "REVOKED" not in asked.stdout: raise Malformed(f"revoked keys: {asked.stderr}")
            return asked.returncode != 0
    def lines_of(self, blob, namespace, timely=True):
        now = lambda line: (line.after or "") <= self.at < (line.before or "9") if timely else True
        return [line for line in self.lines if line.blob == blob and admits(line.namespaces, namespace) and now(line)]
    def person(self, blob):  # keys and principals that any lines connect
        keys, names, before = {blob}, set(), None
        while before != (keys, names):
            before = {*keys}, {*names}
            for line in self.lines:
                own = {name for name in line.principals if name[:1] != "!"}
                if line.blob in keys or own & names: keys.add(line.blob); names |= own
        return keys, names
    def one(self, a, b):  # two who could be one
        (keys, names), (others, theirs) = self.person(a), self.person(b)
        def meets(patterns, words): return any(admits([p], w) for p in patterns for w in words)
        return bool(keys & others or names & theirs or meets(names, theirs) or meets(theirs, names))
# ---- 10.4: statements
def envelope(data):
    value = json.loads(data.decode("utf-8"), object_pairs_hook=unique)
    assert rederive.dumps(value).encode() == data and [*value] == ["payloadType", "payload", "signatures"], "another layout"
    assert value["payloadType"] == "application/vnd.in-toto+json" and 1 <= len(value["signatures"]), "no envelope"
    payload = plainly(value["payload"])
    signed = [(one["keyid"], plainly(one["sig"])) for one in value["signatures"] if [*one] == ["keyid", "sig"]]
    assert len(signed) == len(value["signatures"]) == len({key for key, _ in signed}), "signatures"
    return payload, signed
def unique(pairs):
    assert len({key for key, _ in pairs}) == len(pairs), "a key twice"
    return dict(pairs)
def plainly(text):
    data = base64.b64decode(text, validate=True)
    assert base64.b64encode(data).decode() == text, "another spelling of base64"
    return data
def authentic(payload, signed, keys):  # the keys, among {fingerprint: blob}, whose signatures are good; every signature must be
    over = b"DSSEv1 28 application/vnd.in-toto+json %d " % len(payload) + payload
    found = []
    for keyid, signature in signed:
        kind, *parts = strings(keys[keyid]) if keyid in keys else [b"of nobody"]
        if kind == b"ssh-ed25519" and good(parts[0], over, signature): found.append(keys[keyid])
    return found
def statements(folders, deep=0):
    for folder in folders:
        if not os.path.lexists(folder): continue
        if not stat.S_ISDIR(os.lstat(folder).st_mode): yield folder, None; continue
        for name in sorted(os.listdir(folder)):
            at = folder / name
            if stat.S_ISDIR(os.lstat(at).st_mode):
                if deep < 2: yield from statements([at], deep + 1)
                else: yield at, None
                continue
            yield at, small(at, MOST) if look(at) and os.lstat(at).st_size <= MOST and os.access(at, os.R_OK) else None
def cut(name, data):  # whether what is no envelope could have been a withdrawal
    if re.fullmatch(r"withdrawal-.*[.]json|[0-9a-f]{64}[.]json", name, re.S) and name != sha256(data) + ".json": return True
    data = data.replace(b"\0", b"")  # as UTF-16 has them
    if b'"payload' not in data: return False
    found = re.match(rb'[^"]*"payload"[ :"\n\t]*([A-Za-z0-9+/]*)', data[data.index(b'"payload"') if b'"payload"' in data else 0:])
    text = found[1] if found else b""
    try: return b"urn:openweigh:receipt:" not in base64.b64decode(text[:len(text) // 4 * 4])
    except binascii.Error: return True
def fits(line): return rederive.fits(line, schema("manifest")["$defs"]["Line"], schema("manifest"), True)
def said(reader, own, folders, about, counts):  # withdrawals first and apart; gives what may be receipts
    others = []
    if reader: keys = {line.blob for line in reader.lines if admits(line.namespaces, "openweigh-release") and any(admits(line.principals, who) for who in reader.signers)}
    else: keys = {own} if own else set()
    keys = {fingerprint(blob): blob for blob in keys if not (reader and reader.is_revoked(blob))}
    for at, data in statements(folders):
        def judge():
            if data is None:
                length = os.lstat(at).st_size if look(at) else 0
                if length > SMALL: return ""
                raise Unchecked("it was not read")
            try: payload, signed = envelope(data)
            except Exception:
                if cut(at.name, data): raise Unchecked("it may have been a withdrawal")
                return ""
            try: kind = json.loads(payload)["predicateType"]
            except Exception: kind = ""
            if kind == "urn:openweigh:receipt:1": others.append((at, payload, signed)); return ""
            if not authentic(payload, signed, keys): return ""
            if not str(kind).startswith("urn:openweigh:"): raise Unchecked("of one who may withdraw, and not known") if kind == "" else Malformed("")
            if kind != "urn:openweigh:withdrawal:1": raise Unchecked("a statement of a later version")
            try:
                value = document(payload, "withdrawal")
                assert [s["name"] for s in value["subject"]] == ["manifest.json"] and value["predicate"]["replacement"] != value["subject"][0]["digest"]["sha256"]
                lines = value["predicate"]["reason"].split("\n")
                assert len("\n".join(lines)) <= 4000 and all(fits(line) for line in lines) and lines[0].strip() and lines[-1].strip()
            except Exception: raise Unchecked("a withdrawal that cannot be read")
            if value["subject"][0]["digest"]["sha256"] == about: return "the release is withdrawn"
        item(counts, "statement", repr(at.name), judge)
    return others
def receipts(reader, signer, found, wanted, subjects, derived):
    voices = []
    for at, payload, signed in found:
        keys = {fingerprint(line.blob): line.blob for line in reader.lines if reader.lines_of(line.blob, "openweigh-receipt")}
        blobs = [blob for blob in authentic(payload, signed, keys) if not reader.is_revoked(blob)]
        try:
            value = document(payload, "receipt")
            assert [(s["name"], s["digest"]["sha256"]) for s in value["subject"]] == subjects, "another release"
            p = value["predicate"]
            assert p["derived"] == derived["derived"] and p["claims"] == derived["claims"], "it derived something else"
            stages = {one["stage"]: one["items"] for one in p["stages"]}
            assert len(stages) == len(p["stages"]) and all(stages.get(stage) == n for stage, n in derived["stages"].items()), "it looked at something else"
        except Exception as error: print("     ", at.name, repr(error)); continue
        for blob in blobs:
            lines = reader.lines_of(blob, "openweigh-receipt")
            meant = [who for who in reader.verifiers or [] if any(admits(line.principals, who) for line in lines)]
            named = [name for name in reader.person(blob)[1] if not {*"*?"} & {*name}]
            if (reader.verifiers is None or meant) and (meant or named) and not (signer and reader.one(blob, signer)): voices.append(blob)
    people = []
    for blob in voices:
        if not any(reader.one(blob, other) for other in people): people.append(blob)
    return "" if len(people) >= wanted else f"{len(people)} count, {wanted} are wanted"
# ---- 10: the folder
def generated(manifest, publication, names):  # 10, the table; of LICENSES what the manifest and the publisher name
    weights = [Path(f["path"]).stem for f in manifest["files"] if f["role"] == "weights"]
    licences = [publication["licence"], *(f["licence"] for f in manifest["files"])]
    made = ["README.md", "CHANGELOG.md", "CITATION.cff", "datapackage.json", "croissant.json", "ro-crate-metadata.json", "REUSE.toml", ".gitattributes", "SHA256SUMS"]
    made += ["params.json"] * (publication["format"].endswith("/2") and bool(weights))
    made += [f"exports/{name}.{end}" for name in weights for end in ("safetensors", "slsa.json")]
    return {*made, *(f"LICENSES/{one}.txt" for licence in licences for one in rederive.ids(licence))}
def signature(root, reader, sums):  # 10.3; gives the key
    if look(root / "SHA256SUMS.sig") and os.lstat(root / "SHA256SUMS.sig").st_size > SIGNATURE: return "it is too long"
    data = small(root / "SHA256SUMS.sig", SIGNATURE)
    text = data.decode()
    body = re.fullmatch(r"-----BEGIN SSH SIGNATURE-----\n((?:[A-Za-z0-9+/=]+\n)+)-----END SSH SIGNATURE-----\n", text)
    assert body and all(len(line) == 70 for line in body[1].split("\n")[:-2]) and len(body[1].split("\n")[-2]) <= 70, "the armour"
    blob = plainly(body[1].replace("\n", ""))
    assert blob[:10] == b"SSHSIG\0\0\0\1", "no SSHSIG"
    key, namespace, _, how, _ = strings(blob[10:])
    assert (namespace, how) == (b"openweigh-release", b"sha512"), "another namespace or hash"
    words = ["-n", namespace, "-s", root / "SHA256SUMS.sig"]
    def asked(*more): return subprocess.run(["ssh-keygen", "-Y", *more], input=sums, capture_output=True).returncode == 0
    assert asked("check-novalidate", *words), "it does not fit"
    if reader:
        revoked = ["-r", reader.revoked] if reader.revoked else []
        assert any(asked("verify", *words, "-f", reader.allowed, "-I", one, "-O", f"verify-time={reader.at}Z", *revoked) for one in reader.signers), "nobody who is believed"
    return key
def sums_of(data):  # 7.5
    lines = [re.fullmatch(rf"([0-9a-f]{{64}})  ({rederive.PATH})", line) for line in data.decode().split("\n")[:-1]]
    assert all(lines) and data.endswith(b"\n") and [m[2] for m in lines] == sorted({m[2] for m in lines}), "no list of checksums"
    return {m[2]: m[1] for m in lines}
def order(version):  # Semantic Versioning 2.0.0, 11
    core, _, pre = version.partition("+")[0].partition("-")
    rank = [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in pre.split(".")]
    return [int(part) for part in core.split(".")], not pre, rank
def succeeded(root, manifest):  # 10.2
    files = {f"previous/{name}": small(root / "previous" / name, 1 << 26) for name in KEPT}
    old = files["previous/manifest.json"]
    if sha256(old) != manifest["previous"]: return "previous/manifest.json is another one"
    before = document(old, "manifest")
    if before["name"] != manifest["name"] or not order(before["version"]) < order(manifest["version"]): return "no later version of it"
    sums = sums_of(files["previous/SHA256SUMS"])
    if any(sums.get(name) != sha256(files[f"previous/{name}"]) for name in ("manifest.json", "CHANGELOG.md")): return "its checksums are of other files"
    for f in before["files"]:
        if f["role"] in ("weights", "results"):
            data = rederive.plain(root, f"previous/{f['path']}")
            if sha256(data) != f["sha256"]: return f"previous/{f['path']} is another one"
    if os.path.lexists(root / "previous/SHA256SUMS.sig"): signature(root / "previous", None, files["previous/SHA256SUMS"])
def whole(root, manifest, publication, withheld):  # everything is listed or generated, and is there
    found = [path for path in walk(root)]
    listed = {f["path"] for f in manifest["files"]} - {f["path"] for f in withheld["files"]}
    cards = generated(manifest, publication, found)
    known = {*listed, *cards, "manifest.json", "publication.toml", "SHA256SUMS.sig", *(r["path"] for r in withheld["readings"])}
    if withheld["files"]: known.add("withheld.json")
    if manifest["previous"]:
        before = attempt(document, small(root / "previous/manifest.json", 1 << 26), "manifest")
        known |= {f"previous/{name}" for name in [*KEPT, "SHA256SUMS.sig", *(f["path"] for f in before["files"] if f["role"] in ("weights", "results"))]}
    for path in found:
        if path not in known: yield f"{path!r} is not of the release"
        elif not look(root / path): yield f"{path} is no plain file"
    for path in sorted(cards - {*found}): yield f"{path} is missing"
    folded = collections.Counter(path.lower() for path in [*found, *listed])
    for path in {*found} | listed:
        if len({p for p in {*found} | listed if p.lower() == path.lower()}) > 1: yield f"{path} differs from another in letter case alone"
    for path in found:  # links on the way
        if any((root / part).is_symlink() for part in itertools.accumulate(path.split("/"), lambda a, b: f"{a}/{b}")): yield f"{path} is reached by a link"
    if not look(root / "SHA256SUMS"): return
    digests = [f"{sha256((root / path).read_bytes())}  {path}\n" for path in sorted(found) if path not in ("SHA256SUMS", "SHA256SUMS.sig") and look(root / path) and os.lstat(root / path).st_size < 1 << 27]
    if small(root / "SHA256SUMS", 1 << 26) != "".join(digests).encode(): yield "SHA256SUMS is not the list of what is here"
def publisher(data):  # 10.1
    value = tomllib.loads(data.decode())
    conforms(value, schema("publication"), schema("publication"), False)
    assert value.get("author") and value.get("date"), "nobody, or no day"
    return value
def main(words):
    asked = argparse.ArgumentParser()
    asked.add_argument("release", type=Path)
    for name in ("policy", "attest", "oms-key"): asked.add_argument(f"--{name}", type=Path)
    for name in ("at", "id"): asked.add_argument(f"--{name}")
    asked.add_argument("--receipts", type=int)
    asked = asked.parse_args(words)
    root, counts, about, held = asked.release, collections.Counter(), None, {}
    at = moment(asked.at if "Z" in (asked.at or "") else asked.at + "Z") if asked.at else subprocess.run(["date", "-u", "+%Y%m%d%H%M%S"], capture_output=True, text=True).stdout.strip()
    try: reader = Reader(asked.policy, at) if asked.policy else None
    except (Malformed, OSError) as error: print("BAD  policy:", error); return 3
    held = rederive.one(root / "manifest.json", counts, None) or {}
    manifest = held.get("manifest")
    if manifest:
        about, texts, empty = sha256((root / "manifest.json").read_bytes()), [], {"files": [], "readings": []}
        if asked.id: item(counts, "manifest", "id", lambda: "" if asked.id == about else "another release")
        item(counts, "publication", "publication.toml", lambda: texts.append(attempt(publisher, small(root / "publication.toml", 1 << 20))))
        if manifest["previous"]: item(counts, "previous", "previous", lambda: succeeded(root, manifest))
        for publication in texts:
            item(counts, "folder", "what is not so", lambda: "; ".join([*whole(root, manifest, publication, held.get("withheld", empty))][:9]))
        if not texts: item(counts, "folder", "what is not so", lambda: "; ".join(path for path in walk(root) if not look(root / path)))
    sums, key = None, []
    def found_key(found):
        if isinstance(found, str): return found
        key.append(found)
    def listed():
        nonlocal sums
        sums = small(root / "SHA256SUMS", 1 << 26)
        attempt(sums_of, sums)
    item(counts, "sums", "SHA256SUMS", lambda: "missing" if not os.path.lexists(root / "SHA256SUMS") else listed())
    if os.path.lexists(root / "SHA256SUMS.sig") or reader:
        item(counts, "signature", "SHA256SUMS.sig", lambda: "missing" if sums is None or not os.path.lexists(root / "SHA256SUMS.sig") else found_key(signature(root, reader, sums)))
    folders = [root.parent / "attest" / (about or "-"), *[asked.attest] * bool(asked.attest)]
    found = said(reader, key[0] if key else None, folders, about, counts)
    wanted = asked.receipts or (reader and reader.minimum) or 0
    if wanted and reader:
        subjects = [("manifest.json", about), ("SHA256SUMS", sha256(sums or b""))]
        sound = not any(counts[verdict] for verdict in ("failed", "malformed", "unchecked"))
        item(counts, "receipts", str(wanted), lambda: receipts(reader, key[0], found, wanted, subjects, held) if sound else "the release does not hold")
    def cards(): raise Unchecked("fixed by their generator, and not by the pages")
    item(counts, "cards", "the texts of generated files", cards)
    return next((code for code, verdict in ((1, "failed"), (3, "malformed"), (4, "unchecked")) if counts[verdict]), 0)
if __name__ == "__main__": sys.exit(main(sys.argv[1:]))
