#!/usr/bin/env python3
"""A second implementation of the openweigh formats, in exact fractions, from docs/spec alone (numbers: its pages).
usage: rederive.py [ROOT]    re-derive the weights, results and claims of every manifests/*.json under ROOT (Python 3.11)"""
import collections, hashlib, itertools, json, math, re, sys, tomllib
from fractions import Fraction
from operator import mul
from pathlib import Path
ROOTS = ("standard_error", "residual_sd", "rmse")  # kept as exact squares; the root is taken when rounding
def sha256(data): return hashlib.sha256(data).hexdigest()
def dumps(value): return json.dumps(value, indent=2, ensure_ascii=False) + "\n"  # 7.4
# ---- 1: decimals
NUMBER = r"(?!-0(?![.0-9]))-?(?:0|[1-9][0-9]*)(?:\.[0-9]*[1-9])?"  # 1.1
def fixed(i, d):  # 1.2, the text of i / 10^d
    figures = str(abs(i)).zfill(d + 1)
    return "-" * (i < 0) + (figures[:-d] + "." + figures[-d:] if d else figures)
def canonical(i, d):  # 1.1, the text of i / 10^d, where d may be negative
    text = fixed(i * 10 ** max(-d, 0), max(d, 0))
    return text.rstrip("0").rstrip(".") if "." in text else text
def exact(q):  # 5, a sum of decimals in full
    d = next(d for d in itertools.count() if 10 ** d % q.denominator == 0)
    return canonical(int(q * 10 ** d), d)
def exponent(q):  # 1.4, the e with 10^e <= q < 10^(e+1), for q > 0
    return len(str(math.floor(q))) - 1 if q >= 1 else -len(str(math.ceil(1 / q) - 1))
def nearest(q, d, sqrt):  # 1.4 and 1.5, the integer nearest to q·10^d or √q·10^d, ties to even
    if not sqrt: return round(q * Fraction(10) ** d)  # Python rounds a Fraction half to even
    v = q * Fraction(100) ** d
    return (f := math.isqrt(math.floor(v))) + ((v, f % 2) > ((f + Fraction(1, 2)) ** 2, 0))  # f + 1 if v is above the middle, or on it and f odd
def places(q, d, sqrt=False): return fixed(nearest(q, d, sqrt), d)  # round_places and sqrt_places
def digits(q, n, sqrt=False):  # round_digits and sqrt_digits
    d = n - 1 - exponent(abs(q)) // (2 if sqrt else 1) if q else 0
    return canonical(nearest(q, d, sqrt), d)
# ---- 2, 3 and 4.1: tables, datasets, recipes, terms
def table(data, columns):  # 2 and 3.1, rows as {column: text}
    header, *rows, end = [line.split(",") for line in data.decode("utf-8").split("\n")]
    assert header == [c["name"] for c in columns] and end == [""], "header or end of the table"
    allowed = [{"number": rf"(?!.{{129}})(?:{NUMBER})?", "text": r"[A-Za-z0-9 ._+:/()-]*"}[c["type"]] for c in columns]
    for row in rows: assert len(row) == len(header) and row != [""] and all(map(re.fullmatch, allowed, row)), row
    return [dict(zip(header, row)) for row in rows]
def dataset(read, path):  # 3; read(path) gives a file's bytes
    data = read(path)
    meta = json.loads(data)
    csv = read(path[:-len("dataset.json")] + meta["files"][0]["path"])
    assert dumps(meta).encode() == data and sha256(csv) == meta["files"][0]["sha256"], f"{path}: layout, or a digest"
    return {**meta, "sha256": sha256(data), "rows": table(csv, meta["columns"]),
            "units": {c["name"]: c["unit"] for c in meta["columns"]}}
def recipe_of(data):  # 4 and 5, the recipe with its defaults
    given = {"tare": "none", "estimator": "ols", "digits": 17, "validation": "none", "unit": None, "coverage": "2"}
    read = tomllib.loads(data.decode("utf-8"))  # keys are unique without the names of their tables
    given.update({**read, **read["model"], **read.get("fit", {}), **read["result"]})
    assert given["estimator"] == "ols" and given["tare"] == "none", "not a recipe for a table"
    def part(*keys): return {key: given[key] for key in keys}
    return {**part("format", "name"), "model": part("target", "terms", "tare"),
            "fit": part("estimator", "digits", "validation"), "result": part("unit", "decimals", "coverage")}
def factors(term):  # 4.1, [(feature, knot or None, exponent)]
    pattern = rf"(?:hinge\(([A-Za-z_]\w*),({NUMBER})\)|([A-Za-z_]\w*))(?:\^([0-9]+))?"
    parts = [re.fullmatch(pattern, part, re.ASCII) for part in term.split("*")] if term != "1" else []
    return [(m[1] or m[3], m[2] and Fraction(m[2]), int(m[4] or 1)) for m in parts]
def features_of(terms): return list(dict.fromkeys(f for t in terms for f, _, _ in factors(t)))  # by first appearance
def term_values(terms, row):  # 4.1, the vector x of a row
    def base(v, knot): return v if knot is None else max(v - knot, 0)
    return [math.prod(base(Fraction(row[f]), knot) ** e for f, knot, e in factors(t)) for t in terms]
# ---- 4.2 to 4.5: least squares. g is ZᵀZ of Z = [X | y], and so holds XᵀX, Xᵀy and yᵀy
def gram(p, rows): return [[sum(z[i] * z[j] for z in rows) for j in range(p + 1)] for i in range(p + 1)]
def solve(g, inverse=False):  # 4.3: b, and the inverse of XᵀX as integers over one divisor
    p, divisor, m = len(g) - 1, 1, []
    for i, row in enumerate(g[:p]):
        row = row + [Fraction(i == j) for j in range(p) if inverse]
        scale = math.lcm(*(v.denominator for v in row))
        m.append([int(v * scale) for v in row])
    for k in range(p):  # Bareiss's elimination: every division is exact
        if m[k][k] == 0: raise ZeroDivisionError(f"term {k + 1} depends on earlier ones")
        m = [row if row is m[k] else [(m[k][k] * v - row[k] * w) // divisor for v, w in zip(row, m[k])] for row in m]
        divisor = m[k][k]
    return [Fraction(row[p], divisor) for row in m], [row[p + 1:] for row in m], divisor
def statistics(g, n, terms):  # 4.4, from the sums alone
    p, (b, inverse, divisor) = len(terms), solve(g, inverse=True)
    rss = g[p][p] - sum(map(mul, b, g[p]))
    sst = g[p][p] - (g[terms.index("1")][p] ** 2 / n if "1" in terms else 0)
    s2 = rss / (n - p) if n > p else None
    c = s2 if s2 is None else [[s2 * v / divisor for v in row] for row in inverse]
    def variance(x): return s2 + s2 * sum(u * sum(map(mul, row, x)) for u, row in zip(x, inverse)) / divisor  # 6
    return {"n": n, "dof": n - p, "coefficient": dict(zip(terms, b)), "rss": rss, "residual_sd": s2, "covariance": c,
            "standard_error": {t: c and c[j][j] for j, t in enumerate(terms)},
            "r_squared": 1 - rss / sst if sst else None, "variance": variance}
def predict(texts, x, decimals): return places(sum(map(mul, map(Fraction, texts), x)), decimals)  # 4.5 and 6
def error_figures(errors):  # 4.5 and 7.3
    m = len(errors) or None
    return {"rmse": m and sum(e * e for e in errors) / m, "mean_error": m and sum(errors) / m,
            "max_abs_error": m and max(map(abs, errors))}
def validate(recipe, g, rows):  # 4.5
    method, errors, p = recipe["fit"]["validation"], [], len(g) - 1
    if method == "none": return None
    k = len(rows) if method == "leave-one-out" else int(method[len("k-fold:"):])
    assert k <= min(len(rows), 1000), "more folds than rows, or than 1000"
    try:
        for inside in (rows[fold::k] for fold in range(k)):
            rest = [[v - w for v, w in zip(*pair)] for pair in zip(g, gram(p, inside))]
            texts = [digits(v, recipe["fit"]["digits"]) for v in solve(rest)[0]]
            errors += [Fraction(predict(texts, z[:p], recipe["result"]["decimals"])) - z[p] for z in inside]
    except ZeroDivisionError: errors = []
    return {"method": method, "folds": k, "rows": len(rows), **error_figures(errors)}
# ---- 5 and 6: weights and results, each as the exact figures for claims and the file's text
def fit(recipe, sets, chosen):  # 5
    terms, target = recipe["model"]["terms"], recipe["model"]["target"]
    units = {c: sets[0]["units"][c] for c in [target, *features_of(terms)]}
    assert units[target] in (None, recipe["result"]["unit"]), "result.unit is not the target's"
    rows = [row for s in sets for row in s["rows"] if all(row[c] for c in units)]  # 4.2
    z = [[*term_values(terms, row), Fraction(row[target])] for row in rows]
    p, g = len(terms), gram(len(terms), z)
    made, check = statistics(g, len(z), terms), validate(recipe, g, z)
    reasons = {q: "no-degrees-of-freedom" for q in ("residual_sd", "standard_error", "covariance") if made["dof"] == 0}
    if made["r_squared"] is None: reasons["r_squared"] = "constant-target"
    if check and check["rmse"] is None: reasons["validation"] = "fold-rank-deficient"
    def show(key, q): return digits(q, recipe["fit"]["digits"], key in ROOTS) if isinstance(q, Fraction) else q
    return {**made, **(check or {}), "recipe": recipe, "units": units}, dumps({
        "format": "openweigh.weights/1", **{key: chosen[key] for key in ("name", "version", "title", "licence")},
        "applies_to": {"columns": [{"name": c, "unit": u} for c, u in units.items()]}, "recipe": recipe,
        "terms": [{"term": t, "coefficient": show("coefficient", made["coefficient"][t]),
                   "standard_error": show("standard_error", made["standard_error"][t])} for t in terms],
        "covariance": made["covariance"] and [[show("covariance", v) for v in row] for row in made["covariance"]],
        **{key: show(key, made[key]) for key in ("residual_sd", "dof", "rss", "r_squared")},
        "range": [{"feature": f, "min": min((row[f] for row in rows), key=Fraction),
                   "max": max((row[f] for row in rows), key=Fraction)} for f in features_of(terms)],
        "validation": check and {key: show(key, v) for key, v in check.items()},
        "undefined": [{"quantity": q, "reason": r} for q, r in reasons.items()],
        "normal": {"n": len(z), "xtx": [[exact(v) for v in row[:p]] for row in g[:p]],
                   "xty": [exact(row[p]) for row in g[:p]], "yty": exact(g[p][p])},
        "trained_on": [{k: s[k] for k in ("name", "version", "sha256")} for s in sets], "parent": chosen["parent"]})
def replay(weights, sets):  # 6
    recipe, normal = weights["recipe"], weights["normal"]
    terms, target, decimals = recipe["model"]["terms"], recipe["model"]["target"], recipe["result"]["decimals"]
    k, features, texts = Fraction(recipe["result"]["coverage"]), features_of(terms), [t["coefficient"] for t in weights["terms"]]
    sums = [[*row, c] for row, c in zip([*normal["xtx"], normal["xty"]], [*normal["xty"], normal["yty"]])]
    fitted = statistics([[Fraction(v) for v in row] for row in sums], normal["n"], terms)
    lines = [["dataset", "row", *features, "predicted", "expanded_u", "target", "error", "flags"]]
    for s, i, row in ((s, str(i), row) for s in sets for i, row in enumerate(s["rows"])):
        assert all(s["units"].get(c["name"], c["unit"]) == c["unit"] for c in weights["applies_to"]["columns"]), "units"
        value, u, truth, error, flags = "", "", row.get(target, ""), "", "gap"
        if all(row.get(f) for f in features):
            x = term_values(terms, row)
            value = predict(texts, x, decimals)
            if fitted["dof"]: u = places(k * k * fitted["variance"](x), decimals, sqrt=True)
            if truth: error = places(Fraction(value) - Fraction(truth), max(decimals, len(truth.partition(".")[2])))
            ends = [[Fraction(v) for v in (r["min"], row[r["feature"]], r["max"])] for r in weights["range"]]
            flags = "extrapolated" * any(not low <= v <= high for low, v, high in ends)
        lines.append([s["name"], i, *(row.get(f, "") for f in features), value, u, truth, error, flags])
    errors = [Fraction(line[-2]) for line in lines[1:] if line[-2]]
    cells = {tuple(line[:2]): {"predicted": line[-5], "expanded_u": line[-4]} for line in lines[1:]}
    made = {**error_figures(errors), "n": len(errors), "cells": cells, "recipe": recipe}
    return made, "".join(",".join(line) + "\n" for line in lines)
# ---- 7 and 8: manifests
def claimed(c, made):  # 7.3
    over, key, unit, published = c["over"], c["quantity"], made["recipe"]["result"]["unit"], (c["value"], c["unit"])
    q = made["cells"][over["dataset"], str(over["row"])][key] if "row" in over else made[key]
    q = Fraction(q[over["term"]] if "term" in over else q)
    by = [(made["units"][f], e) for f, _, e in factors(over.get("term", "1"))]
    if key in ("n", "dof", "r_squared"): unit = "1"
    elif unit is None or any(u is None for u, _ in by): unit = None
    else: unit = f"({unit})^2" if key == "rss" else unit + "".join(f"/{u}" + f"^{e}" * (e > 1) for u, e in by)
    derived = places(q, len(c["value"].partition(".")[2]), key in ROOTS), unit
    return "" if derived == published else f"published {published}, re-derived {derived}"
def difference(published, derived):
    pairs = itertools.zip_longest(published.split("\n"), derived.split("\n"), fillvalue="(end)")
    return next((f"line {i}: published {a!r}, re-derived {b!r}" for i, (a, b) in enumerate(pairs, 1) if a != b), "")
def item(counts, kind, name, test):  # test() gives "" or what is wrong, or raises if it cannot be done
    try: problem = test()
    except Exception as error: problem = f"needs {error}" if isinstance(error, KeyError) else repr(error)
    print(("FAIL" if problem else "ok  "), f"{kind:8}", name + (f": {problem}" if problem else ""))
    counts.update([kind, "failed"] if problem else [kind])
def check(root, manifest, counts):  # 8
    files, made, texts = {}, {}, {}  # what is read and re-derived; a file that failed is in none of them
    def listed(f):  # 7.1
        data = (root / f["path"]).read_bytes()
        if (len(data), sha256(data)) != (f["bytes"], f["sha256"]): return "another length or digest"
        files[f["path"]] = data
    def derived(kind, out):  # 7.2
        ((first, *rest),) = [d["inputs"] for d in manifest["derivations"] if (d["kind"], d["outputs"]) == (kind, [out])]
        published = files[out].decode()
        sets = [dataset(files.__getitem__, path) for path in rest if path.endswith("/dataset.json")]
        if kind == "replay": made[out], texts[out] = replay(json.loads(texts[first]), sets)
        else: made[out], texts[out] = fit(recipe_of(files[first]), sets, json.loads(published))
        return difference(published, texts[out])
    for f in manifest["files"]: item(counts, "file", f["path"], lambda: listed(f))
    for kind, role in (("fit", "weights"), ("replay", "results")):
        outputs = [f["path"] for f in manifest["files"] if f["role"] == role]
        outputs += [d["outputs"][0] for d in manifest["derivations"] if d["kind"] == kind]
        for out in dict.fromkeys(outputs): item(counts, role, out, lambda: derived(kind, out))
    for c in manifest["claims"]:
        item(counts, "claim", f"{c['id']} {c['quantity']}", lambda: claimed(c, made[c["over"]["file"]]))
def main(root):
    counts, sums, pinned = collections.Counter(), "", root / "manifests/SHA256SUMS"
    for path in sorted((root / "manifests").glob("*.json")):
        data = path.read_bytes()
        sums += f"{sha256(data)}  {path.name}\n"
        item(counts, "manifest", path.name, lambda: difference(data.decode(), dumps(json.loads(data))))
        check(root, json.loads(data), counts)
    item(counts, "sums", str(pinned), lambda: difference(pinned.read_text() if pinned.exists() else sums, sums) if sums else "no manifest")
    return print(f"{counts['weights'] + counts['results']} derived, {counts['claim']} claims, {counts['failed']} failed") or counts["failed"] > 0
if __name__ == "__main__": sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)))
