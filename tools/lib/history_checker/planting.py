"""Puts anomalies into good histories, to see that the checker finds them.

Each of WAYS takes a history that has a final read, and a random generator; it changes the history at a random place where the change is
sure to show, and returns the names of which the checker must find one; None if there is no such place."""

import copy

from .history import History, Statement, Transaction
from .observations import Observations

_CERTAIN = {"c"}


def hide(small, large):
    """The small history's transactions in the midst of a large one, on keys of their own."""
    begins = sorted(t.begin for t in large.transactions)
    begin, end = begins[len(begins) // 2], begins[len(begins) * 3 // 4]
    last = max(time for t in large.transactions for time in t.end if time is not None) + 10

    def moved(time, final):
        return None if time is None else last + time if final else begin + time * (end - begin) // 1000

    transactions = [copy.copy(t) for t in large.transactions]
    for transaction in small.transactions:
        final = transaction.final
        statements = [Statement(moved(s.begin, final), moved(s.end, final), [_renamed(o) for o in s.operations], s.error)
                      for s in transaction.statements]
        transactions.append(Transaction(transaction.client + 10_000, transaction.level, transaction.outcome, statements,
                                        tuple(moved(t, final) for t in transaction.end), transaction.error, final))
    return History(large.header, transactions)


def _renamed(operation):
    function, key, value, result, lock = operation

    def far(number):
        return number + 10**9 if number else number

    if type(key) is int:
        key += 10**6
    elif type(key) is list:
        key = [bound + 10**6 for bound in key]
    elif key is not None:
        key = f"{key[0]}9{key[1:].zfill(6)}"
    if function not in "nd":
        result = [far(v) for v in result] if isinstance(result, list) else far(result)
    return [function, key, far(value), result, lock]


def _operations(history, functions, outcomes=_CERTAIN, final=False):
    """(transaction, statement, operation) of those that have a result."""
    for transaction in history.transactions:
        if transaction.outcome in outcomes and transaction.final == final:
            for statement in transaction.statements:
                if not statement.error:
                    for operation in statement.operations:
                        if operation[0] in functions and operation[3] is not None:
                            yield transaction, statement, operation


def _pick(rng, places):
    places = list(places)
    return rng.choice(places) if places else None


def _foreign(history, functions):
    """Reads of keys that their transaction does not write, with a result that is not empty."""
    for transaction, statement, operation in _operations(history, functions):
        written = {o[1] for s in transaction.statements for o in s.operations if o[0] in "aw"}
        if operation[1] not in written and operation[3]:
            yield transaction, statement, operation


def _writers(history):
    observations = Observations(history.transactions)
    return {(key, value): write for key, by_value in observations.writes.items() for value, write in by_value.items()}


def lost_append(history, rng):
    found = _pick(rng, ((key, e) for _, _, (_, key, _, seen, _) in _operations(history, "r", final=True) for e in seen))
    if not found:
        return None
    key, element = found
    writer = _writers(history)[key, element].transaction
    writer.outcome, writer.committed = "c", True
    for transaction in history.transactions:
        for statement in transaction.statements:
            for operation in statement.operations:
                if operation[1] == key and operation[0] in "ar" and operation[3] and transaction is not writer:
                    operation[3] = [e for e in operation[3] if e != element]
    return {"lost", "internal", "incompatible"}


def lost_tail(history, rng):
    """The end of a list is gone after all, as after a crash."""
    found = _pick(rng, ((o, o[3][-1]) for _, _, o in _operations(history, "r", final=True) if o[3]))
    if not found:
        return None
    operation, element = found
    writer = _writers(history)[operation[1], element].transaction
    writer.outcome, writer.committed = "c", True
    operation[3] = operation[3][:-1]
    return {"lost"}


def lost_register_write(history, rng):
    """A register is as it was before its last write."""
    writers = _writers(history)
    places = [o for _, _, o in _operations(history, "g", final=True) if o[3][1] and (o[1], o[3][1]) in writers
              and writers[o[1], o[3][0]].transaction is not writers[o[1], o[3][1]].transaction]
    found = _pick(rng, places)
    if not found:
        return None
    write = writers[found[1], found[3][0]]
    write.transaction.outcome = "c"
    found[3] = [found[3][1], writers[found[1], found[3][1]].previous]
    return {"lost"}


def lost_item(history, rng):
    place = _pick(rng, (o for _, _, o in _operations(history, "p", final=True) if o[3]))
    if not place:
        return None
    item = rng.choice(place[3])
    for transaction in history.transactions:
        for statement in transaction.statements:
            for operation in statement.operations:
                if operation[0] == "i" and operation[2] == item:
                    transaction.outcome = "c"
                elif operation[0] == "d" and operation[2] == item:
                    transaction.outcome = "a"
    place[3] = [i for i in place[3] if i != item]
    return {"lost"}


def returned_item(history, rng):
    deleted = {o[2] for t, s in _good_statements(history) for o in s.operations if o[0] == "d"}
    place = next(iter(_operations(history, "p", final=True)), None)
    observations = Observations(history.transactions)
    deleted = sorted(i for i in deleted if any(d.committed and d.previous for d in observations.deletes[i]))
    if not place or not deleted:
        return None
    place[2][3] = place[2][3] + [rng.choice(deleted)]
    return {"lost"}


def _good_statements(history):
    return [(t, s) for t in history.transactions if t.outcome == "c" for s in t.statements if not s.error]


def aborted_read(history, rng):
    """The writer of what was read did not commit."""
    place = _pick(rng, _foreign(history, "r"))
    if not place:
        return None
    _, _, operation = place
    write = _writers(history)[operation[1], rng.choice(operation[3])]
    write.transaction.outcome = "a"
    return {"G1a"}


def aborted_register_read(history, rng):
    place = _pick(rng, (p for p in _foreign(history, "g") if p[2][3][0]))
    if not place:
        return None
    _, _, operation = place
    _writers(history)[operation[1], operation[3][0]].transaction.outcome = "a"
    return {"G1a"}


def intermediate_read(history, rng):
    """The writer of a list's last element that was read appends another, right after it."""
    writers = _writers(history)
    place = _pick(rng, (p for p in _foreign(history, "r") if writers[p[2][1], p[2][3][-1]].last))
    if not place:
        return None
    reader, _, operation = place
    key, element = operation[1], operation[3][-1]
    write, new = writers[key, element], _new_value(history)
    write.transaction.statements[write.statement].operations.append(["a", key, new, None, ""])
    for transaction in history.transactions:
        if transaction is not reader:
            for statement in transaction.statements:
                for other in statement.operations:
                    if other[1] == key and other[0] in "ar" and other[3] and element in other[3] and other[2] != element:
                        at = other[3].index(element) + 1
                        other[3] = other[3][:at] + [new] + other[3][at:]
    return {"G1b", "internal", "incompatible"}


def _new_value(history):
    return max(o[2] for t in history.transactions for s in t.statements for o in s.operations if type(o[2]) is int) + 1


def duplicate_element(history, rng):
    place = _pick(rng, _foreign(history, "r"))
    if not place:
        return None
    place[2][3] = place[2][3] + [rng.choice(place[2][3])]
    return {"duplicate"}


def garbage_element(history, rng):
    place = _pick(rng, _foreign(history, "r"))
    if not place:
        return None
    place[2][3] = place[2][3] + [_new_value(history)]
    return {"garbage"}


def garbage_register(history, rng):
    place = _pick(rng, _foreign(history, "g"))
    if not place:
        return None
    place[2][3] = [_new_value(history), None]
    return {"garbage"}


def swapped_elements(history, rng):
    place = _pick(rng, (p for p in _foreign(history, "r") if len(p[2][3]) > 1))
    if not place:
        return None
    seen = place[2][3] = list(place[2][3])
    at = rng.randrange(len(seen) - 1)
    seen[at], seen[at + 1] = seen[at + 1], seen[at]
    return {"incompatible"}


def missing_element(history, rng):
    place = _pick(rng, (p for p in _foreign(history, "r") if len(p[2][3]) > 1))
    if not place:
        return None
    seen = place[2][3]
    at = rng.randrange(len(seen) - 1)
    place[2][3] = seen[:at] + seen[at + 1:]
    return {"incompatible"}


def stale_read(history, rng):
    """A read misses elements that were acknowledged before its transaction began."""
    writers, places = _writers(history), []
    for transaction, _, operation in _foreign(history, "r"):
        old = [i for i, e in enumerate(operation[3]) if (writers[operation[1], e].transaction.end[1] or transaction.begin) < transaction.begin]
        if old:
            places.append((operation, rng.choice(old)))
    place = _pick(rng, places)
    if not place:
        return None
    place[0][3] = place[0][3][:place[1]]
    return {"G-single-realtime", "PMP-realtime", "G-single", "PMP", "OTV", "OTV-realtime", "P4", "G1b", "G1c", "lock"}


def early_read(history, rng):
    """A read has an element whose transaction had not been asked to commit."""
    final = {o[1]: o[3] for _, _, o in _operations(history, "r", final=True)}
    writers, places = _writers(history), []
    for transaction, statement, operation in _foreign(history, "r"):
        whole = final.get(operation[1], [])
        length = len(operation[3])
        if whole[:length] == operation[3] and length < len(whole):
            write = writers[operation[1], whole[length]]
            if statement.end is not None and transaction.end[1] is not None and transaction.end[1] < write.transaction.begin:
                places.append((operation, whole[:length + 1]))
    place = _pick(rng, places)
    if not place:
        return None
    place[0][3] = place[1]
    return {"G1c-realtime", "G1c", "G1b", "OTV", "G-single", "PMP", "lock", "P4"}


def stale_item(history, rng):
    """A read by range misses an item that was there all the time."""
    observations = Observations(history.transactions)
    places = []
    for transaction, _, operation in _operations(history, "p"):
        for item in operation[3]:
            writer = observations.inserts[item].transaction
            if writer.end[1] is not None and writer.end[1] < transaction.begin and item not in observations.deletes:
                places.append((operation, item))
    place = _pick(rng, places)
    if not place:
        return None
    place[0][3] = [i for i in place[0][3] if i != place[1]]
    return {"PMP-realtime", "PMP", "OTV", "OTV-realtime", "internal"}


def dead_item(history, rng):
    """A read by range has an item that had been deleted."""
    observations = Observations(history.transactions)
    dead = [(i, observations.inserts[i].key, d.transaction) for i, deletes in observations.deletes.items() for d in deletes if d.committed]
    places = [(operation, item) for transaction, _, operation in _operations(history, "p") for item, slot, deleter in dead
              if operation[1][0] <= slot <= operation[1][1] and deleter.end[1] is not None and deleter.end[1] < transaction.begin]
    place = _pick(rng, places)
    if not place:
        return None
    place[0][3] = place[0][3] + [place[1]]
    return {"G-single-realtime", "G-single", "OTV", "OTV-realtime", "internal", "G1b"}


def lost_update(history, rng):
    """Two writers of one register have read the same version of it."""
    return _add_pair(history, rng, lambda x, y, a, b: ([["g", x, None, [0, None], ""], ["w", x, a, b, ""]],
                                                       [["g", x, None, [0, None], ""], ["w", x, b, 0, ""]]), "P4", "rr s")


def write_skew(history, rng):
    return _add_pair(history, rng, lambda x, y, a, b: ([["g", y, None, [0, None], ""], ["w", x, a, 0, ""]],
                                                       [["g", x, None, [0, None], ""], ["w", y, b, 0, ""]]), "G2-item", "s")


def write_cycle(history, rng):
    return _add_pair(history, rng, lambda x, y, a, b: ([["w", x, a, 0, ""], ["w", y, a, b, ""]], [["w", x, b, a, ""], ["w", y, b, 0, ""]]),
                     "G0", "rc rr s")


def _add_pair(history, rng, operations, name, levels):
    """Adds two transactions on new registers, which overlap; at levels that allow what they do, as if they were serializable."""
    begin = rng.choice(history.transactions).begin
    a = _new_value(history)
    level = history.header["level"] if history.header["level"] in levels.split() else "s"
    for client, side in enumerate(operations("x900001", "x900002", a, a + 1)):
        statements = [Statement(begin, begin + 10, [operation]) for operation in side]
        history.transactions.append(Transaction(9000 + client, level, "c", statements, (begin, begin + 10)))
    return {name}


def unseen_own_append(history, rng):
    places = [o for t, _, o in _operations(history, "a") if o[3] and o[3][-1] == o[2]]
    place = _pick(rng, places)
    if not place:
        return None
    place[3] = place[3][:-1]
    return {"internal"}


def wrong_count(history, rng):
    place = _pick(rng, ((s, o) for t, s, o in _operations(history, "n") if any(p[0] == "p" and p[1] == o[1] for p in s.operations)))
    if not place:
        return None
    place[1][3] += rng.choice((-1, 1))
    return {"internal"}


WAYS = (lost_append, lost_tail, lost_register_write, lost_item, returned_item, aborted_read, aborted_register_read, intermediate_read,
        duplicate_element, garbage_element, garbage_register, swapped_elements, missing_element, stale_read, early_read, stale_item, dead_item,
        lost_update, write_skew, write_cycle, unseen_own_append, wrong_count)
