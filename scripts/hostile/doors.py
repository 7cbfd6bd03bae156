"""Links, pipes and sockets at every inner path that a command reads or writes. Whatever it says then: nothing outside
is written or deleted, it ends, and it does not panic."""

import os
import shutil
import socket
from concurrent.futures import ThreadPoolExecutor

from scene import HOME, snapshot


def commands(scene):
    """Every command that writes, with its words."""
    key, publish = scene.folder / "alice", ["publish", "line-1.0.0", "-o"]
    recording = HOME / "crates/capture/tests/recordings/two-pads.csv"
    table = ["import", "table", "line.csv", "--unit", "y=g", "--license", "CC0-1.0", "--name"]
    fit = ["fit", "--dataset", "line", "--recipe", "line", "--name", "line", "--version"]
    found = {
        "init": ["init", "."],
        "import table": [*table, "new"],
        "import table --force": [*table, "pads", "--force"],
        "import signal": ["import", "signal", "log.csv", "--name", "log", "--time", "t", "--value", "v", "--time-unit", "s"],
        "import recording": ["import", "recording", recording, "--name", "found", "--simulated", "--license", "CC-BY-4.0"],
        "import recording --add": ["import", "recording", recording, "--name", "pads", "--add", "--simulated", "--salt", "x"],
        "recipe new": ["recipe", "new", "--dataset", "line", "--preset", "affine", "--name", "other"],
        "claims new": ["claims", "new", "--weights", "line-1.0.0"],
        "fit": [*fit, "2.0.0"],
        "replay": ["replay", "--weights", "line-1.0.0", "--dataset", "line", "-o", "artifacts/results/more.csv"],
        "seal": ["seal", "--name", "more", "--version", "1.0.0", "--dataset", "line"],
        "publish": [*publish, "another"],
        "publish --force": [*publish, "release", "--force"],
        "receipt": ["receipt", "release", "--key", key],
        "receipt --force": ["receipt", "release", "--key", key, "--force"],
        "withdraw": ["withdraw", "release", "--reason", "wrong", "--key", key, "--force"],
        "push": ["push", "release", "oci:store:other"],
        "push new": ["push", "release", "oci:fresh"],
        "pull": ["pull", "oci:store", "pulled"],
        "pull --force": ["pull", "oci:store", "release", "--force"],
        "recover": ["recover", "pads"],
        "recover session": ["recover", "datasets/pads/sessions/s02.part"],
        "recover --as": ["recover", "pads", "--as", "saved"],
        "weigh": ["weigh", "pads", "s01", "--frames", "0..3", "--role", "unknown"],
        "weigh --as": ["weigh", "pads", "s01", "--frames", "0..3", "--role", "unknown", "--as", "weighed"],
        "exclude": ["exclude", "line", "2", "--reason", "knocked", "--as", "kept"],
        "verify": ["verify", "release"],
    }
    if scene.library:
        found["devices"] = ["devices", "--library", scene.library]
        found["record"] = ["record", "--name", "pads", "--library", scene.library]
        found["record new"] = ["record", "--name", "fresh", "--library", scene.library, "--license", "CC-BY-4.0"]
    return found


def paths(scene, name, words):
    """Inner paths that matter to a command: what it made or changed, with the folders above, and drafts that it names."""
    place = scene.copy(f"look-{name.replace(' ', '-')}")
    ledger = place / "ledger"
    before = snapshot(ledger)
    scene.run(ledger, *words)
    after = snapshot(ledger)
    shutil.rmtree(place)
    touched = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    touched |= {".openweigh", ".openweigh/lock", ".openweigh/.gitignore", ".openweigh/commit", ".openweigh/salt"}
    if name.startswith("recover") or "record" in name:
        touched |= {path for path in before if path.startswith("datasets/pads")}
        touched |= {f"datasets/pads/sessions/s02.part/.draft-{file}" for file in ("events.csv", "session.json")}
    if name.startswith(("push", "pull")):
        touched |= {path for path in before if path.startswith("store")}
        draft = f".pulled-{scene.id[:12]}.draft"
        touched |= {draft, f"{draft}/lock", f"{draft}/parts", f"{draft}/tree"}
    if name.startswith(("receipt", "withdraw", "pull", "push")):
        touched |= {"attest", f"attest/{scene.id}"}
    above = {path.rsplit("/", count)[0] for path in touched for count in range(1, path.count("/") + 1)}
    return sorted(touched | above)


def typed(words):
    """Paths that a person typed, and the folders above: these may lead through links."""
    found = set()
    for word in map(str, words):
        word = word.removeprefix("oci:").split(":")[0]
        found |= {word.rsplit("/", count)[0] for count in range(word.count("/") + 1)}
    return found


def hostile(path, outside, kind):
    """Puts something hostile in the place of an inner path; what was there lies outside then."""
    path.parent.mkdir(parents=True, exist_ok=True)
    moved = outside / "moved"
    there = os.path.lexists(path)
    if there:
        shutil.move(path, moved)
    if kind == "link":
        path.symlink_to(moved if there else outside / "authorized_keys")
    elif kind == "dangling":
        path.symlink_to(outside / "new")
    elif kind == "folder":
        path.symlink_to(outside / "folder")
    elif kind == "zero":
        path.symlink_to("/dev/zero")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        # Of a length that sockets allow.
        here = os.open(path.parent, os.O_RDONLY)
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(f"/proc/self/fd/{here}/{path.name}" if os.path.exists("/proc/self/fd") else str(path))
        os.close(here)


def one(scene, number, name, words, path, kind):
    place = scene.copy(f"door-{number}")
    ledger, outside = place / "ledger", place / "outside"
    what = f"{name}, {kind} at {path}"
    try:
        hostile(ledger / path, outside, kind)
    except (NotADirectoryError, FileExistsError):
        shutil.rmtree(place)
        return []
    before = snapshot(outside)
    done = scene.run(ledger, *words)
    mistakes = []
    if done.code not in (0, 1, 2, 3, 4) or "panicked" in done.text:
        mistakes.append(f"{what}: exit {done.code}: {done.text.strip()[-400:]}")
    elif done.code and "error: " not in done.text and name != "verify":
        mistakes.append(f"{what}: exit {done.code} without a word: {done.text.strip()[-400:]}")
    after = snapshot(outside)
    if before != after:
        changed = sorted(one for one in before.keys() | after.keys() if before.get(one) != after.get(one))
        mistakes.append(f"{what}: outside was changed: {changed[:5]}")
    shutil.rmtree(place)
    return mistakes


def attack(scene, every):
    cases = []
    for name, words in commands(scene).items():
        done = scene.run(scene.copy(f"plain-{name.replace(' ', '-')}") / "ledger", *words)
        codes = (0, 1) if name in ("publish --force", "import table --force") else (0,)
        assert done.code in (*codes, 3), f"{name}: {done.code}: {done.text}"
        for path in paths(scene, name, words):
            kinds = ("zero", "pipe", "socket") if path in typed(words) else ("link", "dangling", "folder", "zero", "pipe", "socket")
            cases += [(name, words, path, kind) for kind in kinds]
    chosen = cases[::every]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = pool.map(lambda case: one(scene, case[0], *case[1]), enumerate(chosen))
        return len(chosen), [mistake for mistakes in runs for mistake in mistakes]
