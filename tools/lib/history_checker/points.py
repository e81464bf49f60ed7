"""The order of snapshots and commits that a history demands, as a graph of points in time.

A transaction of one snapshot has two points: when that was taken, and its end. At READ COMMITTED every statement takes a snapshot, and each
row that it locks or writes has a point of its own, when the statement has the newest version of it. Who sees a version took his snapshot after its
writer's commit; who does not, before. Who overwrites one waited for its writer's end and, with one snapshot, has it in there. Who holds
a lock ends before the next writer does. So each observation puts two points in order, and a cycle of points cannot have happened.

Time does the same for points that were over, as the client saw it, before another was asked for. Those edges run through a chain of
barriers, so that there are no more of them than there are points.

Labels are (kind, key, predicate, value before, value after): kind is ww, wr or rw after Adya; lk is an rw from a row lock held to the end;
po the order within a transaction and rt that in time have no more to tell. owner[node] is the transaction, or None at a barrier."""

from .graph import Graph

PO = ("po", None, False, None, None)
RT = ("rt", None, False, None, None)
LOCKS_AGAINST_WRITES = frozenset("uns")  # a key share lock lets those pass who leave the key alone,
NO_LOCKS = frozenset()                   # where there was no row to lock
LOCKS_AGAINST_DELETES = frozenset("unsk")  # but not those who delete it


class Points:
    def __init__(self, transactions):
        self.graph = Graph()
        self.owner = []
        self._end = []         # by transaction number: its node
        self._snapshot = []    # its node, or at READ COMMITTED a dictionary by statement number
        self._newest = {}      # (transaction number, statement number, place of the operation) → its node
        self._invoked, self._completed = [], []  # (time, node)
        for transaction in transactions:
            self._add(transaction)
        self._add_barriers()

    def _point(self, transaction, begin, end, after=()):
        node = self.graph.add_node()
        for earlier in after:
            self.graph.add_edge(earlier, node, PO)
        self.owner.append(transaction)
        if begin is not None:
            self._invoked.append((begin, node))
        if end is not None:
            self._completed.append((end, node))
        return node

    def _add(self, transaction):
        statements = [(n, s) for n, s in enumerate(transaction.statements) if s.looks]
        good = [(n, s) for n, s in statements if not s.error]
        last = []
        if transaction.one_snapshot:
            begin = statements[0][1].begin if statements else None
            last.append(self._point(transaction, begin, good[0][1].end if good else None))
            self._snapshot.append(last[0])
        else:
            by_statement = {}
            for n, s in good:
                snapshot = self._point(transaction, s.begin, s.end, last)
                by_statement[n], last = snapshot, [snapshot]
                for place, operation in enumerate(s.operations):
                    if operation[0] in "awd" or operation[0] in "rgp" and operation[4]:
                        last.append(self._point(transaction, None, s.end, [snapshot]))
                        self._newest[transaction.number, n, place] = last[-1]
            self._snapshot.append(by_statement)
        begin, end = transaction.end
        if transaction.outcome == "a" and transaction.error:  # what it held was let go with the error
            begin = max((s.begin for s in transaction.statements if s.error), default=begin)
        self._end.append(self._point(transaction, begin, end, last))

    def _add_barriers(self):
        graph, barrier, passed = self.graph, None, []
        events = [(time, 0, node) for time, node in self._invoked] + [(time, 1, node) for time, node in self._completed]
        events.sort()
        for _, completed, node in events:
            if completed:
                passed.append(node)
                continue
            if passed:
                next_barrier = graph.add_node()
                self.owner.append(None)
                for earlier in passed:
                    graph.add_edge(earlier, next_barrier, RT)
                if barrier is not None:
                    graph.add_edge(barrier, next_barrier, PO)
                barrier, passed = next_barrier, []
            if barrier is not None:
                graph.add_edge(barrier, node, PO)
        del self._invoked, self._completed

    def end(self, transaction):
        return self._end[transaction.number]

    def seen_at(self, access):
        """When a read or write saw the version it saw."""
        snapshot = self._snapshot[access.transaction.number]
        if access.transaction.one_snapshot:
            return snapshot
        return self._newest.get((access.transaction.number, access.statement, access.place), snapshot[access.statement])

    def overwritten(self, earlier, later, predicate=False):
        """`later` is a write over the version that `earlier` made."""
        if earlier.transaction is not later.transaction:
            self.graph.add_edge(self.end(earlier.transaction), self.seen_at(later),
                                ("ww", later.key, predicate, earlier.value, later.value))

    def seen(self, write, read, predicate=False):
        """`read` saw the version that `write` made."""
        if write.transaction is not read.transaction:
            self.graph.add_edge(self.end(write.transaction), self.seen_at(read),
                                ("wr", read.key, predicate, write.value, None))

    def not_seen(self, read, before, write, predicate=False, locks=LOCKS_AGAINST_WRITES):
        """`read` saw the version `before`, which `write` was to follow. `locks`: those that do not let it pass."""
        if write.transaction is read.transaction:
            return
        held = read.held and read.lock in locks
        if held:
            source = self.end(read.transaction)
        elif type(read.key) is tuple and not read.transaction.one_snapshot:
            source = self._snapshot[read.transaction.number][read.statement]  # of many rows, each locked at its own time
        else:
            source = self.seen_at(read)
        self.graph.add_edge(source, self.end(write.transaction), ("lk" if held else "rw", read.key, predicate, before, write.value))
