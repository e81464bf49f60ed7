// pgx: binary formats, statement cache, batches, COPY, cancel by context, streamed rows.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const streamRows = 300_000
const streamBytesMax = 64 << 20

func expect(condition bool, what string, args ...any) {
	if !condition {
		fmt.Fprintf(os.Stderr, what+"\n", args...)
		os.Exit(1)
	}
}

func expectError(err error, sqlstate string) *pgconn.PgError {
	var pgErr *pgconn.PgError
	expect(errors.As(err, &pgErr), "expected %s, got %v", sqlstate, err)
	expect(pgErr.Code == sqlstate, "expected %s, got %s %s", sqlstate, pgErr.Code, pgErr.Message)
	return pgErr
}

func main() {
	ctx := context.Background()
	connection, err := pgx.Connect(ctx, "")
	expect(err == nil, "connect: %v", err)
	data, err := os.ReadFile(os.Args[1])
	expect(err == nil, "literals: %v", err)
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		kind, text, _ := strings.Cut(line, "\t")
		var value any
		var shown, back string
		literal := "'" + strings.ReplaceAll(text, "'", "''") + "'::" + kind
		err := connection.QueryRow(ctx, "SELECT v, v::text FROM (SELECT "+literal+" AS v) s").Scan(&value, &shown)
		expect(err == nil, "%s: %v", line, err)
		if kind == "json" || kind == "jsonb" || kind == "time" || strings.HasPrefix(kind, "char") || kind == "numeric[]" || strings.Contains(text, "},{") {
			value = shown
		}
		err = connection.QueryRow(ctx, "SELECT ($1::"+kind+")::text", value).Scan(&back)
		expect(err == nil, "%s: %v", line, err)
		expect(back == shown, "%s: sent %s, came back %s", line, shown, back)
	}
	_, err = connection.Exec(ctx, "DROP TABLE IF EXISTS pgx_t")
	expect(err == nil, "drop: %v", err)
	_, err = connection.Exec(ctx, "CREATE TABLE pgx_t (id int PRIMARY KEY, note text)")
	expect(err == nil, "create: %v", err)
	tx, err := connection.Begin(ctx)
	expect(err == nil, "begin: %v", err)
	_, err = tx.Exec(ctx, "INSERT INTO pgx_t VALUES ($1, $2)", 1, "a")
	expect(err == nil, "insert: %v", err)
	nested, err := tx.Begin(ctx)
	expect(err == nil, "savepoint: %v", err)
	_, err = nested.Exec(ctx, "INSERT INTO pgx_t VALUES (1)")
	expect(expectError(err, "23505").ConstraintName == "pgx_t_pkey", "constraint name")
	expect(nested.Rollback(ctx) == nil && tx.Commit(ctx) == nil, "commit")
	_, err = connection.Exec(ctx, "SELECT 1/0")
	expectError(err, "22012")
	batch := &pgx.Batch{}
	for i := 10; i < 60; i++ {
		batch.Queue("INSERT INTO pgx_t VALUES ($1, $2)", i, fmt.Sprint(i))
	}
	expect(connection.SendBatch(ctx, batch).Close() == nil, "batch")
	rows := make([][]any, 1000)
	for i := range rows {
		rows[i] = []any{int32(1000 + i), nil}
	}
	copied, err := connection.CopyFrom(ctx, pgx.Identifier{"pgx_t"}, []string{"id", "note"}, pgx.CopyFromRows(rows))
	expect(err == nil && copied == 1000, "COPY in: %d %v", copied, err)
	var out bytes.Buffer
	_, err = connection.PgConn().CopyTo(ctx, &out, "COPY (SELECT id FROM pgx_t WHERE id < 12 ORDER BY 1) TO STDOUT")
	expect(err == nil && out.String() == "1\n10\n11\n", "COPY out: %q %v", out.String(), err)
	for i := 10; i < 30; i++ {
		var note string
		err = connection.QueryRow(ctx, "SELECT note FROM pgx_t WHERE id = $1", i).Scan(&note)
		expect(err == nil && note == fmt.Sprint(i), "prepared: %q %v", note, err)
	}
	go func() {
		time.Sleep(300 * time.Millisecond)
		connection.PgConn().CancelRequest(ctx)
	}()
	_, err = connection.Exec(ctx, "SELECT pg_sleep(30)")
	expectError(err, "57014")
	streamed, err := connection.Query(ctx, fmt.Sprintf("SELECT i, repeat('x', 200) FROM generate_series(1, %d) i", streamRows))
	expect(err == nil, "stream: %v", err)
	count := 0
	for streamed.Next() {
		count++
	}
	expect(streamed.Err() == nil && count == streamRows, "streamed %d rows: %v", count, streamed.Err())
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	expect(memory.HeapSys < streamBytesMax, "streaming took %d bytes", memory.HeapSys)
	_, err = connection.Exec(ctx, "DROP TABLE pgx_t")
	expect(err == nil, "drop: %v", err)
	connection.Close(ctx)
}
