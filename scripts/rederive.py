#!/usr/bin/env python3
"""A second implementation of the openweigh formats, in exact fractions, from docs/spec alone (numbers: its pages).
usage: rederive.py [ROOT]    re-derive the weights, results and claims of every manifests/*.json under ROOT, or of the release in ROOT (Python 3.11)"""
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
    stated = [(f["bytes"], f["sha256"]) for f in meta["files"]]
    assert dumps(meta).encode() == data and stated == [(len(f), sha256(f)) for f in files.values()], f"{path}: layout, or a digest"
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
    if second: assert "coverage" not in read["result"] and given["direction"] == "inverse" and not {"session_terms", "uncertainty", "derive"} & {*given}, "reserved"
    assert given["target"] == "reference_g" if "reading" in read else given["tare"] == "none", "target or tare"
    def part(*keys): return {key: given[key] for key in keys}
    left_out = [key for key in ("touches", "states") if second and key not in read.get("reading", {})]
    reading = {key: value for key, value in {**READING, **read.get("reading", {})}.items() if key not in left_out}
    return {**part("format", "name"), **({"reading": reading} if "reading" in read else {}),
            "model": part("target", "terms", "tare", *["direction"] * second), "fit": part("estimator", "digits", "validation", *declared),
            "result": part("unit", "decimals", *["coverage"] * (not second))}
def factors(term):  # 4.1, [(feature, knot or None, exponent)]
    pattern = rf"(?:hinge\(([^\W\d][\w]*),({NUMBER})\)|([^\W\d]\w*))(?:\^([0-9]+))?"
    parts = [re.fullmatch(pattern, part) for part in term.split("*")] if term != "1" else []
    return [(m[1] or m[3], m[2] and Fraction(m[2]), int(m[4] or 1)) for m in parts]
def features_of(terms): return list(dict.fromkeys(f for t in terms for f, _, _ in factors(t)))  # by first appearance
def term_values(terms, row):  # 4.1, the vector x of a row
    def base(v, knot): return v if knot is None else max(v - knot, 0)
    return [math.prod(base(Fraction(row[f]), knot) ** e for f, knot, e in factors(t)) for t in terms]
# A Reading is what is predicted, and fitted if it may be: a row of a table; of touch sessions a weighing or a frame (4.7).
# cells: what names it in results; texts: its features there; x: its row of X, or None; inputs: the values that `range` is of;
# y: the target's text, or ""; session: to which the fitted row belongs
Reading = collections.namedtuple("Reading", "cells texts x inputs y session fitted saturated gap excluded")
def readings(recipe, s):
    assert ("reading" in recipe) == (s["kind"] != "table"), "a recipe for another kind of dataset"
    new = s["kind"] == "signal-sessions" or s["excluded"] or s["session_column"]
    assert not new or recipe["format"] == "openweigh.recipe/2", "a recipe of version 2 is needed"
    assert s["kind"] != "signal-sessions" or not {"touches", "states"} & {*recipe["reading"]}, "touches of signals"
    if "reading" in recipe: return [r for session in s["sessions"] for r in session_readings(recipe, s, session)]
    terms, made, excluded = recipe["model"]["terms"], [], [e["row"] for e in s["excluded"]]
    assert all(row < len(s["rows"]) for row in excluded), "an excluded row that is not there"
    for i, row in enumerate(s["rows"]):  # 4.2
        texts, y = [row[f] for f in features_of(terms)], row.get(recipe["model"]["target"], "")
        x = term_values(terms, row) if all(texts) else None
        fitted, session = all(texts) and y != "" and i not in excluded, (s["name"], row.get(s["session_column"]))
        made.append(Reading([s["name"], str(i)], texts, x, row, y, session, fitted, False, not all(texts), i in excluded))
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
    return {"n": n, "dof": dof, "coefficient": dict(zip(terms, b)), "rss": rss, "residual_sd": s2, "covariance": c,
            "standard_error": {t: c and c[j][j] for j, t in enumerate(terms)},
            "r_squared": 1 - rss / sst if sst else None, "variance": variance}
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
    units = {c: sets[0]["units"][c] for c in [target, *features_of(terms)]}
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
    if check and check["rmse"] is None: reasons["validation"] = "fold-rank-deficient"
    def show(key, q): return digits(q, recipe["fit"]["digits"], key in ROOTS) if isinstance(q, Fraction) else q
    def ends(f, end): return exact(end(Fraction(r.inputs[f]) for r in rows), 128)
    r_squared = show("r_squared", made["r_squared"])
    about = "mean" if "1" in terms and recipe["model"]["tare"] != "model" else "zero"
    if second and r_squared: r_squared = {"value": r_squared, "about": about}
    return {**made, **(check or {}), "recipe": recipe, "units": units}, dumps({
        "format": f"openweigh.weights/{2 if second else 1}", **{key: chosen[key] for key in ("name", "version", "title", "licence")},
        "applies_to": {**{key: value for pad in pads[:1] for key, value in pad.items()}, "columns": [{"name": c, "unit": u} for c, u in units.items()]},
        "recipe": recipe, "terms": [{"term": t, "coefficient": show("coefficient", made["coefficient"][t]),
                                     "standard_error": show("standard_error", made["standard_error"][t])} for t in terms],
        "covariance": made["covariance"] and [[show("covariance", v) for v in row] for row in made["covariance"]],
        **{key: show(key, made[key]) for key in ("residual_sd", "dof", "rss")}, "r_squared": r_squared,
        "range": [{"feature": f, "min": ends(f, min), "max": ends(f, max)} for f in features_of(terms)],
        "validation": check and {key: show(key, v) for key, v in check.items()},
        **({"components": []} if second else {}), "undefined": [{"quantity": q, "reason": r} for q, r in reasons.items()],
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
    k, features, texts = Fraction(recipe["result"].get("coverage", 1)), features_of(terms), [t["coefficient"] for t in weights["terms"]]
    sums = [[*row, c] for row, c in zip([*normal["xtx"], normal["xty"]], [*normal["xty"], normal["yty"]])]
    fitted = statistics([[Fraction(v) for v in row] for row in sums], normal["n"], recipe)
    first, last = [part.split(",") for part in (COLUMNS_2 if second else COLUMNS)[per]]
    lines, cells, errors = [[*first, *features, *last, "flags"]], {}, []
    for s in sets:
        assert all(s["units"].get(c["name"], c["unit"]) == c["unit"] for c in weights["applies_to"]["columns"]), "units"
        applies = {key: value for key, value in weights["applies_to"].items() if key != "columns"}
        assert all(device(recipe, session) == applies for session in s["sessions"]), "another pad, or other channels"
        for r in readings(recipe, s):
            value, u, error, outside = "", "", "", False
            if r.x is not None:
                value = predict(texts, r.x, decimals)
                if fitted["dof"]: u = places(k * k * fitted["variance"](r.x), decimals, sqrt=True)
                if r.y: error = places(Fraction(value) - Fraction(r.y), max(decimals, len(r.y.partition(".")[2])))
                outside = any(not Fraction(e["min"]) <= Fraction(r.inputs[e["feature"]]) <= Fraction(e["max"]) for e in weights["range"])
            flags = "+".join(flag for flag, is_set in (("saturated", r.saturated), ("extrapolated", outside), ("gap", r.gap), ("excluded", r.excluded)) if is_set)
            uncertain = [u, str(fitted["dof"]) if u else "", "", ""] if second else [u]
            lines.append([*r.cells, *r.texts, *[value, *uncertain, r.y, error][:len(last)], flags])
            if per != "frame":
                cells[tuple(r.cells[:3])] = {last[0]: value, "expanded_u": "" if second else u}
                errors += [Fraction(error)] if error else []
    return {**error_figures(errors), "n": len(errors), "cells": cells, "recipe": recipe}, "".join(",".join(line) + "\n" for line in lines)
# ---- 7 and 8: manifests
def claimed(c, made):  # 7.3
    over, key, unit, published = c["over"], c["quantity"], made["recipe"]["result"]["unit"], (c["value"], c["unit"])
    place = tuple(str(over[part]) for part in ("dataset", "row", "session", "weighing") if part in over)
    q = made["cells"][place][key] if place else made[key]
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
# ---- 3.2 to 3.7, 4.7 and 4.8: sessions
READING = dict(per="weighing", touches="sum", states=["touching"], settle_s="0", statistic="mean", decimals=6, ceiling=None)
STATES = "not-tracking start-in-range hover make-touch touching break-touch linger out-of-range"
COUNT, INTEGER = "0|[1-9][0-9]*", "(?:0|-?[1-9][0-9]*)?"
TOUCHES = {**dict.fromkeys("frame device_frame device_s arrival_ns touch state finger hand x y vx vy total pressure angle major minor "
                           "x_mm y_mm vx_mm vy_mm field14 field15 density".split(), CELLS["number"]),
           **dict.fromkeys("device_frame arrival_ns touch finger hand field14 field15".split(), INTEGER),
           "frame": COUNT, "state": f"(?:{STATES.replace(' ', '|')})?"}
EVENTS = {"after_frame": f"(?:{COUNT})?", "kind": "gap|dropped|sleep|wake|device-lost|note", "detail": CELLS["text"]}
WEIGHINGS = {"weighing": CELLS["text"], "role": "tare|reference|unknown", "label": CELLS["text"], "first_frame": COUNT, "last_frame": COUNT,
             "tare": CELLS["text"], "reference_g": CELLS["number"], "reference_u_g": CELLS["number"]}
WEIGHINGS_2 = {**WEIGHINGS, "reference": CELLS["text"], "series": CELLS["text"], "direction": "(?:up|down)?", "position": CELLS["text"],
               "hold_s": CELLS["number"]}
def span(w): return range(int(w["first_frame"]), int(w["last_frame"]) + 1)
def device(recipe, session):  # 5, what `applies_to` says of it
    if session["channels"] is None: return {"pad": session["pad"]}
    channels = {channel["name"]: channel for channel in session["channels"]}
    return {"channels": [channels[f] for f in features_of(recipe["model"]["terms"])]}
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
        channels = head.get("channels")
        assert (channels is not None) == signals, "channels"
        columns = {"sample": COUNT, "device_s": CELLS["number"], "arrival_ns": INTEGER, **{c["name"]: CELLS["number"] for c in channels}} if signals else TOUCHES
        rows, weighings = table(part["samples" if signals else "touches"], columns), table(weighings, WEIGHINGS_2 if second else WEIGHINGS)
        number = "sample" if signals else "frame"
        counted = {"frames": len({row[number] for row in rows}), "touches": 0 if signals else sum(row["touch"] != "" for row in rows)}
        counted["gaps"] = sum(row["kind"] != "note" for row in table(events, EVENTS))
        assert dumps(head).encode() == data and head["id"] == name and counted.items() <= head["quality"].items(), "session.json"
        frames = [list(rows) for _, rows in itertools.groupby(rows, key=lambda row: int(row[number]))]
        assert [int(rows[0][number]) for rows in frames] == [*range(len(frames))] and not (signals and len(frames) < len(rows)), "frames"
        inside = [i for w in weighings for i in span(w)]
        assert all(map(span, weighings)) and inside == sorted({*inside} & {*range(len(frames))}), "weighings share a frame"
        sessions.append({"id": name, "channels": channels, "frames": frames, "events": table(events, EVENTS), "weighings": weighings,
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
def session_readings(recipe, s, session):
    dataset, left_out = s["name"], [e["weighing"] for e in s["excluded"] if e["session"] == session["id"]]
    assert {*left_out} <= {w["weighing"] for w in session["weighings"]}, "an excluded weighing that is not there"
    reading, tare, terms = recipe["reading"], recipe["model"]["tare"], recipe["model"]["terms"]
    features, settle, frames, masses = features_of(terms), Fraction(reading["settle_s"]), {}, {}
    times = [rows[0]["device_s"] and Fraction(rows[0]["device_s"]) for rows in session["frames"]]
    def texts_of(values): return [canonical(nearest(v, reading["decimals"], False), reading["decimals"]) for v in values]
    for i, rows in enumerate(session["frames"]):  # 4.7, frames: those that count
        if session["channels"] is not None:
            values = [Fraction(rows[0][f]) if rows[0][f] else None for f in features]
            full = bool(values) and None not in (reading["ceiling"], values[0]) and abs(values[0]) >= Fraction(reading["ceiling"])
            frames[i] = Frame(i, times[i], values, full, None in values)
        elif touches := [t for t in rows if t["state"] in reading.get("states", ["touching"])]:
            *values, pressure = [frame_value(touches, f, reading.get("touches", "sum")) for f in [*features, "pressure"]]
            full = None not in (reading["ceiling"], pressure) and pressure >= Fraction(reading["ceiling"])
            frames[i] = Frame(i, times[i], values, full, None in values)
    for w in session["weighings"]:  # 4.7, weighings
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
        role, x, inputs = m and m.row["role"], None, None
        other = masses[m.row["tare"]] if tare != "none" and role in ("reference", "unknown") else None
        if texts is not None and role != "tare" and (tare == "none" or other and other.texts is not None):
            inputs, less = dict(zip(features, texts)), dict(zip(features, other.texts if other else []))
            if tare == "signal": inputs = {f: Fraction(v) - Fraction(less[f]) for f, v in inputs.items()}
            x = term_values(terms, inputs)
            if tare == "model": x = [v - w for v, w in zip(x, term_values(terms, less))]
        if other: saturated, gap = saturated or other.saturated, gap or other.gap
        excluded = m is not None and (m.row["weighing"] in left_out or tare != "none" and m.row["tare"] in left_out)
        fitted = x is not None and role == "reference" and settled and not saturated and not excluded
        return Reading([dataset, session["id"], *cells], texts or [""] * len(features), x, inputs, m.row["reference_g"] if m else "",
                       (dataset, session["id"]), fitted, saturated, gap, excluded)
    if reading["per"] == "weighing":
        return [made([name, m.row["role"], m.row["label"], str(m.n)], m.texts, m, True, m.saturated, m.gap) for name, m in masses.items()]
    home = {i: m for m in masses.values() for i in span(m.row)}
    return [made([str(i)], None if f.gap else texts_of(f.values), home.get(i), i in home and i in home[i].settled, f.saturated, f.gap)
            for i, f in frames.items()]
def main(root):
    release = (root / "manifest.json").is_file()  # 10.1: a release has one manifest, and its checksums are of every file
    folder = root if release else root / "manifests"
    counts, sums, pinned = collections.Counter(), "", folder / "SHA256SUMS"
    for path in [root / "manifest.json"] if release else sorted(folder.glob("*.json")):
        data = path.read_bytes()
        sums += f"{sha256(data)}  {path.name}\n"
        item(counts, "manifest", path.name, lambda: difference(data.decode(), dumps(json.loads(data))))
        check(root, json.loads(data), counts)
    if release:
        listed = [line.split("  ", 1)[1] for line in pinned.read_text().splitlines()]
        sums = "".join(f"{sha256((root / path).read_bytes())}  {path}\n" for path in listed if (root / path).is_file())
    item(counts, "sums", str(pinned), lambda: difference(pinned.read_text() if pinned.exists() else sums, sums) if sums else "no manifest")
    return print(f"{counts['weights'] + counts['results']} derived, {counts['claim']} claims, {counts['failed']} failed") or counts["failed"] > 0
if __name__ == "__main__": sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)))
