"""Plays a history: a server, processes full of clients, kills, and in the end a read of everything there is."""

import collections
import json
import multiprocessing
import pathlib
import random
import tempfile
import threading
import time

from history_checker.history import History, Statement, Transaction
from servers import PhantomDB, PostgreSQL

from .client import Client, now
from .drivers import Lost, Simple
from .workload import SCHEMA, TABLES

PROCESSES_MAX = 4
HANG_TIMEOUT_S = 90  # past the end: longer than statement_timeout
SETTINGS = ["deadlock_timeout=20ms", "statement_timeout=60s"]


class Played:
    """`errors`: how often each SQLSTATE was told. `wrong`: what no server should do, apart from what the checker finds."""

    def __init__(self, history, errors, wrong, kills):
        self.history, self.errors, self.wrong, self.kills = history, errors, wrong, kills


def make_server(name, settings, two_phase):
    server = {"phantomdb": PhantomDB, "postgres": PostgreSQL}[name]
    return server(settings=[*SETTINGS, *(["max_prepared_transactions=200"] if two_phase else []), *settings])


def play(server, level, seconds, clients, kinds, two_phase, seed, kill_seconds=None):
    """On a server that runs, with tables made anew. kill_seconds: how long a server lives on average before it is killed."""
    driver = Simple(server.conninfo())
    driver.execute(f"DROP TABLE IF EXISTS {', '.join(TABLES)}")
    driver.execute(SCHEMA)
    driver.close()
    reads, wrong, kills = [], [], 0
    with tempfile.TemporaryDirectory(prefix="histories-") as directory:
        context = multiprocessing.get_context("fork")
        stop = context.Event()
        processes = []
        for number in range(min(PROCESSES_MAX, clients)):
            members = range(number, clients, min(PROCESSES_MAX, clients))
            part = pathlib.Path(directory) / str(number)
            processes.append((context.Process(target=_play_clients, args=(server.conninfo(), level, kinds, two_phase, seed, members,
                                                                             stop, part)), part))
        for process, _ in processes:
            process.start()
        rng, end = random.Random(seed), time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            life = rng.uniform(0.2, 2 * kill_seconds) if kill_seconds else left
            time.sleep(min(left, life))
            if kill_seconds and life < left:
                server.kill()
                server.start()
                kills += 1
                reads.append(_read_everything(server, final=False))
        stop.set()
        lines, errors = [], collections.Counter()
        for process, part in processes:
            process.join(HANG_TIMEOUT_S)
            if process.is_alive():
                process.kill()
                wrong.append("clients do not come to an end")
            elif part.exists():
                first, *more = part.read_text().splitlines()
                told = json.loads(first)
                errors.update(told["errors"])
                wrong += told["unexpected"]
                lines += more
            else:
                wrong.append("a process of clients has died")
    if two_phase:
        _roll_back_prepared(server)
    reads.append(_read_everything(server, final=True))
    history = History({"server": server.name, "level": level, "clients": clients, "seconds": seconds, "seed": seed, "kills": kills},
                      [Transaction.from_json(line) for line in lines] + reads)
    _add_missing_lists(history)
    return Played(history, errors, wrong, kills)


def _play_clients(conninfo, level, kinds, two_phase, seed, members, stop, part):
    """One process: its clients as threads. What they have is written in the end."""
    stopped = threading.Event()
    clients = [Client(number, conninfo, level, kinds, two_phase, seed, stopped) for number in members]
    for client in clients:
        client.start()
    stop.wait()
    stopped.set()
    for client in clients:
        client.join(HANG_TIMEOUT_S / 2)
    errors = sum((client.errors for client in clients), collections.Counter())
    unexpected = [u for client in clients for u in client.unexpected]
    unexpected += [f"client {client.number} waits for an answer" for client in clients if client.is_alive()]
    with open(part, "w") as file:
        file.write(json.dumps({"errors": errors, "unexpected": unexpected}) + "\n")
        for client in clients:
            file.writelines(client.lines)


def _roll_back_prepared(server):
    """What clients could not finish before the end."""
    driver = _connect(server)
    for name, in driver.execute("SELECT gid FROM pg_prepared_xacts")[0]:
        driver.execute(f"ROLLBACK PREPARED '{name}'")
    driver.close()


def _read_everything(server, final):
    """A transaction of its own, by nobody's client."""
    driver, statements = _connect(server), []

    def read(sql, told):
        begin = now()
        rows, _ = driver.execute(sql)
        statements.append(Statement(begin, now(), [told(*row) for row in rows]))

    driver.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    read("SELECT id, v FROM list", lambda number, values: ["r", f"a{number}", None, values, ""])
    read("SELECT id, array_agg(e ORDER BY pos) FROM list_row GROUP BY id", lambda number, values: ["r", f"t{number}", None, values, ""])
    read("SELECT id, val, prev FROM register", lambda number, value, previous: ["g", f"x{number}", None, [value, previous], ""])
    read("SELECT array_agg(id) FROM item", lambda items: ["p", [0, 10**6], None, items or [], ""])
    begin = now()
    driver.execute("COMMIT")
    end = now()
    driver.close()
    return Transaction(-1, "rr", "c", statements, (begin, end), final=final)


def _connect(server):
    for _ in range(100):
        try:
            return Simple(server.conninfo())
        except Lost:
            time.sleep(0.1)
    raise RuntimeError("the server does not answer after its start")


def _add_missing_lists(history):
    """A list that is not there has been read as empty in the end."""
    final = next(t for t in reversed(history.transactions) if t.final)
    there = {o[1] for s in final.statements for o in s.operations if o[0] == "r"}
    appended = {o[1] for t in history.transactions for s in t.statements for o in s.operations if o[0] == "a"}
    final.statements[0].operations.extend(["r", key, None, [], ""] for key in sorted(appended - there))
