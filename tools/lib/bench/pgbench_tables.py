"""pgbench's own tables: select-only, TPC-B-like, and point selects in libpq's pipeline mode."""

import pathlib
import tempfile

from bench.clients import load_pgbench, pgbench
from bench.machine import on_one_core
from bench.measure import measure
from bench.table import Case, Table, Unsound

WARM_UP_SECONDS = 5
# What part of the transactions pgbench logs: enough for a 99th percentile, too few to cost anything.
SAMPLED_SELECTS = 0.05
SAMPLED_WRITES = 0.5
BATCH = 100


def selects(mode, clients):
    return ["-S", "-M", mode, "-c", clients]


class Balances:
    """TPC-B's invariant: what the accounts, the tellers and the branches hold grows by what the history gains."""

    SQL = ("SELECT (SELECT sum(abalance) FROM pgbench_accounts) - h, (SELECT sum(tbalance) FROM pgbench_tellers) - h, "
           "(SELECT sum(bbalance) FROM pgbench_branches) - h FROM (SELECT coalesce(sum(delta), 0) AS h FROM pgbench_history) history")

    def __init__(self, server, dbname="postgres"):
        self.server, self.dbname = server, dbname
        self.before = self.ask()

    def ask(self):
        return [int(word) for word in self.server.psql(self.SQL, self.dbname).split("|")]

    def check(self, simple_update=False):
        """A simple update leaves tellers and branches alone."""
        compared = 1 if simple_update else 3
        after = self.ask()
        if after[:compared] != self.before[:compared]:
            raise Unsound(f"{self.server.name}: accounts, tellers and branches, less the history, were {self.before} and are {after}")


class Select(Table):
    name = "select"
    about = "pgbench -S: point selects by the three protocols; select-prepared-1 has server and client on one core"

    def prepare(self, server):
        load_pgbench(server, self.options.scale)
        server.pgbench("-n", "-S", "-c", 8, "-j", 2, "-T", min(WARM_UP_SECONDS, self.options.seconds))

    def cases(self):
        for mode, clients in (("prepared", 8), ("prepared", 64), ("simple", 8), ("extended", 8)):
            yield Case(f"select-{mode}-{clients}", self.player(selects(mode, clients)))
        yield Case("select-prepared-1", self.play_pinned)

    @staticmethod
    def player(arguments):
        return lambda server, seconds: measure(server, lambda: pgbench(server, *arguments, seconds=seconds, sampled=SAMPLED_SELECTS))

    def play_pinned(self, server, seconds):
        with on_one_core(server):
            return self.player(selects("prepared", 1))(server, seconds)


class Tpcb(Table):
    name = "tpcb"
    about = "pgbench's TPC-B-like transactions, durable; its simple update; and one hot branch (a database of scale 1)"
    HOT = "hot"

    def prepare(self, server):
        load_pgbench(server, self.options.scale)
        server.psql(f"CREATE DATABASE {self.HOT}")
        load_pgbench(server, 1, self.HOT)
        server.pgbench("-n", "-S", "-c", 8, "-j", 2, "-T", min(WARM_UP_SECONDS, self.options.seconds))

    def cases(self):
        for clients in (1, 8, 32):
            yield Case(f"tpcb-{clients}", self.player("-c", clients))
        yield Case("tpcb-simple-update-32", self.player("-N", "-c", 32, simple_update=True))
        yield Case("tpcb-hot-32", self.player("-c", 32, dbname=self.HOT))

    @staticmethod
    def player(*arguments, dbname="postgres", simple_update=False):
        def play(server, seconds):
            balances = Balances(server, dbname)
            figures = measure(server, lambda: pgbench(server, "-M", "prepared", *arguments, seconds=seconds, sampled=SAMPLED_WRITES,
                                                      dbname=dbname), writes=True)
            balances.check(simple_update)
            return figures
        return play


class Pipeline(Select):
    name = "pipeline"
    about = f"prepared point selects in pipelines of {BATCH} (libpq's pipeline mode); a second counts selects, latencies are a pipeline's"
    SCRIPT = ("\\startpipeline\n" + BATCH * ("\\set aid random(1, 100000 * :scale)\n"
                                             "SELECT abalance FROM pgbench_accounts WHERE aid = :aid;\n") + "\\endpipeline\n")

    def cases(self):
        for clients in (1, 8):
            yield Case(f"pipeline-{clients}", self.pipelined(clients))

    def pipelined(self, clients):
        def play(server, seconds):
            with tempfile.TemporaryDirectory(prefix="pipeline-") as directory:
                script = pathlib.Path(directory, "selects.sql")
                script.write_text(self.SCRIPT)
                return measure(server, lambda: pgbench(server, "-M", "prepared", "-c", clients, "-f", script, "-D", f"scale={self.options.scale}",
                                                       seconds=seconds), of_one=BATCH)
        return play
