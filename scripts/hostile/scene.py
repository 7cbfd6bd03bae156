"""A ledger with something of everything, to be copied and attacked, and what lies outside of it."""

import hashlib
import json
import os
import pathlib
import shutil
import stat
import subprocess

HOME = pathlib.Path(__file__).resolve().parent.parent.parent
RECIPE = """format = "openweigh.recipe/1"
name = "line"
[model]
target = "y"
terms = ["1", "x"]
[fit]
validation = "none"
[result]
unit = "g"
decimals = 2
"""
PUBLICATION = """format = "openweigh.publication/1"
summary = "Made up to be attacked."
uses = "Tests."
limits = "Anything else."
licence = "CC0-1.0"
date = "2026-01-31"
instrument = "None: the numbers are made up"

[[author]]
name = "A. Tester"
"""
SCENARIO = """seed = 1
behaviour = "ideal"
pace = "unthrottled"
[[pad]]
kind = "magic-trackpad"
[pad.flood]
frames = 300
touches = 1
"""
POLICY = """format = "openweigh.policy/1"
allowed_signers = "allowed_signers"
[release]
signers = ["alice"]
"""
SECONDS = 30


def program():
    if found := os.environ.get("OPENWEIGH"):
        return pathlib.Path(found).resolve()
    subprocess.run(["cargo", "build", "-q", "-p", "openweigh", "-p", "openweigh-simulator"], cwd=HOME, check=True)
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", HOME / "target")).resolve() / "debug" / "openweigh"


class Done:
    """How a command ended, and what it said."""

    def __init__(self, code, text):
        self.code, self.text = code, text


class Scene:
    def __init__(self, folder):
        self.folder = folder
        self.program = program()
        beside = [*self.program.parent.glob("libopenweigh_simulator.*"), *self.program.parent.glob("deps/libopenweigh_simulator.*")]
        self.library = next((one for one in beside if one.suffix in (".so", ".dylib")), None)
        (folder / "scenario.toml").write_text(SCENARIO)
        self.env = {**os.environ, "OPENWEIGH_SCENARIO": str(folder / "scenario.toml"), "HOME": str(folder), "NO_COLOR": "1"}
        for name in [name for name in self.env if name.startswith(("OPENWEIGH_REGISTRY", "DOCKER", "AWS"))]:
            del self.env[name]
        for key in ("alice", "bob"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", key, "-f", folder / key], check=True)
        self.base = folder / "base"
        self.make()

    def run(self, where, *words, env=None):
        command = [self.program, *map(str, words)]
        try:
            done = subprocess.run(command, cwd=where, capture_output=True, timeout=SECONDS, env={**self.env, **(env or {})},
                                  stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return Done(None, f"no end within {SECONDS} s")
        return Done(done.returncode, (done.stdout + done.stderr).decode(errors="replace"))

    def must(self, where, *words, code=0):
        done = self.run(where, *words)
        assert done.code == code, f"{words}: {done.code}\n{done.text}"
        return done

    def make(self):
        base = self.base
        self.must(self.folder, "init", "base")
        (base / "line.csv").write_text("y,x\n0,1\n10,11\n20,21.5\n30,31\n")
        (base / "log.csv").write_text("t,v\n" + "".join(f"{i},{i * i % 7}\n" for i in range(60)))
        self.must(base, "import", "table", "line.csv", "--name", "line", "--unit", "y=g", "--unit", "x=count", "--license", "CC0-1.0")
        (base / "artifacts/recipes/line.toml").write_text(RECIPE)
        (base / "artifacts/publications/line.toml").write_text(PUBLICATION)
        self.must(base, "fit", "--dataset", "line", "--recipe", "line", "--version", "1.0.0", "--name", "line")
        self.must(base, "replay", "--weights", "line-1.0.0", "--dataset", "line")
        self.must(base, "seal", "--name", "line", "--version", "1.0.0", "--weights", "line-1.0.0", "--results", "line-1.0.0")
        self.must(base, "publish", "line-1.0.0", "-o", "release", "--key", self.folder / "alice")
        self.must(base, "push", "release", "oci:store")
        recording = HOME / "crates/capture/tests/recordings/trackpad.evtest"
        self.must(base, "import", "recording", recording, "--name", "pads", "--simulated", "--salt", "x", "--license", "CC0-1.0")
        # What a recording that was killed leaves.
        sessions = base / "datasets/pads/sessions"
        shutil.copytree(sessions / "s01", sessions / "s02.part")
        session = (sessions / "s01/session.json").read_text().replace('"s01"', '"s02"')
        (sessions / "s02.part/session.json").write_text(session)
        shutil.copy(base / "datasets/pads/dataset.json", sessions / "s02.part/dataset.json.part")
        lines = [(self.folder / f"{key}.pub").read_text().split()[:2] for key in ("alice", "bob")]
        signers = [f'{key} namespaces="openweigh-release,openweigh-receipt" {kind} {text}' for key, (kind, text) in zip(("alice", "bob"), lines)]
        (self.folder / "allowed_signers").write_text("\n".join(signers) + "\n")
        (self.folder / "policy.toml").write_text(POLICY)
        self.id = hashlib.sha256((base / "release/manifest.json").read_bytes()).hexdigest()

    def copy(self, name):
        """A place of its own: the ledger in it, and what is outside."""
        place = self.folder / name
        place.mkdir()
        shutil.copytree(self.base, place / "ledger", symlinks=True)
        outside = place / "outside"
        outside.mkdir()
        (outside / "authorized_keys").write_text("ssh-ed25519 AAAA the-only-key\n")
        (outside / "folder").mkdir()
        (outside / "folder/thesis.txt").write_text("ten years\n")
        return place


def snapshot(folder):
    """Everything below a folder: kind, mode, size, and what is in it."""
    found = {}
    for above, folders, files in os.walk(folder):
        for name in folders + files:
            path = pathlib.Path(above) / name
            about = path.lstat()
            content = ""
            if stat.S_ISLNK(about.st_mode):
                content = os.readlink(path)
            elif stat.S_ISREG(about.st_mode):
                content = hashlib.sha256(path.read_bytes()).hexdigest()
            found[str(path.relative_to(folder))] = (stat.filemode(about.st_mode), content)
    return found


def verdict(what, done, codes, says=(), silent=()):
    """What is wrong about how a command ended; nothing if all is as it must be."""
    short = done.text.strip().replace("\n", " | ")[:600]
    if done.code is None or done.code not in codes or "panicked" in done.text:
        return [f"{what}: exit {done.code}, expected {' or '.join(map(str, codes))}: {short}"]
    missing = [text for text in says if text not in done.text]
    present = [text for text in silent if text in done.text]
    if missing or present:
        return [f"{what}: does not say {missing}" * bool(missing) + f"{what}: says {present}" * bool(present) + f": {short}"]
    return []


def document(text):
    """The JSON document in what a command printed."""
    return json.loads(text[text.index("{"):text.rindex("}") + 1])
