"""Reads sqllogictest suites as plain SQL, for tools that compare servers or record results."""

import re

from sqlsplit import split

# What suites in sqllogictest/suites ask of the server they are recorded from and played against.
SUITE_SETTINGS = ["max_prepared_transactions=3"]


def statements(path):
    """Yields (line number, SQL, COPY data or None) of a .sql or a .test file. Records skipped for postgresql are left out."""
    text = path.read_text(errors="replace")
    if path.suffix != ".test":
        yield from split(text)
        return
    lines = text.splitlines()
    at, applies = 0, True
    while at < len(lines):
        words = lines[at].split()
        if not words or words[0].startswith("#") or words[0] == "hash-threshold":
            at += 1
            continue
        if words[0] == "halt":
            return
        if words[0] in ("skipif", "onlyif"):
            applies = applies and (words[1] == "postgresql") == (words[0] == "onlyif")
            at += 1
            continue
        start = at = at + 1
        while at < len(lines) and lines[at].strip() and lines[at] != "----":
            at += 1
        if applies:
            yield start + 1, "\n".join(lines[start:at]), None
        while at < len(lines) and lines[at].strip():
            at += 1
        applies = True


def comments(path):
    """The comment lines at the head of a suite."""
    head = []
    for line in path.read_text().splitlines():
        if not re.match(r"(#|--)", line):
            break
        head.append("# " + re.sub(r"^(#|--)\s*", "", line))
    return head
