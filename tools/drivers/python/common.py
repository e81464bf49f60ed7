"""What the Python driver programs share: the literals, and the scenario's reporting."""

import os
import pathlib
import resource

LITERALS = [tuple(line.rstrip("\n").split("\t")) for line in
            (pathlib.Path(__file__).parents[1] / "literals.tsv").read_text().splitlines()]
PARAMETERS = {"host": os.environ["PGHOST"], "port": int(os.environ["PGPORT"]), "user": os.environ["PGUSER"],
              "password": os.environ["PGPASSWORD"]}
DATABASE = os.environ["PGDATABASE"]
TLS = os.environ["PGSSLMODE"] == "require"
STREAM_ROWS = 300_000
STREAM_BYTES_MAX = 40 << 20


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def expect(condition, what):
    if not condition:
        raise AssertionError(what)
