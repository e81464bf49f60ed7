"""sysbench's OLTP workloads, as its own scripts play them."""

import shutil

from bench.clients import sysbench, sysbench_outcome
from bench.measure import measure
from bench.table import Case, Table

DATABASE = "sysbench"
TABLES = 8
WORKLOADS = ("point_select", "read_only", "read_write", "update_index", "insert")
READING = ("point_select", "read_only")


class Sysbench(Table):
    name = "sysbench"
    about = f"sysbench's oltp_* on {TABLES} tables (--rows each); failed are transactions given up for a deadlock"

    def prepare(self, server):
        if not shutil.which("sysbench"):
            raise SystemExit("sysbench is missing: apt-get install sysbench")
        server.psql(f"CREATE DATABASE {DATABASE}")
        self.sysbench(server, "read_write", "prepare")
        server.psql("VACUUM ANALYZE", DATABASE)

    def sysbench(self, server, workload, command, **how):
        return sysbench(server, f"oltp_{workload}", command, tables=TABLES, rows=self.options.rows, dbname=DATABASE, **how)

    def cases(self):
        for workload in WORKLOADS:
            for threads in (8, 32):
                yield Case(f"sysbench-{workload.replace('_', '-')}-{threads}", self.player(workload, threads))

    def player(self, workload, threads):
        def client(server, seconds):
            return sysbench_outcome(self.sysbench(server, workload, "run", threads=threads, seconds=seconds))
        return lambda server, seconds: measure(server, lambda: client(server, seconds), writes=workload not in READING)
