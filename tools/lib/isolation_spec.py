"""The language of PostgreSQL's isolation tester (src/test/isolation/README): sessions, their steps, and the orders to play them in."""

import dataclasses
import re

TOKEN = re.compile(r"""
    (?P<space> [ \t\r\f\n]+ | \#[^\n\r]* )
  | (?P<word> [A-Za-z_\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]* )
  | "(?P<quoted> (?: [^"\n] | "" )* )"
  | \{ [ \t\r\f]* (?P<sql> [^}]*? ) [ \t\r\f]* \}
  | (?P<number> [0-9]+ )
  | (?P<mark> [,()*] )
""", re.VERBOSE)
KEYWORDS = {"notices", "permutation", "session", "setup", "step", "teardown"}


class SpecError(Exception):
    """The text is no spec; says where."""


@dataclasses.dataclass(eq=False)
class Step:
    name: str
    sql: str
    session: int = 0


@dataclasses.dataclass
class Session:
    name: str
    setup: str | None
    steps: list
    teardown: str | None


@dataclasses.dataclass
class Blocker:
    """What delays the report that a step has completed: `*` when `step` is None, another step, or that many notices of its session."""

    step: Step | None
    notices: int | None = None


@dataclasses.dataclass(eq=False)
class Turn:
    """A step's place in a permutation."""

    step: Step
    blockers: list


@dataclasses.dataclass
class Spec:
    setups: list
    teardown: str | None
    sessions: list
    permutations: list  # of lists of Turn
    unused: list  # names of steps that no permutation plays


class Reader:
    def __init__(self, text):
        self.tokens = []  # (kind, value, line)
        at, line = 0, 1
        while at < len(text):
            found = TOKEN.match(text, at)
            if not found:
                raise SpecError(f"line {line}: unexpected {text[at]!r}")
            kind = found.lastgroup
            if kind == "word":
                kind = found["word"] if found["word"] in KEYWORDS else "name"
                self.tokens.append((kind, found["word"], line))
            elif kind == "quoted":
                self.tokens.append(("name", found["quoted"].replace('""', '"'), line))
            elif kind == "mark":
                self.tokens.append((found["mark"], found["mark"], line))
            elif kind != "space":
                self.tokens.append((kind, found[kind], line))
            line += found[0].count("\n")
            at = found.end()
        self.tokens.append(("end", "end of file", line))
        self.at = 0

    def next_is(self, kind):
        return self.tokens[self.at][0] == kind

    def take(self, kind):
        found, value, line = self.tokens[self.at]
        if found != kind:
            raise SpecError(f"line {line}: {kind} expected instead of {value!r}")
        self.at += 1
        return value

    def take_if(self, kind):
        return self.take(kind) if self.next_is(kind) else None

    def block_if(self, keyword):
        return self.take("sql") if self.take_if(keyword) else None


def read_session(reader):
    reader.take("session")
    session = Session(reader.take("name"), reader.block_if("setup"), [], None)
    while not session.steps or reader.next_is("step"):
        reader.take("step")
        session.steps.append(Step(reader.take("name"), reader.take("sql")))
    session.teardown = reader.block_if("teardown")
    return session


def read_turn(reader):
    """(name, [(None or a step's name, None or a number of notices)])"""
    name, blockers = reader.take("name"), []
    if reader.take_if("("):
        while not blockers or reader.take_if(","):
            other = None if reader.take_if("*") else reader.take("name")
            notices = int(reader.take("number")) if other and reader.take_if("notices") else None
            blockers.append((other, notices))
        reader.take(")")
    return name, blockers


def link(named, steps):
    """A permutation's steps for its names."""
    for name, _ in named:
        if name not in steps:
            raise SpecError(f'undefined step "{name}" specified in permutation')
    played = {name for name, _ in named}
    turns = []
    for name, blockers in named:
        for other, _ in blockers:
            if other is not None and other not in played:
                raise SpecError(f'undefined blocking step "{other}" referenced in permutation step "{name}"')
            if other is not None and steps[other].session == steps[name].session:
                raise SpecError(f'permutation step "{name}" cannot block on its own session')
        turns.append(Turn(steps[name], [Blocker(other and steps[other], notices) for other, notices in blockers]))
    return turns


def interleavings(sessions, taken=()):
    """All orders of all steps that keep each session's own, in the isolation tester's order."""
    taken = taken or (0,) * len(sessions)
    complete = True
    for index, session in enumerate(sessions):
        if taken[index] < len(session.steps):
            complete = False
            after = taken[:index] + (taken[index] + 1,) + taken[index + 1:]
            for rest in interleavings(sessions, after):
                yield [Turn(session.steps[taken[index]], []), *rest]
    if complete:
        yield []


def parse(text):
    reader = Reader(text)
    setups = []
    while reader.next_is("setup"):
        setups.append(reader.block_if("setup"))
    teardown = reader.block_if("teardown")
    sessions = []
    while not sessions or reader.next_is("session"):
        sessions.append(read_session(reader))
    named = []
    while reader.take_if("permutation"):
        turns = []
        while not turns or reader.next_is("name"):
            turns.append(read_turn(reader))
        named.append(turns)
    reader.take("end")

    steps = {}
    for index, session in enumerate(sessions):
        for step in session.steps:
            if step.name in steps:
                raise SpecError(f"duplicate step name: {step.name}")
            step.session = index
            steps[step.name] = step
    if not named:
        return Spec(setups, teardown, sessions, list(interleavings(sessions)), [])
    permutations = [link(turns, steps) for turns in named]
    played = {name for turns in named for name, _ in turns}
    unused = sorted((name for name in steps if name not in played), key=lambda name: name.encode())
    return Spec(setups, teardown, sessions, permutations, unused)
