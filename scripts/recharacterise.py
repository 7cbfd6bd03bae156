#!/usr/bin/env python3
"""Figures of instruments a second time: page 12.4 of docs/spec in plain Python, beside rederive.py and from the pages alone.

  scripts/recharacterise.py LEDGER NAME-VERSION      prints the figures as `openweigh characterise --json` has them
"""
import collections, decimal, json, sys
from fractions import Fraction
from pathlib import Path
from rederive import dataset, places, readings

D = decimal.Decimal


def half_gamma(twice):  # Γ(twice/2)
    value = D(1) if twice % 2 == 0 else D("3.14159265358979323846264338327950288419716939937510582097494459230781640629").sqrt()
    for k in range(2 - twice % 2, twice, 2):
        value = value * k / 2
    return value


def upper_tail(f, above, below):  # P(F > f) to 4 decimals, by the series of the incomplete beta function (DLMF 8.17.8)
    with decimal.localcontext() as context:
        context.prec = 60
        x = D(below * f.denominator) / D(below * f.denominator + above * f.numerator)
        def series(x, p, q):  # I_x(p/2, q/2)
            a, b = D(p) / 2, D(q) / 2
            term = total = D(1)
            n = 0
            while abs(term) > D(10) ** -50:
                term *= (a + b + n) / (a + 1 + n) * x
                total, n = total + term, n + 1
            return x ** a * (1 - x) ** b * half_gamma(p + q) / half_gamma(p) / half_gamma(q) / a * total
        value = series(x, below, above) if x < D("0.5") else 1 - series(1 - x, above, below)
        return str(value.quantize(D("0.0001"), decimal.ROUND_HALF_EVEN))


def mean(values):
    return sum(values, Fraction()) / len(values)


def scatter(values):
    return sum((v - mean(values)) ** 2 for v in values)


def largest(values):
    return max(values, key=abs)  # the first of equals


def figures(weights, sets, predict):
    """12.4; predict(x) is the published prediction's text."""
    recipe, rows = weights["recipe"], [(s, r) for s in sets for r in readings(weights["recipe"], s) if r.fitted]
    decimals = recipe["result"]["decimals"] + 2
    Row = collections.namedtuple("Row", "y p e session detail reading")
    made, sessions, by_session = [], [], {}
    for s, r in rows:
        p = Fraction(predict(r.x))
        detail = {}
        if s["kind"] != "table":
            session = next(one for one in s["sessions"] if one["id"] == r.cells[1])
            # By frame a row is a frame of some weighing.
            detail = next((w for w in session["weighings"] if w["weighing"] == r.cells[2]), {})
        has_sessions = s["kind"] != "table" or len(r.session) > 2 and recipe["format"].endswith("/2")
        session = r.session if has_sessions else None
        first = next(iter(r.inputs[f] for f in [weights["range"][0]["feature"]]))
        made.append(Row(Fraction(r.y), p, p - Fraction(r.y), session, detail, Fraction(first)))
        if session is not None:
            by_session.setdefault(session, []).append(made[-1].e)
    def groups(key):
        found = collections.defaultdict(list)
        for row in made:
            found[key(row)].append(row)
        return found
    def text(q): return places(q, decimals)
    def value(at, v, unit="g", dof=()): return {"at": at, "value": v, "unit": unit, "dof": list(dof)}
    def number(q):  # canonical text of a decimal
        t = format(D(q.numerator) / D(q.denominator), "f")
        return t.rstrip("0").rstrip(".") if "." in t else t
    unit, found = recipe["result"]["unit"], {}
    features = {id(row): tuple(map(Fraction, r.texts)) for row, (_, r) in zip(made, rows)}
    read = "reading" not in recipe and len({*features.values()}) < len({row.y for row in made})
    inside = [[row.e for row in g] for g in groups(lambda r: (r.session, features[id(r)] if read else r.y, r.detail.get("position", ""))).values()]
    dof = len(made) - len(inside)
    pooled = sum(map(scatter, inside), Fraction()) / dof if dof else None
    found["repeatability"] = [value("", places(pooled, decimals, sqrt=True), unit, [dof])] if dof else "no-repeats"
    found["minimum-weight"] = [value("1 %", places(40000 * pooled, decimals, sqrt=True), unit, [dof])] if dof else "no-repeats"
    means = [mean(es) for es in by_session.values()]
    several = len(means) > 1
    found["reproducibility"] = [value("", places(scatter(means) / (len(means) - 1), decimals, sqrt=True), unit, [len(means) - 1])] if several else "one-session"
    found["drift"] = [value("", text(means[-1] - means[0]), unit)] if several else "one-session"
    span = max(r.y for r in made) - min(r.y for r in made)
    both = collections.defaultdict(list)
    for (session, y), g in groups(lambda r: (r.session, r.y)).items():
        ways = [[r.p for r in g if r.detail.get("direction") == way] for way in ("up", "down")]
        if all(ways):
            both[y].append(mean(ways[1]) - mean(ways[0]))
    by_load = [(y, mean(both[y])) for y in sorted(both)]
    found["hysteresis"] = "no-directions"
    if by_load:
        found["hysteresis"] = [value(number(y), text(v), unit) for y, v in by_load]
        if span:
            found["hysteresis"].append(value("largest", places(100 * largest([v for _, v in by_load]) / span, 4), "% of span"))
    zeros = [[r.p for r in g if r.y == 0] for g in groups(lambda r: r.session).values()]
    returns = [g[-1] - g[0] for g in zeros if len(g) > 1]
    found["zero-return"] = [value("", text(largest(returns)), unit)] if returns else "no-zero"
    held = collections.defaultdict(list)
    for g in groups(lambda r: (r.session, r.y, r.detail.get("series", ""))).values():
        g = [r for r in g if r.detail.get("hold_s")]
        for r in g[1:]:
            if Fraction(r.detail["hold_s"]) >= 30 and Fraction(r.detail["hold_s"]) > Fraction(g[0].detail["hold_s"]):
                held[Fraction(r.detail["hold_s"])].append(r.p - g[0].p)
    found["creep"] = [value(f"{number(h)} s", text(largest(held[h])), unit) for h in sorted(held)] or "no-holds"
    points = [(y, mean([r.reading for r in g])) for y, g in sorted(groups(lambda r: r.y).items())]
    one = len(weights["range"]) == 1
    why = None if one and len(points) > 2 and points[0][1] != points[-1][1] else "few-loads" if one else "not-one-feature"
    for name, squares in (("linearity-end-points", False), ("linearity-least-squares", True)):
        if why:
            found[name] = why
            continue
        (x0, y0), (x1, y1) = points[0], points[-1]
        slope, reach = (y1 - y0) / (x1 - x0), abs(y1 - y0)
        if squares:
            x0, y0 = mean([x for x, _ in points]), mean([y for _, y in points])
            slope = sum((x - x0) * (y - y0) for x, y in points) / scatter([x for x, _ in points])
        found[name] = [value("", places(100 * largest([y - y0 - slope * (x - x0) for x, y in points]) / reach, 4), "% of span")]
    edges = []
    for y, g in sorted(groups(lambda r: r.y).items()):
        at = collections.defaultdict(list)
        for r in g:
            if r.detail.get("position"):
                at[r.detail["position"]].append(r.e)
        centre = next((name for name in sorted(at) if name in ("centre", "center")), None)
        if centre:
            edges += [value(f"{number(y)}, {name}", text(mean(at[name]) - mean(at[centre])), unit) for name in sorted(at) if name not in ("centre", "center")]
    found["eccentricity"] = edges or "no-positions"
    terms = {t["term"]: t["coefficient"] for t in weights["terms"]}
    feature, applies = weights["range"][0]["feature"], weights["applies_to"]
    step = applies.get("pad", {}).get("quantum") if feature == "pressure" else None
    step = next((c["quantum"] for c in applies.get("channels") or [] if c["name"] == feature), step)
    straight = step and feature in terms and set(terms) <= {"1", feature}
    found["resolution"] = "not-one-feature" if not one else [value("", text(abs(Fraction(step) * Fraction(terms[feature]))), unit)] if straight else "no-step"
    found["lack-of-fit"] = lack_of_fit(weights, rows)
    return found


def lack_of_fit(weights, rows):  # 4.12 with K = 1 and Z·d = 0, from the sums of `normal`
    from rederive import solve
    recipe, normal = weights["recipe"], weights["normal"]
    if recipe["fit"]["estimator"] == "declared" or recipe.get("reading", {}).get("per") == "frame":
        return "no-lack-of-fit"
    sums = [[Fraction(v) for v in [*row, c]] for row, c in zip([*normal["xtx"], normal["xty"]], [*normal["xty"], normal["yty"]])]
    b = solve(sums)[0]
    def by(key):
        loads = collections.defaultdict(list)
        for _, r in rows:
            loads[key(r)].append(Fraction(r.y) - sum(x * c for x, c in zip(r.x, b)))
        return [*loads.values()]
    loads = by(lambda r: Fraction(r.y))
    if "reading" not in recipe:
        loads = min(by(lambda r: tuple(map(Fraction, r.texts))), loads, key=len)
    above, below = len(loads) - len(b), len(rows) - len(loads)
    pure = sum(map(scatter, loads), Fraction())
    if above <= 0 or below <= 0 or not pure:
        return "no-lack-of-fit"
    f = sum(sum(load) ** 2 / len(load) for load in loads) / above / (pure / below)
    one = lambda at, v: {"at": at, "value": v, "unit": "1", "dof": [above, below]}
    return [one("F", places(f, 4)), one("p", upper_tail(f, above, below))]


def of(root, name):
    from rederive import predict
    weights = json.loads((root / f"artifacts/weights/{name}.json").read_text())
    sets = []
    for one in weights["trained_on"]:
        folder = root / "datasets" / one["name"]
        sets.append(dataset(lambda path: (root / path).read_bytes(), f"datasets/{one['name']}/dataset.json"))
        assert folder.is_dir()
    texts = [t["coefficient"] for t in weights["terms"]]
    return figures(weights, sets, lambda x: predict(texts, x, weights["recipe"]["result"]["decimals"]))


if __name__ == "__main__":
    print(json.dumps(of(Path(sys.argv[1]), sys.argv[2]), indent=1, ensure_ascii=False))
