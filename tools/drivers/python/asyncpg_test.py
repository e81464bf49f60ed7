"""asyncpg: binary formats throughout, prepared statements, COPY, cancel, cursors."""

import asyncio
import io

import asyncpg
from common import DATABASE, LITERALS, PARAMETERS, STREAM_BYTES_MAX, STREAM_ROWS, TLS, expect, peak_bytes, quoted


async def main():
    connection = await asyncpg.connect(database=DATABASE, ssl="require" if TLS else False, **PARAMETERS)
    for sql_type, text in LITERALS:
        row = await connection.fetchrow(f"SELECT v, v::text AS shown FROM (SELECT {quoted(text)}::{sql_type} AS v) s")
        back = await connection.fetchval(f"SELECT ($1::{sql_type})::text", row["v"])
        expect(back == row["shown"], f"{sql_type} {text}: sent {row['shown']}, came back {back}")
    await connection.execute("DROP TABLE IF EXISTS asyncpg_t; CREATE TABLE asyncpg_t (id int PRIMARY KEY, note text)")
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("INSERT INTO asyncpg_t VALUES (1, 'a')")
    await transaction.rollback()
    expect(await connection.fetchval("SELECT count(*) FROM asyncpg_t") == 0, "rollback")
    await connection.executemany("INSERT INTO asyncpg_t VALUES ($1, $2)", [(n, str(n)) for n in range(100)])
    try:
        await connection.execute("INSERT INTO asyncpg_t VALUES ($1, 'twice')", 5)
        raise AssertionError("duplicate key")
    except asyncpg.UniqueViolationError as error:
        expect(error.constraint_name == "asyncpg_t_pkey", "constraint name")
    for sql, kind in (("SELECT 1/0", asyncpg.DivisionByZeroError), ("SELECT x", asyncpg.UndefinedColumnError)):
        try:
            await connection.execute(sql)
            raise AssertionError(sql)
        except kind:
            pass
    await connection.copy_records_to_table("asyncpg_t", records=[(n, None) for n in range(1000, 2000)])
    out = io.BytesIO()
    await connection.copy_from_query("SELECT * FROM asyncpg_t WHERE id >= $1 ORDER BY id LIMIT 2", 1000, output=out)
    expect(out.getvalue() == b"1000\t\\N\n1001\t\\N\n", f"COPY {out.getvalue()}")
    statement = await connection.prepare("SELECT note FROM asyncpg_t WHERE id = $1")
    expect([await statement.fetchval(n) for n in range(20)] == [str(n) for n in range(20)], "prepared")
    try:
        await asyncio.wait_for(connection.execute("SELECT pg_sleep(30)"), 0.3)
        raise AssertionError("not cancelled")
    except asyncio.TimeoutError:
        pass
    expect(await connection.fetchval("SELECT 42") == 42, "after cancel")
    before, count = peak_bytes(), 0
    async with connection.transaction():
        async for _ in connection.cursor(f"SELECT i, repeat('x', 200) FROM generate_series(1, {STREAM_ROWS}) i", prefetch=2000):
            count += 1
    expect(count == STREAM_ROWS, "streamed rows")
    expect(peak_bytes() - before < STREAM_BYTES_MAX, f"streaming took {peak_bytes() - before} bytes")
    await connection.execute("DROP TABLE asyncpg_t")
    await connection.close()


asyncio.run(main())
