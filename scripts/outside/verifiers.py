"""Each verifier of other people's as a function of a release: it returns in peace, or raises `Refused`."""

import json
import pathlib
import subprocess
import sys

from releases import BIN, NAMESPACE, OPENWEIGH, ROOT, WHO, Keys, Refused, bundle, run, sessions

HERE = pathlib.Path(__file__).parent
PROGRAM = [OPENWEIGH]

SCHEMAS = ROOT / "docs/spec/schemas"


def sums(release: pathlib.Path, keys: Keys) -> None:
    run("sha256sum", "-c", "--strict", "--quiet", "SHA256SUMS", cwd=release)


def sshsig(release: pathlib.Path, keys: Keys) -> None:
    words = ["-f", keys.signers, "-I", WHO, "-n", NAMESPACE, "-s", release / "SHA256SUMS.sig"]
    run("ssh-keygen", "-Y", "verify", *words, stdin=(release / "SHA256SUMS").read_text())


def oms(release: pathlib.Path, keys: Keys) -> None:
    words = ["--signature", bundle(release), "--public_key", keys.ec_public]
    run(BIN / "model_signing", "verify", "key", release, *words)


def frictionless(release: pathlib.Path, keys: Keys) -> None:
    report = json.loads(run(BIN / "frictionless", "validate", "datapackage.json", "--json", cwd=release))
    described = len(json.loads((release / "datapackage.json").read_text())["resources"])
    if not report["valid"] or len(report["tasks"]) != described or report["warnings"]:
        raise Refused(f"frictionless: {report['stats']}, {described} tables described")


def schemas(release: pathlib.Path, keys: Keys) -> None:
    found = {
        "manifest": [release / "manifest.json"],
        "weights": sorted(release.glob("artifacts/weights/*.json")),
        "dataset": sorted(release.glob("datasets/*/dataset.json")),
        "session": sorted(release.glob("datasets/*/sessions/*/session.json")),
        "withheld": sorted(release.glob("withheld.json")),
    }
    run(BIN / "check-jsonschema", "--check-metaschema", *sorted(SCHEMAS.glob("*.schema.json")))
    for kind, files in found.items():
        by_schema: dict = {}
        for file in files:
            by_schema.setdefault(schema_of(kind, file), []).append(file)
        for schema, held in by_schema.items():
            run(BIN / "check-jsonschema", "--schemafile", schema, *held)


def schema_of(kind: str, file: pathlib.Path) -> pathlib.Path:
    """The schema of a file: that of its version, where the version has one of its own."""
    version = json.loads(file.read_text())["format"].rsplit("/", 1)[1]
    own = SCHEMAS / f"{kind}-{version}.schema.json"
    return own if own.exists() else SCHEMAS / f"{kind}.schema.json"


def citation(release: pathlib.Path, keys: Keys) -> None:
    schema = "vendor.citation-file-format"
    run(BIN / "check-jsonschema", "--builtin-schema", schema, release / "CITATION.cff")


def card(release: pathlib.Path, keys: Keys) -> None:
    """The Hub's own library reads the card, and finds as many results as the card's front matter states."""
    from huggingface_hub import ModelCard

    data = ModelCard.load(release / "README.md").data
    stated = [result for model in data.to_dict().get("model-index", []) for result in model["results"]]
    metrics = sum(len(result["metrics"]) for result in stated)
    found = len(data.eval_results or [])
    if not data.license or metrics != found:
        raise Refused(f"huggingface_hub: licence {data.license}, {found} of {metrics} results")


def contexts(keys: Keys) -> pathlib.Path:
    """The cache of contexts, filled if it is not there yet."""
    cache = keys.ssh.parent / "contexts"
    if not cache.with_suffix(".sqlite").exists():
        run(sys.executable, HERE / "crates.py", cache)
    return cache


def crate(release: pathlib.Path, keys: Keys) -> None:
    cache = contexts(keys)
    profile = ["--no-paging", "--offline", "--cache-path", cache, "-p", "process-run-crate-0.5"]
    run(BIN / "rocrate-validator", "--disable-color", "-y", "validate", *profile, release)


def reuse(release: pathlib.Path, keys: Keys) -> None:
    run(BIN / "reuse", "--root", release, "lint")


def croissants(releases: list[pathlib.Path]) -> list[dict]:
    words = [sys.executable, str(HERE / "croissants.py"), *map(str, releases)]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        raise Refused(f"mlcroissant: {done.stderr.strip().splitlines()[-1:]}")
    return json.loads(done.stdout.splitlines()[-1])


def croissant(release: pathlib.Path, keys: Keys) -> None:
    (said,) = croissants([release])
    if said["validate"] or said["load"] or not said["records"]:
        raise Refused(f"mlcroissant: {said}")


def statements(release: pathlib.Path, keys: Keys) -> None:
    """in-toto's library validates each statement of provenance, and refuses one without a digest."""
    from google.protobuf import json_format
    from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
    from in_toto_attestation.v1 import statement, statement_pb2

    def validate(wire: dict) -> None:
        parsed = json_format.ParseDict(wire, statement_pb2.Statement())
        statement.Statement.copy_from_pb(parsed).validate()
        json_format.ParseDict(wire["predicate"], provenance_pb2.Provenance())

    paths = sorted(release.glob("exports/*.slsa.json"))
    if not paths:
        raise Refused("no statement of provenance")
    for path in paths:
        wire = json.loads(path.read_text())
        validate(wire)
        wire["subject"][0]["digest"] = {}
        try:
            validate(wire)
        except Exception:  # noqa: BLE001 - any refusal is the right one
            continue
        raise Refused("a statement without a digest was accepted")


def coefficients(release: pathlib.Path, keys: Keys) -> None:
    """The format's own library reads the coefficients, and finds what Python makes of the texts."""
    import numpy
    from safetensors import safe_open

    for path in sorted(release.glob("exports/*.safetensors")):
        weights = json.loads((release / f"artifacts/weights/{path.stem}.json").read_text())
        expected = {"coefficients": [float(term["coefficient"]) for term in weights["terms"]]}
        if weights["covariance"] is not None:
            expected["covariance"] = [[float(cell) for cell in row] for row in weights["covariance"]]
        if all(term["standard_error"] is not None for term in weights["terms"]):
            expected["standard_errors"] = [float(term["standard_error"]) for term in weights["terms"]]
        with safe_open(path, "numpy") as tensors:
            if sorted(tensors.keys()) != sorted(expected):
                raise Refused(f"{path.name}: {sorted(tensors.keys())}")
            for name, numbers in expected.items():
                if not numpy.array_equal(tensors.get_tensor(name), numpy.array(numbers)):
                    raise Refused(f"{path.name}: {name} differs")
            if json.loads(tensors.metadata()["terms"]) != [term["term"] for term in weights["terms"]]:
                raise Refused(f"{path.name}: other terms")


def ours(release: pathlib.Path, keys: Keys) -> None:
    run(*PROGRAM, "-q", "verify", release, *sessions(release))
