"""The versions of a register: every write tells which one it overwrote, and so does every read of what it wrote."""


def check_registers(observations, points, report):
    for key in observations.writes.keys() | observations.reads.keys():
        if key[0] == "x":
            _Register(key, observations, points, report).check()


class _Register:
    def __init__(self, key, observations, points, report):
        self.key, self.points, self.report = key, points, report
        self.writes, self.reads = observations.writes.get(key, {}), observations.reads.get(key, ())
        self.previous, self.next = {}, {}  # values of committed writes

    def check(self):
        for write in self.writes.values():
            if write.committed and write.previous is not None:
                self.previous[write.value] = write.previous
        for read in self.reads:
            if read.of_write is None and read.transaction.committed and not self._own(read.result[0], read):
                self._note_previous(read)
        for value, previous in self.previous.items():
            self._link(value, previous)
        for read in self.reads:
            if read.of_write is None or not read.of_write.committed:
                self._check_read(read)
        self._check_final()

    def _own(self, value, read):
        write = self.writes.get(value)
        return write is not None and write.transaction is read.transaction

    def _note_previous(self, read):
        value, previous = read.result
        if value and previous is not None and value in self.writes:
            known = self.previous.setdefault(value, previous)
            if known != previous:
                self.report.add("incompatible", f"{self.key} = {value} came after {known} and after {previous}", [read.transaction])

    def _link(self, value, previous):
        write = self.writes[value]
        if previous in self.next:
            other = self.writes[self.next[previous]]
            self.report.add("fork", f"{self.key}: {other.value} and {value} are both written over {previous}",
                            [other.transaction, write.transaction])
            return
        self.next[previous] = value
        if self._good(previous, write.transaction):
            self.points.overwritten(self.writes[previous], write)

    def _good(self, value, transaction):
        """Whether a committed write made the value that another transaction saw or overwrote; says what is wrong if there was something."""
        if value == 0:
            return False
        write = self.writes.get(value)
        if write is None:
            self.report.add("garbage", f"{self.key} = {value}, which nobody wrote", [transaction])
            return False
        if write.transaction is transaction:
            return False
        if write.aborted:
            self.report.add("G1a", f"{self.key} = {value} was rolled back", [write.transaction, transaction])
        elif write.committed and not write.last:
            self.report.add("G1b", f"{self.key} = {value} was overwritten by its writer", [write.transaction, transaction])
        return write.committed

    def _check_read(self, read):
        value = read.result if read.of_write else read.result[0]
        if self._own(value, read):
            return
        if self._good(value, read.transaction):
            self.points.seen(self.writes[value], read)
        if value in self.next:
            self.points.not_seen(read, value, self.writes[self.next[value]])

    def _check_final(self):
        finals = [read for read in self.reads if read.transaction.final]
        if not finals:
            return
        value, chain = finals[-1].result[0], set()
        while value and value not in chain:
            chain.add(value)
            value = self.previous.get(value)
        if value != 0:
            return  # a version whose writer nobody heard of again hides the ones before it
        for write in self.writes.values():
            if write.committed and write.value not in chain:
                self.report.add("lost", f"{self.key} = {write.value} was neither overwritten nor is it there", [write.transaction])
