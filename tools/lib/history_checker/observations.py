"""Who wrote and who read what, key by key, and which of the unknown transactions did commit, since others saw what they wrote."""

from collections import defaultdict


class Write:
    """`undone`: its statement failed or was rolled back to a savepoint. `last`: the last of its transaction to its key that was not.
    `previous`: the value it overwrote, or the list it made, where that was returned; 1 of a delete that found the item. `place`: of the operation in its statement."""

    __slots__ = ("transaction", "statement", "place", "key", "value", "undone", "last", "previous")

    def __init__(self, transaction, statement, place, key, value, undone, previous):
        self.transaction, self.statement, self.place, self.key, self.value = transaction, statement, place, key, value
        self.undone, self.previous, self.last = undone, previous, True

    @property
    def committed(self):
        return self.transaction.committed and not self.undone

    @property
    def aborted(self):
        return self.undone or self.transaction.outcome == "a"


class Read:
    """`held`: its row lock was held until the transaction ended. `of_write`: what a write returned."""

    __slots__ = ("transaction", "statement", "place", "key", "result", "lock", "held", "of_write")

    def __init__(self, transaction, statement, place, key, result, lock, of_write=None):
        self.transaction, self.statement, self.place, self.key, self.result = transaction, statement, place, key, result
        self.lock, self.held, self.of_write = lock, True, of_write


class Observations:
    """writes[key][value] and reads[key] of lists and registers; inserts[id], deletes[id] (a list of them) and ranges of items."""

    def __init__(self, transactions):
        self.transactions = transactions
        self.writes, self.reads = defaultdict(dict), defaultdict(list)
        self.inserts, self.deletes, self.ranges = {}, defaultdict(list), []
        self.written_twice = []
        for transaction in transactions:
            self._walk(transaction)
        self._resolve()

    def _walk(self, transaction):
        writes, reads, savepoints = [], [], []
        for number, statement in enumerate(transaction.statements):
            for place, (function, key, value, result, lock) in enumerate(statement.operations):
                if function == "S":
                    savepoints.append((len(writes), len(reads)))
                elif function == "L":
                    savepoints.pop()
                elif function == "R":
                    first_write, first_read = savepoints.pop()
                    for write in writes[first_write:]:
                        write.undone = True
                    for read in reads[first_read:]:
                        read.held = False
                elif function in "awid":
                    write = Write(transaction, number, place, key, value, bool(statement.error), result)
                    writes.append(write)
                    self._enter(function, write)
                    if function in "aw" and result is not None:
                        reads.append(self._note(Read(transaction, number, place, key, result, "u", write)))
                elif statement.error or result is None:
                    pass
                elif function == "p":
                    reads.append(Read(transaction, number, place, tuple(key), result, lock))
                    self.ranges.append(reads[-1])
                elif function in "rg":
                    reads.append(self._note(Read(transaction, number, place, key, result, lock)))
        later = set()
        for write in reversed(writes):
            if not write.undone and type(write.key) is str:
                write.last = write.key not in later
                later.add(write.key)

    def _note(self, read):
        self.reads[read.key].append(read)
        return read

    def _enter(self, function, write):
        if function == "d":
            self.deletes[write.value].append(write)
            return
        others = self.inserts if function == "i" else self.writes[write.key]
        if write.value in others:
            self.written_twice.append(write)
        else:
            others[write.value] = write

    def _resolve(self):
        """An unknown transaction committed if one that did saw what it wrote."""
        unknown = defaultdict(dict)  # key (None for items) → value → write
        for transaction in self.transactions:
            if transaction.outcome != "u":
                continue
            for statement in transaction.statements:
                for function, key, value, *_ in statement.operations:
                    if function in "aw":
                        unknown[key][value] = self.writes[key][value]
                    elif function == "i":
                        unknown[None][value] = self.inserts[value]
        if unknown:
            again = True
            while again:
                again = self._resolve_once(unknown)
        self._resolve_deletes()

    def _resolve_once(self, unknown):
        found = False
        for key, written in unknown.items():
            values = written.keys()
            for read in self.ranges if key is None else self.reads[key]:
                if not read.transaction.committed:
                    continue
                seen = read.result if key is None or key[0] != "x" else [read.result] if read.of_write else read.result[:1]
                if values.isdisjoint(seen):
                    continue
                for value in values & set(seen):
                    write = written[value]
                    if not write.undone and not write.transaction.committed:
                        write.transaction.committed = found = True
        return found

    def _resolve_deletes(self):
        """An item that was there and in the end is not has been deleted by the only one who can have."""
        finals = [read for read in self.ranges if read.transaction.final]
        left = {item for read in finals for item in read.result}
        for item, deletes in self.deletes.items():
            possible = [d for d in deletes if not d.aborted]
            insert = self.inserts.get(item)
            if (len(possible) == 1 and not (possible[0].committed and possible[0].previous) and item not in left and insert and insert.committed
                    and any(read.key[0] <= insert.key <= read.key[1] for read in finals)):
                possible[0].transaction.committed = True
                possible[0].previous = 1
