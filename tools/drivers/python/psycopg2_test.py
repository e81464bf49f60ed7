"""psycopg2: simple protocol, COPY through files, named cursors, cancel."""

import io
import threading

import psycopg2
from common import DATABASE, LITERALS, PARAMETERS, STREAM_BYTES_MAX, STREAM_ROWS, TLS, expect, peak_bytes, quoted


def main():
    connection = psycopg2.connect(dbname=DATABASE, sslmode="require" if TLS else "disable", **PARAMETERS)
    expect(connection.info.ssl_in_use == TLS, "TLS")
    connection.autocommit = True
    cursor = connection.cursor()
    for sql_type, text in LITERALS:
        if sql_type in ("json", "jsonb"):
            continue
        cursor.execute(f"SELECT v, v::text FROM (SELECT {quoted(text)}::{sql_type} AS v) s")
        value, shown = cursor.fetchone()
        cursor.execute(f"SELECT ((%s)::{sql_type})::text", (value,))
        back = cursor.fetchone()[0]
        expect(back == shown, f"{sql_type} {text}: sent {shown}, came back {back}")
    cursor.execute("DROP TABLE IF EXISTS psycopg2_t")
    cursor.execute("CREATE TABLE psycopg2_t (id serial PRIMARY KEY, note text)")
    connection.autocommit = False
    cursor.execute("INSERT INTO psycopg2_t (note) VALUES ('a') RETURNING id")
    expect(cursor.fetchone() == (1,), "serial")
    connection.rollback()
    for sql, sqlstate in (("SELECT 1/0", "22012"), ("INSERT INTO psycopg2_t VALUES (NULL)", "23502")):
        try:
            cursor.execute(sql)
            raise AssertionError(sql)
        except psycopg2.Error as error:
            expect(error.pgcode == sqlstate, f"{sql}: {error.pgcode}")
        try:
            cursor.execute("SELECT 1")
            raise AssertionError("the transaction is not aborted")
        except psycopg2.Error as error:
            expect(error.pgcode == "25P02", f"aborted: {error.pgcode}")
        connection.rollback()
    cursor.copy_expert("COPY psycopg2_t (id, note) FROM STDIN (FORMAT csv)", io.StringIO('7,"a,b"\n8,\n'))
    out = io.StringIO()
    cursor.copy_expert("COPY (SELECT * FROM psycopg2_t ORDER BY id) TO STDOUT (FORMAT csv, HEADER)", out)
    expect(out.getvalue() == 'id,note\n7,"a,b"\n8,\n', f"COPY {out.getvalue()!r}")
    connection.commit()
    threading.Timer(0.3, connection.cancel).start()
    try:
        cursor.execute("SELECT pg_sleep(30)")
        raise AssertionError("not cancelled")
    except psycopg2.Error as error:
        expect(error.pgcode == "57014", f"cancel: {error.pgcode}")
    connection.rollback()
    before = peak_bytes()
    streamed = connection.cursor("streamed")
    streamed.itersize = 5000
    streamed.execute(f"SELECT i, repeat('x', 200) FROM generate_series(1, {STREAM_ROWS}) i")
    expect(sum(1 for _ in streamed) == STREAM_ROWS, "streamed rows")
    expect(peak_bytes() - before < STREAM_BYTES_MAX, f"streaming took {peak_bytes() - before} bytes")
    connection.commit()
    cursor.execute("DROP TABLE psycopg2_t")
    connection.commit()


main()
