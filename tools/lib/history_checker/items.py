"""Items come and go, once each; a read by range sees those that were there.

What a read shows, it saw: after the insert, before the delete. What it lacks was not there yet, or not any more. Where both can be, going by
the times, nothing is concluded; where neither can be, it was not there yet, which the order in time then contradicts. What came and went
long before or after matters to no cycle, so only the items are looked at that changed while transactions ran that overlap with those that
overlap with the reader."""

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict

from .points import LOCKS_AGAINST_DELETES, NO_LOCKS


class _Item:
    """`delete`: the one that was. `uncertain`: nobody knows whether there was one. `deleters`: all who tried."""

    __slots__ = ("id", "insert", "delete", "uncertain", "deleters")

    def __init__(self, insert):
        self.id, self.insert, self.delete, self.uncertain, self.deleters = insert.value, insert, None, False, ()

    def gone_by(self):
        """When its deletion was acknowledged, if it was."""
        end = self.delete.transaction.end[1] if self.delete is not None else None
        return math.inf if end is None else end


def check_items(observations, points, report):
    items = _items(observations, points, report)
    _check_ranges(observations, points, report, items)
    _check_finals(observations, report, items)


def _items(observations, points, report):
    items = {i: _Item(insert) for i, insert in observations.inserts.items()}
    for i, deletes in observations.deletes.items():
        item, done = items.get(i), [d for d in deletes if d.committed and d.previous]
        if item is None:
            report.add("garbage", f"item {i} was deleted, which nobody inserted", [deletes[0].transaction])
            continue
        item.deleters = [d.transaction for d in deletes]
        item.uncertain = not done and any(not d.aborted for d in deletes)
        if len(done) > 1:
            report.add("fork", f"item {i} was deleted twice", [d.transaction for d in done])
        for delete in done:
            if item.insert.aborted and item.insert.transaction is not delete.transaction:
                report.add("G1a", f"item {i} was rolled back", [item.insert.transaction, delete.transaction])
            elif item.insert.committed:
                points.overwritten(item.insert, delete)
            item.delete = delete
    return items


class _Overlap:
    """How far the transactions reach that overlap with one, and those that overlap with them."""

    def __init__(self, transactions):
        lives = [(t.begin, _known_end(t)) for t in transactions]
        by_begin, by_end = sorted(lives), sorted(lives, key=lambda life: life[1])
        self.begins, self.ends = [b for b, _ in by_begin], [e for _, e in by_end]
        self.latest, self.earliest = [e for _, e in by_begin], [b for b, _ in by_end]
        for i in range(1, len(lives)):
            self.latest[i] = max(self.latest[i], self.latest[i - 1])
        for i in range(len(lives) - 2, -1, -1):
            self.earliest[i] = min(self.earliest[i], self.earliest[i + 1])

    def until(self, time):
        for _ in range(2):
            place = bisect_right(self.begins, time)
            time = max(time, self.latest[place - 1]) if place else time
        return time

    def since(self, time):
        for _ in range(2):
            place = bisect_left(self.ends, time)
            time = min(time, self.earliest[place]) if place < len(self.earliest) else time
        return time


def _known_end(transaction):
    times = [transaction.end[1], transaction.end[0]] + [t for s in transaction.statements[-1:] for t in (s.end, s.begin)]
    return next(t for t in times if t is not None)


def _check_ranges(observations, points, report, items):
    by_slot = defaultdict(list)
    for item in items.values():
        if item.insert.committed and item.insert.transaction.end[0] is not None:
            by_slot[item.insert.key].append(item)
    for slot in by_slot.values():
        slot.sort(key=lambda item: -item.insert.transaction.end[0])
    last_slot = max(by_slot, default=-1)
    active = defaultdict(list)  # slot → (time it was gone by, item)
    overlap = _Overlap(observations.transactions)
    for read in sorted(observations.ranges, key=lambda read: read.transaction.begin):
        _check_seen(read, points, report, items)
        if read.lock and not read.transaction.one_snapshot:
            continue  # a row that was there may have been deleted before it was locked
        since, until = overlap.since(read.transaction.begin), overlap.until(_known_end(read.transaction))
        seen = set(read.result)
        for slot in range(read.key[0], min(read.key[1], last_slot) + 1):
            coming, there, gone = by_slot.get(slot, ()), active[slot], 0
            while coming and coming[-1].insert.transaction.end[0] <= until:
                item = coming.pop()
                there.append((item.gone_by(), item))
            for gone_by, item in there:
                if gone_by < since:
                    gone += 1
                elif item.id not in seen:
                    _check_absent(read, item, points)
            if gone > len(there) // 2:
                active[slot] = [(gone_by, item) for gone_by, item in there if gone_by >= since]


def _check_seen(read, points, report, items):
    if len(set(read.result)) != len(read.result):
        report.add("duplicate", f"an item twice in {read.key}: {sorted(read.result)}", [read.transaction])
    for i in read.result:
        item = items.get(i)
        if item is None or not read.key[0] <= item.insert.key <= read.key[1]:
            report.add("garbage", f"item {i} in the range {read.key}, where nobody inserted it", [read.transaction])
            continue
        if item.insert.transaction is not read.transaction:
            if item.insert.aborted:
                report.add("G1a", f"item {i} was rolled back", [item.insert.transaction, read.transaction])
            elif item.delete is not None and item.delete.transaction is item.insert.transaction:
                report.add("G1b", f"item {i} was deleted again by its writer", [item.insert.transaction, read.transaction])
            if item.insert.committed:
                points.seen(item.insert, read)
        if item.delete is not None:
            points.not_seen(read, i, item.delete, locks=LOCKS_AGAINST_DELETES)


def _check_absent(read, item, points):
    insert, delete, reader = item.insert, item.delete, read.transaction
    if insert.transaction is reader or item.uncertain or reader in item.deleters or (delete and delete.transaction is insert.transaction):
        return
    if not reader.committed and any(t.outcome == "u" and not t.committed for t in item.deleters):
        return  # both may be gone with a crash
    begin, end = _asked(read)
    inserted, delete_begun = insert.transaction.end[1], delete.transaction.end[0] if delete else None
    not_yet = inserted is None or begin <= inserted
    gone = delete is not None and (end is None or end >= delete_begun)
    if gone and not not_yet:
        points.seen(delete, read, True)
    elif not gone:
        points.not_seen(read, None, insert, True, locks=NO_LOCKS)


def _asked(read):
    """When the snapshot was taken that it looked at."""
    transaction = read.transaction
    if not transaction.one_snapshot:
        statement = transaction.statements[read.statement]
        return statement.begin, statement.end
    asked = [s for s in transaction.statements if s.looks]
    return asked[0].begin, next(s.end for s in asked if not s.error)


def _check_finals(observations, report, items):
    for read in observations.ranges:
        if not read.transaction.final:
            continue
        left = set(read.result)
        for item in items.values():
            if not read.key[0] <= item.insert.key <= read.key[1]:
                continue
            if item.delete is not None and item.id in left:
                report.add("lost", f"item {item.id} is there, though it was deleted", [item.delete.transaction])
            elif item.insert.committed and item.delete is None and not item.uncertain and item.id not in left:
                report.add("lost", f"item {item.id} is missing", [item.insert.transaction])
