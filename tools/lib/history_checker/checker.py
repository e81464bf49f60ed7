"""Checks a history, and tells what is wrong with it."""

import gc
import time
from collections import Counter

from . import cycles
from .history import LEVELS
from .internal import check_internal
from .items import check_items
from .levels import ANOMALIES
from .lists import check_lists
from .observations import Observations
from .points import Points
from .registers import check_registers

TOLD_MAX = 5        # anomalies of a name that are told in full
OPERATIONS_TOLD_MAX = 40


class Anomaly:
    def __init__(self, name, text, transactions):
        self.name, self.text, self.transactions = name, text, transactions


class Report:
    """`anomalies`: what is forbidden. `allowed`: how many cycles were seen that the level allows, by name; at least so many there are."""

    def __init__(self, history):
        self.history = history
        self.anomalies, self.allowed = [], {}
        self.seconds = 0

    def add(self, name, text, transactions):
        self.anomalies.append(Anomaly(name, text, transactions))

    def names(self):
        return Counter(anomaly.name for anomaly in self.anomalies)

    def summary(self):
        transactions = self.history.transactions
        outcomes = Counter(t.outcome for t in transactions)
        levels = " and ".join(LEVELS[level] for level in LEVELS if any(t.level == level and t.client >= 0 for t in transactions))
        clients = len({t.client for t in transactions if t.client >= 0})
        kept = sum(t.outcome == "u" and t.committed for t in transactions)
        lines = [f"{self.history.operations()} operations in {len(transactions)} transactions of {clients} clients at {levels}: "
                 f"{outcomes['c']} committed, {outcomes['a']} aborted, {outcomes['u']} unknown ({kept} of them seen by others)",
                 "allowed there: " + (", ".join(f"{n} {name}" for name, n in sorted(self.allowed.items())) or "none seen"),
                 "forbidden: " + (", ".join(f"{n} {name}" for name, n in sorted(self.names().items())) or "none"),
                 f"checked in {self.seconds:.1f} s"]
        return "\n".join(lines)

    def details(self):
        told, lines = Counter(), []
        for anomaly in self.anomalies:
            told[anomaly.name] += 1
            if told[anomaly.name] <= TOLD_MAX:
                lines.append(f"\n{anomaly.name}: {ANOMALIES[anomaly.name.removesuffix('-realtime')]}")
                lines += ["  " + line for line in anomaly.text.split("\n")]
                lines += ["    " + _told(transaction) for transaction in anomaly.transactions]
        return "\n".join(lines)


def _told(transaction):
    operations = [" ".join(_operation(o) for o in s.operations) + (f" ({s.error})" if s.error else "") for s in transaction.statements]
    if len(operations) > OPERATIONS_TOLD_MAX:
        operations[OPERATIONS_TOLD_MAX:] = ["..."]
    outcome = {"c": "committed", "a": "aborted", "u": "unknown"}[transaction.outcome]
    return (f"T{transaction.number}, client {transaction.client}, {LEVELS[transaction.level]}, {outcome}, "
            f"{transaction.begin} to {transaction.end[1]}: {'; '.join(operations)}")


def _operation(operation):
    function, key, value, result, lock = operation
    if isinstance(result, list) and len(result) > 12:
        result = f"[... {' '.join(map(str, result[-10:]))}]"
    words = {"a": f"append {value} to {key}", "r": f"read {key}", "w": f"set {key} to {value}", "g": f"get {key}", "i": f"insert {value} in {key}",
             "d": f"delete {value} in {key}", "p": f"items {key}", "n": f"count {key}", "S": "savepoint", "R": "rollback to it", "L": "release it"}
    return words[function] + ("" if result is None else f" = {result}") + (f" for {lock}" if lock else "")


def check(history):
    begun, collecting = time.monotonic(), gc.isenabled()
    gc.disable()  # there are millions of edges and nothing to collect
    try:
        for transaction in history.transactions:
            transaction.committed = transaction.outcome == "c"
        report = Report(history)
        observations = Observations(history.transactions)
        if observations.written_twice:
            write = observations.written_twice[0]
            raise ValueError(f"not a history that can be checked: {write.value} was written to {write.key} twice")
        points = Points(history.transactions)
        check_internal(observations, report)
        check_lists(observations, points, report)
        check_registers(observations, points, report)
        check_items(observations, points, report)
        told = cycles.find_impossible(points, report)
        cycles.find_between_transactions(points, report, told)
    finally:
        if collecting:
            gc.enable()
    report.seconds = time.monotonic() - begun
    return report
