"""The anomalies by name, and which of them PostgreSQL's isolation levels forbid.

READ COMMITTED there gives every statement one consistent snapshot, each later than the one before it; REPEATABLE READ is snapshot
isolation; SERIALIZABLE adds that there is a serial order, though not always one that agrees with the order in time. Snapshots, however,
always hold what was acknowledged before they were asked for, at every level: names ending in -realtime are cycles that need that."""

ANOMALIES = {
    "G0": "write cycle: two transactions' writes interleave",
    "G1a": "aborted read: somebody saw what was rolled back",
    "G1b": "intermediate read: somebody saw what its writer overwrote later on",
    "G1c": "circular information flow: each has seen or overwritten the other",
    "OTV": "observed transaction vanishes: a statement misses part of what it, or one before it, has seen of a transaction",
    "P4": "lost update: overwritten by one who had read the version before",
    "PMP": "read skew by a predicate: one cycle with a single anti-dependency, from a read by range",
    "G-single": "read skew: a cycle with a single anti-dependency",
    "G-SI": "a cycle without two anti-dependencies in a row",
    "G2-item": "write skew: a cycle with anti-dependencies in a row, from reads of single keys",
    "G2": "the same with reads by a predicate",
    "lock": "a row was written while another held a lock on it",
    "internal": "a transaction does not see its own writes, or a count differs from the rows",
    "incompatible": "reads of one key that no order of its versions explains",
    "duplicate": "a value is there twice",
    "garbage": "a value that nobody wrote",
    "fork": "two writes over the same version",
    "lost": "a write that was acknowledged, or seen by others, is gone",
}

_ALWAYS = {"G0", "G1a", "G1b", "G1c", "OTV", "lock", "internal", "incompatible", "duplicate", "garbage", "fork", "lost"}
_SNAPSHOT = _ALWAYS | {"P4", "PMP", "G-single", "G-SI"}
FORBIDDEN = {"rc": _ALWAYS, "rr": _SNAPSHOT, "s": _SNAPSHOT | {"G2-item", "G2"}}


def forbids(level, name):
    return name.endswith("-realtime") or name in FORBIDDEN[level]
