"""Plays a spec (isolation_spec.py) on a server and says what PostgreSQL's isolation tester would print, byte for byte.

A step is sent to its session's connection and then watched: it is done, or it waits for a lock that another session of the spec
holds, as pg_isolation_test_session_is_blocked() tells. What a step does after it has waited is told when it is next looked at.

A spec whose first line is `# details` gets more than the isolation tester tells: the details, hints and contexts of errors, with sessions in
place of process ids and N in place of other numbers."""

import re
import select
import time

from psycopg import OperationalError, pq

STATUS = pq.ExecStatus
DIAG = pq.DiagnosticField
POLL_S = 0.01


class Stopped(Exception):
    """The spec cannot be played to its end; what has been printed says why."""


def text_of(data):
    return (data or b"").decode("utf-8", "replace")


def is_number(value):
    """As PQprint() judges what to align right."""
    return all(byte in b"0123456789.Ee -" for byte in value) and value[:1] not in (b"E", b"e") and value[-1:].isdigit()


def table(result):
    """Rows as PQprint() lays them out, with header and alignment."""
    columns = range(result.nfields)
    if not columns:
        return ""
    rows = [[result.get_value(row, column) or b"" for column in columns] for row in range(result.ntuples)]
    names = [result.fname(column) for column in columns]
    widths = [max(len(name), *(len(row[column]) for row in rows)) if rows else len(name) for column, name in enumerate(names)]
    right = [all(is_number(row[column]) for row in rows if row[column]) for column in columns]

    def line(values):
        return b"|".join(value.rjust(width) if to_right else value.ljust(width)
                         for value, width, to_right in zip(values, widths, right))

    lines = [line(names), b"+".join(b"-" * width for width in widths), *map(line, rows)]
    lines.append(b"(%d row%s)" % (len(rows), b"" if len(rows) == 1 else b"s"))
    return text_of(b"\n".join(lines)) + "\n\n"


class Connection:
    """One session of a spec, or (with no player) the connection that sets up, tears down and looks for waits."""

    def __init__(self, conninfo, name, player=None):
        self.name = name
        self.active = None  # the Turn that was sent and not yet reported as completed
        self.notices = 0
        self.player = player
        self.link = pq.PGconn.connect(conninfo.encode())
        if self.link.status != pq.ConnStatus.OK:
            raise Stopped(f"Connection {name} failed: {text_of(self.link.error_message)}")
        self.link.notice_handler = self.on_notice if player else (lambda _: None)
        named = self.link.exec_params(b"SELECT set_config('application_name', current_setting('application_name') || '/' || $1, false)",
                                      [name.encode()])
        if named.status != STATUS.TUPLES_OK:
            raise Stopped(f"setting of application name failed: {text_of(named.error_message)}")
        self.pid = self.link.backend_pid

    def on_notice(self, result):
        self.player.print(f"{self.name}: {text_of(result.error_message)}")
        self.notices += 1
        self.player.noticed = True

    def close(self):
        self.link.notice_handler = None
        self.link.finish()


class Player:
    def __init__(self, spec, conninfo, wait_s, details=False):
        """wait_s: after this long a step is cancelled, after twice as long the spec is given up."""
        self.spec = spec
        self.details = details
        self.conninfo = conninfo
        self.wait_s = wait_s
        self.printed = []
        self.noticed = False
        self.notices_wanted = {}  # by id of the blocker
        self.control = None
        self.sessions = []

    def print(self, text):
        self.printed.append(text)

    def text(self):
        return "".join(self.printed)

    def play(self, chosen=None):
        """Plays the permutations, or those whose numbers (from 1) are in `chosen`. Returns what is printed."""
        self.print("".join(f"unused step name: {name}\n" for name in self.spec.unused))
        self.print(f"Parsed test spec with {len(self.spec.sessions)} sessions\n")
        try:
            self.connect()
            for number, turns in enumerate(self.spec.permutations, 1):
                if not chosen or number in chosen:
                    self.play_permutation(turns)
        except (Stopped, OperationalError) as stopped:
            self.print(str(stopped))
        finally:
            for connection in [self.control, *self.sessions]:
                if connection:
                    connection.close()
        return self.text()

    def connect(self):
        self.control = Connection(self.conninfo, "control connection")
        for session in self.spec.sessions:
            self.sessions.append(Connection(self.conninfo, session.name, self))
        pids = ",".join(str(session.pid) for session in self.sessions)
        done = self.control.link.prepare(b"waiting", b"SELECT pg_catalog.pg_isolation_test_session_is_blocked($1, '{%s}')" % pids.encode())
        if done.status != STATUS.COMMAND_OK:
            raise Stopped(f"prepare of lock wait query failed: {text_of(done.error_message)}")

    def execute(self, connection, sql, failed, stop=True):
        """A setup or teardown block."""
        connection.link.send_query(sql.encode())
        began = time.monotonic()
        while connection.link.is_busy():
            if select.select([connection.link.socket], [], [], 1)[0]:
                connection.link.consume_input()
            elif time.monotonic() - began > 2 * self.wait_s:
                raise Stopped(f"{failed} timed out after {2 * self.wait_s} seconds\n")
        result = None
        while (following := connection.link.get_result()) is not None:
            result = following
        if result.status == STATUS.TUPLES_OK:
            self.print(table(result))
        elif result.status != STATUS.COMMAND_OK:
            message = f"{failed} failed: {text_of(connection.link.error_message)}"
            if stop:
                raise Stopped(message)
            self.print(message)

    def play_permutation(self, turns):
        self.print("\nstarting permutation:" + "".join(f" {turn.step.name}" for turn in turns) + "\n")
        for sql in self.spec.setups:
            self.execute(self.control, sql, "setup")
        for session, connection in zip(self.spec.sessions, self.sessions):
            if session.setup is not None:
                self.execute(connection, session.setup, f"setup of session {session.name}")

        waiting = []
        for turn in turns:
            connection = self.sessions[turn.step.session]
            self.await_idle(connection, waiting)
            connection.link.send_query(turn.step.sql.encode())
            connection.active = turn
            for blocker in turn.blockers:
                if blocker.notices is not None:
                    self.notices_wanted[id(blocker)] = blocker.notices + self.sessions[blocker.step.session].notices
            must_wait = not self.try_complete(turn, may_block=True, again=False)
            self.try_complete_all(waiting, may_block=True)
            if must_wait:
                waiting.append(turn)
        self.try_complete_all(waiting, may_block=False)
        if waiting:
            raise Stopped("failed to complete permutation due to mutually-blocking steps\n")

        for session, connection in zip(self.spec.sessions, self.sessions):
            if session.teardown is not None:
                self.execute(connection, session.teardown, f"teardown of session {session.name}", stop=False)
        if self.spec.teardown is not None:
            self.execute(self.control, self.spec.teardown, "teardown", stop=False)

    def await_idle(self, connection, waiting):
        """Waits for what the session still does for an earlier step."""
        began = time.monotonic()
        while connection.active:
            before = connection.active
            if self.try_complete(before, may_block=False, again=True):
                waiting.remove(before)
            # Others may wait for what has completed, or it for them.
            self.try_complete_all(waiting, may_block=True)
            if connection.active and time.monotonic() - began > 2 * self.wait_s:
                active = "".join(f" {other.active.step.name}" for other in self.sessions if other.active)
                raise Stopped(f"step {connection.active.step.name} timed out after {2 * self.wait_s} seconds\nactive steps are:{active}\n")

    def try_complete_all(self, waiting, may_block):
        """Takes those out of `waiting` that have completed. A completion or a notice may set free one that was looked at before."""
        while True:
            self.noticed = False
            before, held_back = len(waiting), False
            for turn in list(waiting):
                if self.try_complete(turn, may_block, again=True):
                    waiting.remove(turn)
                else:
                    held_back = held_back or bool(turn.blockers)
            if not (held_back and (len(waiting) < before or self.noticed)):
                return

    def try_complete(self, turn, may_block, again):
        """Reports the step as completed, or returns False: it waits for a lock (and may), or is held back. again: not for the first time."""
        waits = f"step {turn.step.name}: {turn.step.sql} <waiting ...>\n"
        if not again and any(blocker.step is None for blocker in turn.blockers):
            self.print(waits)
            return False
        if not self.await_result(turn, may_block) or self.is_held_back(turn):
            if not again:
                self.print(waits)
            return False
        self.print(f"step {turn.step.name}: " + ("<... completed>\n" if again else f"{turn.step.sql}\n"))
        self.report(self.sessions[turn.step.session])
        return True

    def await_result(self, turn, may_block):
        """Waits for the step's result; False: it waits for a lock instead, and may."""
        connection = self.sessions[turn.step.session]
        began, cancelled = time.monotonic(), False
        while connection.link.is_busy():
            readable, _, _ = select.select([connection.link.socket], [], [], POLL_S)
            if readable:
                connection.link.consume_input()
                continue
            if may_block and self.is_blocked(connection):
                connection.link.consume_input()  # notices that came while we asked
                if connection.link.is_busy():
                    return False
                continue
            waited = time.monotonic() - began
            if waited > self.wait_s and not cancelled:
                connection.link.get_cancel().cancel()
                self.print(f"isolationtester: canceling step {turn.step.name} after {int(waited)} seconds\n")
                cancelled = True
            if waited > 2 * self.wait_s:
                raise Stopped(f"step {turn.step.name} timed out after {int(waited)} seconds\n")
        return True

    def is_blocked(self, connection):
        result = self.control.link.exec_prepared(b"waiting", [str(connection.pid).encode()])
        if result.status != STATUS.TUPLES_OK:
            raise Stopped(f"lock wait query failed: {text_of(result.error_message)}")
        return result.get_value(0, 0) == b"t"

    def is_held_back(self, turn):
        for blocker in turn.blockers:
            if blocker.step is None:
                continue
            other = self.sessions[blocker.step.session]
            if blocker.notices is None:
                if other.active and other.active.step is blocker.step:
                    return True
            elif other.notices < self.notices_wanted[id(blocker)]:
                return True
        return False

    def report_details(self, result):
        for title, field in (("DETAIL", DIAG.MESSAGE_DETAIL), ("HINT", DIAG.MESSAGE_HINT), ("CONTEXT", DIAG.CONTEXT)):
            text = text_of(result.error_field(field))
            for session in self.sessions:
                text = re.sub(rf"\bprocess {session.pid}\b", session.name, text, flags=re.I)
            if text:
                self.print(f"{title}:  " + re.sub(r"(?<![A-Za-z])[0-9]+", "N", text) + "\n")

    def report(self, connection):
        """Prints the results of a completed step, and notifications."""
        while (result := connection.link.get_result()) is not None:
            if result.status == STATUS.TUPLES_OK:
                self.print(table(result))
            elif result.status == STATUS.FATAL_ERROR:
                severity, message = result.error_field(DIAG.SEVERITY), result.error_field(DIAG.MESSAGE_PRIMARY)
                self.print(f"{text_of(severity)}:  {text_of(message)}\n" if severity and message
                           else text_of(result.error_message) + "\n")
                if self.details:
                    self.report_details(result)
            elif result.status not in (STATUS.COMMAND_OK, STATUS.EMPTY_QUERY):
                self.print(f"unexpected result status: PGRES_{result.status.name}\n")
        try:
            connection.link.consume_input()
        except OperationalError:
            pass  # the server has closed the connection, as the result said
        while (notification := connection.link.notifies()) is not None:
            sender = next((other.name for other in self.sessions if other.pid == notification.be_pid), f"PID {notification.be_pid}")
            self.print(f'{connection.name}: NOTIFY "{text_of(notification.relname)}" with payload "{text_of(notification.extra)}" '
                       f"from {sender}\n")
        connection.active = None
