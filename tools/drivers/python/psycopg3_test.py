"""psycopg 3: text and binary formats, pipeline mode, COPY, cancel, server-side cursors."""

import threading
import time

import psycopg
from common import DATABASE, LITERALS, PARAMETERS, STREAM_BYTES_MAX, STREAM_ROWS, TLS, expect, peak_bytes, quoted


def connect(**more):
    return psycopg.connect(dbname=DATABASE, sslmode="require" if TLS else "disable", **PARAMETERS, **more)


def round_trips(connection, binary):
    for sql_type, text in LITERALS:
        with connection.cursor(binary=binary) as cursor:
            value, shown = cursor.execute(f"SELECT v, v::text FROM (SELECT {quoted(text)}::{sql_type} AS v) s").fetchone()
            if sql_type in ("json", "jsonb"):
                value = psycopg.types.json.Json(value) if sql_type == "json" else psycopg.types.json.Jsonb(value)
            placeholder = "%b" if binary and sql_type not in ("json", "name") else "%s"
            back = cursor.execute(f"SELECT ({placeholder}::{sql_type})::text", (value,)).fetchone()[0]
            if sql_type != "json":
                expect(back == shown, f"{sql_type} {text}: sent {shown}, came back {back}, binary={binary}")


def main():
    with connect(autocommit=True) as connection:
        expect(connection.pgconn.ssl_in_use == TLS, "TLS")
        round_trips(connection, False)
        round_trips(connection, True)
        connection.execute("DROP TABLE IF EXISTS psycopg3_t")
        connection.execute("CREATE TABLE psycopg3_t (id int PRIMARY KEY, note text)")

        try:
            with connection.transaction():
                connection.execute("INSERT INTO psycopg3_t VALUES (1, 'a')")
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass
        expect(connection.execute("SELECT count(*) FROM psycopg3_t").fetchone() == (0,), "rollback")
        with connection.transaction():
            connection.execute("INSERT INTO psycopg3_t VALUES (1, 'a')")
            try:
                with connection.transaction():
                    connection.execute("INSERT INTO psycopg3_t VALUES (1, 'b')")
            except psycopg.errors.UniqueViolation as error:
                expect(error.diag.constraint_name == "psycopg3_t_pkey", "constraint name")
        for sql, sqlstate in (("SELECT 1/0", "22012"), ("SELEC", "42601"), ("SELECT * FROM nowhere", "42P01"),
                              ("SELECT 'x'::int", "22P02")):
            try:
                connection.execute(sql)
                raise AssertionError(sql)
            except psycopg.Error as error:
                expect(error.sqlstate == sqlstate, f"{sql}: {error.sqlstate}")

        with connection.pipeline():
            cursors = [connection.execute("INSERT INTO psycopg3_t VALUES (%s, %s) RETURNING id", (n, "p")) for n in range(10, 60)]
            expect([cursor.fetchone()[0] for cursor in cursors] == list(range(10, 60)), "pipeline")

        with connection.cursor() as cursor:
            with cursor.copy("COPY psycopg3_t FROM STDIN") as copy:
                for n in range(100, 1100):
                    copy.write_row((n, None if n % 3 else f"line\t{n}\\"))
            with cursor.copy("COPY psycopg3_t TO STDOUT (FORMAT binary)") as copy:
                copy.set_types(["int4", "text"])
                rows = sorted(row for row in copy.rows() if row[0] >= 100)
            expect(len(rows) == 1000 and rows[2] == (102, "line\t102\\") and rows[0] == (100, None), f"COPY {rows[:3]}")
            with cursor.copy("COPY psycopg3_t FROM STDIN (FORMAT binary)") as copy:
                copy.set_types(["int4", "text"])
                copy.write_row((5000, "binary"))

        for n in range(20):
            expect(connection.execute("SELECT id + %s FROM psycopg3_t WHERE id = 1", (n,), prepare=True).fetchone() == (1 + n,), "prepared")

        timer = threading.Timer(0.3, connection.cancel)
        timer.start()
        begin = time.monotonic()
        try:
            connection.execute("SELECT pg_sleep(30)")
            raise AssertionError("not cancelled")
        except psycopg.errors.QueryCanceled:
            expect(time.monotonic() - begin < 20, "cancel took too long")

        before = peak_bytes()
        with connection.transaction(), connection.cursor("streamed") as cursor:
            cursor.itersize = 5000
            count = sum(1 for _ in cursor.execute(f"SELECT i, repeat('x', 200) FROM generate_series(1, {STREAM_ROWS}) i"))
        expect(count == STREAM_ROWS, "streamed rows")
        expect(peak_bytes() - before < STREAM_BYTES_MAX, f"streaming took {peak_bytes() - before} bytes")
        connection.execute("DROP TABLE psycopg3_t")


main()
