# The loops of working here, for `just` (https://just.systems). Each is a script that runs without it, too.

# What is here
default:
    @just --list

# Before a commit: formatting, lints, kernel to verify, the ledger itself
quick:
    .ci/quick

# Everything that CI runs
ci:
    .ci/run

# The second implementation over the ledger, and on every defect
rederive:
    python3 scripts/rederive.py
    scripts/check-defects

# Pages: their commands are run, their outputs rewritten; read the diff
pages:
    OPENWEIGH_WRITE_DOCUMENTS=1 cargo test -p openweigh --test documents
    scripts/check-book

# JSON Schemas from the types; read the diff
schemas:
    OPENWEIGH_WRITE_SCHEMAS=1 cargo test -p openweigh-formats -p openweigh-trust

# Every reader under libFuzzer, SECONDS each
fuzz seconds="3":
    scripts/fuzz {{seconds}}

# Changed bytes, mutated releases, hostile folders
attack:
    scripts/tamper 997
    scripts/mutate 400
    scripts/attack 7

# Side by side with other programs
bench:
    scripts/bench-sessions
    scripts/bench-fit
    scripts/bench-import
