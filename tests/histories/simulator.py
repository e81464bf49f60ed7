"""Makes large histories that are right at their level, without a server: versions kept in memory, transactions interleaved at random.

READ COMMITTED looks at the newest commit with each statement; REPEATABLE READ at one snapshot, and who would overwrite what is newer aborts;
SERIALIZABLE also aborts at its end if anything it read has changed. Nobody waits: who meets another's write aborts."""

import random

from history_checker.history import History, Statement, Transaction

LISTS = ["a%d", "t%d"]
KEYS, SLOTS, LENGTH_MAX = 6, 12, 40


class _Abort(Exception):
    pass


class Simulator:
    def __init__(self, level, seed=1, clients=12):
        self.level, self.rng = level, random.Random(seed)
        self.now = self.value = self.commits = 0
        self.versions = {}   # key → [(commit, value)]; a list, [value, previous], or of an item (slot, there?)
        self.owners = {}     # key → who writes it
        self.generation = [0] * KEYS
        self.transactions = []
        self.clients = [_Client(self, number) for number in range(clients)]

    def run(self, count):
        while len(self.transactions) < count:
            self.now += 1
            client = self.rng.choice(self.clients)
            if client.busy_until < self.now:
                client.step()
        for client in self.clients:
            client.give_up()
        self.now = max(client.busy_until for client in self.clients) + 10
        self._read_everything()
        return History({"level": self.level}, self.transactions)

    def committed(self, key, snapshot):
        for commit, value in reversed(self.versions.get(key, ())):
            if commit <= snapshot:
                return value
        return None

    def newest(self, key):
        versions = self.versions.get(key)
        return versions[-1][0] if versions else 0

    def _read_everything(self):
        operations = []
        for key in self.versions:
            if type(key) is str:
                value = self.committed(key, self.commits)
                operations.append(["g", key, None, value, ""] if key[0] == "x" else ["r", key, None, value, ""])
        there = [k for k in self.versions if type(k) is int and self.committed(k, self.commits)[1]]
        operations.append(["p", [0, SLOTS - 1], None, there, ""])
        self.transactions.append(Transaction(-1, "rr", "c", [Statement(self.now, self.now + 1, operations)], (self.now, self.now + 1), final=True))


class _Client:
    def __init__(self, simulator, number):
        self.simulator, self.number, self.busy_until = simulator, number, 0
        self.rng = simulator.rng
        self.statements = None

    def step(self):
        if self.statements is None:
            self.statements, self.left, self.snapshot = [], self.rng.randint(1, 6), None
            self.local, self.read_keys, self.read_slots, self.savepoints, self.own = {}, set(), set(), [], []
        begin = max(self.busy_until + 1, self.simulator.now - self.rng.randint(0, 8))
        end = self.simulator.now + self.rng.randint(0, 8)
        self.busy_until = end
        if not self.left:
            self._finish(begin, end)
            return
        self.left -= 1
        try:
            operations, error = self._operations(), None
        except _Abort:
            operations, error = [], "40001"
        self.statements.append(Statement(begin, end, operations, error))
        if error:
            self._record("a", (begin, end), error)

    def give_up(self):
        if self.statements:
            self._record("a", (None, None), None)

    def _operations(self):
        kind, rng = self.rng.random(), self.rng
        if kind < 0.04:
            self.savepoints.append((dict(self.local), list(self.own)))
            return [["S", None, None, None, ""]]
        if kind < 0.08 and self.savepoints:
            self.local, own = self.savepoints.pop()
            for key in self.own[len(own):]:
                del self.simulator.owners[key]
            self.own = own
            return [["R", None, None, None, ""]]
        if kind < 0.1 and self.savepoints:
            self.savepoints.pop()
            return [["L", None, None, None, ""]]
        if self.snapshot is None or self.simulator.level == "rc":
            self.snapshot = self.simulator.commits
        if kind < 0.3:
            return [self._read_list() for _ in range(rng.randint(1, 2))]
        if kind < 0.45:
            return [self._append()]
        if kind < 0.6:
            key = f"x{rng.randrange(KEYS)}"
            return [["g", key, None, list(self._see(key) or [0, None]), ""]]
        if kind < 0.75:
            return [self._set()]
        if kind < 0.88:
            return self._range()
        return [self._change_items()]

    def _see(self, key):
        self.read_keys.add(key)
        return self.local[key] if key in self.local else self.simulator.committed(key, self.snapshot)

    def _write(self, key, change):
        """Sets the key to change(its newest value), if nobody else is at it."""
        simulator = self.simulator
        if simulator.owners.get(key, self) is not self or simulator.level != "rc" and simulator.newest(key) > self.snapshot:
            raise _Abort
        if key not in simulator.owners:
            simulator.owners[key] = self
            self.own.append(key)
        value = self.local[key] if key in self.local else simulator.committed(key, simulator.commits)
        self.local[key] = change(value)
        return value

    def _next_value(self):
        self.simulator.value += 1
        return self.simulator.value

    def _list_key(self):
        place = self.rng.randrange(KEYS)
        return place, LISTS[place % 2] % (place + KEYS * self.simulator.generation[place])

    def _read_list(self):
        place, key = self._list_key()
        value = list(self._see(key) or [])
        if len(value) > LENGTH_MAX:
            self.simulator.generation[place] += 1
        return ["r", key, None, value, ""]

    def _append(self):
        _, key = self._list_key()
        element = self._next_value()
        self._write(key, lambda value: (value or []) + [element])
        return ["a", key, element, list(self.local[key]) if self.rng.random() < 0.5 else None, ""]

    def _set(self):
        key, value = f"x{self.rng.randrange(KEYS)}", self._next_value()
        self._write(key, lambda old: [value, old[0] if old else 0])
        return ["w", key, value, self.local[key][1], ""]

    def _range(self):
        low = self.rng.randrange(SLOTS)
        high = min(SLOTS - 1, low + self.rng.randrange(4))
        self.read_slots.update(range(low, high + 1))
        there = []
        for key in self.simulator.versions.keys() | self.local.keys():
            if type(key) is int:
                item = self.local[key] if key in self.local else self.simulator.committed(key, self.snapshot)
                if item and low <= item[0] <= high and item[1]:
                    there.append(key)
        operations = [["p", [low, high], None, there, ""]]
        return operations + [["n", [low, high], None, len(there), ""]] if self.rng.random() < 0.3 else operations

    def _change_items(self):
        simulator = self.simulator
        there = [k for k in simulator.versions if type(k) is int and (self._see(k) or (0, False))[1] and simulator.committed(k, simulator.commits)[1]]
        self.read_keys.difference_update(there)
        if len(there) > 15 or there and self.rng.random() < 0.4:
            item = self.rng.choice(there)
            slot = simulator.committed(item, simulator.commits)[0]
            self._write(item, lambda value: (slot, False))
            return ["d", slot, item, 1, ""]
        item, slot = self._next_value(), self.rng.randrange(SLOTS)
        self._write(item, lambda value: (slot, True))
        return ["i", slot, item, None, ""]

    def _finish(self, begin, end):
        simulator = self.simulator
        changed = simulator.level == "s" and self.snapshot is not None and (any(simulator.newest(k) > self.snapshot for k in self.read_keys) or any(
            type(k) is int and versions[-1][0] > self.snapshot and versions[-1][1][0] in self.read_slots
            for k, versions in simulator.versions.items()))
        if changed or self.rng.random() < 0.05:
            self._record("a", (begin, end), "40001" if changed else None)
            return
        unknown = self.rng.random() < 0.01
        if not unknown or self.rng.random() < 0.5:
            simulator.commits += 1
            for key, value in self.local.items():
                if key in self.own:
                    simulator.versions.setdefault(key, []).append((simulator.commits, value))
        self._record("u" if unknown else "c", (begin, None if unknown else end), None)

    def _record(self, outcome, end, error):
        for key in self.own:
            del self.simulator.owners[key]
        self.simulator.transactions.append(Transaction(self.number, self.simulator.level, outcome, self.statements, end, error))
        self.statements = None
