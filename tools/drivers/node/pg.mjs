// node-postgres: text results, extended queries, named statements, COPY and cursors by its companion packages.
import { pipeline } from "node:stream/promises";
import { Readable, Writable } from "node:stream";
import pg from "pg";
import Cursor from "pg-cursor";
import copy from "pg-copy-streams";
import { expect, expectError, literals, parameters, quoted, streamBytesMax, streamRows } from "./common.mjs";

const client = new pg.Client(parameters);
await client.connect();
for (const [type, text] of literals) {
  const raw = { types: { getTypeParser: () => (value) => value } };
  const { rows } = await client.query({ text: `SELECT v, v::text AS shown FROM (SELECT ${quoted(text)}::${type} AS v) s`, ...raw });
  const back = await client.query(`SELECT ($1::${type})::text AS back`, [rows[0].v]);
  expect(back.rows[0].back === rows[0].shown, `${type} ${text}: sent ${rows[0].shown}, came back ${back.rows[0].back}`);
}
await client.query("DROP TABLE IF EXISTS node_pg_t; CREATE TABLE node_pg_t (id int PRIMARY KEY, at timestamptz, note jsonb)");
await client.query("BEGIN");
await client.query("INSERT INTO node_pg_t VALUES ($1, $2, $3)", [1, new Date(0), { a: 1 }]);
await client.query("ROLLBACK");
expect((await client.query("SELECT count(*)::int AS n FROM node_pg_t")).rows[0].n === 0, "rollback");
for (let n = 0; n < 20; n++) {
  const result = await client.query({ name: "add", text: "INSERT INTO node_pg_t VALUES ($1, now(), $2) RETURNING id, note", values: [n, { n }] });
  expect(result.rows[0].id === n && result.rows[0].note.n === n && result.rowCount === 1, "named statement");
}
const error = await expectError(client.query("INSERT INTO node_pg_t VALUES (1)"), "23505");
expect(error.constraint === "node_pg_t_pkey" && error.table === "node_pg_t", "error fields");
await expectError(client.query("SELECT 1/0"), "22012");
await pipeline(Readable.from(["100\t\\N\t{}\n", "101\t\\N\t\\N\n"]), client.query(copy.from("COPY node_pg_t FROM STDIN")));
let out = "";
await pipeline(client.query(copy.to("COPY (SELECT id FROM node_pg_t WHERE id >= 100 ORDER BY 1) TO STDOUT")),
  new Writable({ write(chunk, _, done) { out += chunk; done(); } }));
expect(out === "100\n101\n", `COPY ${out}`);
const other = new pg.Client(parameters);
await other.connect();
setTimeout(() => other.query("SELECT pg_cancel_backend($1)", [client.processID]), 300);
await expectError(client.query("SELECT pg_sleep(30)"), "57014");
await other.end();
const before = process.memoryUsage().rss;
const cursor = client.query(new Cursor(`SELECT i, repeat('x', 200) FROM generate_series(1, ${streamRows}) i`));
let count = 0;
for (let rows; (rows = await cursor.read(5000)).length > 0; ) count += rows.length;
expect(count === streamRows, "streamed rows");
expect(process.memoryUsage().rss - before < streamBytesMax, "streaming memory");
await client.query("DROP TABLE node_pg_t");
await client.end();
