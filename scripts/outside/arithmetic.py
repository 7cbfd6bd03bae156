"""The published results once more, by Python's fractions and by bc, from the texts of a release alone."""

import csv
import decimal
import json
import pathlib
import subprocess
from fractions import Fraction

from releases import Refused


def rounded(value: Fraction, decimals: int) -> str:
    """Half to even, as Python's `round` has it, with all decimals."""
    digits = round(value * 10**decimals)
    return f"{decimal.Decimal(digits).scaleb(-decimals):f}" if digits or not decimals else f"{0:.{decimals}f}"


def product(term: str, row: dict) -> Fraction:
    """The value of `1`, `x`, `x^2` or `x*y`."""
    value = Fraction(1)
    for factor in [] if term == "1" else term.split("*"):
        name, _, power = factor.partition("^")
        value *= row[name] ** int(power or 1)
    return value


def rows(release: pathlib.Path, recipe: dict, path: pathlib.Path):
    """The lines of results with the values that their terms are of: of a load, less its tare."""
    lines = list(csv.DictReader(path.open()))
    features = {name for term in recipe["model"]["terms"] for name in term.replace("*", "^").split("^") if not name.isdigit()}
    tares = {}
    for table in release.glob("datasets/*/sessions/*/weighings.csv"):
        session, dataset = table.parts[-2], table.parts[-4]
        for weighing in csv.DictReader(table.open()):
            tares[dataset, session, weighing["weighing"]] = weighing["tare"]
    by_id = {(line["dataset"], line.get("session"), line.get("weighing")): line for line in lines}
    for line in lines:
        values = {name: Fraction(line[name]) for name in features if line[name]}
        if recipe["model"]["tare"] == "signal" and (line["role"] != "tare"):
            tare = by_id[line["dataset"], line["session"], tares[line["dataset"], line["session"], line["weighing"]]]
            values = {name: value - Fraction(tare[name]) for name, value in values.items()}
        yield line, values


def check(release: pathlib.Path, keys) -> int:
    """Compares every prediction; returns how many there were."""
    manifest, count = json.loads((release / "manifest.json").read_text()), 0
    for derivation in manifest["derivations"]:
        if derivation["kind"] != "replay":
            continue
        weights = json.loads((release / derivation["inputs"][0]).read_text())
        recipe, sums = weights["recipe"], []
        if recipe["model"]["tare"] == "model":
            continue
        for line, values in rows(release, recipe, release / derivation["outputs"][0]):
            published = line.get("grams", line.get("predicted"))
            if not published:
                continue
            parts = [(Fraction(term["coefficient"]), product(term["term"], values)) for term in weights["terms"]]
            exact = sum((left * right for left, right in parts), Fraction(0))
            found = rounded(exact, recipe["result"]["decimals"])
            if found != published:
                raise Refused(f"{derivation['outputs'][0]}: {line}: by fractions {found}")
            count += 1
            sums.append((parts, published))
        by_bc(derivation["outputs"][0], sums, recipe["result"]["decimals"])
    if not count:
        raise Refused("no result was computed again")
    return count


def text(value: Fraction) -> str:
    """A decimal in full, for bc, which keeps all decimals of a product if it is told to."""
    with decimal.localcontext(prec=400):
        return f"{decimal.Decimal(value.numerator) / decimal.Decimal(value.denominator):f}"


def by_bc(path: str, sums: list, decimals: int) -> None:
    """bc multiplies and adds the same decimals; what it gets must lie within half a unit of the last digit."""
    lines = ["scale=400"]
    for parts, published in sums:
        exact = "+".join(f"({text(left)})*({text(right)})" for left, right in parts)
        lines.append(f"d=2*10^{decimals}*(({exact})-({published})); if(d<0){{d=-d}}; d<=1")
    done = subprocess.run(["bc", "-q"], input="\n".join(lines) + "\n", capture_output=True, text=True, env={"BC_LINE_LENGTH": "0"})
    if done.stdout.split() != ["1"] * len(sums):
        raise Refused(f"{path}: bc does not agree: {done.stdout[:80]} {done.stderr[:200]}")
