"""A history: what clients asked of a server and what they were told. A file of JSON lines: a header, then a line a transaction.

The header is an object; the checker needs nothing of it. A transaction is an object:

  c  client; below 0 for reads of everything between the clients' transactions
  l  isolation level: rc, rr or s
  o  outcome: c committed (acknowledged), a aborted for sure, u unknown (the connection was lost while it committed)
  e  SQLSTATE of the error that aborted it, or absent
  s  its statements, each [begin, end, operations, error?]; a message of several statements is recorded as one. A statement with
     an error had no effect, one whose answer was lost has no end
  t  [begin, end] of its COMMIT or ROLLBACK (of the statement itself, where that is the transaction); null where not known
  f  1 if it read everything there was when all others had ended

Times are nanoseconds of one monotonic clock. An operation is [function, key, value, result, lock]:

  a  key element list   appends element to the list; what RETURNING gave, or null
  r  key null list      reads the list
  w  key value previous sets the register; the value this overwrote, or null where that was not asked
  g  key null [value, previous]  gets the register's value and the one it overwrote
  i  slot id            inserts an item
  d  slot id 1          deletes an item; null where nobody knows whether it was still there
  p  [low, high] null [id...]    reads the items of the slots low to high
  n  [low, high] null number     counts them
  S, R, L               savepoint, rollback to the last one (which is gone then), release

Keys of lists kept in one row begin with a, of lists kept as rows of a table with t; of registers with x. No value is written to a key
twice; a register begins with 0. lock: "" or the row lock that the read took: u(pdate), n(o key update), s(hare), k(ey share)."""

import gc
import json

LEVELS = {"rc": "read committed", "rr": "repeatable read", "s": "serializable"}
FORMAT = 1


class Statement:
    __slots__ = ("begin", "end", "operations", "error")

    def __init__(self, begin, end, operations, error=None):
        self.begin, self.end, self.operations, self.error = begin, end, operations, error

    @property
    def looks(self):
        """Whether it looks at data, and so needs a snapshot: all do but savepoints, even if there is nothing to tell of it."""
        return not self.operations or self.operations[0][0] not in "SRL"


class Transaction:
    """`committed` begins as what the client knows; the checker sets it where others have seen what an unknown one wrote."""

    __slots__ = ("number", "client", "level", "outcome", "error", "statements", "begin", "end", "final", "committed")

    def __init__(self, client, level, outcome, statements, end=(None, None), error=None, final=False):
        self.number = None
        self.client, self.level, self.outcome, self.error = client, level, outcome, error
        self.statements, self.end, self.final = statements, end, final
        self.begin = statements[0].begin if statements else end[0]
        self.committed = outcome == "c"

    @property
    def one_snapshot(self):
        return self.level != "rc"

    def to_json(self):
        value = {"c": self.client, "l": self.level, "o": self.outcome,
                 "s": [[s.begin, s.end, s.operations] + ([s.error] if s.error else []) for s in self.statements], "t": list(self.end)}
        if self.error:
            value["e"] = self.error
        if self.final:
            value["f"] = 1
        return json.dumps(value, separators=(",", ":"))

    @staticmethod
    def from_json(line):
        value = json.loads(line)
        return Transaction(value["c"], value["l"], value["o"], [Statement(*s) for s in value["s"]], tuple(value["t"]),
                           value.get("e"), bool(value.get("f")))


class History:
    """Its transactions are numbered in the order they began."""

    def __init__(self, header, transactions):
        self.header = header
        self.transactions = sorted((t for t in transactions if t.begin is not None), key=lambda t: t.begin)
        for number, transaction in enumerate(self.transactions):
            transaction.number = number

    def operations(self):
        return sum(len(s.operations) for t in self.transactions for s in t.statements)

    def write(self, path):
        with open(path, "w") as file:
            file.write(json.dumps(dict(self.header, format=FORMAT)) + "\n")
            file.writelines(t.to_json() + "\n" for t in self.transactions)

    @staticmethod
    def read(path):
        collecting = gc.isenabled()
        gc.disable()  # millions of small lists, none of them garbage
        try:
            with open(path) as file:
                header = json.loads(file.readline())
                if header.get("format") != FORMAT:
                    raise SystemExit(f"{path}: not a history of format {FORMAT}")
                return History(header, [Transaction.from_json(line) for line in file])
        finally:
            if collecting:
                gc.enable()
