-- view pg_catalog.phantom_storage
SELECT s.relid, n.nspname AS schemaname, c.relname, s.kind, s.hot_rows, s.hot_bytes, s.hot_chunks, s.cold_rows, s.cold_bytes,
       s.cold_chunks, s.overlaid_rows, s.dead_rows, s.runs, s.run_entries, s.run_bytes,
       CASE WHEN s.cold_rows > 0 THEN s.dead_rows::float8 / s.cold_rows ELSE 0 END AS dead_share
FROM phantom_get_storage() s
JOIN pg_class c ON c.oid = s.relid
JOIN pg_namespace n ON n.oid = c.relnamespace;

-- view pg_catalog.phantom_segment_columns
SELECT s.relid, n.nspname AS schemaname, c.relname, s.attnum, a.attname, s.encoding, s.vectors, s.bytes
FROM phantom_get_segment_columns() s
JOIN pg_class c ON c.oid = s.relid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = s.relid AND a.attnum = s.attnum;

-- view pg_catalog.phantom_compaction
SELECT w.work, w.queued, w.done, w.bytes, w.seconds, w.gave_way, w.slowed, w.last_done, w.last_error
FROM phantom_get_compaction() w;

