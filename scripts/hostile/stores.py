"""Stores that somebody else writes in, and registries that want passwords: a withdrawal is never dropped without a word,
and a password goes to the host that it was set for."""

import base64
import hashlib
import http.server
import json
import os
import shutil
import threading

from scene import document, snapshot, verdict


def digest(data):
    return hashlib.sha256(data).hexdigest()


def blob(store, data):
    (store / "blobs/sha256" / digest(data)).write_bytes(data)
    return {"mediaType": "application/json", "digest": f"sha256:{digest(data)}", "size": len(data)}


def index(store):
    return json.loads((store / "index.json").read_text())


def put_index(store, document):
    (store / "index.json").write_text(json.dumps(document))


def referrers(store):
    """The list of what refers to the release, as a layout keeps it: its entry in the index, and its document."""
    listed = index(store)
    entry = next(one for one in listed["manifests"] if one["annotations"]["org.opencontainers.image.ref.name"].startswith("sha256-"))
    return listed, entry, json.loads((store / "blobs/sha256" / entry["digest"][7:]).read_text())


def add(store, titles, content, kind="application/vnd.openweigh.attestation.v1", last=False):
    """Lists more that refers to the release, as anybody may who can push."""
    listed, entry, document = referrers(store)
    model = json.loads((store / "blobs/sha256" / document["manifests"][0]["digest"][7:]).read_text())
    for number, title in enumerate(titles):
        layer = {**blob(store, content(number)), "annotations": {"org.opencontainers.image.title": title}}
        manifest = json.dumps({**model, "artifactType": kind, "layers": [layer]}).encode()
        described = {**blob(store, manifest), "mediaType": "application/vnd.oci.image.manifest.v1+json", "artifactType": kind}
        document["manifests"].insert(len(document["manifests"]) if last else 0, described)
    changed = blob(store, json.dumps(document).encode())
    entry["digest"], entry["size"] = changed["digest"], changed["size"]
    put_index(store, listed)


class Registry:
    """A registry that asks for a password, and remembers who told one."""

    def __init__(self, realm=None):
        told = self.told = []

        class Front(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                if self.headers.get("Authorization"):
                    told.append((self.server.server_port, self.headers["Authorization"]))
                self.send_response(401)
                asked = f'Bearer realm="{realm}",service="x"' if realm else 'Basic realm="x"'
                self.send_header("WWW-Authenticate", asked)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_HEAD = do_PUT = do_GET

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Front)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.host = f"127.0.0.1:{self.server.server_port}"


def attack(scene, every):
    wrong, count = [], 0

    def fresh():
        nonlocal count
        place = scene.copy(f"store-{count}")
        count += 1
        ledger = place / "ledger"
        scene.must(ledger, "withdraw", "release", "--reason", "The mass was 52 g.", "--key", scene.folder / "alice")
        scene.must(ledger, "push", "release", "oci:store")
        (withdrawal,) = (ledger / "attest" / scene.id).iterdir()
        return place, ledger, withdrawal

    def pulled(what, prepare, codes=(0,), says=(), then=(1,)):
        """Pulls elsewhere, and verifies what came."""
        place, ledger, withdrawal = fresh()
        prepare(ledger / "store", withdrawal)
        before = snapshot(place / "outside")
        far = place / "far"
        far.mkdir()
        for more in ((), ("-q",), ("--json",)):
            shutil.rmtree(far)
            far.mkdir()
            done = scene.run(ledger, *more, "pull", "oci:store", "../far/release")
            wrong.extend(verdict(f"{what} {more}", done, codes, says if codes != (0,) else ()))
        if then is not None:
            wrong.extend(verdict(f"{what}, verified", scene.run(far, "verify", "release"), then, ["withdrawn"] if then == (1,) else ()))
        statements = list((far / "attest" / scene.id).glob("*")) if far.exists() else []
        for one in statements:
            if one.name != f"{digest(one.read_bytes())}.json":
                wrong.append(f"{what}: {one.name} is not called by its digest")
        if before != snapshot(place / "outside"):
            wrong.append(f"{what}: outside was changed")
        shutil.rmtree(place)

    title = lambda withdrawal: withdrawal.name
    noise = lambda number: f'{{"junk": {number}}}'.encode()
    pulled("a withdrawal", lambda store, own: None)
    pulled("junk titled like the withdrawal", lambda store, own: add(store, [title(own)] * 3, noise))
    pulled("junk titled like the withdrawal, listed later", lambda store, own: add(store, [title(own)] * 3, noise, last=True))
    pulled("400 pieces of junk", lambda store, own: add(store, [f"a-{n}.json" for n in range(400)], noise))
    pulled("large junk", lambda store, own: add(store, [f"a-{n}.json" for n in range(20)], lambda n: b"[" * (4 << 20) + noise(n)))
    pulled("titles that lead out", lambda store, own: add(store, ["../../../outside/authorized_keys", "/etc/x.json", "a/b.json", ""], noise))
    pulled("artifacts of others", lambda store, own: add(store, ["sbom.json"] * 5, noise, kind="application/spdx+json"))
    lost = ["it could withdraw the release"]

    def damaged(store, own):
        (store / "blobs/sha256" / digest(own.read_bytes())).write_bytes(b"x" * own.stat().st_size)

    def missing(store, own):
        (store / "blobs/sha256" / digest(own.read_bytes())).unlink()

    def manifest_of(store):
        return store / "blobs/sha256" / referrers(store)[2]["manifests"][0]["digest"][7:]

    pulled("a withdrawal that was damaged", damaged, (4,), ["could withdraw", "not_checkable"][:0], None)
    pulled("a withdrawal that is not there", missing, (4,), (), None)
    pulled("a withdrawal whose manifest is not there", lambda store, own: manifest_of(store).unlink(), (4,), (), None)
    pulled("a withdrawal behind a link", lambda store, own: (missing(store, own), (store / "blobs/sha256" / digest(own.read_bytes())).symlink_to(own)),
           (4,), (), None)
    pulled("a withdrawal in a pipe", lambda store, own: (missing(store, own), os.mkfifo(store / "blobs/sha256" / digest(own.read_bytes()))), (4,), (), None)
    pulled("more than is looked at", lambda store, own: add(store, [f"a-{n}.json" for n in range(1005)], noise), (4,), (), None)

    def second_list(store, own):
        """A second list under the tag of the first, which is empty and stands before it."""
        listed, entry, document = referrers(store)
        nothing = blob(store, json.dumps({**document, "manifests": []}).encode())
        listed["manifests"].insert(0, {**entry, **nothing, "mediaType": entry["mediaType"]})
        put_index(store, listed)

    pulled("a second list of what refers to it, first", second_list)

    def other_cards(store, own):
        """The tag leads to another image of the same release: what refers to the first is about its manifest, too."""
        listed = index(store)
        (entry,) = [one for one in listed["manifests"] if not one["annotations"]["org.opencontainers.image.ref.name"].startswith("sha256-")]
        image = json.loads((store / "blobs/sha256" / entry["digest"][7:]).read_text())
        image["annotations"]["org.opencontainers.image.title"] += ", reworded"
        other = blob(store, json.dumps(image).encode())
        listed["manifests"].append({**entry, "annotations": {"org.opencontainers.image.ref.name": "before"}})
        entry["digest"], entry["size"] = other["digest"], other["size"]
        put_index(store, listed)
        for one in listed["manifests"]:
            tag = one["annotations"]["org.opencontainers.image.ref.name"]
            if not tag.startswith("sha256-") and tag != "before":
                one["annotations"]["org.opencontainers.image.ref.name"] = "1.0.0"

    def pulled_by_tag(what, prepare, tag, codes, then):
        place, ledger, withdrawal = fresh()
        prepare(ledger / "store", withdrawal)
        far = place / "far"
        far.mkdir()
        wrong.extend(verdict(what, scene.run(ledger, "pull", f"oci:store:{tag}", "../far/release"), codes))
        if then is not None:
            wrong.extend(verdict(f"{what}, verified", scene.run(far, "verify", "release"), then, ["withdrawn"]))
        shutil.rmtree(place)

    pulled_by_tag("another image of the same release", other_cards, "1.0.0", (0,), (1,))

    def many(store, own):
        other_cards(store, own)
        listed = index(store)
        template = listed["manifests"][0]
        listed["manifests"] += [{**template, "digest": f"sha256:{at:064x}", "annotations": {}} for at in range(1_001)]
        put_index(store, listed)

    pulled_by_tag("more images than are looked at", many, "1.0.0", (4,), None)

    def junk_about_the_other(store, own):
        """A second list about the other image, which is not there: the release comes, and that something may be missing is told."""
        other_cards(store, own)
        listed, entry, document = referrers(store)
        listed["manifests"].insert(0, {**entry, "digest": "sha256:" + "0" * 64})
        put_index(store, listed)

    pulled_by_tag("a list about another image that is not there", junk_about_the_other, "1.0.0", (4,), None)

    def twice(store, own):
        listed = index(store)
        (entry,) = [one for one in listed["manifests"] if not one["annotations"]["org.opencontainers.image.ref.name"].startswith("sha256-")]
        entry["annotations"]["org.opencontainers.image.ref.name"] = "1.0.0"
        other = blob(store, (store / "blobs/sha256" / entry["digest"][7:]).read_bytes() + b"\n")
        listed["manifests"].append({**entry, "digest": other["digest"], "size": other["size"]})
        put_index(store, listed)

    pulled_by_tag("a tag that stands twice", twice, "1.0.0", (3,), None)

    # Pipes, devices and links in the place of what a store is made of: refused, and the release does not appear.
    for path in ("oci-layout", "index.json", "blobs", "blobs/sha256"):
        for kind in ("link", "zero", "pipe"):
            place, ledger, withdrawal = fresh()
            at, moved = ledger / "store" / path, place / "outside/moved"
            shutil.move(at, moved)
            if kind == "pipe":
                os.mkfifo(at)
            else:
                at.symlink_to("/dev/zero" if kind == "zero" else moved)
            before = snapshot(place / "outside")
            for words in (("pull", "oci:store", "pulled"), ("push", "release", "oci:store:2")):
                wrong.extend(verdict(f"{kind} at store/{path}: {words[0]}", scene.run(ledger, *words), (3,)))
            if (ledger / "pulled").exists() or before != snapshot(place / "outside"):
                wrong.append(f"{kind} at store/{path}: something was written")
            shutil.rmtree(place)

    # Passwords. A build without its feature network reaches no registry.
    if "this build of the program reaches no registry" in scene.run(scene.folder, "pull", "oci://localhost:1/a:1", "pulled").text:
        print("passwords are not tried: this program was built without --features network", flush=True)
        return count, wrong
    login = {"OPENWEIGH_REGISTRY_USER": "ada", "OPENWEIGH_REGISTRY_PASSWORD": "secret", "DOCKER_CONFIG": str(scene.folder / "nowhere")}
    basic = "Basic " + base64.b64encode(b"ada:secret").decode()
    plain, tokens = Registry(), Registry()
    behind = Registry(f"http://localhost:{tokens.server.server_port}/token")
    place, ledger, _ = fresh()
    for what, registry, more, env, code, told in (
        ("a password for no registry", plain, (), {}, 2, []),
        ("a password for another registry", plain, (), {"OPENWEIGH_REGISTRY_HOST": "registry.example.org"}, 3, []),
        ("a password for this registry", plain, (), {"OPENWEIGH_REGISTRY_HOST": plain.host}, 3, [basic]),
        ("a place for tokens elsewhere", behind, (), {"OPENWEIGH_REGISTRY_HOST": behind.host}, 3, []),
        ("a place for tokens elsewhere, another named", behind, ("--token-host", "auth.example.org"), {"OPENWEIGH_REGISTRY_HOST": behind.host}, 3, []),
        ("a place for tokens elsewhere, named", behind, ("--token-host", f"localhost:{tokens.server.server_port}"),
         {"OPENWEIGH_REGISTRY_HOST": behind.host}, 3, [basic]),
    ):
        count += 1
        for one in (plain, tokens, behind):
            one.told.clear()
        done = scene.run(ledger, "pull", f"oci://{registry.host}/a/b:1", "pulled", *more, env={**login, **env})
        wrong.extend(verdict(what, done, (code,)))
        heard = sorted({text for one in (plain, tokens, behind) for _, text in one.told})
        if heard != told or "secret" in done.text:
            wrong.append(f"{what}: told {heard}")
    return count, wrong
