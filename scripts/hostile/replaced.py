"""Folders that --force may replace, and those that it may not: only what the program made, and never version control."""

import hashlib
import shutil

from scene import snapshot, verdict


def attack(scene, every):
    wrong, count = [], 0
    key = scene.folder / "alice"
    publish = ("publish", "line-1.0.0", "--key", key, "--force", "-o")
    pull = ("pull", "oci:store", "--force")

    def case(what, prepare, words, codes, says=(), kept=None):
        nonlocal count
        place = scene.copy(f"replaced-{count}")
        count += 1
        ledger = place / "ledger"
        prepare(ledger)
        before = snapshot(place)
        done = scene.run(ledger, *words)
        wrong.extend(verdict(what, done, codes, says))
        after = snapshot(place)
        if kept:
            # Exactly this stays: byte for byte.
            lost = [path for path, about in before.items() if path.startswith(f"ledger/{kept}") and after.get(path) != about]
            wrong.extend([f"{what}: lost {lost[:5]}"] if lost else [])
        if {path: about for path, about in before.items() if path.startswith("outside")} != {
                path: about for path, about in after.items() if path.startswith("outside")}:
            wrong.append(f"{what}: outside was changed")
        shutil.rmtree(place)

    def changed(ledger):
        """Another release than the one that comes: another file is missing in it, and none is somebody's own."""
        (ledger / "release/README.md").unlink()

    def edited(ledger):
        (ledger / "release/README.md").write_text("an afternoon's work\n")

    def listed(ledger):
        """A folder of somebody's own, with a list of its files, and something called manifest.json."""
        photos = ledger / "photos"
        (photos / "thesis").mkdir(parents=True)
        for path, text in (("photo.jpg", "precious"), ("thesis/chapter.txt", "years"), ("manifest.json", "{}\n")):
            (photos / path).write_text(text)
        sums(photos)

    def with_a_manifest(ledger):
        listed(ledger)
        shutil.copy(ledger / "release/manifest.json", ledger / "photos/manifest.json")
        sums(ledger / "photos")

    def sums(folder):
        files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.name != "SHA256SUMS")
        lines = [f"{hashlib.sha256((folder / path).read_bytes()).hexdigest()}  {path}\n" for path in files]
        (folder / "SHA256SUMS").write_text("".join(lines))

    def with_file(path, text="mine\n"):
        def put(ledger):
            changed(ledger)
            (ledger / path).parent.mkdir(parents=True, exist_ok=True)
            (ledger / path).write_text(text)
        return put

    for name, words in (("publish", (*publish, "release")), ("pull", (*pull, "release"))):
        case(f"{name} --force over a changed release", changed, words, (0,), ["replaced"])
        case(f"{name} --force over a release that was edited", edited, words, (3,), ["changed since it was written: README.md"], "release")
        for system in (".git", ".hg", ".svn", ".jj", "_darcs"):
            case(f"{name} --force keeps {system}", with_file(f"release/{system}/config"), words, (0,), ["replaced"], f"release/{system}")
        for path in ("notes.txt", "datasets/line/thesis.txt", "deep/er/file", ".gitignore", "a/.git/config"):
            case(f"{name} --force over a release with {path}", with_file(f"release/{path}"), words, (3,), ["expected a release"], "release")
        case(f"{name} --force over a release with a link",
             lambda ledger: (changed(ledger), (ledger / "release/link").symlink_to("../../outside")), words, (3,), ["expected a release"], "release")
        case(f"{name} --force over a list that lists somebody's file, and is none",
             lambda ledger: (changed(ledger), (ledger / "release/SHA256SUMS").write_text("x\n")), words, (3,), ["expected a release"], "release")
    for other in ("datasets", "artifacts", "line.csv", ".", "manifests"):
        case(f"publish --force -o {other}", lambda ledger: None, (*publish, other), (3,), ["expected a release"], "datasets")
        case(f"pull --force {other}", lambda ledger: None, (*pull, other), (3,), ["expected a release"], "datasets")
    for name, words in (("publish", publish), ("pull", pull)):
        case(f"{name} --force over a listed folder", listed, (*words, "photos"), (3,), ["is no manifest"], "photos")
        case(f"{name} --force over a listed folder with a manifest", with_a_manifest, (*words, "photos"), (3,), ["no release has: photo.jpg"], "photos")
    marks = ("manifest.json", "SHA256SUMS", "publication.toml")

    def disguised(ledger):
        for mark in marks:
            shutil.copy(ledger / "release" / mark, ledger / mark)

    case("publish --force over a ledger that calls itself a release", disguised, (*publish, "."), (3,), ["expected a release"], "datasets")
    case("pull --force over a ledger that calls itself a release", disguised, (*pull, "."), (3,), ["expected a release"], "datasets")
    case("publish --force over a typed link to a release",
         lambda ledger: (changed(ledger), shutil.move(ledger / "release", ledger.parent / "real"), (ledger / "release").symlink_to("../real")),
         (*publish, "release"), (0,), ["replaced"])
    attest = f"attest/{scene.id}"

    def receipt_link(ledger):
        scene.must(ledger, "receipt", "release", "--key", key)
        (own,) = (ledger / attest).iterdir()
        own.unlink()
        own.symlink_to("../../../outside/authorized_keys")

    case("receipt --force over a link", receipt_link, ("receipt", "release", "--key", key, "--force"), (1,), ["symbolic link"])

    def receipt_other(ledger):
        scene.must(ledger, "receipt", "release", "--key", key)
        (own,) = (ledger / attest).iterdir()
        own.write_text("mine\n")

    case("receipt --force over what is no statement", receipt_other, ("receipt", "release", "--key", key, "--force"), (3,), ["no statement"], attest)
    return count, wrong
