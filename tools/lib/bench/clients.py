"""The ready-made clients, pgbench and sysbench, and what they say of a run."""

import dataclasses
import pathlib
import re
import tempfile

from bench.measure import percentile


@dataclasses.dataclass
class Outcome:
    transactions: int
    rate: float  # transactions a second
    p50_ms: float
    p99_ms: float
    failed: int = 0


def pgbench(server, *arguments, seconds, sampled=1.0, threads=2, dbname="postgres"):
    """Runs pgbench; of its transactions the part sampled is logged, which gives the latencies."""
    with tempfile.TemporaryDirectory(prefix="pgbench-") as directory:
        out = server.pgbench("-n", "-j", threads, "-T", seconds, "--log", f"--log-prefix={directory}/log",
                             f"--sampling-rate={sampled}", *arguments, dbname=dbname)
        times = sorted(int(time) / 1000 for time in logged_times(directory))
    rate = re.search(r"^tps = ([\d.]+)", out, re.M)
    if not rate:
        raise SystemExit(f"pgbench on {server.name} came to no transaction in {seconds} s")
    failed = re.search(r"failed transactions: (\d+)", out)
    return Outcome(transactions=int(re.search(r"actually processed: (\d+)", out).group(1)),
                   rate=float(rate.group(1)),
                   p50_ms=percentile(times, 0.5), p99_ms=percentile(times, 0.99), failed=int(failed.group(1)) if failed else 0)


def logged_times(directory):
    """In microseconds; a failed transaction has a word there."""
    for log in pathlib.Path(directory).glob("log.*"):
        for line in log.read_text().splitlines():
            time = line.split()[2]
            if time.isdigit():
                yield time


def load_pgbench(server, scale, dbname="postgres"):
    server.pgbench("-i", "-q", "-s", scale, dbname=dbname)


def sysbench(server, workload, command, *, tables, rows, dbname, threads=1, seconds=0):
    return server.client(["sysbench", "--db-driver=pgsql", "--pgsql-host=127.0.0.1", f"--pgsql-port={server.port}",
                          f"--pgsql-user={server.user}", f"--pgsql-db={dbname}", f"--tables={tables}", f"--table-size={rows}",
                          f"--threads={threads}", f"--time={seconds}", "--histogram=on", workload, command])


def sysbench_outcome(out):
    """sysbench names one percentile only; its histogram has them all."""
    histogram = [(float(ms), int(count)) for ms, count in re.findall(r"^\s+([\d.]+) \|[* ]+?(\d+)$", out, re.M)]
    counted, total = 0, sum(count for _, count in histogram)
    shares = []
    for ms, count in histogram:
        counted += count
        shares.append((counted / total, ms))
    transactions, rate = re.search(r"transactions:\s+(\d+)\s+\(([\d.]+) per sec", out).groups()
    return Outcome(int(transactions), float(rate), p50_ms=next((ms for share, ms in shares if share >= 0.5), float("nan")),
                   p99_ms=next((ms for share, ms in shares if share >= 0.99), float("nan")),
                   failed=int(re.search(r"ignored errors:\s+(\d+)", out).group(1)))
