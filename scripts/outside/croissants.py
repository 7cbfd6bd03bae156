"""mlcroissant on many releases in one process, since it takes seconds to start: a JSON list of verdicts."""

import itertools
import json
import logging
import pathlib
import sys


def verdicts(release: str) -> dict:
    """What `validate` and `load` say: none if nothing, else the error's last line."""
    import mlcroissant

    said = {"release": release, "validate": None, "load": None, "records": 0}
    path = pathlib.Path(release) / "croissant.json"
    try:
        dataset = mlcroissant.Dataset(jsonld=str(path))
    except Exception as error:  # noqa: BLE001 - whatever it raises is its verdict
        return said | {"validate": str(error), "load": "not valid"}
    for record_set in json.loads(path.read_text())["recordSet"]:
        try:
            said["records"] += sum(1 for _ in itertools.islice(dataset.records(record_set["@id"]), 2))
        except Exception as error:  # noqa: BLE001
            said["load"] = f"{record_set['@id']}: {error}"
            break
    return said


logging.disable(logging.WARNING)
print(json.dumps([verdicts(release) for release in sys.argv[1:]]))
