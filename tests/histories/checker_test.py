#!/usr/bin/python3
"""Tests the history checker: planted/*.txt alone and hidden in large good histories, anomalies planted into these, and that good ones give
nothing."""

import argparse
import pathlib
import random
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "tools/lib")]

from history_checker import planting  # noqa: E402
from history_checker.checker import check  # noqa: E402
from history_checker.history import History  # noqa: E402
from history_checker.levels import forbids  # noqa: E402
from simulator import Simulator  # noqa: E402
from text_history import TextHistory  # noqa: E402

TRANSACTIONS = 400  # of a large history
failures = []


def expect(what, right, report):
    if not right:
        failures.append(what)
        print(f"FAILED: {what}\n{report.summary()}\n{report.details()}\n")


def check_planted(path, large, everywhere):
    text = TextHistory(path.read_text())
    for level, (found, allowed) in text.expected.items():
        what = f"{path.stem} at {level}"
        report = check(text.history(level))
        names = set(report.names())
        expect(what, found <= names and (found or not names) and allowed <= report.allowed.keys(), report)
        expect(f"{what}: is forbidden there", all(forbids(level, name) for name in names), report)
        expect(f"{what}: is allowed there", not any(forbids(level, name) for name in report.allowed if not names), report)
        if level != list(text.expected)[-1] and not everywhere:
            continue
        report = check(planting.hide(text.history(level), large[level]))
        names = set(report.names())
        expect(f"{what}, hidden", found <= names and (found or not names), report)


def check_planting(make, level, seed):
    """Every way to plant an anomaly, at a random place of the good history that make() gives."""
    for number, plant in enumerate(planting.WAYS):
        history = make()
        expected = plant(history, random.Random(seed * 1000 + number))
        what = f"{plant.__name__} at {level}, seed {seed}"
        if expected is None:
            failures.append(f"{what}: no place for it")
            continue
        report = check(History(history.header, history.transactions))
        expect(f"{what}: {' or '.join(expected)}", not expected.isdisjoint(report.names()), report)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="how many large histories of each level")
    parser.add_argument("--recorded", metavar="FILE", help="plant anomalies into this history, and nothing else")
    parser.add_argument("names", nargs="*", help="play only these of planted/")
    arguments = parser.parse_args()
    if arguments.recorded:
        for seed in range(1, arguments.seeds + 1):
            check_planting(lambda: History.read(arguments.recorded), History.read(arguments.recorded).header["level"], seed)
        return verdict()
    large = {}
    for level in ("rc", "rr", "s"):
        for seed in range(1, arguments.seeds + 1):
            large[level] = Simulator(level, seed).run(TRANSACTIONS)
            report = check(large[level])
            expect(f"a good history at {level}, seed {seed}", not report.anomalies, report)
            expect(f"allowed anomalies at {level}, seed {seed}", bool(report.allowed) == (level != "s"), report)
    for path in sorted((HERE / "planted").glob("*.txt")):
        if not arguments.names or path.stem in arguments.names:
            check_planted(path, large, arguments.seeds > 1)
    if not arguments.names:
        for level in large:
            for seed in range(1, arguments.seeds + 1):
                check_planting(lambda: Simulator(level, seed).run(TRANSACTIONS), level, seed)
    return verdict()


def verdict():
    print("FAILED:" if failures else "passed", *failures, sep="\n  ")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
