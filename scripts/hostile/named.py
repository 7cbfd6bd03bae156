"""Words that could mean two things, and lists that say less than there is: nothing is taken for another thing in silence."""

import hashlib
import shutil

from scene import RECIPE, verdict


def attack(scene, every):
    wrong, count = [], 0

    def case(what, prepare, words, codes, says=(), silent=()):
        nonlocal count
        place = scene.copy(f"named-{count}")
        count += 1
        ledger = place / "ledger"
        prepare(ledger)
        wrong.extend(verdict(what, scene.run(ledger, *words), codes, says, silent))
        shutil.rmtree(place)

    def as_release(ledger):
        """A good release called as a manifest that is false."""
        shutil.copytree(ledger / "release", ledger / "line-1.0.0")
        path = ledger / "manifests/line-1.0.0.json"
        path.write_text(path.read_text().replace('"line"', '"lime"', 1))

    both = ["line-1.0.0.json", "./line-1.0.0", "not the same"]
    for words in (("verify",), ("verify", "-q"), ("explain",), ("inspect",), ("grade",), ("publish",)):
        more = ("-o", "../out") if words[0] == "publish" else ()
        case(f"{' '.join(words)} of a name that is a folder, too", as_release, (*words, "line-1.0.0", *more), (2,), both)
    case("verify of the folder", as_release, ("verify", "./line-1.0.0"), (0,), ["Checked."])
    case("verify of the manifest", as_release, ("verify", "manifests/line-1.0.0.json"), (1, 3))
    case("a dataset's folder called as the dataset is", lambda ledger: shutil.copytree(ledger / "datasets/line", ledger / "line"),
         ("inspect", "line"), (2,), ["datasets/line/dataset.json", "./line"])
    case("a release named twice", lambda ledger: None, ("verify", "release", "./release", "../ledger/release"), (0,), ["All 2 derivations"], ["All 6"])
    case("a release and a manifest", lambda ledger: None, ("verify", "release", "line-1.0.0"), (0,),
         ["Of 2 manifests, 1 is signed", "Of 2 manifests, 1 is not in a release"])

    def unlisted(ledger):
        (ledger / "manifests/SHA256SUMS").unlink()
        scene.must(ledger, "seal", "--name", "two", "--version", "1.0.0", "--weights", "line-1.0.0")
        lines = (ledger / "manifests/SHA256SUMS").read_text().splitlines()
        for name in ("line-1.0.0.json", "two-1.0.0.json"):
            digest = hashlib.sha256((ledger / "manifests" / name).read_bytes()).hexdigest()
            assert f"{digest}  {name}" in lines, lines

    case("seal where no list is", unlisted, ("verify",), (0,), ["Checked."])

    # What a shell makes of `*` in a folder of somebody else.
    drawn = "--a\x1b[0m\nChecked. All 2 derivations were recomputed; every digit matches.\n" + " " * 60 + "x"
    for words in (("verify", drawn), (drawn,), ("verify", "--id", drawn[2:]), ("record", "--pressure-unit", drawn[2:]), ("import", drawn[2:])):
        place = scene.copy(f"named-{count}")
        count += 1
        done = scene.run(place / "ledger", *words)
        what = f"a usage error of {words!r}"
        wrong.extend(verdict(what, done, (2,), ["\\u{a}Checked"]))
        if "\x1b" in done.text or any(line.startswith("Checked") or " " * 9 in line.strip() for line in done.text.splitlines()):
            wrong.append(f"{what}: printed as it is: {done.text!r}")
        shutil.rmtree(place)

    def log(ledger):
        (ledger / "run.csv").write_text("t,v,r\n0,10,a\n1,10,a\n2,10,a\n3,20,A\n4,20,A\n5,20,A\n")
        (ledger / "x.csv").write_text("t,v\n0,10\n1,10\n2,11\n")
        shutil.copy(ledger / "x.csv", ledger / "X.csv")

    signal = ("--time", "t", "--value", "v", "--time-unit", "s")
    case("sessions of one letter case, by a column", log, ("import", "signal", "run.csv", "--name", "runs", *signal, "--session-by", "r"), (3,), ["letter case"])
    case("sessions of one letter case, by files", log, ("import", "signal", "x.csv", "X.csv", "--name", "runs", *signal), (3,), ["letter case"])

    def made_of_another(ledger):
        scene.must(ledger, "exclude", "line", "2", "--reason", "bent", "--as", "straight")
        recipe = RECIPE.replace("recipe/1", "recipe/2").replace('"line"', '"second"')
        (ledger / "artifacts/recipes/second.toml").write_text(recipe)
        scene.must(ledger, "fit", "--dataset", "straight", "--recipe", "second", "--version", "2.0.0", "--name", "line")
        scene.must(ledger, "seal", "--name", "straight", "--version", "1.0.0", "--weights", "line-2.0.0")

    case("a dataset that says of which it was made", made_of_another, ("verify", "straight-1.0.0"), (0,), ["says that it was made from line 1.0.0", "not checked"])
    return count, wrong
