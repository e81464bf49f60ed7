"""One run of a workload on a server: what its client says of it, the server's CPU time, and the bytes it wrote.

Bytes written are those the server's processes hand to the file system (wchar in /proc/PID/io), from a checkpoint before the run to
one after it. write_bytes there is of no use: the kernel charges a whole large folio for every small write to it."""

import pathlib
import re
import time

from bench.machine import Others

# A backend of PostgreSQL that has ended is counted with its parent once that has noticed.
REAPED_S = 0.3

RATE = "per second"
P50 = "p50 ms"
P99 = "p99 ms"
CPU = "server CPU us"
WRITTEN = "bytes written"
FAILED = "failed"
OTHERS = "used by others %"


def bytes_written(server):
    """By the living processes and those whose end the server has seen."""
    total = 0
    for pid in server.pids():
        try:
            total += int(re.search(r"^wchar: (\d+)", pathlib.Path(f"/proc/{pid}/io").read_text(), re.M).group(1))
        except (OSError, AttributeError):
            pass
    return total


def percentile(values, share):
    """Of sorted values."""
    return values[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


def cpu_seconds_of(server, client):
    """Of the server's, while client() works."""
    before = server.cpu_seconds()
    client()
    time.sleep(REAPED_S)
    return server.cpu_seconds() - before


def measure(server, client, writes=False, of_one=1, beside_s=0.0):
    """The figures of what client() does; it returns an Outcome (clients.py). A transaction of the client's is of_one of those counted;
    beside_s of the server's CPU time is not the transactions'."""
    if writes:
        server.psql("CHECKPOINT")
    others, cpu, written = Others(server), server.cpu_seconds(), bytes_written(server)
    outcome = client()
    used_by_others = others.percent()
    time.sleep(REAPED_S)
    cpu = server.cpu_seconds() - cpu
    count = max(outcome.transactions * of_one, 1)
    figures = {RATE: outcome.rate * of_one, P50: outcome.p50_ms, P99: outcome.p99_ms, CPU: max(cpu - beside_s, 0.0) * 1e6 / count}
    if writes:
        server.psql("CHECKPOINT")
        figures[WRITTEN] = (bytes_written(server) - written) / count
    return {**figures, FAILED: outcome.failed, OTHERS: used_by_others}
