"""The cache of rocrate-validator, filled by hand: it wants the JSON-LD contexts from the web, and there is none here.

The file that PyPI's `rocrate` carries is the context of RO-Crate 1.3, which knows all terms of 1.1 that we use.
"""

import io
import pathlib
import sys

import requests
import requests_cache
import rocrate

CONTEXTS = [
    "https://w3id.org/ro/crate/1.1/context",
    "https://w3id.org/ro/terms/workflow-run/context",
]


class Shelf(requests.adapters.BaseAdapter):
    """Answers every request with the context."""

    def __init__(self):
        super().__init__()
        self.text = (pathlib.Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld").read_bytes()

    def send(self, request, **_):
        answer = requests.Response()
        answer.status_code, answer.url, answer.request = 200, request.url, request
        answer.headers["Content-Type"] = "application/ld+json"
        from urllib3 import HTTPResponse

        answer.raw = HTTPResponse(
            body=io.BytesIO(self.text), status=200, headers=dict(answer.headers), preload_content=False
        )
        return answer

    def close(self):
        pass


def fill(cache: str) -> None:
    session = requests_cache.CachedSession(cache_name=cache, backend="sqlite", expire_after=-1)
    session.mount("https://", Shelf())
    for url in CONTEXTS:
        session.get(url)


fill(sys.argv[1])
