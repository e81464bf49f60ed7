"""Small histories written as text, for tests.

  finds G-single at rr s          what the checker finds at these levels ("nothing" if it must be quiet)
  allows G-single at rc           what it counts there as allowed
  T1 committed: get x1 0; get x2 7
  T2 aborted @10-20: set x1 1 over 0, append a1 5; savepoint; append a1 6 = [5 6]; rollback; read a1 [5] for u

Statements end with ";", operations of one statement with ",". Everything happens between 0 and 1000 unless "@begin-end" says when, or
"@begin-?" that nobody knows the end. Operations: append KEY ELEMENT [= LIST], read KEY LIST, set KEY VALUE [over VALUE], get KEY VALUE
[after VALUE], insert SLOT ID, delete SLOT ID [perhaps], items LOW-HIGH LIST, count LOW-HIGH NUMBER, savepoint, rollback, release; "for u|n|s|k" after
one says which lock it took, "fails SQLSTATE" that its statement failed. A transaction named final reads what is there in the end."""

import re

from history_checker.history import History, Statement, Transaction

OUTCOMES = {"committed": "c", "aborted": "a", "unknown": "u"}
_TRANSACTION = re.compile(r"(\w+) (committed|aborted|unknown)(?: @(\d+)-(\d+|\?))?: *(.*)")


class TextHistory:
    def __init__(self, text):
        self.expected, self.lines = {}, []  # level → (names found, names allowed)
        for line in text.splitlines():
            line = line.split("#")[0].strip()
            if match := re.fullmatch(r"(finds|allows) (\S+) at (.+)", line):
                for level in match[3].split():
                    found, allowed = self.expected.setdefault(level, (set(), set()))
                    if match[2] != "nothing":
                        (found if match[1] == "finds" else allowed).add(match[2])
            elif line:
                self.lines.append(line)

    def history(self, level):
        return History({"level": level}, [self._transaction(n, line, level) for n, line in enumerate(self.lines)])

    def _transaction(self, client, line, level):
        match = _TRANSACTION.fullmatch(line)
        if not match:
            raise ValueError(f"not a transaction: {line}")
        name, outcome, begin, end, body = match.groups()
        final = name == "final"
        begin = int(begin or (2000 if final else 0))
        known_end = None if end == "?" else int(end or begin + 1000)
        statements = [_statement(text.strip(), begin, known_end) for text in body.split(";") if text.strip()]
        error = next((s.error for s in statements if s.error), None) if outcome == "aborted" else None
        return Transaction(client, level, OUTCOMES[outcome], statements, (begin, known_end), error, final)


def _statement(text, begin, end):
    error = None
    if match := re.search(r" fails (\w+)$", text):
        text, error = text[:match.start()], match[1]
    return Statement(begin, end, [_operation(o.strip()) for o in text.split(",")], error)


def _operation(text):
    lock = ""
    if match := re.search(r" for ([unsk])$", text):
        text, lock = text[:match.start()], match[1]
    values = None
    if match := re.search(r" (?:= )?\[([\d ]*)\]$", text):
        text, values = text[:match.start()], [int(word) for word in match[1].split()]
    words = text.split()
    verb, rest = words[0], words[1:]
    if verb in ("savepoint", "rollback", "release"):
        return [{"savepoint": "S", "rollback": "R", "release": "L"}[verb], None, None, None, ""]
    if verb in ("insert", "delete"):
        return [verb[0], int(rest[0]), int(rest[1]), 1 if verb == "delete" and rest[2:] != ["perhaps"] else None, ""]
    if verb in ("items", "count"):
        bounds = [int(word) for word in rest[0].split("-")]
        return ["p", bounds, None, values, lock] if verb == "items" else ["n", bounds, None, int(rest[1]), ""]
    if verb == "append":
        return ["a", rest[0], int(rest[1]), values, ""]
    if verb == "read":
        return ["r", rest[0], None, values, lock]
    other = int(rest[3]) if len(rest) > 3 else None
    return ["w", rest[0], int(rest[1]), other, ""] if verb == "set" else ["g", rest[0], None, [int(rest[1]), other], lock]
