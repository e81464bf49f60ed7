"""Clients that lock random rows in random order and judge every deadlock the server reports by what they themselves did.

Each client knows, of itself, which rows its transaction has changed and which it is asking for. A reported cycle is true when its
processes form a ring, all of them were asking for a row at one and the same time, and each of them was blocked by the next: that one
had the row, or asked for it too (and may stand before it in the queue)."""

import asyncio
import collections
import itertools
import random
import re
import time

import psycopg

EDGE = re.compile(r"^Process (\d+) waits for (\w+) on (.+); blocked by process (\d+)\.$")
KEPT_S = 60  # what clients did before that is forgotten


class Client:
    def __init__(self, storm, number):
        self.storm = storm
        self.random = random.Random(storm.seed * 1000 + number)
        # [row, asked, answered or None, over or None]: over is the end of the transaction it got the row in.
        self.history = collections.deque()
        self.pid = None

    async def run(self):
        storm = self.storm
        connection = await psycopg.AsyncConnection.connect(storm.conninfo, autocommit=True)
        self.pid = connection.info.backend_pid
        storm.clients[self.pid] = self
        await connection.execute(f"SET deadlock_timeout = {storm.timeout_ms}; SET log_lock_waits = on")
        while time.monotonic() < storm.end:
            rows = self.random.sample(range(1, storm.rows + 1), storm.locks)
            try:
                await connection.execute("BEGIN")
                for row in rows:
                    entry = [row, time.monotonic(), None, None]
                    self.history.append(entry)
                    await connection.execute("UPDATE storm SET n = n + 1 WHERE id = %s", (row,))
                    entry[2] = time.monotonic()
                    storm.longest = max(storm.longest, entry[2] - entry[1])
                await connection.execute("COMMIT")
                storm.committed += 1
            except psycopg.errors.DeadlockDetected as error:
                entry[2] = time.monotonic()
                storm.longest = max(storm.longest, entry[2] - entry[1])
                storm.judge(self, error.diag.message_detail or "")
                await connection.execute("ROLLBACK")
            self.finish()
        await connection.close()

    def finish(self):
        now = time.monotonic()
        for entry in reversed(self.history):
            if entry[3] is not None:
                break
            entry[3] = now
        while self.history and self.history[0][3] is not None and self.history[0][3] < now - KEPT_S:
            self.history.popleft()

    def since(self, begin):
        """What it has asked for and not given up by then, the newest first."""
        return itertools.takewhile(lambda entry: entry[3] is None or entry[3] > begin, reversed(self.history))


class Storm:
    """conninfo: of a server with a table storm (id, n) of `rows` rows. After run(): committed, deadlocks, false (their reports), longest."""

    def __init__(self, conninfo, rows, locks, clients, seconds, timeout_ms, seed):
        self.conninfo, self.rows, self.locks, self.count = conninfo, rows, locks, clients
        self.seconds, self.timeout_ms, self.seed = seconds, timeout_ms, seed
        self.clients, self.committed, self.deadlocks, self.false, self.longest = {}, 0, 0, [], 0.0

    def run(self):
        asyncio.run(self.play())

    async def play(self):
        self.end = time.monotonic() + self.seconds
        await asyncio.gather(*(Client(self, i).run() for i in range(self.count)))

    def judge(self, victim, detail):
        self.deadlocks += 1
        reason = self.fault(victim, detail)
        if reason:
            self.false.append(f"{reason}: {detail}")

    def fault(self, victim, detail):
        """Why the reported cycle cannot have been one; None: it was."""
        edges = [EDGE.match(line) for line in detail.splitlines()]
        if len(edges) < 2 or not all(edges):
            return "not a list of waits"
        waiters = [int(edge[1]) for edge in edges]
        blockers = [int(edge[4]) for edge in edges]
        if blockers != waiters[1:] + waiters[:1]:
            return "not a ring"
        if len(set(waiters)) != len(waiters):
            return "a process twice"
        if waiters[0] != victim.pid:
            return "not the victim's own"
        if any(pid not in self.clients for pid in waiters):
            return "an unknown process"
        # What the others asked for while the victim did: until the victim's error is read they may have gone on to ask for more.
        begin, end = victim.history[-1][1], victim.history[-1][2]
        asked = [[e for e in self.clients[pid].since(begin) if e[1] < end and (e[2] is None or e[2] > begin)] for pid in waiters]
        if not all(asked):
            return f"process {waiters[asked.index([])]} did not wait"
        return None if self.explained((), asked, blockers, begin, end) else "no such waits at one time"

    def explained(self, chosen, asked, blockers, begin, end):
        """Whether each of those left can have waited for one of what it asked for, all at one time and each blocked by the next."""
        if len(chosen) == len(asked):
            return all(self.blocks(blocker, wait[0], begin, end) for wait, blocker in zip(chosen, blockers))
        for wait in asked[len(chosen)]:
            first, last = max(begin, wait[1]), min(end, wait[2] or end)
            if first < last and self.blocks(blockers[len(chosen)], wait[0], first, last):
                if self.explained((*chosen, wait), asked, blockers, first, last):
                    return True
        return False

    def blocks(self, pid, row, begin, end):
        """Whether the process had the row, or asked for it, within that time."""
        return any(entry[0] == row and entry[1] < end for entry in self.clients[pid].since(begin))


def detection_times_ms(log):
    """How long each victim had waited when its deadlock was found, from a server's log with log_lock_waits."""
    return [float(ms) for ms in re.findall(r"detected deadlock while waiting for .* after ([0-9.]+) ms", log)]
