#!/usr/bin/env python3
"""Protocol behaviours of a server of its own, with raw sockets. usage: protocol_test.py <phantomdb>"""
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time


def message(kind, body=b""):
    return kind + struct.pack("!I", len(body) + 4) + body


class Client:
    def __init__(self, port, startup=True, code=196608, user=b"postgres", database=b"postgres", last=b"Z"):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        if startup:
            body = struct.pack("!I", code) + b"user\0" + user + b"\0database\0" + database + b"\0\0"
            self.socket.sendall(struct.pack("!I", len(body) + 4) + body)
            self.opening = self.until(last)

    def exactly(self, count):
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def read(self):
        kind = self.exactly(1)
        (length,) = struct.unpack("!I", self.exactly(4))
        return kind, self.exactly(length - 4)

    def until(self, last):
        messages = []
        while not messages or messages[-1][0] != last:
            messages.append(self.read())
        return messages

    def send(self, *messages):
        self.socket.sendall(b"".join(messages))

    def query(self, text):
        self.send(message(b"Q", text.encode() + b"\0"))
        return self.until(b"Z")


def kinds(messages):
    return b"".join(kind for kind, _ in messages).decode()


def code(messages):
    for kind, body in messages:
        if kind == b"E":
            return re.search(rb"C([0-9A-Z]{5})\0", body).group(1).decode()
    return None


def check(actual, expected):
    if actual != expected:
        raise AssertionError(f"{actual!r} instead of {expected!r}")


def parse(query):
    return message(b"P", b"\0" + query.encode() + b"\0\0\0")


BIND = message(b"B", b"\0\0\0\0\0\0\0\0")
SYNC = message(b"S")


def execute(limit=0):
    return message(b"E", b"\0" + struct.pack("!I", limit))


def simple_queries(client):
    check(kinds(client.query("select 1")), "TDCZ")
    check(kinds(client.query("")), "IZ")
    check(kinds(client.query("select 1; select 2")), "TDCTDCZ")
    failed = client.query("begin; select 1/0; select 2")
    check((code(failed), failed[-1][1]), ("22012", b"E"))
    check(code(client.query("select 1")), "25P02")
    check(client.query("rollback")[-1][1], b"I")


def extended_queries(client):
    client.send(parse("select generate_series(1, 5)"), BIND, message(b"D", b"P\0"), execute(2), execute(2), execute(), SYNC)
    check(kinds(client.until(b"Z")), "12TDDsDDsDCZ")
    client.send(parse("selec"), BIND, execute(), SYNC, parse("select 1"), BIND, execute(), SYNC)
    check(kinds(client.until(b"Z")), "EZ")
    check(kinds(client.until(b"Z")), "12DCZ")
    client.send(parse("select $1::int4 + 1"), message(b"D", b"S\0"), SYNC)
    described = client.until(b"Z")
    check(kinds(described), "1tTZ")
    check(described[1][1], struct.pack("!HI", 1, 23))
    client.send(message(b"B", b"\0nothing\0\0\0\0\0\0\0"), SYNC)
    check(code(client.until(b"Z")), "26000")


def copies(client):
    client.query("create table copied (a int, b text)")
    client.send(message(b"Q", b"copy copied from stdin\0"))
    check(client.read()[0], b"G")
    client.send(message(b"d", b"1\tone\n2\t"), message(b"d", b"two\n"), message(b"c"))
    check(kinds(client.until(b"Z")), "CZ")
    check(kinds(client.query("copy copied to stdout")), "HddcCZ")
    client.send(message(b"Q", b"copy copied from stdin\0"))
    check(client.read()[0], b"G")
    client.send(message(b"f", b"no\0"))
    check(code(client.until(b"Z")), "57014")
    client.query("drop table copied")


def hostile_bytes(port):
    for hostile in (b"\xfe", b"Q\0\0\0\1", b"Q\xff\xff\xff\xff", b"S\0\1\0\0"):
        broken = Client(port)
        broken.send(hostile + b"\0" * 8)
        try:
            check(code(broken.until(b"E")), "08P01")
        except ConnectionResetError:
            pass


def cancel(port, client):
    key = next(body for kind, body in client.opening if kind == b"K")
    client.send(message(b"Q", b"select pg_sleep(20)\0"))
    time.sleep(0.2)
    canceller = Client(port, startup=False)
    canceller.send(struct.pack("!II", 16, 80877102) + key)
    check(code(client.until(b"Z")), "57014")


def idle(port, client):
    """What reaches a connection that waits for its client: notifications, termination, the client's going."""
    listener = Client(port)
    listener.query("listen news")
    client.query("notify news, 'now'")
    kind, body = listener.read()
    check((kind, body[4:]), (b"A", b"news\0now\0"))
    pid = struct.unpack("!I", next(body for kind, body in listener.opening if kind == b"K")[:4])[0]
    client.query(f"select pg_terminate_backend({pid})")
    check(code(listener.until(b"E")), "57P01")
    count = "select count(*) from pg_stat_activity where pid = %d"
    gone = Client(port)
    pid = struct.unpack("!I", next(body for kind, body in gone.opening if kind == b"K")[:4])[0]
    check(b"1" in client.query(count % pid)[1][1], True)
    gone.socket.close()
    for _ in range(100):
        if client.query(count % pid)[1][1].endswith(b"0"):
            break
        time.sleep(0.1)
    else:
        raise AssertionError("a connection outlives its client")
    # A request that comes in pieces, one larger than a buffer, and several at once.
    text = message(b"Q", b"select length('" + b"x" * 100000 + b"')\0")
    client.send(text[:3])
    time.sleep(0.05)
    client.send(text[3:70000])
    time.sleep(0.05)
    client.send(text[70000:])
    check(client.until(b"Z")[1][1].endswith(b"100000"), True)
    one = message(b"Q", b"select 1\0")
    client.send(one * 2000)
    for _ in range(2000):
        check(kinds(client.until(b"Z")), "TDCZ")


def negotiation(port):
    plain = Client(port, startup=False)
    plain.send(struct.pack("!II", 8, 80877103))
    check(plain.exactly(1), b"N")
    check(Client(port, code=196610).opening[0][0], b"v")


def function_calls(client):
    def call(function, arguments, result_format):
        body = struct.pack("!IHHH", function, 1, 1, len(arguments))
        for argument in arguments:
            body += struct.pack("!i", -1) if argument is None else struct.pack("!i", len(argument)) + argument
        client.send(message(b"F", body + struct.pack("!H", result_format)))
        return client.until(b"Z")

    two, forty = struct.pack("!i", 2), struct.pack("!i", 40)
    check(call(177, [two, forty], 1), [(b"V", struct.pack("!ii", 4, 42)), (b"Z", b"I")])  # int4pl
    check(call(177, [two, forty], 0)[0], (b"V", struct.pack("!i", 2) + b"42"))
    check(call(177, [two, None], 1)[0], (b"V", struct.pack("!i", -1)))
    check(code(call(177, [two], 1)), "08P01")
    check(code(call(4000000000, [], 1)), "42883")
    check(code(call(154, [two, struct.pack("!i", 0)], 1)), "22012")  # int4div
    check(kinds(client.query("select 1")), "TDCZ")


def encodings(client):
    def row(messages):
        return [body for kind, body in messages if kind == b"D"][0][6:]

    client.query("set client_encoding = 'LATIN1'")
    client.send(message(b"Q", b"select '\xe4', length('\xe4')\0"))
    check(row(client.until(b"Z")), b"\xe4\0\0\0\x011")
    check(code(client.query("select chr(8364)")), "22P05")
    client.query("set client_encoding = 'WIN1252'")
    check(row(client.query("select chr(8364)")), b"\x80")
    client.send(message(b"Q", b"select '\x81'\0"))
    check(code(client.until(b"Z")), "22P05")
    client.send(message(b"P", b"\0select $1 || '\xe4'\0\0\0"), message(b"B", b"\0\0\0\0\0\1\0\0\0\1\xfc\0\0"), execute(), SYNC)
    check(row(client.until(b"Z")), b"\xfc\xe4")
    client.query("create temp table written (a text)")
    client.send(message(b"Q", b"copy written from stdin\0"), message(b"d", b"\xe4\n"), message(b"c"))
    client.until(b"Z")
    check((b"d", b"\xc3\xa4\n") in client.query("copy written to stdout (encoding 'utf8')"), True)
    check((b"d", b"\xe4\n") in client.query("copy written to stdout"), True)
    check(code(client.query("set client_encoding = 'EUC_JP'")), "0A000")
    check(code(client.query("set client_encoding = 'nosuch'")), "22023")
    client.query("reset client_encoding")


def databases(port, client):
    client.query("create database visited connection limit 1")
    client.query("create role visitor login connection limit 1")
    client.query("alter database visited set work_mem = '7MB'")
    client.query("alter role visitor in database visited set work_mem = '9MB'")
    visitor = Client(port, user=b"visitor", database=b"visited")
    check([body[6:] for kind, body in visitor.query("show work_mem") if kind == b"D"], [b"9MB"])
    check(code(Client(port, user=b"visitor", last=b"E").opening), "53300")
    client.query("create role second login")
    check(code(Client(port, user=b"second", database=b"visited", last=b"E").opening), "53300")
    check(code(client.query("drop database visited")), "55006")
    check(code(client.query("drop database visited with (force)")), None)
    check(code(visitor.until(b"E")), "57P01")
    check(code(Client(port, database=b"visited", last=b"E").opening), "3D000")
    client.query("drop role visitor, second")


def timeouts(port, client):
    check(code(client.query("set statement_timeout = 100; select pg_sleep(30)")), "57014")
    client.query("set statement_timeout = 0")
    idle = Client(port)
    idle.query("set idle_in_transaction_session_timeout = 100; begin")
    check(code(idle.until(b"E")), "25P03")
    idle = Client(port)
    idle.query("set idle_session_timeout = 100")
    check(code(idle.until(b"E")), "57P05")


def run(port):
    client = Client(port)
    simple_queries(client)
    extended_queries(client)
    copies(client)
    hostile_bytes(port)
    check(kinds(client.query("select 1")), "TDCZ")
    cancel(port, client)
    idle(port, client)
    negotiation(port)
    function_calls(client)
    encodings(client)
    timeouts(port, client)
    databases(port, client)
    changed_meanwhile(port)


# READ COMMITTED: a row that changed while it was waited for is asked all conditions again, those with subqueries too.
def changed_meanwhile(port):
    first, second = Client(port), Client(port)
    first.query("create table kept (v int); create table seats (id int primary key, k int, v int); insert into kept values (10), (20)")
    statements = [
        ("update seats set v = v + 1 where v = (select min(v) from kept where kept.v >= seats.v - 5)", b"UPDATE 1\0"),
        ("delete from seats where exists (select 1 from kept where kept.v = seats.v)", b"DELETE 1\0"),
        ("update seats set k = 9 where v in (select v from kept)", b"UPDATE 1\0"),
        ("update seats set k = 9 where not exists (select 1 from kept where kept.v = seats.v - 7)", b"UPDATE 1\0"),
        ("with w as (select v from kept) update seats set k = 9 where v = any (select v from w)", b"UPDATE 1\0"),
        ("select id from seats where v in (select v from kept) for update", b"SELECT 1\0"),
    ]
    for statement, tag in statements:
        first.query("delete from seats; insert into seats values (1, 1, 10), (2, 2, 20)")
        first.query("begin; update seats set v = 17 where id = 1")
        second.send(message(b"Q", statement.encode() + b"\0"))
        waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
        while [body for kind, body in first.query(waiting) if kind == b"D"][0][-1:] != b"1":
            time.sleep(0.01)
        first.query("commit")
        check([body for kind, body in second.until(b"Z") if kind == b"C"], [tag])
    first.query("drop table kept, seats")


def main():
    directory = tempfile.mkdtemp(prefix="phantomdb-protocol-")
    command = [sys.argv[1], "start", "--data", os.path.join(directory, "data"), "--host", "127.0.0.1", "--port", "0"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        port = None
        for line in server.stderr:
            found = re.search(r"listening on .* port (\d+)", line)
            if found:
                port = int(found.group(1))
            if "ready to accept connections" in line:
                break
        assert port is not None, "the server did not start"
        run(port)
        last = Client(port)
        server.terminate()
        check(code(last.until(b"E")), "57P01")
        check(server.wait(timeout=30), 0)
    finally:
        if server.poll() is None:
            server.kill()
            server.wait()
        shutil.rmtree(directory)


if __name__ == "__main__":
    main()
