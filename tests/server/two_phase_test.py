#!/usr/bin/python3
"""Kills a server (SIGKILL) that has 100 prepared transactions, again and again, and ends them. usage: two_phase_test.py <phantomdb>

A quarter of them change rows, one does DDL, one locks rows in each mode, one takes advisory and table locks in each mode. After each
kill all that were not ended are there with the locks that they had, as pg_locks shows them and as others meet them; none of their changes is seen, those that were ended are ended as was acknowledged, and `phantomdb check` is content."""

import os
import pathlib
import sys

import psycopg
from psycopg import errors

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "lib"))
os.environ["PHANTOMDB"] = sys.argv[1]
from servers import PhantomDB  # noqa: E402

COUNT = 100
# What is locked, what others may lock nevertheless, and what not.
ROW_MODES = [("UPDATE", None, "KEY SHARE"), ("NO KEY UPDATE", "KEY SHARE", "SHARE"), ("SHARE", "SHARE", "NO KEY UPDATE"),
             ("KEY SHARE", "NO KEY UPDATE", "UPDATE")]
TABLE_MODES = [("ACCESS SHARE", "EXCLUSIVE", "ACCESS EXCLUSIVE"), ("ROW SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE"),
               ("ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE", "SHARE"), ("SHARE UPDATE EXCLUSIVE", "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE"),
               ("SHARE", "SHARE", "ROW EXCLUSIVE"), ("SHARE ROW EXCLUSIVE", "ROW SHARE", "ROW EXCLUSIVE"),
               ("EXCLUSIVE", "ACCESS SHARE", "ROW SHARE"), ("ACCESS EXCLUSIVE", None, "ACCESS SHARE")]
LOCKS = """
SELECT gid, locktype, l.database, relation, page, tuple, transactionid, classid, objid, objsubid, mode, granted
FROM pg_locks l JOIN pg_prepared_xacts p ON virtualtransaction = '-1/' || p.transaction WHERE pid IS NULL
"""
SCHEMA = f"""
CREATE TABLE t (id int PRIMARY KEY, v int NOT NULL, note text);
CREATE INDEX t_v ON t (v);
INSERT INTO t SELECT i, 0, repeat('n', i % 100) FROM generate_series(1, {COUNT * 10}) i;
CREATE SEQUENCE s;
""" + "".join(f"CREATE TABLE gone_{i} (a int); INSERT INTO gone_{i} VALUES ({i});" for i in range(1, COUNT, 4)) + \
    "".join(f"CREATE TABLE held_{i} ();" for i in range(3, COUNT, 4))


def expect(what, found, expected):
    if found != expected:
        raise SystemExit(f"{what}: {found!r}, expected {expected!r}")


class Test:
    def __init__(self, server):
        self.server = server
        self.left = {}  # numbers by gid
        self.v, self.made, self.gone = {}, set(), set(range(1, COUNT, 4))
        self.locks = set()

    def connect(self):
        return psycopg.connect(self.server.conninfo(), autocommit=True)

    def prepare(self):
        with self.connect() as setup:
            setup.execute(SCHEMA)
        for i in range(COUNT):
            # Each by a session of its own, which ends.
            with self.connect() as connection:
                connection.execute("BEGIN")
                kind, first = i % 4, i * 10 + 1
                if kind == 0:
                    connection.execute("UPDATE t SET v = %s WHERE id BETWEEN %s AND %s", (i + 1, first, first + 4))
                    connection.execute("DELETE FROM t WHERE id = %s", (first + 5,))
                    connection.execute("INSERT INTO t VALUES (%s, %s, repeat('z', 9000))", (100000 + i, i + 1))
                elif kind == 1:
                    connection.execute(f"CREATE TABLE made_{i} (a serial PRIMARY KEY, b text)")
                    connection.execute(f"INSERT INTO made_{i} (b) SELECT 'b' FROM generate_series(1, 20)")
                    connection.execute(f"DROP TABLE gone_{i}")
                elif kind == 2:
                    mode = ROW_MODES[i // 4 % 4][0]
                    connection.execute(f"SELECT FROM t WHERE id BETWEEN %s AND %s FOR {mode}", (first, first + 9))
                else:
                    connection.execute("SELECT pg_advisory_xact_lock(%s), pg_advisory_xact_lock_shared(7, %s), nextval('s')", (i, i))
                    connection.execute(f"LOCK TABLE held_{i} IN {TABLE_MODES[i // 4 % 8][0]} MODE")
                connection.execute(f"PREPARE TRANSACTION 'number {i}'")
            self.left[f"number {i}"] = i
        with self.connect() as connection:
            self.locks = set(connection.execute(LOCKS).fetchall())
        expect("transactions with locks", {lock[0] for lock in self.locks}, set(self.left))

    def kill(self):
        self.server.kill()
        code, output = self.server.check()
        if code != 0:
            raise SystemExit(f"check: {output}")
        self.server.start()

    def verify(self):
        with self.connect() as connection:
            def rows(sql, *values):
                return connection.execute(sql, values).fetchall()

            def is_locked(sql):
                try:
                    connection.execute(sql)
                    return False
                except errors.LockNotAvailable:
                    return True

            expect("prepared", {row[0] for row in rows("SELECT gid FROM pg_prepared_xacts")}, set(self.left))
            expect("locks", set(rows(LOCKS)), {lock for lock in self.locks if lock[0] in self.left})
            connection.execute("SET lock_timeout = '20ms'")
            for i in self.left.values():
                kind, first = i % 4, i * 10 + 1
                if kind == 0:
                    expect("rows", rows("SELECT DISTINCT v FROM t WHERE id BETWEEN %s AND %s", first, first + 9), [(0,)])
                    expect("a row", is_locked(f"SELECT FROM t WHERE id = {first + 5} FOR UPDATE NOWAIT"), True)
                    expect("a key", is_locked(f"INSERT INTO t VALUES ({100000 + i}, 0)"), True)
                elif kind == 1:
                    expect("a table dropped", is_locked(f"SELECT FROM gone_{i}"), True)
                elif kind == 2:
                    held, free, taken = ROW_MODES[i // 4 % 4]
                    expect(f"a row locked FOR {held}", is_locked(f"SELECT FROM t WHERE id = {first} FOR {taken} NOWAIT"), True)
                    if free:
                        expect(f"a row locked FOR {held}", is_locked(f"SELECT FROM t WHERE id = {first + 9} FOR {free} NOWAIT"), False)
                else:
                    held, free, taken = TABLE_MODES[i // 4 % 8]
                    expect("advisory locks", rows("SELECT pg_try_advisory_lock(%s), pg_try_advisory_lock(7, %s), "
                                                  "pg_try_advisory_lock_shared(7, %s)", i, i, i), [(False, False, True)])
                    for mode, locked in ((taken, True), (free, False)):
                        if mode:
                            with connection.transaction():
                                expect(f"a table locked in {held}", is_locked(f"LOCK TABLE held_{i} IN {mode} MODE NOWAIT"), locked)
            tables = {row[0] for row in rows("SELECT relname FROM pg_class WHERE relname ~ '^(made|gone)_[0-9]+$'")}
            expect("tables", tables, {f"made_{i}" for i in self.made} | {f"gone_{i}" for i in self.gone})
            for i in self.made:
                expect("a table made", rows(f"SELECT count(*), max(a) FROM made_{i}"), [(20, 20)])
            for i, committed in self.v.items():
                first = i * 10 + 1
                expect("rows", rows("SELECT count(*), sum(v) FROM t WHERE id BETWEEN %s AND %s OR id = %s", first, first + 9, 100000 + i),
                       [(10, 6 * (i + 1)) if committed else (10, 0)])

    def end(self, count):
        with self.connect() as connection:
            for gid, i in list(self.left.items())[:count]:
                commits = i % 8 < 4
                connection.execute(f"{'COMMIT' if commits else 'ROLLBACK'} PREPARED '{gid}'")
                del self.left[gid]
                if i % 4 == 0:
                    self.v[i] = commits
                if i % 4 == 1 and commits:
                    self.made.add(i)
                    self.gone.remove(i)

    def run(self):
        self.prepare()
        self.verify()
        for count in (0, 30, 30, 40):
            self.kill()
            self.verify()
            self.end(count)
        self.verify()
        self.kill()
        self.verify()
        expect("prepared", self.left, {})


with PhantomDB(settings=[f"max_prepared_transactions={COUNT}"]) as server:
    Test(server).run()
print(f"passed: {COUNT} prepared transactions")
