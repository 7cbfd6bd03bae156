"""A ledger that is written by hand."""

import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from rederive import dumps, sha256  # noqa: E402

root = pathlib.Path(__file__).resolve().parent.parent.parent
built = [root / f"target/{profile}/openweigh" for profile in ("release", "debug")]
program = pathlib.Path(os.environ.get("OPENWEIGH") or next(path for path in built if path.exists())).resolve()
CC0 = (root / "LICENSES/CC0-1.0.txt").read_bytes()


class Ledger:
    """A ledger in a folder, written by hand: what the program would refuse to make can be made."""

    def __init__(self, at):
        self.at, self.files, self.derivations, self.claims = pathlib.Path(at), {}, [], []
        self.add("LICENSES/CC0-1.0.txt", "licence", CC0)

    def add(self, path, role, data):
        data = data if isinstance(data, bytes) else data.encode()
        (self.at / path).parent.mkdir(parents=True, exist_ok=True)
        (self.at / path).write_bytes(data)
        self.files[path] = {"path": path, "role": role, "bytes": len(data), "sha256": sha256(data), "licence": "CC0-1.0"}
        return self.files[path]

    def derive(self, kind, inputs, output):
        self.derivations.append({"kind": kind, "inputs": inputs, "outputs": [output], "tool": {"name": "openweigh", "version": "0.1.0"}})

    def dataset(self, name, kind, files, columns=None):
        """files: {path in the folder: (role, bytes)}"""
        listed = []
        for path, (role, data) in sorted(files.items()):
            entry = self.add(f"datasets/{name}/{path}", role, data)
            listed.append({key: entry[key] if key != "path" else path for key in ("path", "role", "bytes", "sha256")})
        head = {"format": "openweigh.dataset/1", "name": name, "version": "1.0.0", "title": "SIMULATED", "description": "", "licence": "CC0-1.0",
                "authors": [], "provenance": {"kind": "simulated", "origin": "made up"}, "kind": kind,
                **({"columns": columns} if columns else {}), "files": listed}
        self.add(f"datasets/{name}/dataset.json", "dataset", dumps(head))

    def table(self, name, header, rows):
        columns = [{"name": column, "unit": None, "type": "number"} for column in header]
        self.dataset(name, "table", {"measurements.csv": ("measurements", ",".join(header) + "\n" + rows)}, columns)

    def recipe(self, name, target, terms, validation="none", decimals=2, digits=17):
        self.add(f"artifacts/recipes/{name}.toml", "recipe", f'format = "openweigh.recipe/1"\nname = "{name}"\n[model]\ntarget = "{target}"\n'
                 f'terms = {json.dumps(terms)}\n[fit]\ndigits = {digits}\nvalidation = "{validation}"\n[result]\ndecimals = {decimals}\n')

    def run(self, *words):
        subprocess.run([program, "-q", *words], cwd=self.at, check=True, stdout=subprocess.DEVNULL)

    def fit(self, name, recipe, *sets, results=False):
        self.run("fit", "--dataset", *sets, "--recipe", recipe, "--name", name, "--version", "1.0.0")
        self.adopt(f"artifacts/weights/{name}-1.0.0.json", "weights")
        inputs = [f"datasets/{one}/dataset.json" for one in sets]
        self.derive("fit", [f"artifacts/recipes/{recipe}.toml", *inputs], f"artifacts/weights/{name}-1.0.0.json")
        if results:
            self.run("replay", "--weights", f"{name}-1.0.0", "--dataset", *sets)
            self.adopt(f"artifacts/results/{name}-1.0.0.csv", "results")
            self.derive("replay", [f"artifacts/weights/{name}-1.0.0.json", *inputs], f"artifacts/results/{name}-1.0.0.csv")

    def adopt(self, path, role):
        self.add(path, role, (self.at / path).read_bytes())

    def claim(self, quantity, over, value, unit=None):
        at = len(self.claims)
        self.claims.append({"id": f"c{at}", "statement": "simulated", "quantity": quantity, "over": over, "value": value, "unit": unit})

    def seal(self, title="SIMULATED"):
        manifest = {"format": "openweigh.manifest/1", "name": "hostile", "version": "1.0.0", "title": title, "previous": None,
                    "files": [self.files[path] for path in sorted(self.files)], "derivations": self.derivations, "claims": self.claims}
        (self.at / "manifests").mkdir(exist_ok=True)
        (self.at / "manifests/hostile-1.0.0.json").write_text(dumps(manifest))
        return "manifests/hostile-1.0.0.json"
