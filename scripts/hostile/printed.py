"""Names, titles and file names that would command a terminal: nothing of them reaches it raw, whatever the command."""

import json
import os
import shutil

from scene import verdict

ESCAPE = "\x1b[2J\x1b[1;1H"
BIDI = "\u202e\u2066"


def attack(scene, every):
    wrong, count = [], 0

    def case(what, prepare, words, codes=(0, 1, 2, 3, 4)):
        nonlocal count
        place = scene.copy(f"printed-{count}")
        count += 1
        ledger = place / "ledger"
        prepare(ledger)
        for more in ((), ("--json",)):
            done = scene.run(ledger, *more, *words)
            wrong.extend(verdict(f"{what} {more}", done, codes))
            # A document for machines may hold letters of every direction.
            raw = sorted({repr(c) for c in done.text if c in "\x1b\x07\x08\r\x7f" + BIDI * (not more)})
            if raw:
                wrong.append(f"{what} {more}: {raw} reached the terminal: {done.text[:200]!r}")
        shutil.rmtree(place)

    def retitled(text, name="manifest.json"):
        def put(ledger):
            path = ledger / "release" / name
            document = json.loads(path.read_text())
            document["title"] = text
            path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        return put

    def named(*names):
        def put(ledger):
            for name in names:
                (ledger / "release" / name).write_text("x")
                attest = ledger / "attest" / scene.id
                attest.mkdir(parents=True, exist_ok=True)
                (attest / name).write_text("x")
        return put

    for text in (f"{ESCAPE}Checked.", f"{BIDI}Checked.", "a\rChecked.", "a\nChecked."):
        case(f"title {text!r}", retitled(text), ("verify", "release"))
        case(f"title {text!r}: inspect", retitled(text), ("inspect", "release"))
        if "/" not in text:
            case(f"file name {text!r}", named(text), ("verify", "release"))
        header = f'y,"{text}"\n1,2\n'
        case(f"column {text!r}", lambda ledger: (ledger / "hostile.csv").write_text(header), ("import", "table", "hostile.csv", "--name", "h"))
        case(f"argument {text!r}", lambda ledger: None, ("verify", text))
    return count, wrong
