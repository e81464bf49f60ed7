// What the Node.js driver programs share.
import { readFileSync } from "node:fs";

export const literals = readFileSync(new URL("../literals.tsv", import.meta.url), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => line.split("\t"));
export const tls = process.env.PGSSLMODE === "require";
export const parameters = {
  host: process.env.PGHOST,
  port: Number(process.env.PGPORT),
  user: process.env.PGUSER,
  password: process.env.PGPASSWORD,
  database: process.env.PGDATABASE,
  ssl: tls ? { rejectUnauthorized: false } : false,
};
export const streamRows = 300_000;
export const streamBytesMax = 150 << 20;
export const quoted = (text) => "'" + text.replaceAll("'", "''") + "'";

export function expect(condition, what) {
  if (!condition) throw new Error(what);
}

export async function expectError(promise, sqlstate) {
  try {
    await promise;
  } catch (error) {
    expect(error.code === sqlstate, `expected ${sqlstate}, got ${error.code} ${error.message}`);
    return error;
  }
  throw new Error(`expected ${sqlstate}, but it succeeded`);
}
