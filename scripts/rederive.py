#!/usr/bin/env python3
"""A second implementation of the openweigh formats, in exact fractions, from docs/spec alone (numbers: its pages).
usage: rederive.py [ROOT]    re-derive the weights, results and claims of every manifests/*.json under ROOT, of that one manifest if ROOT
                             is its path, or of the release in ROOT; exit codes as on page 8 (Python 3.11)"""
import collections, functools, hashlib, itertools, json, math, os, re, sys, tomllib
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
def canonical(i, d, limit=128):  # 1.1, the text of i / 10^d, where d may be negative
    text = fixed(i * 10 ** max(-d, 0), max(d, 0))
    text = text.rstrip("0").rstrip(".") if "." in text else text
    assert len(text) <= limit, f"a number of {len(text)} characters"
    return text
def exact(q, limit=4096):  # 5, a sum of decimals in full
    d = next(d for d in itertools.count() if 10 ** d % q.denominator == 0)
    return canonical(int(q * 10 ** d), d, limit)
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
CELLS = {"number": rf"(?!.{{129}})(?:{NUMBER})?", "text": r"[A-Za-z0-9 ._+:/()-]*"}
def table(data, columns):  # 2 and 3.1, rows as {column: text}; columns is {name: pattern of its cells}
    header, *rows, end = [line.split(",") for line in data.decode("utf-8").split("\n")]
    assert header == list(columns) and end == [""], "header or end of the table"
    for row in rows: assert len(row) == len(header) and row != [""] and all(map(re.fullmatch, columns.values(), row)), row
    return [dict(zip(header, row)) for row in rows]
def dataset(read, path):  # 3; read(path) gives a file's bytes
    data = read(path)
    meta = json.loads(data)
    files = {f["path"]: read(path[:-len("dataset.json")] + f["path"]) for f in meta["files"]}
    assert dumps(meta).encode() == data, f"{path}: layout"
    meta = {"excluded": [], "session_column": None, **meta, "sha256": sha256(data)}
    if meta["kind"] != "table": return {**meta, **sessions_of(files, meta["kind"])}
    cells = {**CELLS, "text": '[^,"\r]*'} if meta["format"] == "openweigh.dataset/2" else CELLS  # 2.2, the table of characters apart
    rows = table(files["measurements.csv"], {c["name"]: cells[c["type"]] for c in meta["columns"]})
    return {**meta, "sessions": [], "rows": rows, "units": {c["name"]: c["unit"] for c in meta["columns"]}}
def recipe_of(data):  # 4 and 5, the recipe with its defaults
    given = {"tare": "none", "estimator": "ols", "digits": 17, "validation": "none", "unit": None, "coverage": "2", "direction": "inverse"}
    read = tomllib.loads(data.decode("utf-8"))  # keys are unique without the names of their tables, [reading] apart
    given.update({**read, **read["model"], **read.get("fit", {}), **read["result"]})
    declared = ["coefficients"] * (given["estimator"] == "declared")  # 4.10
    assert declared == ["coefficients"] * ("coefficients" in given) and given["estimator"] in ("ols", "declared"), "estimator"
    assert not declared or (len(given["coefficients"]), given["validation"]) == (len(given["terms"]), "none"), "coefficients"
    second = read["format"] == "openweigh.recipe/2"
    if second: assert "coverage" not in read["result"] and given["direction"] == "inverse" and "derive" not in given, "reserved"
    else: assert not {"session_terms", "uncertainty"} & {*given}, "keys of version 2"
    if second:  # 4.12
        usual = [t for t in ["1"] if given["tare"] != "model" or not features_of(given["terms"])] + features_of(given["terms"])[:1]
        given["session_terms"], told = given.get("session_terms", usual), {"coverage_probability": "0.95", "confidence": "0.95", "component": [], **given.get("uncertainty", {})}
        keys, parts = ("name", "value", "relative", "distribution", "dof"), [{"distribution": "normal", **c} for c in told["component"]]
        names = [c["name"] for c in parts]
        assert given["session_terms"] and {*features_of(given["session_terms"])} <= {*features_of(given["terms"])}, "session_terms"
        shares = [told["coverage_probability"], *[told["confidence"]] * (Fraction(told["confidence"]) != 0)]
        assert all(Fraction("0.5") <= Fraction(share) <= Fraction("0.9999") for share in shares) and len({*names}) == len(names) <= 64 and not {*names} & {*OWN}, "uncertainty"
        for c in parts: assert ("value" in c) != ("relative" in c) and Fraction(c.get("value", c.get("relative"))) >= 0 and Fraction(c.get("dof", 1)) >= 1, c["name"]
        given["uncertainty"] = {"coverage_probability": told["coverage_probability"], "confidence": told["confidence"], "component": [{k: c[k] for k in keys if k in c} for c in parts]}
    assert given["target"] == "reference_g" if "reading" in read else given["tare"] == "none", "target or tare"
    def part(*keys): return {key: given[key] for key in keys}
    left_out = [key for key in ("touches", "states") if second and key not in read.get("reading", {})]
    reading = {key: value for key, value in {**READING, **read.get("reading", {})}.items() if key not in left_out}
    return {**part("format", "name"), **({"reading": reading} if "reading" in read else {}),
            "model": part("target", "terms", "tare", *["direction"] * second), "fit": part("estimator", "digits", "validation", *declared, *["session_terms"] * second), **part(*["uncertainty"] * second),
            "result": part("unit", "decimals", *["coverage"] * (not second))}
def factors(term):  # 4.1, [(feature, knot or None, exponent)]
    pattern = rf"(?:hinge\(([^\W\d][\w]*),({NUMBER})\)|([^\W\d]\w*))(?:\^([0-9]+))?"
    parts = [re.fullmatch(pattern, part) for part in term.split("*")] if term != "1" else []
    return [(m[1] or m[3], m[2] and Fraction(m[2]), int(m[4] or 1)) for m in parts]
def features_of(terms): return list(dict.fromkeys(f for t in terms for f, _, _ in factors(t)))  # by first appearance
def places_of(recipe): return ["x", "y"] * (recipe["format"].endswith("/2") and bool({"touches", "states"} & {*recipe.get("reading", {})}))  # 4.1
def read_of(recipe): return list(dict.fromkeys([*features_of(recipe["model"]["terms"]), *places_of(recipe)]))  # 4.1, the features of a recipe
def term_values(terms, row):  # 4.1, the vector x of a row
    def base(v, knot): return v if knot is None else max(v - knot, 0)
    return [math.prod(base(Fraction(row[f]), knot) ** e for f, knot, e in factors(t)) for t in terms]
# A Reading is what is predicted, and fitted if it may be: a row of a table; of touch sessions a weighing or a frame (4.7).
# cells: what names it in results; texts: its features there; x: its row of X, or None; inputs: the values that `range` is of;
# y: the target's text, or ""; session: to which the fitted row belongs; z: the values of the session terms; u: the text of y's uncertainty; empty: a reference that reads no more than its tare
Reading = collections.namedtuple("Reading", "cells texts x inputs y session fitted saturated gap excluded z u empty")
def readings(recipe, s):
    assert ("reading" in recipe) == (s["kind"] != "table"), "a recipe for another kind of dataset"
    new = s["kind"] == "signal-sessions" or s["excluded"] or s["session_column"]
    assert not new or recipe["format"] == "openweigh.recipe/2", "a recipe of version 2 is needed"
    assert s["kind"] != "signal-sessions" or not {"touches", "states"} & {*recipe["reading"]}, "touches of signals"
    assert s["kind"] != "touch-sessions" or recipe["format"] == "openweigh.recipe/1" or places_of(recipe), "nothing of touches"
    if "reading" in recipe: return [r for session in s["sessions"] for r in session_readings(recipe, s, session)]
    terms, made, excluded = recipe["model"]["terms"], [], [e["row"] for e in s["excluded"]]
    assert all(row < len(s["rows"]) for row in excluded), "an excluded row that is not there"
    for i, row in enumerate(s["rows"]):  # 4.2
        texts, y = [row[f] for f in features_of(terms)], row.get(recipe["model"]["target"], "")
        x = term_values(terms, row) if all(texts) else None
        fitted, session = all(texts) and y != "" and i not in excluded, (s["name"], row.get(s["session_column"]), *["session_column"] * bool(s["session_column"]))
        z = term_values(recipe["fit"].get("session_terms", []), row) if all(texts) else None
        u = next((row[c["name"]] for c in s["columns"] if c.get("uncertainty_of") == recipe["model"]["target"]), "")
        made.append(Reading([s["name"], str(i)], texts, x, row, y, session, fitted, False, not all(texts), i in excluded, z, u, False))
    return made
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
def statistics(g, n, recipe, groups=None):  # 4.4 and 4.10, from the sums alone; 4.9 if there are those of each session
    terms, declared = recipe["model"]["terms"], recipe["fit"].get("coefficients")
    p, (b, inverse, divisor) = len(terms), ([*map(Fraction, declared)], [], 1) if declared else solve(g, inverse=True)
    rss = sum(v * w * g[i][j] for i, v in enumerate([*b, -1]) for j, w in enumerate([*b, -1]))
    sst = g[p][p] - (g[terms.index("1")][p] ** 2 / n if "1" in terms and recipe["model"]["tare"] != "model" else 0)
    dof = n if declared else n - p
    s2 = rss / dof if dof else None
    c = None if declared or s2 is None else [[s2 * v / divisor for v in row] for row in inverse]
    if c and groups is not None:
        v = [[sum(map(mul, row, [h[p] - sum(map(mul, b, h)) for h in sums[:p]])) / divisor for row in inverse] for sums in groups]
        factor = Fraction(len(v), len(v) - 1) if len(v) > 1 else None
        c = factor and [[factor * sum(u[i] * u[j] for u in v) for j in range(p)] for i in range(p)]
    def variance(x): return s2 + s2 * sum(u * sum(map(mul, row, x)) for u, row in zip(x, inverse)) / divisor  # 6
    def through(v): return [Fraction(sum(map(mul, row, v))) / divisor for row in inverse]  # (XᵀX)⁻¹v
    return {"n": n, "dof": dof, "through": through, "leverage": lambda x: sum(map(mul, x, through(x))), "coefficient": dict(zip(terms, b)), "rss": rss, "residual_sd": s2, "covariance": c,
            "standard_error": {t: c and c[j][j] for j, t in enumerate(terms)},
            "r_squared": 1 - rss / sst if sst else None, "variance": variance}
# ---- 4.12 and 6: budgets
OWN = ("repeatability", "lack-of-fit", "sessions", "coefficients", "references", "rounding")
def product(v, w): return sum(map(mul, v, w))
def contribution(name, of, variance, dof, vectors=None):
    return {"name": name, "of": of, "variance": None if variance is None else digits(Fraction(variance), 40), "vectors": vectors, "dof": None if dof is None else str(dof)}
def of_sessions(recipe, rows, made):  # 4.12, the components that sessions show, or the reason why they show none
    b, groups, whole = [*made["coefficient"].values()], collections.defaultdict(list), all("session_column" in r.session[2:] for r in rows)
    if recipe["fit"]["estimator"] == "declared": return "declared"
    for r in rows: groups[r.session].append(r)
    if len(groups) < 2 or not whole: return "one-session"
    deviations, influences, e, q = [], [], [], len(rows[0].z)
    for inside in groups.values():
        residuals = [Fraction(r.y) - product(r.x, b) for r in inside]
        try: d, *_ = solve([[product([r.z[i] for r in inside], column) for column in [*([r.z[j] for r in inside] for j in range(q)), residuals]] for i in range(q)] + [[0] * (q + 1)])
        except ZeroDivisionError: return "singular-session-terms"
        deviations.append([digits(v, 40) for v in d])
        influences.append([digits(v, 40) for v in made["through"]([product([r.x[i] for r in inside], residuals) for i in range(len(b))])])
        e += [(r, residual - product(r.z, map(Fraction, deviations[-1]))) for r, residual in zip(inside, residuals)]
    def by(key):
        loads = collections.defaultdict(list)
        for r, value in e: loads[key(r)].append(value)
        return [*loads.values()]
    loads = by(lambda r: Fraction(r.y))
    if "reading" not in recipe: loads = min(by(lambda r: tuple(map(Fraction, r.texts))), loads, key=len)
    n, m, last = len(rows), len(loads), len(groups) - 1
    if n - m - last * q <= 0: return "no-degrees-of-freedom"
    pure = sum((v - sum(load) / len(load)) ** 2 for load in loads for v in load) / (n - m - last * q)
    made_of = [contribution("repeatability", "constant", pure, n - m - last * q)]
    if m > len(b):
        lack = (sum(sum(load) ** 2 / len(load) for load in loads) / (m - len(b)) - pure) * m / n
        made_of.append(contribution("lack-of-fit", "constant", max(lack, 0), m - len(b)))
    return [*made_of, contribution("sessions", "session-terms", None, last, deviations), contribution("coefficients", "terms", None, last, influences)]
def components(recipe, rows, made):  # 4.12, and the reason
    if recipe["format"] != "openweigh.recipe/2" or recipe.get("reading", {}).get("per") == "frame" or not made["dof"]: return [], None
    found, declared = of_sessions(recipe, rows, made), recipe["fit"]["estimator"] == "declared"
    reason = found if isinstance(found, str) else None
    if reason: found = [contribution("repeatability", "constant" if declared else "row", made["residual_sd"], made["dof"])]
    us = [Fraction(r.u or 0) for r in rows]
    if any(us) and not declared:
        w = made["through"]([product([r.x[i] for r in rows], us) for i in range(len(rows[0].x))])
        found.append(contribution("references", "terms", None, None, [[digits(v, 40) for v in w]]))
    for c in recipe["uncertainty"]["component"]:
        divisor = {"normal": 1, "rectangular": 3, "triangular": 6, "arcsine": 2}[c["distribution"]]
        found.append(contribution(c["name"], "constant" if "value" in c else "prediction", Fraction(c.get("value", c.get("relative"))) ** 2 / divisor, c.get("dof")))
    return [*found, contribution("rounding", "constant", Fraction(1, 12 * 100 ** recipe["result"]["decimals"]), None)], reason
def budget(weights, fitted, r, value):  # 6.3: u², and the degrees of freedom
    shares, spread, together = [], 0, []
    for c in weights["components"]:
        variance, dof = c["variance"] and Fraction(c["variance"]), c["dof"] and Fraction(c["dof"])
        squares = c["vectors"] and sum(product(map(Fraction, v), r.z if c["of"] == "session-terms" else r.x) ** 2 for v in c["vectors"])
        if c["of"] == "constant": share = variance
        elif c["of"] == "prediction": share = variance * Fraction(value) ** 2
        elif c["of"] == "row": share = variance * (1 + fitted["leverage"](r.x))
        else: share = squares if dof is None else squares * (dof + 1 if c["of"] == "terms" else 1) / dof
        shares.append(share)
        if c["vectors"] and dof: together.append((share, dof))
        elif dof: spread += share ** 2 / dof
    if together: spread += sum(share for share, _ in together) ** 2 / together[0][1]
    return sum(shares), min(max(math.floor(sum(shares) ** 2 / spread), 1), 1000) if spread else 1000
@functools.cache
def two_sided_t(dof, probability):  # 4.12, the k with P(|T| <= k) = probability, to 4 decimals; 60 figures are enough to decide them
    import decimal
    D = decimal.Decimal
    with decimal.localcontext(prec=60):
        def atan(x):
            if x > D("0.3"): return 2 * atan(x / (1 + (1 + x * x).sqrt()))
            power, total, n = x, D(0), 1
            while abs(power) > D(10) ** -65: total, power, n = total + power / n, -power * x * x, n + 2
            return total
        def share(t):
            c, odd, term, total = 1 / (1 + t * t / dof), dof % 2, D(1), D(0)
            for j in range((dof - odd) // 2):
                if j: term *= c * (D(2 * j) / (2 * j + 1) if odd else D(2 * j - 1) / (2 * j))
                total += term
            s = (1 - c).sqrt()
            return (2 / (4 * atan(D(1))) * (atan(t / D(dof).sqrt()) + s * c.sqrt() * total)) if odd else s * total
        low, high, wanted = 0, 1 << 40, D(probability)
        while high - low > 1:
            middle = (low + high) // 2
            if share(D(middle) / 20000) <= wanted: low = middle
            else: high = middle
    return fixed((low + 1) // 2, 4)
@functools.cache
def tolerance(dof, probability, confidence):  # 4.12, the k with P(chi2 <= z²·dof/k²) = 1 - confidence, to 4 decimals
    import decimal
    D = decimal.Decimal
    with decimal.localcontext(prec=60):
        z, half = D(two_sided_t(100000, probability)), D(dof) / 2
        gamma = math.factorial(dof // 2) if dof % 2 == 0 else Fraction(math.factorial(dof + 1), 4 ** ((dof + 1) // 2) * math.factorial((dof + 1) // 2))
        @functools.cache
        def pi(): return 4 * sum(D(s) * a for s, a in ((4, arc(5)), (-1, arc(239))))
        def share(value):
            y = value / 2
            term, total, n = D(1), D(1), 0
            while term > D(10) ** -70 or n < y: n += 1; term *= y / (half + n); total += term
            root = pi().sqrt() if dof % 2 else 1
            below = D(gamma) if dof % 2 == 0 else D(gamma.numerator) / D(gamma.denominator) * root
            return (half * y.ln() - y).exp() / below * total
        def arc(n):
            power, total, k = 1 / D(n), D(0), 1
            while abs(power) > D(10) ** -65: total, power, k = total + power / k, -power / (n * n), k + 2
            return total
        low, high, wanted = 0, 1 << 40, 1 - D(confidence)
        while high - low > 1:
            middle = (low + high) // 2
            value = z * z * dof / (D(middle) / 20000) ** 2
            if value > dof or share(value) > wanted: low = middle  # half of it, and so the quantile, lies below dof
            else: high = middle
    return fixed((low + 1) // 2, 4)
def predict(texts, x, decimals): return places(sum(map(mul, map(Fraction, texts), x)), decimals)  # 4.5 and 6
def error_figures(errors):  # 4.5 and 7.3
    m = len(errors) or None
    return {"rmse": m and sum(e * e for e in errors) / m, "mean_error": m and sum(errors) / m,
            "max_abs_error": m and max(map(abs, errors))}
def validate(recipe, g, rows, sessions):  # 4.5
    method, errors, p = recipe["fit"]["validation"], [], len(g) - 1
    if method == "none": return None
    k = {"leave-one-out": len(rows), "leave-one-session-out": len(sessions)}.get(method) or int(method[len("k-fold:"):])
    assert 2 <= k <= min(len(rows), 1000), "more folds than rows, or than 1000, or one"
    folds = sessions if method == "leave-one-session-out" else [rows[fold::k] for fold in range(k)]
    try:
        for inside in folds:
            rest = [[v - w for v, w in zip(*pair)] for pair in zip(g, gram(p, inside))]
            texts = [digits(v, recipe["fit"]["digits"]) for v in solve(rest)[0]]
            errors += [Fraction(predict(texts, z[:p], recipe["result"]["decimals"])) - z[p] for z in inside]
    except ZeroDivisionError: errors = []
    return {"method": method, "folds": k, "rows": len(rows), **error_figures(errors)}
# ---- 5 and 6: weights and results, each as the exact figures for claims and the file's text
def fit(recipe, sets, chosen):  # 5
    terms, target = recipe["model"]["terms"], recipe["model"]["target"]
    units = {c: sets[0]["units"][c] for c in [target, *read_of(recipe)]}
    assert units[target] in (None, recipe["result"]["unit"]), "result.unit is not the target's"
    pads, second = [device(recipe, session) for s in sets for session in s["sessions"]], recipe["format"] == "openweigh.recipe/2"
    assert not second or chosen.get("parent") is None, "a parent"
    by_column = recipe["fit"]["validation"] == "leave-one-session-out" and "reading" not in recipe
    assert not by_column or second and all(s["session_column"] for s in sets), "no session column"
    assert all(pad == pads[0] for pad in pads) and all(s["units"][c] == units[c] for s in sets for c in units), "pads or units"
    rows = [r for s in sets for r in readings(recipe, s) if r.fitted]
    assert rows, "nothing to fit"
    z, groups = [[*r.x, Fraction(r.y)] for r in rows], collections.defaultdict(list)
    for r, row in zip(rows, z): groups[r.session].append(row)
    p, g, sessions = len(terms), gram(len(terms), z), list(groups.values())
    by_session = [gram(p, session) for session in sessions] if recipe.get("reading", {}).get("per") == "frame" else None
    made, check = statistics(g, len(z), recipe, by_session), validate(recipe, g, z, sessions)
    reasons = {"residual_sd": "no-degrees-of-freedom"} if made["dof"] == 0 else {}
    if made["covariance"] is None:
        why = "declared" if recipe["fit"]["estimator"] == "declared" else reasons.get("residual_sd", "one-session")
        reasons.update(standard_error=why, covariance=why)
    if made["r_squared"] is None: reasons["r_squared"] = "constant-target"
    parts, between = components(recipe, rows, made)
    if check and check["rmse"] is None: reasons["validation"] = "fold-rank-deficient"
    if between: reasons["between_sessions"] = between
    def show(key, q): return digits(q, recipe["fit"]["digits"], key in ROOTS) if isinstance(q, Fraction) else q
    def ends(f, end): return exact(end(Fraction(r.inputs[f]) for r in rows), 128)
    r_squared = show("r_squared", made["r_squared"])
    about = "mean" if "1" in terms and recipe["model"]["tare"] != "model" else "zero"
    if second and r_squared: r_squared = {"value": r_squared, "about": about}
    return {**made, **error_figures([]), **(check or {}), "recipe": recipe, "units": units}, dumps({
        "format": f"openweigh.weights/{2 if second else 1}", **{key: chosen[key] for key in ("name", "version", "title", "licence")},
        "applies_to": {**{key: value for pad in pads[:1] for key, value in pad.items()}, "columns": [{"name": c, "unit": u} for c, u in units.items()]},
        "recipe": recipe, "terms": [{"term": t, "coefficient": show("coefficient", made["coefficient"][t]),
                                     "standard_error": show("standard_error", made["standard_error"][t])} for t in terms],
        "covariance": made["covariance"] and [[show("covariance", v) for v in row] for row in made["covariance"]],
        **{key: show(key, made[key]) for key in ("residual_sd", "dof", "rss")}, "r_squared": r_squared,
        "range": [{"feature": f, "min": ends(f, min), "max": ends(f, max)} for f in read_of(recipe)],
        "validation": check and {key: show(key, v) for key, v in check.items()},
        **({"components": parts} if second else {}), "undefined": [{"quantity": q, "reason": r} for q, r in reasons.items()],
        "normal": {"n": len(z), "xtx": [[exact(v) for v in row[:p]] for row in g[:p]],
                   "xty": [exact(row[p]) for row in g[:p]], "yty": exact(g[p][p])},
        "trained_on": [{k: s[k] for k in ("name", "version", "sha256")} for s in sets],
        **({"sessions": [], "blocks": None, "lineage": None} if second else {"parent": chosen["parent"]})})
COLUMNS = {"table": ("dataset,row", "predicted,expanded_u,target,error"), "frame": ("dataset,session,frame", "grams"),
           "weighing": ("dataset,session,weighing,role,label,frames", "grams,expanded_u_g,reference_g,error_g")}
COLUMNS_2 = {**COLUMNS, "table": ("dataset,row", "predicted,u,dof,k,expanded_u,target,error"),
             "weighing": (COLUMNS["weighing"][0], "grams,u_g,dof,k,expanded_u_g,reference_g,error_g")}
def replay(weights, sets):  # 6
    recipe, normal = weights["recipe"], weights["normal"]
    terms, decimals, per = recipe["model"]["terms"], recipe["result"]["decimals"], recipe.get("reading", {}).get("per", "table")
    second = recipe["format"] == "openweigh.recipe/2"
    alone = second and bool(weights["components"]) and not any(c["of"] == "session-terms" for c in weights["components"])
    k, features, texts = Fraction(recipe["result"].get("coverage", 1)), read_of(recipe), [t["coefficient"] for t in weights["terms"]]
    sums = [[*row, c] for row, c in zip([*normal["xtx"], normal["xty"]], [*normal["xty"], normal["yty"]])]
    fitted = statistics([[Fraction(v) for v in row] for row in sums], normal["n"], recipe)
    first, last = [part.split(",") for part in (COLUMNS_2 if second else COLUMNS)[per]]
    lines, cells, errors = [[*first, *features, *last, "flags"]], {}, []
    for s in sets:
        assert all(s["units"].get(c["name"], c["unit"]) == c["unit"] for c in weights["applies_to"]["columns"]), "units"
        applies = {key: value for key, value in weights["applies_to"].items() if key != "columns"}
        assert all(device(recipe, session) == applies for session in s["sessions"]), "another pad, or other channels"
        for r in readings(recipe, s):
            value, u, error, outside, stated = "", "", "", False, ["", "", ""]
            if r.x is not None:
                value = predict(texts, r.x, decimals)
                if second and weights["components"]:
                    variance, dof = budget(weights, fitted, r, value)
                    factor = two_sided_t(dof, recipe["uncertainty"]["coverage_probability"])
                    if not alone and Fraction(recipe["uncertainty"]["confidence"]): factor = tolerance(dof, *[recipe["uncertainty"][key] for key in ("coverage_probability", "confidence")])
                    stated = [places(variance, decimals, sqrt=True), str(dof), factor]
                    u = places(variance * Fraction(factor) ** 2, decimals, sqrt=True)
                elif fitted["dof"] and not second: u = places(k * k * fitted["variance"](r.x), decimals, sqrt=True)
                if r.y: error = places(Fraction(value) - Fraction(r.y), max(decimals, len(r.y.partition(".")[2])))
                outside = any(not Fraction(e["min"]) <= Fraction(r.inputs[e["feature"]]) <= Fraction(e["max"]) for e in weights["range"])
            flags = "+".join(flag for flag, is_set in (("saturated", r.saturated), ("extrapolated", outside), ("gap", r.gap), ("excluded", r.excluded), ("no-load", r.empty),
                                              ("repeatability-only", alone and value != "" and per != "frame")) if is_set)
            uncertain = [*stated, u] if second else [u]
            lines.append([*r.cells, *r.texts, *[value, *uncertain, r.y, error][:len(last)], flags])
            if per != "frame":
                cells[tuple(r.cells[:3])] = {last[0]: value, "expanded_u": u}
                errors += [Fraction(error)] if error else []
    return {**error_figures(errors), "n": len(errors), "cells": cells, "recipe": recipe}, "".join(",".join(line) + "\n" for line in lines)
# ---- 7 and 8: manifests
class Malformed(Exception): pass  # 8: what the page calls so, exit code 3
class Unchecked(Exception): pass  # 8: not checkable, exit code 4
SCHEMAS, KINDS = Path(__file__).resolve().parent.parent / "docs/spec/schemas", dict(object=dict, array=list, string=str, integer=int, boolean=bool, null=type(None))
@functools.cache
def schema(name):  # without the pages beside it, the types in JSON files are taken as they are
    return json.loads((SCHEMAS / f"{name}.schema.json").read_text()) if SCHEMAS.is_dir() else {}
def conforms(value, rule, root, ordered=True):  # what of JSON Schema the schemas use
    if not rule: return
    if "$ref" in rule: conforms(value, root["$defs"][rule["$ref"].split("/")[-1]], root, ordered)
    for key in {"anyOf", "oneOf"} & {*rule}:
        assert any(fits(value, one, root, ordered) for one in rule[key]), f"{value!r} is none of what is allowed"
    kinds = rule.get("type", [])
    assert not kinds or type(value) in [KINDS[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds)], f"{value!r} is no {kinds}"
    assert rule.get("const", value) == value and value in rule.get("enum", [value]), f"{value!r} is not allowed"
    if isinstance(value, int): assert rule.get("minimum", value) <= value < 2 ** int(re.sub(r"\D", "", rule.get("format", "")) or 64), value  # 9
    if isinstance(value, str): assert len(value) <= rule.get("maxLength", 1 << 20) and re.search(re.sub(r"\$$", r"\\Z", rule.get("pattern", "")), value), value[:80]
    if isinstance(value, list):
        assert rule.get("minItems", 0) <= len(value) <= rule.get("maxItems", 1 << 20), "another number of entries"
        for one in value: conforms(one, rule.get("items", {}), root, ordered)
    if isinstance(value, dict) and "properties" in rule:
        known, required = rule["properties"], rule.get("required", [])
        assert {*required} <= {*value} <= {*known}, f"keys {[*{*value} ^ {*required}]}"
        assert not ordered or [key for key in value if key in required] == required, "the order of the keys"
        for key in value: conforms(value[key], known[key], root, ordered)
def fits(value, rule, root, ordered):
    try: return conforms(value, rule, root, ordered) is None
    except AssertionError: return False
def document(data, *names):  # 7.4, of one of these schemas
    def unique(pairs):
        assert len({key for key, _ in pairs}) == len(pairs), "a key twice"
        return dict(pairs)
    value = json.loads(data.decode("utf-8"), object_pairs_hook=unique)
    name = next((name for name in names if name.endswith("-2") and str(value["format"]).endswith("/2")), names[0])
    conforms(value, schema(name), schema(name))
    assert dumps(value).encode() == data, "another layout"
    return value
def sound_recipe(recipe):  # 4 and 4.1
    model, fitting, terms = recipe["model"], recipe["fit"], recipe["model"]["terms"]
    products = []
    for term in terms:
        products.append(frozenset((f, knot, e) for f, knot, e in factors(term)))
        bases = [(f, knot) for f, knot, _ in factors(term)]
        assert len({*bases}) == len(bases) <= 8 and (bases or term == "1") and all("^" not in part or 2 <= int(part.split("^")[1]) <= 12 for part in term.split("*")), term
    assert 1 <= len(terms) <= 64 and len({*products}) == len(terms) and model["target"] not in features_of(terms), "terms"
    assert 1 <= fitting["digits"] <= 50 and 0 <= recipe["result"]["decimals"] <= 50 and Fraction(recipe["result"].get("coverage", 1)) > 0, "digits"
    assert model["tare"] in ("none", *("signal", "model") * ("reading" in recipe)), "tare"
    fold = re.fullmatch(r"k-fold:([1-9][0-9]*)", fitting["validation"])
    assert fitting["validation"] in ("none", "leave-one-out", "leave-one-session-out") or fold and 2 <= int(fold[1]) <= 1000, "validation"
    assert fitting["validation"] != "leave-one-session-out" or "reading" in recipe or recipe["format"].endswith("/2"), "validation"
    if "reading" in recipe:
        reading = recipe["reading"]
        assert {*model["features"]} <= set("x y total pressure major minor density".split()) if "features" in model else True
        assert 0 <= reading["decimals"] <= 50 and Fraction(reading["settle_s"]) >= 0 and recipe["result"]["unit"] == "g", "reading"
    return recipe
def recipe_file(data):
    bare = re.sub(r'"(?:[^"\\]|\\.)*"|#.*', "", data.decode("utf-8"))  # 9, of lists, tables and dotted keys
    assert max(itertools.accumulate((c in "[{") - (c in "]}") for c in bare), default=0) <= 80 >= max(line.count(".") for line in bare.split("\n")), "nested too deeply"
    conforms(tomllib.loads(data.decode("utf-8")), schema("recipe"), schema("recipe"), ordered=False)
    return sound_recipe(recipe_of(data))
def weights_file(data):  # 5
    w = document(data, "weights")
    recipe, normal, terms = w["recipe"], w["normal"], w["recipe"]["model"]["terms"]
    second, p, features = w["format"].endswith("/2"), len(terms), read_of(recipe)
    assert second == recipe["format"].endswith("/2") and {"parent": not second, "lineage": second}.items() <= {key: key in w for key in ("parent", "lineage")}.items(), "version"
    sound_recipe(recipe)
    assert [t["term"] for t in w["terms"]] == terms and [r["feature"] for r in w["range"]] == features, "terms or range"
    assert [c["name"] for c in w["applies_to"]["columns"]] == [recipe["model"]["target"], *features], "applies_to"
    assert ("pad" in w["applies_to"] or "channels" in w["applies_to"]) == ("reading" in recipe), "applies_to"
    square = lambda m: len(m) == p and all(len(row) == p for row in m)
    assert (w["covariance"] is None or square(w["covariance"])) and square(normal["xtx"]) and len(normal["xty"]) == p, "shapes"
    g = [[Fraction(v) for v in row] for row in [*([*row, c] for row, c in zip(normal["xtx"], normal["xty"])), [*normal["xty"], normal["yty"]]]]
    assert all(g[i][j] == g[j][i] and g[i][j] ** 2 <= g[i][i] * g[j][j] and g[i][i] >= 0 for i in range(p + 1) for j in range(p + 1)), "sums of no data"
    assert "1" not in terms or recipe["model"]["tare"] == "model" or g[terms.index("1")][terms.index("1")] == normal["n"], "n"
    assert w["dof"] == normal["n"] - (0 if recipe["fit"]["estimator"] == "declared" else p) >= 0, "dof"
    return w
def unit_of(key, term, unit, units):  # 7.3
    by = [(units[f], e) for f, _, e in factors(term)]
    if key in ("n", "dof", "r_squared"): return "1"
    if unit is None or any(u is None for u, _ in by): return None
    return f"({unit})^2" if key == "rss" else unit + "".join(f"/{u}" + f"^{e}" * (e > 1) for u, e in by)
def claimed(c, made):  # 7.3
    over, key, unit, published = c["over"], c["quantity"], made["recipe"]["result"]["unit"], (c["value"], c["unit"])
    place = tuple(str(over[part]) for part in ("dataset", "row", "session", "weighing") if part in over)
    if place and "cells" not in made or not place and key not in made or "term" in over and "cells" in made:
        raise Malformed(f"{key} is no quantity of {over['file']}")
    if place and key not in made["cells"].get(place, {}) or "term" in over and over["term"] not in made[key]: return "no such row, weighing or term"
    q = made["cells"][place][key] if place else made[key]
    q = q[over["term"]] if "term" in over else q
    if q is None or q == "": return f"published {published}, and it is undefined"
    q = Fraction(q)
    unit = unit_of(key, over.get("term", "1"), unit, made["units"])
    derived = places(q, len(c["value"].partition(".")[2]), key in ROOTS), unit
    return "" if derived == published else f"published {published}, re-derived {derived}"
def difference(published, derived):
    pairs = itertools.zip_longest(published.split("\n"), derived.split("\n"), fillvalue="(end)")
    return next((f"line {i}: published {a!r}, re-derived {b!r}" for i, (a, b) in enumerate(pairs, 1) if a != b), "")
def item(counts, kind, name, test):  # test() gives "" or what is wrong, or raises what it is if it is not that
    try: problem = test(); verdict = "failed" if problem else ""
    except Malformed as error: problem, verdict = str(error), "malformed"
    except Unchecked as error: problem, verdict = str(error), "unchecked"
    except Exception as error: problem, verdict = repr(error), "failed"
    word = {"": "ok  ", "failed": "FAIL", "malformed": "BAD ", "unchecked": "?   "}[verdict]
    print(word, f"{kind:8}", name + (f": {problem}" if problem else ""))
    counts.update([kind, verdict] if problem else [kind])
def attempt(parse, *data):
    try: return parse(*data)
    except Exception as error: raise Malformed(repr(error)) from error
def plain(root, path):  # 7.1: a plain file, with no link on the way to it
    at, missing = root, FileNotFoundError(path)
    for part in path.split("/"):
        at = at / part
        if at.is_symlink(): raise missing
    if not at.is_file(): raise missing
    return at.read_bytes()
PATH = r"(?=.{1,255}\Z)(?!.*\.(?:/|\Z))[A-Za-z0-9][A-Za-z0-9._+-]*(?:/[A-Za-z0-9][A-Za-z0-9._+-]*)*|\.gitattributes"
DATA_ROLES = ("measurements", "touches", "samples")
OWNED = (*DATA_ROLES, "session", "events", "weighings", "balance", "references")
def ids(licence): return [] if licence == "NOASSERTION" else [i.rstrip("+") for i in re.sub(r"WITH\s+\S+|[()]", " ", licence).split() if i not in ("AND", "OR")]  # 7.1
def sound_manifest(data):  # 7, and what of 7.1 to 7.3 makes it malformed (8)
    m = document(data, "manifest")
    files, roles, made = m["files"], {f["path"]: f["role"] for f in m["files"]}, [o for d in m["derivations"] for o in d["outputs"]]
    paths = [f["path"] for f in files]
    assert paths == sorted({*paths}) and len({path.lower() for path in paths}) == len(paths) <= 1000 and all(re.fullmatch(PATH, path) for path in paths), "paths"
    assert m["format"].endswith("/2") or not {*roles.values()} & {"samples", "balance", "references"}, "roles of version 2"
    derived = {"recipe", "weights", "results"} & {*roles.values()}
    assert "weights" in roles.values() or "dataset" in roles.values() and not derived, "neither weights nor data alone"
    for d in m["derivations"]:
        inputs, outputs = [[roles[path] for path in d[key]] for key in ("inputs", "outputs")]  # a path that is not listed is no key
        assert len({*d["inputs"]}) == len(inputs), "an input twice"
        first, last = ("recipe", "weights") if d["kind"] == "fit" else ("weights", "results")
        middle = inputs[1:-1] if d["kind"] == "fit" and inputs[-1] == "weights" else inputs[1:]
        assert inputs[0] == first and outputs == [last] and middle and {*middle} == {"dataset"}, "other inputs or outputs"
    assert len({*made}) == len(made), "derived twice"
    assert len({c["id"] for c in m["claims"]}) == len(m["claims"]) <= 10000, "claims"
    for c in m["claims"]:
        keys, q = {*c["over"]} - {"file"}, c["quantity"]
        rows, loads = {"dataset", "row"}, {"dataset", "session", "weighing"}
        allowed = {"coefficient": [{"term"}], "standard_error": [{"term"}], "predicted": [rows], "grams": [loads], "expanded_u": [rows, loads]}
        assert keys in allowed.get(q, [set()]) and roles[c["over"]["file"]] in ("weights", "results"), f"claim {c['id']}"
    return m
def complete(root, manifest, read, release):  # 7.1: what must be listed, named and stated as it is
    entries, paths = {f["path"]: f for f in manifest["files"]}, {f["path"] for f in manifest["files"]}
    derivation = {d["outputs"][0]: d for d in manifest["derivations"]}
    sets, recipes, weights, sessions = ({path: v for path, v in read.items() if entries[path]["role"] == role} for role in ("dataset", "recipe", "weights", "session"))
    alone = not {"recipe", "weights", "results"} & {f["role"] for f in manifest["files"]}
    unread = any(f["role"] in ("dataset", "weights") and f["path"] not in read for f in manifest["files"])
    owned, used = {}, {path for d in manifest["derivations"] for path in d["inputs"]}
    for path, s in sets.items():
        folder = path[:-len("dataset.json")]
        if path.split("/")[-2:] != [s["name"], "dataset.json"]: yield f"{path} calls itself {s['name']}"
        for f in s["files"]:
            owned[folder + f["path"]] = s
            listed, keys = entries.get(folder + f["path"], {}), ("bytes", "sha256", "role")
            if [listed.get(key) for key in (*keys, "licence")] != [*map(f.get, keys), s["licence"]]: yield f"{folder}{f['path']} is listed otherwise"
            head = read.get(folder + f["path"]) if f["role"] == "session" else None
            if head and head["source"]["os"] == "simulated" != s["provenance"]["kind"]: yield f"{path} calls itself {s['provenance']['kind']}"
        if not release and (root / folder).is_dir():
            for at in sorted((root / folder).rglob("*")):
                if (at.is_symlink() or not at.is_dir()) and at.relative_to(root).as_posix() not in paths: yield f"{at.relative_to(root)} is not listed"
    for path, w in weights.items():
        if path.split("/")[-1] != f"{w['name']}-{w['version']}.json": yield f"{path} calls itself {w['name']}-{w['version']}"
        if path not in derivation: yield f"no fit of {path}"
        elif derivation[path]["inputs"][0] in entries and entries[derivation[path]["inputs"][0]]["licence"] != w["licence"]: yield f"the recipe of {path} under another licence"
        listed = {f["sha256"] for f in manifest["files"] if f["role"] == "dataset"}
        if not {t["sha256"] for t in w["trained_on"]} <= listed: yield f"{path} was trained on what is not listed"
    for path, r in recipes.items():
        if path.split("/")[-1] != f"{r['name']}.toml": yield f"{path} calls itself {r['name']}"
    for path, head in sessions.items():
        if path.split("/")[-2] != head["id"]: yield f"{path} calls itself {head['id']}"
    for d in manifest["derivations"]:
        inputs = [sets[path] for path in d["inputs"] if path in sets]
        names, data = [s["name"] for s in inputs], [f["sha256"] for s in inputs for f in s["files"] if f["role"] in DATA_ROLES]
        if len({*names}) < len(names) or len({*data}) < len(data): yield f"{d['outputs'][0]} counts something twice"
    stated = {path: v["licence"] for path, v in {**sets, **weights}.items()}
    texts = {f"LICENSES/{i}.txt" for licence in stated.values() for i in ids(licence)}
    for path in sorted(texts):
        if entries.get(path, {}).get("role") != "licence": yield f"{path} is not listed"
    for path, licence in stated.items():
        if entries[path]["licence"] != licence: yield f"{path} is listed under another licence"
    for path, f in entries.items():
        role = f["role"]
        if role == "results" and path not in derivation: yield f"no replay of {path}"
        elif role == "results" and (w := weights.get(derivation[path]["inputs"][0])) and w["licence"] != f["licence"]: yield f"{path} under another licence than its weights"
        if role in ("recipe", "dataset") and path not in used and not alone: yield f"nothing is derived from {path}"
        if role in OWNED and not unread and path not in owned: yield f"no dataset has {path}"
        if role == "licence" and (f["bytes"] == 0 or not unread and path not in texts or path not in [f"LICENSES/{i}.txt" for i in ids(f["licence"])]): yield f"{path} is no text of its licence"
def check(root, manifest, counts, release=False):  # 8
    files, read, made, good = {}, {}, {}, set()  # bytes; parsed; re-derived; re-derived and the same
    parse = {"dataset": lambda data: document(data, "dataset", "dataset-2"), "session": lambda data: document(data, "session"), "recipe": recipe_file,
             "weights": weights_file, "events": lambda data: table(data, EVENTS),
             "weighings": lambda data: table(data, WEIGHINGS_2 if data.split(b"\n")[0].decode().split(",") == [*WEIGHINGS_2] else WEIGHINGS)}
    statement, kept, stated, rest_on = {"files": [], "readings": []}, set(), {}, set()  # 11
    def withheld():
        nonlocal statement
        text = attempt(plain, root, "withheld.json")
        statement = attempt(document, text, "withheld")
        listed = [{key: f[key] for key in ("path", "bytes", "sha256")} for f in manifest["files"] if f["role"] == "touches"]
        if not all(f in listed for f in statement["files"]): return "it keeps back what is not listed as touches"
        kept.update(f["path"] for f in statement["files"])
        assert statement["files"], "it keeps nothing back"
    def readings_of(one):
        data = plain(root, one["path"])
        if (len(data), sha256(data)) != (one["bytes"], one["sha256"]): return "not the readings that are stated"
        stated[one["path"]] = data
    def recipes_on(path):  # the recipes whose readings of a dataset the manifest needs
        used = [read.get(d["inputs"][0]) for d in manifest["derivations"] if path in d["inputs"][1:]]
        return list({r["name"]: r for r in (w.get("recipe", w) for w in used if w)}.values())
    def generated(data, recipe): return readings_text(recipe, data).encode()  # 11.0
    def told_all():  # 11: what is stated is a function of the manifest and the readings
        wanted = {f"withheld/{data['name']}/{r['name']}.csv": (path, r) for path, data in loaded.items() if path in rest_on for r in recipes_on(path)}
        if not rest_on <= {*loaded}: raise Unchecked("readings that could not be read")
        if sorted(one["path"] for one in statement["readings"]) != sorted(wanted): return "other readings than the manifest needs"
        made = [{"path": at, "dataset": path, "recipe": r["name"], "bytes": len(text), "sha256": sha256(text)}
                for at, (path, r) in sorted(wanted.items()) for text in [generated(loaded[path], r)]]
        files = [{key: f[key] for key in ("path", "bytes", "sha256")} for f in manifest["files"] if f["path"] in kept]
        about = sha256((root / "manifest.json").read_bytes())
        if {**statement, "manifest": about, "files": files, "readings": made} != statement: return "another statement than the manifest and the readings make"
    def reserved(out, problem):  # 11.1
        open_, seen = [out], set()
        while not problem and open_:
            path = open_.pop()
            if path in rest_on: raise Unchecked("it follows from stated readings")
            open_ += [source for d in manifest["derivations"] if path in d["outputs"] and path not in seen for source in d["inputs"]]
            seen.add(path)
        return problem
    def listed(f):  # 7.1
        if f["path"] in kept and not os.path.lexists(root / f["path"]): raise Unchecked("kept back")
        if os.path.lexists(root / f["path"]) and os.lstat(root / f["path"]).st_size > f["bytes"] + (64 << 20): return "another length"  # 9
        data = plain(root, f["path"])
        if (len(data), sha256(data)) != (f["bytes"], f["sha256"]): return "another length or digest"
        if f["path"] in kept: return "withheld.json says that it is kept back"
        files[f["path"]] = data
        if f["role"] in parse: read[f["path"]] = attempt(parse[f["role"]], data)
    def data_of(path):
        s, folder = read[path], path[:-len("dataset.json")]
        needed = {folder + f["path"] for f in s["files"]}
        small = {f["path"] for f in manifest["files"] if f["path"] in needed and f["role"] in parse}
        if not (needed <= {*files} | kept and small <= {*read}): return
        whole = {**attempt(dataset, files.get, path), "sha256": sha256(files[path])}
        if needed & kept:
            rest_on.add(path)
            for r in recipes_on(path):
                at = f"withheld/{whole['name']}/{r['name']}.csv"
                if at not in stated or r["reading"]["per"] != "weighing": return f"no readings that {r['name']} makes of it"
                whole["stated"] = {**whole.get("stated", {}), r["name"]: stated[at]}
            for r in recipes_on(path): attempt(restated, r, whole)
        loaded[path] = whole
    def inputs_of(kind, out):  # 7.2
        found = [d["inputs"] for d in manifest["derivations"] if (d["kind"], d["outputs"]) == (kind, [out])]
        if not found: raise Unchecked("no derivation is listed")
        return found[0]
    def sets_of(paths):
        if not {*paths} <= {*loaded}: raise Unchecked("a dataset could not be read")
        return [loaded[path] for path in paths]
    roles, loaded, digests = {f["path"]: f["role"] for f in manifest["files"]}, {}, {}
    def fitted(out):
        if out not in read: raise Unchecked("the weights could not be read")
        first, *rest = inputs_of("fit", out)
        if first not in read: raise Unchecked("the recipe could not be read")
        parents = [f["sha256"] for path in rest for f in manifest["files"] if f["path"] == path and f["role"] == "weights"]
        parent = read[out].get("parent")
        if parents != [parent] * (parent is not None): return "it names another parent"
        made[out], text = fit(read[first], sets_of([path for path in rest if roles[path] == "dataset"]), read[out])
        digests[out] = sha256(text.encode())
        if not (problem := difference(files[out].decode(), text)): good.add(out)
        return reserved(out, problem)
    def replayed(out):
        first, *rest = inputs_of("replay", out)
        if first not in read or out not in files: raise Unchecked("the weights or the results could not be read")
        figures, text = replay(read[first], sets_of(rest))
        digests[out] = sha256(text.encode())
        if problem := difference(files[out].decode(), text): return problem
        if first in good: made[out] = {**figures, "units": made[first]["units"]}
        return reserved(out, "")
    def about(c):
        if c["over"]["file"] not in made: raise Unchecked("it was not derived again")
        return reserved(c["over"]["file"], claimed(c, made[c["over"]["file"]]))
    if release and os.path.lexists(root / "withheld.json"): item(counts, "kept", "withheld.json", withheld)
    for one in statement["readings"] if kept else []: item(counts, "kept", one["path"], lambda: readings_of(one))
    for f in manifest["files"]: item(counts, "file", f["path"], lambda: listed(f))
    for path in read:
        if roles[path] == "dataset": item(counts, "data", path, lambda: data_of(path))
    if kept: item(counts, "kept", "what is stated", told_all)
    for problem in complete(root, manifest, read, release): item(counts, "listing", problem, lambda: "not as it must be")
    for role, test in (("weights", fitted), ("results", replayed)):
        for f in manifest["files"]:
            if f["role"] == role: item(counts, role, f["path"], lambda: test(f["path"]))
    for c in manifest["claims"]: item(counts, "claim", f"{c['id']} {c['quantity']}", lambda: about(c))
    return {"manifest": manifest, "withheld": statement,  # 10.4, what a receipt says, if all of it holds
            "derived": [{"path": path, "sha256": digests[path]} for path in sorted(digests)],
            "claims": [{"id": c["id"], "value": c["value"]} for c in sorted(manifest["claims"], key=lambda c: c["id"])],
            "stages": {"bytes": len(files) + 1, "weights": sum(roles[path] == "weights" for path in digests),
                       "results": sum(roles[path] == "results" for path in digests), "claims": len(manifest["claims"])}}
# ---- 3.2 to 3.7, 4.7 and 4.8: sessions
READING = dict(per="weighing", touches="sum", states=["touching"], settle_s="0", statistic="mean", decimals=6, ceiling=None)
STATES = "not-tracking start-in-range hover make-touch touching break-touch linger out-of-range"
COUNT, INTEGER = "0|[1-9][0-9]{0,19}", "(?:0|-?[1-9][0-9]{0,19})?"
TOUCHES = {**dict.fromkeys("frame device_frame device_s arrival_ns touch state finger hand x y vx vy total pressure angle major minor "
                           "x_mm y_mm vx_mm vy_mm field14 field15 density".split(), CELLS["number"]),
           **dict.fromkeys("device_frame arrival_ns touch finger hand field14 field15".split(), INTEGER),
           "frame": COUNT, "state": f"(?:{STATES.replace(' ', '|')})?"}
SHORT = r"[A-Za-z0-9 ._+:/()-]{0,200}"  # 9
EVENTS = {"after_frame": f"(?:{COUNT})?", "kind": "gap|dropped|sleep|wake|device-lost|note", "detail": SHORT}
ID = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
WEIGHINGS = {"weighing": ID, "role": "tare|reference|unknown", "label": SHORT, "first_frame": COUNT, "last_frame": COUNT,
             "tare": f"(?:{ID})?", "reference_g": CELLS["number"], "reference_u_g": CELLS["number"]}
WEIGHINGS_2 = {**WEIGHINGS, "reference": f"(?:{ID})?", "series": f"(?:{ID})?", "direction": "(?:up|down)?", "position": f"(?:{ID})?",
               "hold_s": CELLS["number"]}
def span(w): return range(int(w["first_frame"]), int(w["last_frame"]) + 1)
def device(recipe, session):  # 5, what `applies_to` says of it
    if session["channels"] is None: return {"pad": session["pad"]}
    channels = {channel["name"]: channel for channel in session["channels"]}
    return {"channels": [channels[f] for f in features_of(recipe["model"]["terms"])]}
def recounted(rows, head, number):  # 3.2 and 3.6
    ceilings = {c["name"]: c["ceiling"] for c in head["channels"]} if head.get("channels") else {"pressure": head["source"]["ceiling"]}
    full = sum(any(row[name] and limit and abs(Fraction(row[name])) >= Fraction(limit) for name, limit in ceilings.items()) for row in rows)
    times = [Fraction(row["device_s"]) for _, (row, *_) in itertools.groupby(rows, key=lambda row: row[number]) if row["device_s"]]
    return {"at_ceiling": full, "clock_steps": sum(after <= before for before, after in itertools.pairwise(times))}
def sessions_of(files, kind):  # 3.2 to 3.7; a frame is the list of its rows
    own, sessions, signals = [path for path in files if path != "references.csv"], [], kind == "signal-sessions"
    ids = sorted({path.split("/")[1] for path in own})
    parts = ("events.csv", "samples.csv", "session.json", "weighings.csv") if signals else ("events.csv", "session.json", "touches.csv", "weighings.csv")
    balance = {name: ["balance.csv"] * (f"sessions/{name}/balance.csv" in files) for name in ids}
    assert own == [f"sessions/{name}/{part}" for name in ids for part in [*balance[name], *parts]], "files of the sessions"
    for name in ids:
        part = {part.split(".")[0]: files[f"sessions/{name}/{part}"] for part in parts}
        events, data, weighings = part["events"], part["session"], part["weighings"]
        head, second = json.loads(data), weighings.split(b"\n")[0].decode().split(",") == [*WEIGHINGS_2]
        channels, second_session = head.get("channels"), head["format"] == "openweigh.session/2"
        assert (channels is not None) == signals, "channels"
        columns = {"sample": COUNT, "device_s": CELLS["number"], "arrival_ns": INTEGER, **{c["name"]: CELLS["number"] for c in channels}} if signals else TOUCHES
        happened = [int(row["after_frame"] or -1) for row in table(events, EVENTS)]
        assert happened == sorted(happened), "events in the order of frames"
        data_rows = part["samples" if signals else "touches"]
        away = data_rows is None  # 11
        rows, weighings = [] if away else table(data_rows, columns), table(weighings, WEIGHINGS_2 if second else WEIGHINGS)
        number = "sample" if signals else "frame"
        counted = {"frames": len({row[number] for row in rows}), "touches": 0 if signals else sum(row["touch"] != "" for row in rows)}
        if away: counted = {}
        counted["gaps"] = sum(row["kind"] != "note" for row in table(events, EVENTS))
        assert dumps(head).encode() == data and counted.items() <= head["quality"].items(), "session.json"
        if second_session and not away:  # 3.2, counted again in version 2 of session.json alone
            assert head["quality"].items() >= recounted(rows, head, number).items(), "quality"
            assert head["quality"]["non_finite"] <= sum(cell == "" for row in rows for cell in row.values()), "non_finite"
        frames = [list(rows) for _, rows in itertools.groupby(rows, key=lambda row: int(row[number]))]
        assert [int(rows[0][number]) for rows in frames] == [*range(len(frames))] and not (signals and len(frames) < len(rows)), "frames"
        for w in weighings:  # 3.5
            tare, mass, u = w["tare"], w["reference_g"], w["reference_u_g"]
            assert (mass != "") == (w["role"] == "reference") and (mass or not u) and not u.startswith("-"), f"the mass of {w['weighing']}"
            assert not tare or w["role"] != "tare" and [o["role"] for o in weighings if o["weighing"] == tare] == ["tare"], f"the tare of {w['weighing']}"
        assert len({w["weighing"] for w in weighings}) == len(weighings), "an id twice"
        inside = [i for w in weighings for i in span(w)]
        there = range(head["quality"]["frames"] if away else len(frames))
        assert all(map(span, weighings)) and inside == sorted({*inside}) and all(i in there for i in inside), "weighings share a frame"
        sessions.append({"id": name, "channels": channels, "frames": None if away else frames, "events": table(events, EVENTS), "weighings": weighings,
                         "pad": {key: head["source"][key] for key in ("model", "transport", "unit", "quantum")}})
    if signals: return {"sessions": sessions, "units": {"reference_g": "g", **{c["name"]: c["unit"] for c in sessions[0]["channels"]}}}
    units = dict.fromkeys("reference_g x y total pressure major minor density".split())
    units.update(reference_g="g", pressure={"grams": "g", "counts": "counts"}.get(sessions[0]["pad"]["unit"]))
    return {"sessions": sessions, "units": units}
def frame_value(touches, f, how):  # 4.7, of the touches that count; None if a cell that is needed is empty
    if how == "first": touches = touches[:1]
    if how == "largest": touches = [max(touches, key=lambda t: (t["pressure"] != "", Fraction(t["pressure"] or 0)))]  # the first of equals
    if "" in [t[f] for t in touches]: return None
    values = [Fraction(t[f]) for t in touches]
    if len(touches) == 1 or f in ("pressure", "total"): return sum(values)
    if "" in [t["pressure"] for t in touches]: return None
    weights = [Fraction(t["pressure"]) for t in touches]
    return sum(map(mul, weights, values)) / sum(weights) if sum(weights) else sum(values) / len(values)
def statistic(name, values, times):  # 4.7
    if name == "time-weighted-mean":
        steps = [max(after - before, 0) for before, after in itertools.pairwise(times)]
        if any(steps): return sum(map(mul, values, steps)) / sum(steps)
    cut = (len(values) - 1) // 2 if name == "median" else 0
    if name.startswith("trimmed-mean:"): cut = math.floor(Fraction(name.partition(":")[2]) * len(values))
    inner = sorted(values)[cut:len(values) - cut]
    assert len({v.denominator for v in inner}) <= 16384, "too many denominators"  # 9
    return sum(inner) / len(inner)
Frame = collections.namedtuple("Frame", "number time values saturated gap")  # gap: it lacks a feature
Mass = collections.namedtuple("Mass", "row settled n texts saturated gap")  # a weighing; texts: its features, None without a reading
def stated_lines(recipe, s, session):  # 11.1
    lines = [line.split(",") for line in s["stated"][recipe["name"]].decode().split("\n")]
    own = [cells for cells in lines if cells[:2] == [s["name"], session["id"]]]
    assert len(own) == len(session["weighings"]), "a line for each weighing"
    return own
def readings_text(recipe, s, sessions=None):  # 11.0
    head = ["dataset,session,weighing,role,label,frames", *read_of(recipe), "tare,reference_g,reference_u_g,flags"]
    lines = [head]
    for session in s["sessions"] if sessions is None else sessions:
        for r, w in zip(session_readings(recipe, s, session), session["weighings"]):
            flags = "+".join(flag for flag, is_set in (("saturated", r.saturated), ("gap", r.gap), ("excluded", r.excluded and recipe["format"].endswith("/2"))) if is_set)
            lines.append([*r.cells, *r.texts, w["tare"], w["reference_g"], w["reference_u_g"], flags])
    return "".join(",".join(line) + "\n" for line in lines)
def restated(recipe, s):  # 11.1: there is one text of a reading; the lines of sessions whose touches are here are judged with the statement
    away, text = [session for session in s["sessions"] if session["frames"] is None], s["stated"][recipe["name"]].decode()
    lines = readings_text(recipe, s, away).split("\n")
    assert text.split("\n")[0] == lines[0] and text.endswith("\n"), "another header"
    theirs = [line for session in away for line in text.split("\n") if line.startswith(f"{s['name']},{session['id']},")]
    assert theirs == lines[1:-1], "a reading that comes out otherwise"
def session_readings(recipe, s, session):
    dataset, left_out = s["name"], [e["weighing"] for e in s["excluded"] if e["session"] == session["id"]]
    assert {*left_out} <= {w["weighing"] for w in session["weighings"]}, "an excluded weighing that is not there"
    reading, tare, terms = recipe["reading"], recipe["model"]["tare"], recipe["model"]["terms"]
    session_terms = recipe["fit"].get("session_terms", [])
    features, settle, frames, masses = read_of(recipe), Fraction(reading["settle_s"]), {}, {}
    times = [rows[0]["device_s"] and Fraction(rows[0]["device_s"]) for rows in session["frames"] or []]
    def texts_of(values): return [canonical(nearest(v, reading["decimals"], False), reading["decimals"]) for v in values]
    for i, rows in enumerate(session["frames"] or []):  # 4.7, frames: those that count
        if session["channels"] is not None:
            values = [Fraction(rows[0][f]) if rows[0][f] else None for f in features]
            full = bool(values) and None not in (reading["ceiling"], values[0]) and abs(values[0]) >= Fraction(reading["ceiling"])
            frames[i] = Frame(i, times[i], values, full, None in values)
        elif touches := [t for t in rows if t["state"] in reading.get("states", ["touching"])]:
            *values, pressure = [frame_value(touches, f, reading.get("touches", "sum")) for f in [*features, "pressure"]]
            full = None not in (reading["ceiling"], pressure) and pressure >= Fraction(reading["ceiling"])
            frames[i] = Frame(i, times[i], values, full, None in values)
    for w, cells in zip(session["weighings"], stated_lines(recipe, s, session) if session["frames"] is None else []):  # 11.1
        n, flags, texts = int(cells[5]), cells[-1].split("+"), cells[6:6 + len(features)]
        masses[w["weighing"]] = Mass(w, {0} if n else set(), n, texts_of(map(Fraction, texts)) if n else None, "saturated" in flags, "gap" in flags)
    for w in session["weighings"] if session["frames"] is not None else []:  # 4.7, weighings
        start, timed = times[span(w)[0]], reading["statistic"] == "time-weighted-mean"
        settled = [frames[i] for i in span(w) if i in frames and (not settle or "" not in (start, times[i]) and times[i] >= start + settle)]
        kept = [f for f in settled if not f.gap and not (timed and f.time == "")]
        values = [statistic(reading["statistic"], column, [f.time for f in kept]) for column in zip(*(f.values for f in kept))]
        cut = any(e["kind"] != "note" and e["after_frame"] and int(e["after_frame"]) in span(w)[:-1] for e in session["events"])
        masses[w["weighing"]] = Mass(w, {f.number for f in settled}, len(kept), texts_of(values) if kept else None,
                                     any(f.saturated for f in settled), not kept or len(kept) < len(settled) or cut)
    for w in session["weighings"]:  # 4.8
        if tare == "none" or w["role"] == "tare": continue
        assert w["tare"] and masses[w["tare"]].row["role"] == "tare", f"no tare of weighing {w['weighing']}"
        assert reading["per"] == "weighing" or span(masses[w["tare"]].row)[-1] < span(w)[0], f"no tare before {w['weighing']}"
    def made(cells, texts, m, settled, saturated, gap):  # 4.8, of the weighing m or a frame of it; m is None for a frame of none
        role, x, inputs, z = m and m.row["role"], None, None, None
        other = masses[m.row["tare"]] if tare != "none" and role in ("reference", "unknown") else None
        if texts is not None and role != "tare" and (tare == "none" or other and other.texts is not None):
            inputs, less = dict(zip(features, texts)), dict(zip(features, other.texts if other else []))
            differences = {f: Fraction(v) - Fraction(less[f]) for f, v in inputs.items()} if tare == "signal" else inputs
            x, z = term_values(terms, differences), term_values(session_terms, differences)
            if tare == "model": x, z = ([v - w for v, w in zip(a, term_values(t, less))] for a, t in ((x, terms), (z, session_terms)))
            inputs = {f: inputs[f] if f in places_of(recipe) else v for f, v in differences.items()}  # 5, a place is no signal
        if other: saturated, gap = saturated or other.saturated, gap or other.gap
        empty = bool(other and places_of(recipe) and reading["per"] == "weighing" and role == "reference" and "pressure" in features and texts and other.texts
                     and Fraction(texts[features.index("pressure")]) <= Fraction(other.texts[features.index("pressure")]))
        excluded = m is not None and (m.row["weighing"] in left_out or tare != "none" and m.row["tare"] in left_out)
        fitted = x is not None and role == "reference" and settled and not saturated and not excluded and not empty
        return Reading([dataset, session["id"], *cells], texts or [""] * len(features), x, inputs, m.row["reference_g"] if m else "",
                       (dataset, session["id"], "session_column"), fitted, saturated, gap, excluded, z, m.row["reference_u_g"] if m else "", empty)
    if reading["per"] == "weighing":
        return [made([name, m.row["role"], m.row["label"], str(m.n)], m.texts, m, True, m.saturated, m.gap) for name, m in masses.items()]
    home = {i: m for m in masses.values() for i in span(m.row)}
    return [made([str(i)], None if f.gap else texts_of(f.values), home.get(i), i in home and i in home[i].settled, f.saturated, f.gap)
            for i, f in frames.items()]
def one(path, counts, pinned):  # a manifest: its layout and its digest first
    if path.is_file() and path.stat().st_size > 64 << 20: return item(counts, "manifest", path.name, lambda: attempt(lambda: 1 / 0))  # 9
    if path.is_symlink(): return item(counts, "manifest", path.name, lambda: "a link")
    try: data = path.read_bytes() if path.is_file() else 1 / 0
    except (OSError, ZeroDivisionError): return item(counts, "manifest", path.name, lambda: attempt(lambda: 1 / 0))
    def listed_in_sums():  # 7.5
        lines = [attempt(lambda: re.fullmatch(r"([0-9a-f]{64})  ([^\n]+)", line).groups()) for line in pinned.decode().split("\n")[:-1]]
        if pinned and not pinned.endswith(b"\n") or [name for _, name in lines] != sorted({name for _, name in lines}): raise Malformed("layout")
        if dict((name, digest) for digest, name in lines).get(path.name) != sha256(data): return "SHA256SUMS has another digest, or none"
    if pinned is not None: item(counts, "sums", path.name, listed_in_sums)
    manifest = []
    item(counts, "manifest", path.name, lambda: manifest.append(attempt(sound_manifest, data)))
    if manifest and path.name != "manifest.json":
        item(counts, "name", path.name, lambda: "" if path.name == f"{manifest[0]['name']}-{manifest[0]['version']}.json" else "another name than its own")
    for m in manifest: return check(path.parent if path.name == "manifest.json" else path.parent.parent, m, counts, path.name == "manifest.json")
def main(root):
    counts = collections.Counter()
    release = (root / "manifest.json").is_file()  # 10: a release has one manifest, and its checksums are of every file
    if root.is_file(): paths = [root]
    else: paths = [root / "manifest.json"] if release else sorted((root / "manifests").glob("*.json"))
    sums = (paths[0].parent if paths else root) / "SHA256SUMS"
    pinned = sums.read_bytes() if sums.is_file() else None
    for path in paths: one(path, counts, None if release else pinned)
    if not paths: item(counts, "manifest", str(root), lambda: "no manifest")
    if release:
        lines = [line.split("  ", 1) for line in pinned.decode().splitlines()] if pinned else []
        item(counts, "sums", str(sums), lambda: "" if lines else "no checksums")
        for digest, path in lines: item(counts, "sum", path, lambda: "" if sha256(plain(root, path)) == digest else "another digest")
    print(f"{counts['weights'] + counts['results']} derived, {counts['claim']} claims, {counts['failed'] + counts['malformed']} failed")
    return next((code for code, verdict in ((1, "failed"), (3, "malformed"), (4, "unchecked")) if counts[verdict]), 0)
if __name__ == "__main__": sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)))
