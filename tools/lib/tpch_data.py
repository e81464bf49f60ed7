"""TPC-H's data: CSV files with headers, one a table, from the package tpchgen-cli (PyPI) in a virtual environment beside them."""

import subprocess
import sys

TABLES = ("region", "nation", "part", "supplier", "partsupp", "customer", "orders", "lineitem")


def generate(scale, directory):
    """Makes the files that are missing."""
    directory.mkdir(parents=True, exist_ok=True)
    if all((directory / f"{table}.csv").exists() for table in TABLES):
        return
    environment = directory / "venv"
    if not (environment / "bin/tpchgen-cli").exists():
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        subprocess.run([environment / "bin/pip", "install", "-q", "tpchgen-cli==4.0.0"], check=True)
    subprocess.run([environment / "bin/tpchgen-cli", "csv", "-q", "-s", str(scale), "--output-dir", directory], check=True)
