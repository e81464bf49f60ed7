"""The versions of a list: every read shows them all up to the one it saw, so the longest read is their order."""


def check_lists(observations, points, report):
    for key in observations.writes.keys() | observations.reads.keys():
        if key[0] in "at":
            _List(key, observations, points, report).check()


class _List:
    def __init__(self, key, observations, points, report):
        self.key, self.points, self.report = key, points, report
        self.predicate = key[0] == "t"
        self.writes = observations.writes.get(key, {})
        self.writers = {w.transaction.number for w in self.writes.values()}
        self.reads = [(read, self._without_own(read)) for read in observations.reads.get(key, ())]

    def _without_own(self, read):
        """What was read, without the end that the reader has appended itself and that others cannot see."""
        if read.transaction.number not in self.writers:
            return read.result
        length = len(read.result)
        while length:
            write = self.writes.get(read.result[length - 1])
            if write is None or write.transaction is not read.transaction or write.committed:
                break
            length -= 1
        return read.result[:length]

    def check(self):
        order = max((seen for read, seen in self.reads if read.transaction.committed), key=len, default=[])
        for read, seen in self.reads:  # readers that did not commit saw versions too
            if len(seen) > len(order) and seen[:len(order)] == order and all(self._committed(e) for e in seen[len(order):]):
                order = seen
        self._check_order(order)
        writers = [self.writes[e] if self._committed(e) else None for e in order]
        for earlier, later in zip(writers, writers[1:]):
            if earlier is not None and later is not None:
                self.points.overwritten(earlier, later, self.predicate)
        for read, seen in self.reads:
            self._check_read(read, seen, order, writers)
        self._check_final(order)

    def _committed(self, element):
        write = self.writes.get(element)
        return write is not None and write.committed

    def _check_order(self, order):
        if len(set(order)) != len(order):
            twice = {e for e in order if order.count(e) > 1}
            self._tell("duplicate", f"{sorted(twice)} twice in {self.key}", self._first_reader(twice))
        for element in order:
            if not self._committed(element):
                self._tell_of(element, self._first_reader({element}))

    def _tell(self, name, text, read):
        self.report.add(name, text, [read.transaction] if read else [])

    def _tell_of(self, element, read):
        """Says what is wrong with an element whose writer did not commit. An unknown writer of what no committed one saw is none."""
        write = self.writes.get(element)
        if write is None:
            self._tell("garbage", f"{element} in {self.key}, which nobody appended", read)
        elif write.aborted and (read is None or write.transaction is not read.transaction):
            self.report.add("G1a", f"{element} in {self.key} was rolled back", [write.transaction] + ([read.transaction] if read else []))

    def _first_reader(self, elements):
        return next((read for read, seen in self.reads if not elements.isdisjoint(seen)), None)

    def _check_read(self, read, seen, order, writers):
        length = len(seen)
        followed = True
        if seen != order[:length]:
            common = next((i for i, (a, b) in enumerate(zip(seen, order)) if a != b), min(length, len(order)))
            rest = seen[common:]
            unknown = [e for e in rest if not self._committed(e)]
            for element in unknown:
                self._tell_of(element, read)
            if len(set(seen)) != length:
                self._tell("duplicate", f"an element twice in {self.key}: {seen}", read)
            elif read.transaction.committed or len(unknown) != len(rest):
                self._tell("incompatible", f"{self.key} read as {_around(seen, common)}, but also as {_around(order, common)}", read)
            length, followed = common, False
        if length and writers[length - 1] is not None:
            last = writers[length - 1]
            if last.transaction is read.transaction:
                return
            if followed and not last.last:
                self.report.add("G1b", f"{self.key} read up to {last.value}, which its writer followed by more",
                                [last.transaction, read.transaction])
            self.points.seen(last, read, self.predicate)
        if followed and length < len(order) and writers[length] is not None:
            self.points.not_seen(read, seen[-1] if seen else None, writers[length], self.predicate)

    def _check_final(self, order):
        for read, seen in self.reads:
            if read.transaction.final:
                left = set(seen)
                for write in self.writes.values():
                    if write.committed and write.value not in left:
                        self.report.add("lost", f"{write.value} is missing from {self.key}", [write.transaction])


def _around(values, place):
    return ("[... " if place > 3 else "[") + " ".join(map(str, values[max(0, place - 3):place + 3])) + (" ...]" if place + 3 < len(values) else "]")
