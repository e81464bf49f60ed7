"""PhantomDB and PostgreSQL 15 with equal durability and memory, each started when first asked for."""

import contextlib

from servers import PhantomDB, PostgreSQL

NAMES = ("postgresql", "phantomdb")
CONNECTIONS_MAX = 1100


def postgresql(buffers_mb, connections_max=CONNECTIONS_MAX):
    return PostgreSQL(settings=[
        f"shared_buffers={buffers_mb}MB", f"effective_cache_size={3 * buffers_mb}MB", "max_wal_size=8GB", "wal_buffers=64MB",
        "synchronous_commit=on", "fsync=on", "full_page_writes=on", f"max_connections={connections_max}", "checkpoint_timeout=30min",
        "random_page_cost=1.1"])


def phantomdb(buffers_mb, connections_max=CONNECTIONS_MAX):
    return PhantomDB(settings=[f"shared_buffers={buffers_mb}MB", "synchronous_commit=on", f"max_connections={connections_max}"])


def make(name, buffers_mb, connections_max=CONNECTIONS_MAX):
    """Not yet started."""
    return {"postgresql": postgresql, "phantomdb": phantomdb}[name](buffers_mb, connections_max)


class Pair:
    """server(name) is running, and prepared by the function given; all are stopped and removed at the end of the context."""

    def __init__(self, make_server, prepare):
        self.make_server, self.prepare = make_server, prepare
        self.running = {}
        self.stack = contextlib.ExitStack()

    def server(self, name):
        if name not in self.running:
            server = self.stack.enter_context(self.make_server(name))
            self.prepare(server)
            self.running[name] = server
        return self.running[name]

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        return self.stack.__exit__(*failure)
