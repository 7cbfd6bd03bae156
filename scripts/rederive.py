#!/usr/bin/env python3
"""A second implementation of the openweigh formats, in exact fractions, from docs/spec alone (numbers: its pages).

rederive.py [ROOT]       re-derive the weights, results and claims of every manifests/*.json under ROOT
rederive.py --weights RECIPE.toml DATASET_DIR... --name N --version V [--title T] [--licence L]   print weights
rederive.py --results WEIGHTS.json DATASET_DIR...                                                 print results"""
import argparse, hashlib, itertools, json, math, re, sys
from fractions import Fraction
from pathlib import Path

ROOTS = ("standard_error", "residual_sd", "rmse")  # their squares are kept, and are exact; the root is taken on rounding
def sha256(data): return hashlib.sha256(data).hexdigest()
def dumps(value): return json.dumps(value, indent=2, ensure_ascii=False) + "\n"  # 7.4

# 1 Decimals
def number(text):  # 1.1
    assert re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?", text) and text != "-0" and len(text) <= 128, repr(text)
    return Fraction(text)
def fixed(i, d):  # 1.2, the text of i / 10^d
    figures = str(abs(i)).zfill(d + 1)
    return "-" * (i < 0) + (figures[:-d] + "." + figures[-d:] if d else figures)
def canonical(i, d):  # 1.1, the text of i / 10^d, where d may be negative
    text = fixed(i * 10 ** max(-d, 0), max(d, 0))
    return text.rstrip("0").rstrip(".") if "." in text else text
def exact(q):  # 5, a sum of decimals in full: it has no more places than its denominator has bits
    return canonical(int(q * 10 ** q.denominator.bit_length()), q.denominator.bit_length())
def exponent(q):  # 1.4, 10^e <= |q| < 10^(e+1), starting from an e that is too small
    e = (q.numerator.bit_length() - q.denominator.bit_length()) * 30103 // 100000 - 2
    while Fraction(10) ** (e + 1) <= abs(q): e += 1
    return e
def nearest(q, d, sqrt):  # 1.4 and 1.5, the integer nearest to q·10^d or √q·10^d, ties to even
    if not sqrt: return round(q * Fraction(10) ** d)  # Python rounds a Fraction half to even
    v = q * Fraction(100) ** d
    f = math.isqrt(math.floor(v))
    middle = (f + Fraction(1, 2)) ** 2
    return f + (v > middle or (v == middle and f % 2))
def places(q, d, sqrt=False): return fixed(nearest(q, d, sqrt), d)  # round_places and sqrt_places
def digits(q, n, sqrt=False):  # round_digits and sqrt_digits
    d = n - 1 - exponent(q) // (2 if sqrt else 1) if q else 0
    return canonical(nearest(q, d, sqrt), d)

# 2, 3 and 4.1: tables, datasets, recipes, terms
def table(data, columns):  # 2 and 3.1, rows as {column: text}
    header, *rows, end = [line.split(",") for line in data.decode("utf-8").split("\n")]
    assert header == [c["name"] for c in columns] and end == [""], "header or end of the table"
    for i, row in enumerate(rows, 2):
        assert len(row) == len(columns) and row != [""], f"line {i}: number of fields"
        assert all(re.fullmatch(r"[A-Za-z0-9 ._+:/()-]*", cell) for cell in row), f"line {i}: characters"
        [number(cell) for cell, c in zip(row, columns) if cell and c["type"] == "number"]
    return [dict(zip(header, row)) for row in rows]
def dataset(read, path):  # 3; read(path) gives a file's bytes
    data = read(path)
    meta = json.loads(data)
    (listed,) = meta["files"]
    csv = read(path[:-len("dataset.json")] + listed["path"])
    assert dumps(meta).encode() == data and sha256(csv) == listed["sha256"], f"{path}: layout, or digest of its file"
    return {**meta, "sha256": sha256(data), "rows": table(csv, meta["columns"]),
            "units": {c["name"]: c["unit"] for c in meta["columns"]}}
def toml(text):
    if sys.version_info >= (3, 11): return __import__("tomllib").loads(text)
    out = here = {}  # an older Python: the little of TOML that recipes need
    for head, key, value in re.findall(r'^\[(\w+)\]|^(\w+) *= *("[^"]*"|\d+|\[[^]]*\])', text, re.MULTILINE):
        if head: here = out.setdefault(head, {})
        else: here[key] = json.loads(re.sub(r",\s*\]$", "]", value))
    return out
def recipe_of(text):  # 4 and 5, the recipe with its defaults
    given, full = toml(text), {"model": {"target": None, "terms": None, "tare": "none"},
                               "fit": {"estimator": "ols", "digits": 17, "validation": "none"},
                               "result": {"unit": None, "decimals": None, "coverage": "2"}}
    assert all(set(given.get(t, {})) <= set(full[t]) for t in full) and set(given) <= {"format", "name", *full}, "keys"
    full = {t: {**full[t], **given.get(t, {})} for t in full}
    full = {t: {k: given.get(t, {}).get(k, default) for k, default in full[t].items()} for t in full}
    assert full["fit"]["estimator"] == "ols" and full["model"]["tare"] == "none", "not a recipe for a table"
    return {"format": given["format"], "name": given["name"], **full}
def factors(term):  # 4.1, [(feature, knot or None, exponent)]
    pattern = r"(?:hinge\(([A-Za-z_]\w*),([0-9.-]+)\)|([A-Za-z_]\w*))(?:\^([0-9]+))?"
    parts = [re.fullmatch(pattern, part, re.ASCII) for part in term.split("*")] if term != "1" else []
    return [(m[1] or m[3], m[2] and number(m[2]), int(m[4] or 1)) for m in parts]
def features_of(terms): return list(dict.fromkeys(f for t in terms for f, _, _ in factors(t)))  # by first appearance
def term_values(terms, row):  # 4.1, the vector x of a row
    def base(v, knot): return v if knot is None else max(v - knot, Fraction(0))
    return [math.prod((base(Fraction(row[f]), knot) ** e for f, knot, e in factors(t)), start=Fraction(1)) for t in terms]

# 4.2 to 4.5: least squares. g is ZᵀZ of Z = [X | y], and so holds XᵀX, Xᵀy and yᵀy
def gram(p, rows): return [[sum(z[i] * z[j] for z in rows) for j in range(p + 1)] for i in range(p + 1)]
def solve(g, inverse=False):  # 4.3: b, and the inverse of XᵀX as integers over one divisor
    p, divisor, m = len(g) - 1, 1, []
    for i, row in enumerate(g[:p]):
        row = row + [Fraction(i == j) for j in range(p) if inverse]
        scale = math.lcm(*(v.denominator for v in row))
        m.append([v.numerator * (scale // v.denominator) for v in row])
    for k in range(p):  # Bareiss's elimination: every division is exact
        if m[k][k] == 0: raise ZeroDivisionError(f"term {k + 1} depends on earlier ones")
        m = [row if row is m[k] else [(m[k][k] * v - row[k] * w) // divisor for v, w in zip(row, m[k])] for row in m]
        divisor = m[k][k]
    return [Fraction(row[p], divisor) for row in m], [row[p + 1:] for row in m], divisor
def statistics(g, n, terms):  # 4.4, from the sums alone
    p, (b, inverse, divisor) = len(terms), solve(g, inverse=True)
    rss = g[p][p] - sum(b[j] * g[j][p] for j in range(p))
    sst = g[p][p] - (g[terms.index("1")][p] ** 2 / n if "1" in terms else 0)
    s2 = rss / (n - p) if n > p else None
    c = s2 if s2 is None else [[s2 * v / divisor for v in row] for row in inverse]
    return {"n": n, "dof": n - p, "coefficient": dict(zip(terms, b)), "rss": rss, "residual_sd": s2, "covariance": c,
            "standard_error": {t: c and c[j][j] for j, t in enumerate(terms)}, "inverse": inverse, "divisor": divisor,
            "r_squared": 1 - rss / sst if sst else None}
def predict(texts, x, decimals): return places(sum(Fraction(c) * v for c, v in zip(texts, x)), decimals)  # 4.5 and 6
def error_figures(errors):  # 4.5 and 7.3
    m = len(errors) or None
    return {"rmse": m and sum(e * e for e in errors) / m, "mean_error": m and sum(errors) / m,
            "max_abs_error": m and max(map(abs, errors))}
def validate(recipe, g, rows):  # 4.5
    method, errors, p = recipe["fit"]["validation"], [], len(g) - 1
    k = len(rows) if method == "leave-one-out" else int(method[len("k-fold:"):])
    assert k <= min(len(rows), 1000), "more folds than rows, or than 1000"
    try:
        for inside in (rows[fold::k] for fold in range(k)):
            b, _, _ = solve([[v - w for v, w in zip(*pair)] for pair in zip(g, gram(p, inside))])
            texts = [digits(v, recipe["fit"]["digits"]) for v in b]
            errors += [Fraction(predict(texts, z[:p], recipe["result"]["decimals"])) - z[p] for z in inside]
    except ZeroDivisionError: errors = []
    return {"method": method, "folds": k, "rows": len(rows), **error_figures(errors)}

# 5 and 6: weights and results, each as the exact figures for claims and the file's text
def fit(recipe, sets, chosen):  # 5
    terms, target = recipe["model"]["terms"], recipe["model"]["target"]
    units = {c: sets[0]["units"][c] for c in [target] + features_of(terms)}
    assert all(s["units"][c] == units[c] for s in sets for c in units), "the datasets' units differ"
    assert units[target] in (None, recipe["result"]["unit"]), "result.unit is not the target's"
    rows = [row for s in sets for row in s["rows"] if all(row[c] for c in units)]  # 4.2
    z = [term_values(terms, row) + [Fraction(row[target])] for row in rows]
    p, g = len(terms), gram(len(terms), z)
    made = {**statistics(g, len(z), terms), "recipe": recipe, "units": units}
    check = None if recipe["fit"]["validation"] == "none" else validate(recipe, g, z)
    reasons = {q: "no-degrees-of-freedom" for q in ("residual_sd", "standard_error", "covariance") if made["dof"] == 0}
    if made["r_squared"] is None: reasons["r_squared"] = "constant-target"
    if check and check["rmse"] is None: reasons["validation"] = "fold-rank-deficient"
    def show(key, q): return None if q is None else digits(q, recipe["fit"]["digits"], key in ROOTS)
    def ends(f): return sorted((row[f] for row in rows), key=Fraction)[::max(len(rows) - 1, 1)]
    return {**made, **(check or {})}, dumps({
        "format": "openweigh.weights/1", **{key: chosen[key] for key in ("name", "version", "title", "licence")},
        "applies_to": {"columns": [{"name": c, "unit": u} for c, u in units.items()]}, "recipe": recipe,
        "terms": [{"term": t, **{key: show(key, made[key][t]) for key in ("coefficient", "standard_error")}} for t in terms],
        "covariance": made["covariance"] and [[show("", v) for v in row] for row in made["covariance"]],
        **{key: made[key] if key == "dof" else show(key, made[key]) for key in ("residual_sd", "dof", "rss", "r_squared")},
        "range": [{"feature": f, "min": ends(f)[0], "max": ends(f)[-1]} for f in features_of(terms)],
        "validation": check and {k: v if k in ("method", "folds", "rows") else show(k, v) for k, v in check.items()},
        "undefined": [{"quantity": q, "reason": r} for q, r in reasons.items()],
        "normal": {"n": len(z), "xtx": [[exact(v) for v in row[:p]] for row in g[:p]],
                   "xty": [exact(row[p]) for row in g[:p]], "yty": exact(g[p][p])},
        "trained_on": [{key: s[key] for key in ("name", "version", "sha256")} for s in sets], "parent": chosen["parent"]})
def replay(weights, sets):  # 6
    recipe, n, (xtx, xty, yty) = weights["recipe"], weights["normal"]["n"], map(weights["normal"].get, ("xtx", "xty", "yty"))
    terms, target, decimals = recipe["model"]["terms"], recipe["model"]["target"], recipe["result"]["decimals"]
    features, texts = features_of(terms), [t["coefficient"] for t in weights["terms"]]
    fitted = statistics([[Fraction(v) for v in [*row, c]] for row, c in zip([*xtx, xty], [*xty, yty])], n, terms)
    units = {c["name"]: c["unit"] for c in weights["applies_to"]["columns"]}
    lines, made, errors = [["dataset", "row", *features, "predicted", "expanded_u", "target", "error", "flags"]], {}, []
    for s, i, row in ((s, str(i), row) for s in sets for i, row in enumerate(s["rows"])):
        assert all(s["units"].get(c, u) == u for c, u in units.items()), f"units of {s['name']}"
        value, u, truth, error, flags = "", "", row.get(target, ""), "", "gap"
        if all(row.get(f) for f in features):
            x = term_values(terms, row)
            value = predict(texts, x, decimals)
            if fitted["dof"] > 0:
                form = sum(v * sum(a * w for a, w in zip(line, x)) for v, line in zip(x, fitted["inverse"]))
                u2 = fitted["residual_sd"] * (1 + form / fitted["divisor"])
                u = places(Fraction(recipe["result"]["coverage"]) ** 2 * u2, decimals, sqrt=True)
            if truth:
                error = places(Fraction(value) - Fraction(truth), max(decimals, len(truth.partition(".")[2])))
                errors.append(Fraction(error))
            ends = [[Fraction(v) for v in (r["min"], row[r["feature"]], r["max"])] for r in weights["range"]]
            flags = "extrapolated" * any(not low <= v <= high for low, v, high in ends)
        made[s["name"], i] = {"predicted": value, "expanded_u": u}
        lines.append([s["name"], i, *(row.get(f, "") for f in features), value, u, truth, error, flags])
    return {"cells": made, "n": len(errors), **error_figures(errors), "recipe": recipe, "units": units}, "".join(
        ",".join(line) + "\n" for line in lines)

# 7 and 8: manifests
def claimed(claim, made):  # 7.3, (value, unit)
    over, key, unit = claim["over"], claim["quantity"], made["recipe"]["result"]["unit"]
    if "row" in over: q = Fraction(made["cells"][over["dataset"], str(over["row"])][key])
    else: q = made[key][over["term"]] if "term" in over else made[key]
    by = [(made["units"][f], e) for f, _, e in factors(over.get("term", "1"))]
    if key in ("n", "dof", "r_squared"): unit = "1"
    elif unit is None or any(u is None for u, _ in by): unit = None
    else: unit = f"({unit})^2" if key == "rss" else unit + "".join(f"/{u}" + f"^{e}" * (e > 1) for u, e in by)
    return places(Fraction(q), len(claim["value"].partition(".")[2]), key in ROOTS), unit
def difference(published, derived):
    pairs = itertools.zip_longest(published.split("\n"), derived.split("\n"), fillvalue="(end)")
    return next((f"line {i}: published {a!r}, re-derived {b!r}" for i, (a, b) in enumerate(pairs, 1) if a != b), "")
class Tally(dict):
    def item(self, kind, name, test):  # test() gives "" or what is wrong, or raises if an input is wrong
        try: problem = test()
        except Exception as error: problem = f"not checkable: {type(error).__name__} {error}"
        self[kind], self["failed"] = self.get(kind, 0) + 1, self.get("failed", 0) + bool(problem)
        print(("FAIL" if problem else "ok  "), f"{kind:8}", name + (f": {problem}" if problem else ""))
def check(root, manifest, tally):  # 8
    files, made, texts = {}, {}, {}
    def listed(f):
        assert all(re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._+-]*[A-Za-z0-9_+-])?", part) for part in f["path"].split("/"))
        assert (root / f["path"]).resolve() == root / f["path"], "symbolic link"
        data = (root / f["path"]).read_bytes()
        if (len(data), sha256(data)) != (f["bytes"], f["sha256"]): return "another length or digest"
        files[f["path"]] = data
        return ""
    def derived(d):
        (first, *rest), (out,) = d["inputs"], d["outputs"]
        published = files[out].decode("utf-8")
        sets = [dataset(files.__getitem__, path) for path in rest if path.endswith("/dataset.json")]
        if d["kind"] == "replay": made[out], texts[out] = replay(json.loads(texts[first]), sets)
        else: made[out], texts[out] = fit(recipe_of(files[first].decode("utf-8")), sets, json.loads(published))
        return difference(published, texts[out])
    def claim_of(c):
        value, unit = claimed(c, made[c["over"]["file"]])
        same = (value, unit) == (c["value"], c["unit"])
        return "" if same else f"published {c['value']} {c['unit']}, re-derived {value} {unit}"
    for f in manifest["files"]: tally.item("file", f["path"], lambda: listed(f))
    for kind, label in (("fit", "weights"), ("replay", "results")):
        for d in (d for d in manifest["derivations"] if d["kind"] == kind):
            tally.item(label, d["outputs"][0], lambda: derived(d))
    for f in manifest["files"]:
        if f["role"] in ("weights", "results") and [f["path"]] not in [d["outputs"] for d in manifest["derivations"]]:
            tally.item("file", f["path"], lambda: "no derivation")
    for c in manifest["claims"]: tally.item("claim", f"{c['id']} {c['quantity']}", lambda: claim_of(c))
def main():
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("root", nargs="?", default=Path(__file__).resolve().parent.parent)
    for option in ("--name", "--version", "--title", "--licence"): cli.add_argument(option)
    for option in ("--weights", "--results"): cli.add_argument(option, nargs="+")
    a = cli.parse_args()
    if a.weights or a.results:
        first, *folders = map(Path, a.weights or a.results)
        sets = [dataset(lambda path: Path(path).read_bytes(), f"{folder}/dataset.json") for folder in folders]
        licence = a.licence or " AND ".join(dict.fromkeys(s["licence"] for s in sets))  # differing ones all apply
        chosen = {"name": a.name, "version": a.version, "title": a.title or a.name, "licence": licence, "parent": None}
        text = first.read_text(encoding="utf-8")
        made = fit(recipe_of(text), sets, chosen) if a.weights else replay(json.loads(text), sets)
        return sys.stdout.buffer.write(made[1].encode()) and 0
    root, tally, sums = Path(a.root).resolve(), Tally(failed=0), ""
    for path in sorted((root / "manifests").glob("*.json")):
        data = path.read_bytes()
        sums += f"{sha256(data)}  {path.name}\n"
        tally.item("manifest", path.name, lambda: difference(data.decode("utf-8"), dumps(json.loads(data))))
        tally.item
        check(root, json.loads(data), tally)
    if (root / "manifests/SHA256SUMS").exists():  # 7.5
        tally.item("sums", "SHA256SUMS", lambda: difference((root / "manifests/SHA256SUMS").read_bytes().decode(), sums))
    print(f"{tally.get('weights', 0) + tally.get('results', 0)} derived, {tally.get('claim', 0)} claims, {tally['failed']} failed")
    return 1 if tally["failed"] or not sums else 0
if __name__ == "__main__":
    sys.exit(main())
