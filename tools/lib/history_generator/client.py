"""One client: transactions until it is told to stop, each recorded as a line of the history."""

import collections
import random
import threading
import time

from history_checker.history import LEVELS, Statement, Transaction

from .drivers import Failed, Lost, Prepared, Simple
from .workload import RELEASE, ROLLBACK, SAVEPOINT, Workload

# What concurrent transactions may be told: serialization failure, deadlock, a list's row number taken, NOWAIT.
EXPECTED = {"40001", "40P01", "23505", "55P03"}
NOT_PREPARED = "42704"
RECONNECT_TIMEOUT_S = 60
SAVEPOINTS_MAX = 4


def now():
    return time.monotonic_ns()


class Client(threading.Thread):
    """level: rc, rr, s, or mixed: another one each transaction. two_phase: some commit in two phases. `lines` is the history, `errors` counts
    SQLSTATEs, `unexpected` what no server should answer."""

    def __init__(self, number, conninfo, level, kinds, two_phase, seed, stop):
        super().__init__(daemon=True)
        self.number, self.conninfo, self.level, self.two_phase, self.stop = number, conninfo, level, two_phase, stop
        self.random = random.Random(f"{seed} {number}")
        self.workload = Workload(self.random, number, kinds)
        self.lines, self.errors, self.unexpected = [], collections.Counter(), []
        self.driver = None
        self.prepared = 0
        self.pending = None  # what to do about a prepared transaction, and what to record then

    def run(self):
        try:
            while not self.stop.is_set():
                try:
                    if self.driver is None:
                        self._connect()
                    self._transaction()
                except Lost:
                    self.driver = None
        except Exception as error:  # noqa: BLE001 - reported by whoever joins
            self.unexpected.append(f"client {self.number}: {type(error).__name__}: {error}")
        if self.driver:
            self.driver.close()
        if self.pending:
            _, level, _, begin, self.statements = self.pending
            self._record(level, "u", (begin, None))

    def _connect(self):
        kind = Prepared if self.number % 3 == 0 else Simple
        deadline = time.monotonic() + RECONNECT_TIMEOUT_S
        while True:
            try:
                self.driver = kind(self.conninfo)
                break
            except Lost:
                if time.monotonic() > deadline:
                    raise RuntimeError("no connection for a minute") from None
                time.sleep(0.02)
                if self.stop.is_set():
                    raise
        self.session_level = "rc" if self.level == "mixed" else self.level
        self.driver.execute(f"SET default_transaction_isolation = '{LEVELS[self.session_level]}'")
        if self.pending:
            self._finish_prepared()

    def _transaction(self):
        kind = self.random.random()
        self.statements, self.depth, self.error = [], 0, None
        if kind < 0.1:
            self._alone()
        elif kind < 0.2 and isinstance(self.driver, Prepared):
            self._one_message()
        else:
            self._usual(read_only=kind > 0.92)

    def _record(self, level, outcome, end):
        if self.statements:
            self.lines.append(Transaction(self.number, level, outcome, self.statements, end, self.error).to_json() + "\n")

    def _note_error(self, failed):
        self.errors[failed.sqlstate] += 1
        self.error = failed.sqlstate
        if failed.sqlstate not in EXPECTED:
            self.unexpected.append(f"client {self.number}: {failed}")

    def _alone(self):
        """A statement without BEGIN."""
        step = self.workload.write(alone=True) if self.random.random() < 0.5 else self.workload.read()
        begin = now()
        try:
            result = self.driver.execute(step.sql, step.parameters)
        except Failed as failed:
            self._fail(failed, self.session_level, begin, step.attempted)
            return
        except Lost:
            self.statements.append(Statement(begin, None, step.attempted))
            if step.attempted:
                self._record(self.session_level, "u", (begin, None))
            raise
        end = now()
        self.statements.append(Statement(begin, end, step.told(*result)))
        self._record(self.session_level, "c", (begin, end))

    def _one_message(self):
        """Several writes in one message, in a transaction of their own."""
        level = self._draw_level()
        steps = [self.workload.write(alone=True) for _ in range(self.random.randint(2, 4))]
        sql = [f"BEGIN ISOLATION LEVEL {LEVELS[level]}", *(s.sql for s in steps), "COMMIT"]
        if self.random.random() < 0.3 and level == self.session_level:
            sql = sql[1:-1]  # the message itself is the transaction
        begin = now()
        try:
            results = self.driver.execute_several("; ".join(sql), [p for s in steps for p in s.parameters])
        except Failed as failed:
            self._fail(failed, level, begin, [o for s in steps for o in s.attempted])
            self.driver.execute("ROLLBACK")  # the message may have had its own BEGIN
            return
        except Lost:
            self.statements.append(Statement(begin, None, [o for s in steps for o in s.attempted]))
            self._record(level, "u", (begin, None))
            raise
        end = now()
        results = results[1:-1] if len(results) > len(steps) else results
        self.statements.append(Statement(begin, end, [o for step, result in zip(steps, results) for o in step.told(*result)]))
        self._record(level, "c", (begin, end))

    def _fail(self, failed, level, begin, attempted):
        """A transaction of one message that came to nothing."""
        end = now()
        self._note_error(failed)
        self.statements.append(Statement(begin, end, attempted, failed.sqlstate))
        self._record(level, "a", (begin, end))

    def _draw_level(self):
        return self.random.choice(list(LEVELS)) if self.level == "mixed" else self.level

    def _usual(self, read_only):
        rng, level = self.random, self._draw_level()
        begin = "BEGIN" if level == self.session_level and rng.random() < 0.5 else f"BEGIN ISOLATION LEVEL {LEVELS[level]}"
        if read_only:
            begin += " READ ONLY" + (", DEFERRABLE" if level == "s" and rng.random() < 0.25 and "LEVEL" in begin else "")
        try:
            self.driver.execute(begin)
            for _ in range(rng.choice((1, 2, 2, 3, 3, 4, 6))):
                if not self._statement(level, read_only):
                    self._end("ROLLBACK", level)
                    return
            if rng.random() < 0.15:
                time.sleep(rng.random() * 0.004)
            if self.two_phase and rng.random() < 0.4:
                self._end_in_two_phases(level)
            else:
                self._end("ROLLBACK" if rng.random() < 0.05 else "COMMIT", level)
        except Lost:
            if self.statements is not None:  # it had not been asked to commit
                self._record(level, "a", (None, None))
            raise

    def _statement(self, level, read_only):
        """Plays a step, and perhaps a savepoint before it. False after an error that ends the transaction."""
        rng, kind = self.random, self.random.random()
        if kind < 0.1 and self.depth < SAVEPOINTS_MAX:
            self.depth += 1
            self._control(f"SAVEPOINT s{self.depth}", SAVEPOINT)
        elif kind < 0.15 and self.depth:
            self._roll_back()
        elif kind < 0.18 and self.depth:
            self._control(f"RELEASE SAVEPOINT s{self.depth}", RELEASE)
            self.depth -= 1
        if read_only:
            step = self.workload.read(locks=False)
        else:
            step = self.workload.write() if rng.random() < 0.5 else self.workload.read()
        begin, end = now(), None
        try:
            if step.attempted == [] and "FOR" not in step.sql and rng.random() < 0.08:
                self.driver.execute(f"DECLARE looking CURSOR FOR {step.sql}", step.parameters)
                end = now()  # it shows what was there then
                time.sleep(rng.random() * 0.003)
                result = self.driver.execute("FETCH ALL FROM looking")
                self.driver.execute("CLOSE looking")
            else:
                result = self.driver.execute(step.sql, step.parameters)
        except Failed as failed:
            self.statements.append(Statement(begin, now(), step.attempted or [], failed.sqlstate))
            self._note_error(failed)
            if not self.depth or rng.random() < 0.3:
                return False
            self._roll_back()
            return True
        except Lost:
            self.statements.append(Statement(begin, None, step.attempted or [], "08006"))
            raise
        self.statements.append(Statement(begin, end or now(), step.told(*result)))
        return True

    def _roll_back(self):
        self._control(f"ROLLBACK TO SAVEPOINT s{self.depth}", ROLLBACK)
        self.driver.execute(f"RELEASE SAVEPOINT s{self.depth}")
        self.depth -= 1
        self.error = None

    def _control(self, sql, operation):
        begin = now()
        self.driver.execute(sql)
        self.statements.append(Statement(begin, now(), [operation]))

    def _end(self, command, level):
        begin = now()
        try:
            self.driver.execute(command)
        except Failed as failed:
            self._note_error(failed)
            self._record(level, "a", (begin, now()))
        except Lost:
            self._record(level, "u" if command == "COMMIT" else "a", (begin, None))
            self.statements = None
            raise
        else:
            self._record(level, "c" if command == "COMMIT" else "a", (begin, now()))

    def _end_in_two_phases(self, level):
        """A prepared transaction outlives a crash, so whatever is lost, in the end its outcome is known."""
        self.prepared += 1
        name = f"history_{self.number}_{self.prepared}"
        begin, statements = now(), self.statements
        try:
            self.driver.execute(f"PREPARE TRANSACTION '{name}'")
        except Failed as failed:
            self._note_error(failed)
            self._record(level, "a", (begin, now()))
            return
        except Lost:  # it may be prepared, but nobody will commit it
            self.pending, self.statements = (f"ROLLBACK PREPARED '{name}'", level, "a", begin, statements), None
            raise
        if self.random.random() < 0.2:
            time.sleep(self.random.random() * 0.004)
        command, outcome = ("ROLLBACK", "a") if self.random.random() < 0.1 else ("COMMIT", "c")
        self.pending = (f"{command} PREPARED '{name}'", level, outcome, now(), statements)
        self.statements = None
        self._finish_prepared(first=True)

    def _finish_prepared(self, first=False):
        """Does what is pending; when not for the first time, that may have been done before the connection was lost."""
        command, level, outcome, begin, statements = self.pending
        try:
            self.driver.execute(command)
        except Failed as failed:
            if first or failed.sqlstate != NOT_PREPARED:
                self.unexpected.append(f"client {self.number}: {command}: {failed}")
        end = now()
        self.pending, self.statements, self.error = None, statements, None
        self._record(level, outcome, (begin, end))
        self.statements = None
