"""What a table of benchmarks is: data to load into a server, and cases that are played on both servers in turn."""

import dataclasses
import typing

import bench.pair


@dataclasses.dataclass(frozen=True)
class Case:
    """One line of a table. play(server, seconds) gives the figures of one run, by name; the first of them is the one that counts."""
    name: str
    play: typing.Callable
    servers: tuple = bench.pair.NAMES
    repeats: bool = True  # or one run says all


class Unsound(Exception):
    """A server's data is not what the transactions played must have left. Says what is wrong."""


class Table:
    """options: the command line's. A table's cases are named TABLE-..., so that each can be asked for alone."""

    name = ""
    about = ""

    def __init__(self, options):
        self.options = options

    def make_server(self, name):
        """Of its own for this table, not yet started."""
        return bench.pair.make(name, self.options.memory_mb)

    def prepare(self, server):
        """Loads what the cases need into a server just started."""

    def cases(self):
        raise NotImplementedError
