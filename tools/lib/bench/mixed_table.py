"""Transactions with an analytic scan looping beside them."""

import concurrent.futures
import pathlib
import tempfile

from bench.clients import load_pgbench, pgbench
from bench.measure import measure
from bench.pgbench_tables import Tpcb
from bench.table import Case

CLIENTS = 8
# TPC-H's lineitem as far as Q1 reads it, and a comment. All derived from a row's number, so that both servers hold the same.
LINEITEM = """
CREATE TABLE lineitem (l_orderkey bigint NOT NULL, l_linenumber integer NOT NULL, l_quantity decimal(15,2) NOT NULL,
  l_extendedprice decimal(15,2) NOT NULL, l_discount decimal(15,2) NOT NULL, l_tax decimal(15,2) NOT NULL, l_returnflag char(1) NOT NULL,
  l_linestatus char(1) NOT NULL, l_shipdate date NOT NULL, l_comment varchar(44) NOT NULL, PRIMARY KEY (l_orderkey, l_linenumber));
INSERT INTO lineitem SELECT n / 4, n % 4, 1 + n * 7919 % 50, 900 + n * 104729 % 104000 / 1.00, n % 11 / 100.0, n % 9 / 100.0,
  CASE WHEN n % 2 = 0 THEN 'N' WHEN n % 4 = 1 THEN 'A' ELSE 'R' END, CASE WHEN n % 2 = 0 AND n % 200 < 195 THEN 'O' ELSE 'F' END,
  date '1992-01-01' + (n * 7907 % 2526)::integer, 'number ' || n || ' of the lines' FROM generate_series(1::bigint, {rows}) AS n;
ANALYZE lineitem;
"""
Q1 = """SELECT l_returnflag, l_linestatus, sum(l_quantity), sum(l_extendedprice), sum(l_extendedprice * (1 - l_discount)), \
sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)), avg(l_quantity), avg(l_extendedprice), avg(l_discount), count(*) \
FROM lineitem WHERE l_shipdate <= date '1998-12-01' - interval '90 days' \
GROUP BY l_returnflag, l_linestatus ORDER BY l_returnflag, l_linestatus;
"""


class Mixed(Tpcb):
    name = "mixed"
    about = f"TPC-B-like, prepared, {CLIENTS} clients: alone, and beside a scan like TPC-H's Q1 (--lines) in a loop; the scan alone"

    def prepare(self, server):
        load_pgbench(server, self.options.scale)
        server.psql(LINEITEM.format(rows=self.options.lines))

    def cases(self):
        yield Case("mixed-alone", self.player("-c", CLIENTS))
        yield Case("mixed-beside", self.play_beside)
        yield Case("mixed-scan", self.play_scan)

    def play_beside(self, server, seconds):
        with concurrent.futures.ThreadPoolExecutor() as pool:
            scans = pool.submit(self.scan, server, seconds)
            figures = self.player("-c", CLIENTS)(server, seconds)
        return {**figures, "scans per second": scans.result().rate, "scan ms": scans.result().p50_ms}

    def play_scan(self, server, seconds):
        return measure(server, lambda: self.scan(server, seconds))

    @staticmethod
    def scan(server, seconds):
        with tempfile.TemporaryDirectory(prefix="scan-") as directory:
            script = pathlib.Path(directory, "q1.sql")
            script.write_text(Q1)
            return pgbench(server, "-c", 1, "-f", script, seconds=seconds, threads=1)
