"""What a transaction must see of itself, whatever its level: what it wrote and did not roll back to a savepoint, and counts that agree with
the rows of the same snapshot."""


def check_internal(observations, report):
    for transaction in observations.transactions:
        _Walk(transaction, report).check()


class _Walk:
    def __init__(self, transaction, report):
        self.transaction, self.report = transaction, report
        self.own = {}      # key → elements appended, or the value of a register
        self.undone = {}   # key (None for items inserted) → values rolled back to a savepoint
        self.items = {}    # id → (slot, inserted?)
        self.changes = []  # (id, slot, inserted?) in order; undoing one appends its opposite
        self.ranges = {}   # bounds → (ids or None, number, changes before it)
        self.savepoints = []

    def check(self):
        for statement in self.transaction.statements:
            if not self.transaction.one_snapshot:
                self.ranges.clear()
            if not statement.error:
                for operation in statement.operations:
                    getattr(self, "_on_" + operation[0])(*operation[1:4])

    def _wrong(self, text):
        self.report.add("internal", text, [self.transaction])

    def _on_S(self, *_):
        own = {k: v[:] if isinstance(v, list) else v for k, v in self.own.items()}
        self.savepoints.append((own, dict(self.items), len(self.changes)))

    def _on_L(self, *_):
        self.savepoints.pop()

    def _on_R(self, *_):
        own, items, changes = self.savepoints.pop()
        for key, value in self.own.items():
            if value != own.get(key):
                gone = value[len(own.get(key, ())):] if isinstance(value, list) else [value]
                self.undone.setdefault(key, set()).update(gone)
        self.undone.setdefault(None, set()).update(i for i, _, inserted in self.changes[changes:] if inserted)
        self.own, self.items = own, items
        self.changes += [(i, slot, not inserted) for i, slot, inserted in reversed(self.changes[changes:])]

    def _on_a(self, key, element, result):
        self.own.setdefault(key, []).append(element)
        if result is not None:
            self._on_r(key, None, result)

    def _on_r(self, key, _, result):
        if result is None:
            return
        own = self.own.get(key)
        if own and result[-len(own):] != own:
            self._wrong(f"{key} read as [... {' '.join(map(str, result[-len(own) - 2:]))}] after appending {own}")
        if key in self.undone and not self.undone[key].isdisjoint(result):
            self._wrong(f"{key} read with {sorted(self.undone[key] & set(result))}, rolled back before")

    def _on_w(self, key, value, previous):
        self._see(key, previous)
        self.own[key] = value

    def _on_g(self, key, _, result):
        if result is not None:
            self._see(key, result[0])

    def _see(self, key, value):
        if value is None:
            return
        if key in self.own and value != self.own[key]:
            self._wrong(f"{key} seen as {value} after setting it to {self.own[key]}")
        if value in self.undone.get(key, ()):
            self._wrong(f"{key} seen as {value}, rolled back before")

    def _on_i(self, slot, i, _):
        self.changes.append((i, slot, True))
        self.items[i] = (slot, True)

    def _on_d(self, slot, i, _):
        self.changes.append((i, slot, False))
        self.items[i] = (slot, False)

    def _expected(self, bounds):
        """The ids (None if only counted) and the number of them that the last look at these bounds and own changes since lead to expect."""
        if bounds not in self.ranges:
            return None, None
        ids, number, changes = self.ranges[bounds]
        ids = None if ids is None else set(ids)
        for i, slot, inserted in self.changes[changes:]:
            if bounds[0] <= slot <= bounds[1]:
                number += 1 if inserted else -1
                if ids is not None:
                    (ids.add if inserted else ids.discard)(i)
        return ids, number

    def _on_p(self, bounds, _, result):
        if result is None:
            return
        bounds, seen = tuple(bounds), set(result)
        wrong = [i for i, (slot, there) in self.items.items() if bounds[0] <= slot <= bounds[1] and there != (i in seen)]
        if wrong:
            self._wrong(f"items {wrong} in {bounds}: own changes are not seen")
        if not seen.isdisjoint(self.undone.get(None, ())):
            self._wrong(f"items {sorted(seen & self.undone[None])} in {bounds}, rolled back before")
        ids, number = self._expected(bounds)
        if ids is not None and ids != seen or number is not None and number != len(result):
            self._wrong(f"{bounds} read as {sorted(seen)}, but {sorted(ids) if ids is not None else number} before")
        self.ranges[bounds] = (result, len(result), len(self.changes))

    def _on_n(self, bounds, _, number):
        if number is None:
            return
        bounds = tuple(bounds)
        ids, expected = self._expected(bounds)
        if expected is not None and expected != number:
            self._wrong(f"{number} items counted in {bounds}, {expected} expected")
        if ids is None:
            self.ranges[bounds] = (None, number, len(self.changes))
