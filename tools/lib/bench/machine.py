"""The machine under a measurement: one CPU cgroup for all, one core for a server and its client, and what others use of it."""

import contextlib
import os
import pathlib
import re
import resource
import time

CGROUP = pathlib.Path("/sys/fs/cgroup/cpu/phantomdb-bench")
BUFFERS_MB_MAX = 4096


def join_cgroup():
    """Puts this process, and so all that it starts, into one CPU cgroup: whether that was possible."""
    try:
        CGROUP.mkdir(exist_ok=True)
        (CGROUP / "cgroup.procs").write_text(str(os.getpid()))
        return True
    except OSError:
        return False


def buffers_mb():
    """A quarter of the machine, as PostgreSQL's manual advises for shared_buffers."""
    total_kb = int(re.search(r"^MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text(), re.M).group(1))
    return min(BUFFERS_MB_MAX, total_kb // 4096)


def open_files_max():
    """Raised as far as it goes, for this process and those it starts from now on."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def memory_kib(pids):
    """Resident memory of the processes; what they share is counted once (the sum of their proportional set sizes)."""
    total = 0
    for pid in pids:
        rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        total += int(re.search(r"^Pss:\s+(\d+)", rollup, re.M).group(1))
    return total


def set_affinity(pids, cores):
    for pid in pids:
        for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(ProcessLookupError):
                os.sched_setaffinity(int(thread.name), cores)


@contextlib.contextmanager
def on_one_core(server):
    """The server and the clients started meanwhile share one core, the last."""
    cores = os.sched_getaffinity(0)
    pids = [os.getpid(), *server.pids()]
    set_affinity(pids, {max(cores)})
    try:
        yield
    finally:
        set_affinity([os.getpid(), *server.pids()], cores)


class Others:
    """Watches, from its making on, how much of the machine is used by anything but this process, what it started, and one server."""

    def __init__(self, server):
        self.server = server
        self.begun, self.busy, self.own = time.monotonic(), self.busy_seconds(), self.own_seconds()

    @staticmethod
    def busy_seconds():
        fields = [int(word) for word in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
        idle = fields[3] + fields[4]
        return (sum(fields[:8]) - idle) / os.sysconf("SC_CLK_TCK")

    def own_seconds(self):
        return sum(os.times()[:4]) + self.server.cpu_seconds()

    def percent(self):
        seconds = (self.busy_seconds() - self.busy) - (self.own_seconds() - self.own)
        return round(max(0.0, 100 * seconds / (time.monotonic() - self.begun) / os.cpu_count()), 1)
