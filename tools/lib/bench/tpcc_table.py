"""A TPC-C-like mix: bench/tpcc is the client, the specification's consistency conditions (clause 3.3.2) are asked in SQL after every run."""

import itertools
import subprocess

from bench.clients import Outcome
from bench.measure import measure
from bench.table import Case, Table, Unsound
from servers import ROOT

PRESET = "release"
BUILD = ROOT / "build" / PRESET
CLIENT = BUILD / "bench" / "tpcc_client"

# Each counts what violates it. Where the specification says "for each order", rows without an order are violations too.
CONDITIONS = {
    1: "SELECT count(*) FROM warehouse LEFT JOIN (SELECT d_w_id, sum(d_ytd) AS ytd FROM district GROUP BY d_w_id) d ON d_w_id = w_id "
       "WHERE w_ytd IS DISTINCT FROM ytd",
    2: "SELECT count(*) FROM district "
       "LEFT JOIN (SELECT o_w_id, o_d_id, max(o_id) AS newest FROM orders GROUP BY o_w_id, o_d_id) o ON o_w_id = d_w_id AND o_d_id = d_id "
       "LEFT JOIN (SELECT no_w_id, no_d_id, max(no_o_id) AS newest FROM new_order GROUP BY no_w_id, no_d_id) n "
       "ON no_w_id = d_w_id AND no_d_id = d_id "
       "WHERE d_next_o_id - 1 IS DISTINCT FROM o.newest OR d_next_o_id - 1 <> n.newest",
    3: "SELECT count(*) FROM (SELECT max(no_o_id) - min(no_o_id) + 1 AS wide, count(*) AS held FROM new_order GROUP BY no_w_id, no_d_id) n "
       "WHERE wide <> held",
    4: "SELECT count(*) FROM (SELECT o_w_id, o_d_id, sum(o_ol_cnt) AS told FROM orders GROUP BY o_w_id, o_d_id) o "
       "FULL JOIN (SELECT ol_w_id, ol_d_id, count(*) AS held FROM order_line GROUP BY ol_w_id, ol_d_id) l "
       "ON ol_w_id = o_w_id AND ol_d_id = o_d_id WHERE told IS DISTINCT FROM held",
    5: "SELECT count(*) FROM orders FULL JOIN new_order ON no_w_id = o_w_id AND no_d_id = o_d_id AND no_o_id = o_id "
       "WHERE o_id IS NULL OR (o_carrier_id IS NULL) <> (no_o_id IS NOT NULL)",
    6: "SELECT count(*) FROM orders "
       "FULL JOIN (SELECT ol_w_id, ol_d_id, ol_o_id, count(*) AS held FROM order_line GROUP BY ol_w_id, ol_d_id, ol_o_id) l "
       "ON ol_w_id = o_w_id AND ol_d_id = o_d_id AND ol_o_id = o_id WHERE o_ol_cnt IS DISTINCT FROM held",
    7: "SELECT count(*) FROM order_line LEFT JOIN orders ON o_w_id = ol_w_id AND o_d_id = ol_d_id AND o_id = ol_o_id "
       "WHERE o_id IS NULL OR (ol_delivery_d IS NULL) <> (o_carrier_id IS NULL)",
    8: "SELECT count(*) FROM warehouse LEFT JOIN (SELECT h_w_id, sum(h_amount) AS paid FROM history GROUP BY h_w_id) h ON h_w_id = w_id "
       "WHERE w_ytd IS DISTINCT FROM paid",
    9: "SELECT count(*) FROM district LEFT JOIN (SELECT h_w_id, h_d_id, sum(h_amount) AS paid FROM history GROUP BY h_w_id, h_d_id) h "
       "ON h_w_id = d_w_id AND h_d_id = d_id WHERE d_ytd IS DISTINCT FROM paid",
    10: "SELECT count(*) FROM customer {delivered} "
        "LEFT JOIN (SELECT h_c_w_id, h_c_d_id, h_c_id, sum(h_amount) AS paid FROM history GROUP BY h_c_w_id, h_c_d_id, h_c_id) h "
        "ON h_c_w_id = c_w_id AND h_c_d_id = c_d_id AND h_c_id = c_id "
        "WHERE c_balance <> coalesce(amount, 0) - coalesce(paid, 0)",
    # 2,100 orders of a district are delivered when loaded.
    11: "SELECT count(*) FROM (SELECT c_w_id, c_d_id, sum(c_delivery_cnt) AS delivered FROM customer GROUP BY c_w_id, c_d_id) c "
        "JOIN (SELECT o_w_id, o_d_id, count(*) AS entered FROM orders GROUP BY o_w_id, o_d_id) o ON o_w_id = c_w_id AND o_d_id = c_d_id "
        "LEFT JOIN (SELECT no_w_id, no_d_id, count(*) AS waiting FROM new_order GROUP BY no_w_id, no_d_id) n "
        "ON no_w_id = c_w_id AND no_d_id = c_d_id WHERE entered - coalesce(waiting, 0) <> 2100 + delivered",
    12: "SELECT count(*) FROM customer {delivered} WHERE c_balance + c_ytd_payment <> coalesce(amount, 0)",
}
DELIVERED = ("LEFT JOIN (SELECT o_w_id, o_d_id, o_c_id, sum(ol_amount) AS amount FROM orders "
             "JOIN order_line ON ol_w_id = o_w_id AND ol_d_id = o_d_id AND ol_o_id = o_id WHERE ol_delivery_d IS NOT NULL "
             "GROUP BY o_w_id, o_d_id, o_c_id) l ON o_w_id = c_w_id AND o_d_id = c_d_id AND o_c_id = c_id")


def build_client():
    subprocess.run(["cmake", "--preset", PRESET], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", BUILD, "--target", "tpcc_client"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def check_conditions(server):
    broken = {number: count for number, sql in CONDITIONS.items() if (count := server.psql(sql.format(delivered=DELIVERED))) != "0"}
    if broken:
        raise Unsound(f"{server.name}: TPC-C's consistency conditions are violated so many times: "
                      + ", ".join(f"{number}: {count}" for number, count in broken.items()))


class Tpcc(Table):
    name = "tpcc"
    about = "a TPC-C-like mix (--warehouses), terminals without think times; its 12 consistency conditions are checked after every run"

    def __init__(self, options):
        super().__init__(options)
        self.seeds = {}

    def prepare(self, server):
        build_client()
        server.client([CLIENT, "load", server.conninfo(), self.options.warehouses])
        self.seeds[server.name] = itertools.count(1)

    def cases(self):
        for terminals in (8, 32):
            yield Case(f"tpcc-{terminals}", self.player(terminals))

    def player(self, terminals):
        def play(server, seconds):
            lines = {}

            def client():
                out = server.client([CLIENT, "run", server.conninfo(), self.options.warehouses, terminals, seconds, next(self.seeds[server.name])])
                names, *rows = (line.split("\t") for line in out.splitlines())
                lines.update({row[0]: dict(zip(names[1:], map(float, row[1:]))) for row in rows})
                told = lines["all"]
                return Outcome(int(told["played"]), told["per_second"], told["p50_ms"], told["p99_ms"])

            figures = measure(server, client, writes=True)
            check_conditions(server)
            per_kind = {f"{name} p99 ms": told["p99_ms"] for name, told in lines.items() if name != "all"}
            return {**figures, "new orders a minute": 60 * lines["new-order"]["per_second"], **per_kind,
                    "share of new orders %": 100 * lines["new-order"]["played"] / max(lines["all"]["played"], 1),
                    "tried again": lines["all"]["retried"]}
        return play
