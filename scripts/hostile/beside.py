"""What lies beside a release, and the salt of a ledger: evidence is never ignored, and nothing that came along is used."""

import hashlib
import json
import os
import shutil
import socket
import subprocess

from scene import document, snapshot, verdict

CUT = b'{"payload": "e30=", "payloadType": "application/vnd.in-toto+json", "signatures": ['


def attack(scene, every):
    wrong, count = [], 0

    def case(what, prepare, words, codes, says=(), silent=(), judge=None, env=None):
        nonlocal count
        place = scene.copy(f"beside-{count}")
        count += 1
        ledger = place / "ledger"
        attest = ledger / "attest" / scene.id
        attest.mkdir(parents=True)
        prepare(ledger, attest)
        before = snapshot(place / "outside")
        done = scene.run(ledger, *words, env=env)
        wrong.extend(verdict(what, done, codes, says, silent))
        if before != snapshot(place / "outside"):
            wrong.append(f"{what}: outside was changed")
        if judge and not wrong:
            wrong.extend(f"{what}: {why}" for why in judge(ledger, done))
        shutil.rmtree(place)

    def withdrawn(ledger, attest):
        scene.must(ledger, "withdraw", "release", "--reason", "The mass was 52 g.", "--key", scene.folder / "alice")

    def junk(files):
        def put(ledger, attest):
            for name, content in files.items():
                (attest / name).write_bytes(content)
        return put

    def both(*steps):
        def all_of_them(ledger, attest):
            for step in steps:
                step(ledger, attest)
        return all_of_them

    large = {f"{name}.json": b"[" * (16 << 20) for name in "abcde"}
    small = {f"0-{at}.json": b"{" * 200 for at in range(500)}
    empty = {"0.json": b"", "1.json": b"\0" * 65536, "2.json": b"\xff\xfe{\0", "3.json": b"{}", "4.json": b"null"}
    policy = ("--policy", scene.folder / "policy.toml")
    verify = ("verify", "release")
    for name, files in (("large", large), ("small", small), ("empty", empty)):
        case(f"{name} junk beside a withdrawal", both(junk(files), withdrawn), verify, (1,), ["withdrawn", "The mass was 52 g."])
        case(f"{name} junk beside a withdrawal, with a policy", both(junk(files), withdrawn), (*verify, *policy), (1,), ["withdrawn"])
    for name, files in (("small", small), ("empty", empty), ("large", {"a.json": b"[" * (17 << 20)})):
        case(f"{name} junk alone reddens nobody", junk(files), verify, (0,))
    unread = ["it could withdraw the release"]
    hidden = {
        "a link": lambda ledger, attest: (attest / "w.json").symlink_to("../nowhere"),
        "a statement that was cut": junk({"w.json": CUT}),
        "a statement that was cut in its payload": junk({"w.json": CUT[:14]}),
        "a file whose name is no text": lambda ledger, attest: open(bytes(attest) + b"/\xff.json", "wb").close(),
        "a folder of statements that is a link": lambda ledger, attest: (attest.rmdir(), attest.symlink_to("../../outside/folder")),
        "all statements behind a link": lambda ledger, attest: (shutil.rmtree(ledger / "attest"), (ledger / "attest").symlink_to("../outside/folder")),
        "a file in the place of all statements": lambda ledger, attest: (shutil.rmtree(ledger / "attest"), (ledger / "attest").write_text("x")),
        "more than is read": junk({f"{at}.json": b"[" * 65536 for at in range(1030)}),
    }
    for name, prepare in hidden.items():
        case(f"{name}", prepare, verify, (4,), unread)
        case(f"{name}, quietly", prepare, ("-q", *verify), (4,), unread)
        case(f"{name}, as JSON", prepare, ("--json", *verify), (4,), unread)
    def altered(change):
        def alter(ledger, attest):
            withdrawn(ledger, attest)
            (own,) = attest.iterdir()
            change(own)
        return alter

    for name, change in {
        "70 000 zeros behind it": lambda own: own.write_bytes(own.read_bytes() + b"\0" * 70_000),
        "70 000 line ends behind it": lambda own: own.write_bytes(own.read_bytes() + b"\n" * 70_000),
        "written again in UTF-16": lambda own: own.write_bytes(own.read_text().encode("utf-16")),
        "emptied": lambda own: own.write_bytes(b""),
        "cut to 20 bytes": lambda own: own.write_bytes(own.read_bytes()[:20]),
    }.items():
        case(f"a withdrawal, {name}", altered(change), verify, (4,), unread)
        case(f"a withdrawal, {name}, quietly", altered(change), ("-q", *verify), (4,), unread)
    case("a pulled statement that is not what its name says", junk({"0" * 64 + ".json": b"{}"}), verify, (4,), unread)
    moved = lambda own: ((own.parent / "copy/of").mkdir(parents=True), own.rename(own.parent / "copy/of/x.json"))
    case("a withdrawal, moved into a folder", altered(moved), verify, (1,), ["withdrawn"])
    deep = lambda ledger, attest: (attest / "a/b/c/d").mkdir(parents=True)
    case("folders in folders", deep, verify, (4,), unread)
    case("a pipe is a note", lambda ledger, attest: os.mkfifo(attest / "w.json"), verify, (0,))
    case("a folder is a note", lambda ledger, attest: (attest / "w.json").mkdir(), verify, (0,))
    case("a folder that is not there", lambda ledger, attest: None, (*verify, "--attest", "nowhere"), (2, 3), ["nowhere"])

    def expired(ledger, attest):
        withdrawn(ledger, attest)
        signers = (scene.folder / "allowed_signers").read_text().replace("alice ", 'alice valid-before="20200101Z",', 1)
        (ledger / "allowed_signers").write_text(signers)
        shutil.copy(scene.folder / "policy.toml", ledger / "policy.toml")

    case("the key of a withdrawal has expired", expired, (*verify, "--policy", "policy.toml"), (1,), ["the release is withdrawn"])

    def elsewhere(ledger, attest):
        withdrawn(ledger, attest)
        (ledger / "own").mkdir()

    case("a withdrawal beside a release, looked for elsewhere", elsewhere, (*verify, "--attest", "own"), (1,), ["withdrawn"])
    case("a link beside a release, looked for elsewhere",
         lambda ledger, attest: ((attest / "w.json").symlink_to("../nowhere"), (ledger / "own").mkdir()), (*verify, "--attest", "own"), (4,), unread)

    # Folders in a release that nobody reads.
    def hooks(ledger, attest):
        (ledger / "release/.git/hooks").mkdir(parents=True)
        (ledger / "release/.git/hooks/post-checkout").write_text("#!/bin/sh\ntouch /tmp/owned\n")

    case("hooks in a release", hooks, verify, (0,), [".git/", "1 of them is a program"])
    case("hooks in a release, as JSON", hooks, ("--json", *verify), (0,), [".git/"])
    case("a folder of another name", lambda ledger, attest: ((ledger / "release/.hg").mkdir(), (ledger / "release/.hg/hgrc").write_text("x")),
         verify, (1,), [".hg/hgrc"])

    # Salts.
    if scene.library:
        devices = ("devices", "--library", scene.library)

        def salt(make):
            def put(ledger, attest):
                (ledger / ".openweigh").mkdir(exist_ok=True)
                path = ledger / ".openweigh/salt"
                path.unlink(missing_ok=True)
                make(path)
            return put

        def known(path):
            path.write_text("known\n")

        def tracked(ledger, attest):
            salt(known)(ledger, attest)
            git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
            subprocess.run([*git, "init", "-q"], cwd=ledger, check=True)
            subprocess.run([*git, "add", "-f", ".openweigh/salt"], cwd=ledger, check=True)

        def copied(path):
            path.write_text("known\nborn 1.000000000\n")

        def listening(path):
            here = os.open(path.parent, os.O_RDONLY)
            with socket.socket(socket.AF_UNIX) as bound:
                bound.bind(f"/proc/self/fd/{here}/salt" if os.path.exists("/proc/self/fd") else str(path))
            os.close(here)

        refused = {
            "/dev/zero": lambda path: path.symlink_to("/dev/zero"),
            "a link": lambda path: path.symlink_to("../../outside/authorized_keys"),
            "a link to nothing": lambda path: path.symlink_to("../../outside/new"),
            "a pipe": os.mkfifo,
            "a socket": listening,
            "100 MB": lambda path: path.write_bytes(b"x" * 100_000_000),
            "no text": lambda path: path.write_bytes(b"\xff\xfe"),
            "nothing": lambda path: path.write_text(""),
            "one that was made elsewhere": copied,
        }
        for name, make in refused.items():
            case(f"salt: {name}", salt(make), devices, (3,), ["salt"])
            case(f"salt asked for: {name}", salt(make), (*devices, "--salt", "mine"), (0,))
        case("salt: one that git tracks", tracked, devices, (3,), ["version control tracks it", "--salt"])
        case("salt: asked for, though git tracks it", tracked, (*devices, "--salt", "known"), (0,))
        case("salt: one of a person's own", salt(known), devices, (0,))
    return count, wrong
