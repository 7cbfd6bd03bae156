"""Who is who: the signer's other keys and names, and one person's several keys, are no independent receipts."""

import shutil
import subprocess

from scene import POLICY, verdict


def attack(scene, every):
    wrong, count = [], 0
    second = scene.folder / "second"
    if not second.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "second", "-f", second], check=True)
    public = {name: " ".join((scene.folder / f"{name}.pub").read_text().split()[:2]) for name in ("alice", "bob", "second")}
    both, release, receipt = ('namespaces="openweigh-release,openweigh-receipt"', 'namespaces="openweigh-release"', 'namespaces="openweigh-receipt"')

    def case(what, signers, keys, wanted, codes, says=()):
        """Receipts by these keys, judged by a list of signers: so many are wanted."""
        nonlocal count
        place = scene.copy(f"people-{count}")
        count += 1
        ledger = place / "ledger"
        for key in keys:
            scene.must(ledger, "receipt", "release", "--key", scene.folder / key)
        (ledger / "allowed_signers").write_text("\n".join(signers) + "\n")
        (ledger / "policy.toml").write_text(POLICY + '[receipts]\nverifiers = ["bob", "carol", "mallory", "alice"]\n')
        done = scene.run(ledger, "verify", "release", "--policy", "policy.toml", "--receipts", wanted)
        wrong.extend(verdict(what, done, codes, says))
        shutil.rmtree(place)

    alice = f"alice {both} {public['alice']}"
    none = ["found 0 independent receipts"]
    case("an independent receipt", [alice, f"bob {both} {public['bob']}"], ["bob"], 1, (0,), ["derived again by bob"])
    case("the signer's own receipt", [alice], ["alice"], 1, (1,), none)
    case("the signer's second key", [alice, f"alice {receipt} {public['second']}"], ["second"], 1, (1,), none)
    case("the signer's second key, for something else under the signer's name",
         [alice, f"alice {release} {public['second']}", f"mallory {receipt} {public['second']}"], ["second"], 1, (1,), none)
    case("the signer's second key, on an expired line", [alice, f'alice valid-before="20200101Z" {public["second"]}', f"mallory {both} {public['second']}"],
         ["second"], 1, (1,), none)
    case("the signer's second key, under a line of both names", [alice, f"alice,mallory {release} {public['alice']}", f"mallory {receipt} {public['second']}"],
         ["second"], 1, (1,), none)
    case("two keys of one person", [alice, f"bob {both} {public['bob']}", f"bob {both} {public['second']}"], ["bob", "second"], 2, (1,), ["1 independent"])
    case("two people", [alice, f"bob {both} {public['bob']}", f"carol {both} {public['second']}"], ["bob", "second"], 2, (0,), ["carol"])
    return count, wrong
