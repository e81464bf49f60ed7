"""Instructions and allocations of a prepared point select in PhantomDB, counted by callgrind."""

import collections
import re
import shutil
import subprocess

from bench.clients import load_pgbench
from bench.pair import phantomdb
from bench.table import Case, Table

SCALE = 1
BUFFERS_MB = 256
WARM_UP = 1000
# The difference of two runs has neither connecting nor preparing in it.
FEW, MANY = 1000, 5000
ALLOCATING = ("malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign")
TOP = 10
NAME_LENGTH_MAX = 90


class Profile:
    """What callgrind wrote: of every function the instructions of its own, and how often it was called."""

    def __init__(self, path):
        self.instructions, self.calls = collections.Counter(), collections.Counter()
        names, function, follows_call = {}, "", False
        for line in path.read_text(errors="replace").splitlines():
            named = re.match(r"(c?fn)=\((\d+)\)(?: (.*))?$", line)
            if named:
                kind, number, name = named.groups()
                name = names.setdefault(number, name)
                if kind == "fn":
                    function = name
                else:
                    called = name
            elif line.startswith("calls="):
                self.calls[called] += int(line[6:].split()[0])
                follows_call = True
            elif re.match(r"[0-9+*-]", line):
                if not follows_call:  # a call's line has what the called function cost
                    self.instructions[function] += int(line.split()[1])
                follows_call = False

    def allocations(self):
        return sum(count for name, count in self.calls.items() if name.split("@")[0].split("'")[0] in ALLOCATING)


class Instructions(Table):
    name = "instructions"
    about = f"pgbench's prepared point select under callgrind (scale {SCALE}): instructions and allocations each, the top {TOP} functions"

    def cases(self):
        yield Case("instructions-select", self.play, servers=("phantomdb",), repeats=False)

    def make_server(self, name):
        if not shutil.which("valgrind"):
            raise SystemExit("valgrind is missing: apt-get install valgrind")
        server = phantomdb(BUFFERS_MB)
        server.wrapper = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={server.directory}/profile"]
        return server

    def prepare(self, server):
        load_pgbench(server, SCALE)
        self.selects(server, WARM_UP)
        self.control(server, "-i", "on")
        self.selects(server, WARM_UP)

    def play(self, server, _):
        few, many = (self.profile(server, number, count) for number, count in enumerate((FEW, MANY), 1))
        server.kill()  # a shutdown under callgrind takes long and tells nothing
        own = {name: (count - few.instructions[name]) / (MANY - FEW) for name, count in many.instructions.items()}
        top = sorted(own, key=own.get, reverse=True)[:TOP]
        return {"instructions": sum(own.values()), "allocations": (many.allocations() - few.allocations()) / (MANY - FEW),
                **{self.short(name): own[name] for name in top}}

    def profile(self, server, number, count):
        self.control(server, "-z")
        self.selects(server, count)
        self.control(server, "-d")
        return Profile(server.directory / f"profile.{number}")

    @staticmethod
    def short(name):
        """Without parameters."""
        return re.sub(r"\(.*", "", name.replace("(anonymous namespace)", "{}"))[:NAME_LENGTH_MAX]

    @staticmethod
    def selects(server, count):
        server.pgbench("-n", "-S", "-M", "prepared", "-c", 1, "-t", count)

    @staticmethod
    def control(server, *what):
        subprocess.run(["callgrind_control", *what, str(server.process.pid)], check=True, capture_output=True)
