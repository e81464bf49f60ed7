"""What connections cost: memory of idle ones, many active at once, and the making of new ones."""

import os
import pathlib
import socket
import struct
import tempfile

from bench import machine, pair
from bench.clients import load_pgbench, pgbench
from bench.measure import P50, P99, cpu_seconds_of, measure
from bench.pgbench_tables import SAMPLED_SELECTS, selects
from bench.table import Case, Table

# A backend of PostgreSQL costs forty times as much and a process, and 500 show how much.
IDLE_POSTGRESQL_MAX = 500
ACTIVE = 1000
# What the first connections make a server allocate once is not theirs.
WARMING = 50
RESERVED = 50
FILES_BESIDE = 200
# pgbench's clock runs while it connects its clients one after the other.
ACTIVE_CONNECTING_S = 10
# Each thread of pgbench waits for the connection it makes.
CONNECTING = 8
PASSWORD = "bench"
READ_BYTES = 4096


class Connection:
    """The little of the protocol that is needed, so that one process can hold thousands of these."""

    PARAMETERS = b"user\0postgres\0database\0postgres\0\0"

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.sendall(struct.pack("!II", len(self.PARAMETERS) + 8, 196608) + self.PARAMETERS)
        self.until_ready()

    def until_ready(self):
        """Reads messages up to ReadyForQuery; an error ends the measurement."""
        unread = b""
        while True:
            block = self.socket.recv(READ_BYTES)
            if not block:
                raise SystemExit("the server closed a connection")
            unread += block
            while len(unread) >= 5 and len(unread) > (size := struct.unpack_from("!I", unread, 1)[0]):
                kind, body, unread = unread[:1], unread[5:size + 1], unread[size + 1:]
                if kind == b"E":
                    raise SystemExit(body.replace(b"\0", b" ").decode(errors="replace"))
                if kind == b"Z":
                    return

    def query(self, sql):
        text = sql.encode() + b"\0"
        self.socket.sendall(b"Q" + struct.pack("!I", len(text) + 4) + text)
        self.until_ready()

    def close(self):
        self.socket.close()


class Connections(Table):
    name = "connections"
    about = (f"idle connections (--idle; PostgreSQL {IDLE_POSTGRESQL_MAX}), {ACTIVE:,} active ones selecting, "
             "new ones with one SELECT 1 each, trusted and with a password (SCRAM)")

    def __init__(self, options):
        super().__init__(options)
        self.demanding = set()  # the servers that want a password by now

    def make_server(self, name):
        most = self.options.idle + WARMING + RESERVED if name == "phantomdb" else 0
        return pair.make(name, self.options.memory_mb, max(pair.CONNECTIONS_MAX, most))

    def prepare(self, server):
        load_pgbench(server, self.options.scale)

    def cases(self):
        yield Case("connections-idle", self.play_idle, repeats=False)
        yield Case(f"connections-active-{ACTIVE}", self.play_active)
        yield Case("connections-new-trust", self.play_new)
        # Last, as from then on the servers demand passwords.
        yield Case("connections-new-scram", self.play_new_scram)

    def play_idle(self, server, _):
        count = min(self.options.idle, IDLE_POSTGRESQL_MAX) if server.name == "postgresql" else self.options.idle
        if machine.open_files_max() < count + FILES_BESIDE:
            raise SystemExit(f"{count} connections need as many open files in one process: raise the limit (ulimit -n, as root)")
        query = "SELECT abalance FROM pgbench_accounts WHERE aid = 1"
        opened = [Connection(server.port) for _ in range(WARMING)]
        for connection in opened:
            connection.query(query)
        before = machine.memory_kib(server.pids())
        fresh = [Connection(server.port) for _ in range(count)]
        opened += fresh
        connected = machine.memory_kib(server.pids())
        for connection in fresh:
            connection.query(query)
        used = machine.memory_kib(server.pids())
        for connection in opened:
            connection.close()
        return {"idle KiB each": (connected - before) / count, "after a query KiB each": (used - before) / count, "connections": count}

    def play_active(self, server, seconds):
        client = selects("prepared", ACTIVE)
        connecting_s = cpu_seconds_of(server, lambda: server.pgbench("-n", "-j", 2, "-t", 1, *client))
        return measure(server, lambda: pgbench(server, *client, seconds=seconds + ACTIVE_CONNECTING_S, sampled=SAMPLED_SELECTS),
                       beside_s=connecting_s)

    def play_new(self, server, seconds):
        with tempfile.TemporaryDirectory(prefix="connections-") as directory:
            script = pathlib.Path(directory, "one.sql")
            script.write_text("SELECT 1;\n")
            figures = measure(server, lambda: pgbench(server, "-C", "-c", CONNECTING, "-f", script, seconds=seconds, threads=CONNECTING))
        # pgbench's log has the statement's time alone.
        return {name: figure for name, figure in figures.items() if name not in (P50, P99)}

    def play_new_scram(self, server, seconds):
        if server.name not in self.demanding:
            server.demand_password(PASSWORD)
            os.environ["PGPASSWORD"] = PASSWORD  # does not disturb a server that trusts
            self.demanding.add(server.name)
        return self.play_new(server, seconds)
