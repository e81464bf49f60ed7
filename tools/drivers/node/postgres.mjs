// postgres.js: pipelined extended queries, transactions, cursors, COPY streams, cancel.
import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";
import postgres from "postgres";
import { expect, expectError, literals, parameters, quoted, streamRows } from "./common.mjs";

const sql = postgres({ ...parameters, max: 2, onnotice: () => {}, fetch_types: true });
for (const [type, text] of literals) {
  const [{ shown }] = await sql.unsafe(`SELECT (${quoted(text)}::${type})::text AS shown`);
  const [{ back }] = await sql.unsafe(`SELECT ($1::text::${type})::text AS back`, [text]);
  expect(back === shown, `${type} ${text}: sent ${shown}, came back ${back}`);
}
await sql`DROP TABLE IF EXISTS postgres_js_t`;
await sql`CREATE TABLE postgres_js_t (id int PRIMARY KEY, at timestamptz, note jsonb, tags text[])`;
const rows = Array.from({ length: 50 }, (_, id) => ({ id, at: new Date(id * 1000), note: sql.json({ id }), tags: ["a", `b ${id}`] }));
await sql`INSERT INTO postgres_js_t ${sql(rows)}`;
const back = await sql`SELECT * FROM postgres_js_t ORDER BY id`;
expect(back.length === 50 && back[7].at.getTime() === 7000 && back[7].note.id === 7 && back[7].tags[1] === "b 7", "rows");
await sql.begin(async (tx) => {
  await tx`INSERT INTO postgres_js_t (id) VALUES (1000)`;
  await expectError(tx.savepoint((sp) => sp`INSERT INTO postgres_js_t (id) VALUES (1)`), "23505");
});
expect((await sql`SELECT id FROM postgres_js_t WHERE id = 1000`).length === 1, "savepoint");
await expectError(sql.begin((tx) => tx`SELECT 1/0`), "22012");
const pipelined = await Promise.all(Array.from({ length: 100 }, (_, n) => sql`SELECT ${n}::int AS n`));
expect(pipelined.every(([row], n) => row.n === n), "pipelined");
await pipeline(Readable.from(["2000\n", "2001\n"]), await sql`COPY postgres_js_t (id) FROM STDIN`.writable());
let out = "";
for await (const chunk of await sql`COPY (SELECT id FROM postgres_js_t WHERE id >= 2000 ORDER BY 1) TO STDOUT`.readable()) out += chunk;
expect(out === "2000\n2001\n", `COPY ${out}`);
const sleeping = sql`SELECT pg_sleep(30)`.execute();
setTimeout(() => sleeping.cancel(), 300);
await expectError(sleeping, "57014");
let count = 0;
for await (const batch of sql`SELECT i, repeat('x', 200) FROM generate_series(1, ${sql.unsafe(String(streamRows))}) i`.cursor(5000)) count += batch.length;
expect(count === streamRows, "streamed rows");
await sql`DROP TABLE postgres_js_t`;
await sql.end();
