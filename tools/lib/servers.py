"""Starts and stops PostgreSQL 15 and PhantomDB servers for tests and tools: on loopback, on free ports, stopped by pid."""

import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
POSTGRES_BIN = pathlib.Path("/usr/lib/postgresql/15/bin")
START_TIMEOUT_S = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def phantomdb_binary():
    """The server to test: $PHANTOMDB, or the newest build."""
    if os.environ.get("PHANTOMDB"):
        return pathlib.Path(os.environ["PHANTOMDB"])
    builds = [p for p in (ROOT / "build").glob("*/phantomdb") if p.is_file()]
    if not builds:
        raise SystemExit("no phantomdb binary: run tools/build first, or set PHANTOMDB")
    return max(builds, key=lambda p: p.stat().st_mtime)


class Server:
    """A running server: `port`, `process`, `directory`; a context manager that stops it and removes its directory."""

    name = "server"
    user = "postgres"

    def __init__(self, directory=None, settings=()):
        """settings: run-time parameters as "name=value"."""
        self.settings = list(settings)
        self.own_directory = directory is None
        self.directory = pathlib.Path(directory or tempfile.mkdtemp(prefix=f"{self.name}-"))
        self.port = free_port()
        self.process = None

    def conninfo(self, dbname="postgres"):
        return f"host=127.0.0.1 port={self.port} user={self.user} dbname={dbname}"

    def start(self):
        self.log = open(self.directory / "server.log", "ab")
        begin = self.log.seek(0, os.SEEK_END)  # what earlier starts have written does not count
        self.process = self.spawn()
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} did not start:\n{self.log_text()[-4000:]}")
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                if b"ready to accept connections" in (self.directory / "server.log").read_bytes()[begin:]:
                    return self
            except OSError:
                pass
            time.sleep(0.02)
        self.kill()
        raise RuntimeError(f"{self.name} did not become ready:\n{self.log_text()[-4000:]}")

    def log_text(self):
        return (self.directory / "server.log").read_text(errors="replace")

    def stop(self):
        """A clean shutdown. Returns the exit code."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.process.returncode if self.process else None

    def kill(self):
        """SIGKILL, as a crash."""
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()

    def psql(self, sql, dbname="postgres"):
        """What psql prints, unaligned and without headings."""
        command = [POSTGRES_BIN / "psql", "-qAtX", "-v", "ON_ERROR_STOP=1", self.conninfo(dbname), "-c", sql]
        return self.client(command).strip()

    def pgbench(self, *arguments, dbname="postgres"):
        """What pgbench prints."""
        return self.client([POSTGRES_BIN / "pgbench", "-h", "127.0.0.1", "-p", self.port, "-U", self.user, *arguments, dbname])

    def client(self, command):
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{pathlib.Path(command[0]).name} on {self.name}: {done.stderr[-2000:]}")
        return done.stdout

    def cpu_seconds(self):
        """User and system time of the server's processes so far."""
        ticks = os.sysconf("SC_CLK_TCK")
        total = 0
        for pid in self.pids():
            try:
                fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            total += sum(int(field) for field in fields[11:15])
        return total / ticks

    def pids(self):
        return [self.process.pid]

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.remove()
            raise

    def __exit__(self, *_):
        self.stop()
        self.remove()

    def remove(self):
        if self.own_directory:
            shutil.rmtree(self.directory, ignore_errors=True)


class PhantomDB(Server):
    name = "phantomdb"

    wrapper = ()  # the words of a command to run the server under, as valgrind

    def __init__(self, directory=None, settings=(), flags=()):
        super().__init__(directory, settings)
        self.flags = list(flags)

    def spawn(self):
        settings = [word for setting in self.settings for word in ("--set", setting)]
        command = [*self.wrapper, phantomdb_binary(), "start", "--data", self.directory / "data", "--port", str(self.port), *settings, *self.flags]
        return subprocess.Popen([str(word) for word in command], stdout=self.log, stderr=self.log)

    def demand_password(self, password):
        """From now on user postgres shows it (SCRAM-SHA-256); this restarts the server. For psql and pgbench, set PGPASSWORD."""
        self.psql(f"ALTER ROLE postgres PASSWORD '{password}'")
        self.stop()
        self.flags += ["--auth", "scram-sha-256"]
        self.start()

    def check(self):
        """Runs the offline check; returns (exit code, output)."""
        done = subprocess.run([str(phantomdb_binary()), "check", "--data", str(self.directory / "data")], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


class PostgreSQL(Server):
    """PostgreSQL refuses root, so as root it runs as the package's user `postgres`."""

    name = "postgresql"

    def unprivileged(self, command):
        return (["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []) + [str(word) for word in command]

    def spawn(self):
        data = self.directory / "data"
        if os.getuid() == 0:
            os.chmod(self.directory, 0o755)
            data.mkdir(exist_ok=True)
            owner = pwd.getpwnam("postgres")
            os.chown(data, owner.pw_uid, owner.pw_gid)
        if not (data / "PG_VERSION").exists():
            subprocess.run(
                self.unprivileged([POSTGRES_BIN / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]),
                check=True, stdout=self.log, stderr=self.log)
        settings = ["listen_addresses=127.0.0.1", f"port={self.port}", "unix_socket_directories=", "timezone=UTC",
                    "log_timezone=UTC", *self.settings]
        flags = [word for setting in settings for word in ("-c", setting)]
        return subprocess.Popen(self.unprivileged([POSTGRES_BIN / "postgres", "-D", data, *flags]), stdout=self.log, stderr=self.log)

    def demand_password(self, password):
        """From now on user postgres shows it (SCRAM-SHA-256). For psql and pgbench, set PGPASSWORD."""
        self.psql(f"ALTER ROLE postgres PASSWORD '{password}'")
        (self.directory / "data" / "pg_hba.conf").write_text("host all all 127.0.0.1/32 scram-sha-256\n")
        os.kill(self.postmaster_pid(), signal.SIGHUP)

    def postmaster_pid(self):
        return int((self.directory / "data" / "postmaster.pid").read_text().split()[0])

    def stop(self):
        if self.process and self.process.poll() is None:
            try:
                os.kill(self.postmaster_pid(), signal.SIGINT)
            except (OSError, ValueError):
                self.process.terminate()
            self.process.wait()
        return self.process.returncode if self.process else None

    def kill(self):
        """The backends too, which outlive their postmaster for a while."""
        if self.process and self.process.poll() is None:
            try:
                for pid in self.pids():  # the postmaster first: it would start others
                    os.kill(pid, signal.SIGKILL)
            except (OSError, ValueError):
                pass  # it has not come so far, or ended by itself
            (self.directory / "data" / "postmaster.pid").unlink(missing_ok=True)
            time.sleep(0.5)
        super().kill()

    def pids(self):
        parent = self.postmaster_pid()
        children = pathlib.Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        return [parent, *map(int, children)]
