"""DuckDB (PyPI) beside our servers, in a virtual environment and a process of its own: the system's Python keeps only Debian's packages."""

import pathlib
import pickle
import subprocess
import sys

LOOP = """
import pickle, sys
import duckdb
connection = duckdb.connect()
connection.execute("SET enable_progress_bar = false")
while True:
    try:
        sql = pickle.load(sys.stdin.buffer)
    except EOFError:
        break
    try:
        answer = connection.execute(sql).fetchall()
    except duckdb.Error as error:
        answer = str(error)
    pickle.dump(answer, sys.stdout.buffer)
    sys.stdout.buffer.flush()
"""


def environment_python(directory):
    """The interpreter of directory/venv, which is made when it is missing, with DuckDB."""
    python = pathlib.Path(directory) / "venv/bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", python.parents[1]], check=True)
    if subprocess.run([python, "-c", "import duckdb"], capture_output=True).returncode != 0:
        subprocess.run([python.parent / "pip", "install", "-q", "duckdb"], check=True)
    return python


class DuckDB:
    """A database in memory; execute() and fetchall() as psycopg's connection has them. SystemError: DuckDB's error."""

    def __init__(self, directory):
        self.process = subprocess.Popen([environment_python(directory), "-c", LOOP], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.rows = []

    def execute(self, sql):
        pickle.dump(sql, self.process.stdin)
        self.process.stdin.flush()
        self.rows = pickle.load(self.process.stdout)
        if isinstance(self.rows, str):
            raise SystemError(self.rows)
        return self

    def fetchall(self):
        return self.rows

    def close(self):
        self.process.stdin.close()
        self.process.wait()
