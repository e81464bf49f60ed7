// tokio-postgres: prepared statements in binary, pipelining, COPY, cancel, streamed rows and portals.
use futures_util::{future::join_all, pin_mut, SinkExt, StreamExt, TryStreamExt};
use std::{env, fs, time::Duration};
use tokio_postgres::{Client, Error};

const STREAM_ROWS: i64 = 300_000;

fn expect_error<T>(result: Result<T, Error>, sqlstate: &str) {
    match result {
        Ok(_) => panic!("expected {sqlstate}, but it succeeded"),
        Err(error) => assert_eq!(error.code().map(|c| c.code()), Some(sqlstate), "{error:?}"),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let get = |name: &str| env::var(name).unwrap();
    let tls = get("PGSSLMODE") == "require";
    let config = format!(
        "host={} port={} user={} password='{}' dbname={} sslmode={}",
        get("PGHOST"), get("PGPORT"), get("PGUSER"), get("PGPASSWORD"), get("PGDATABASE"), if tls { "require" } else { "disable" }
    );
    let connector = native_tls::TlsConnector::builder().danger_accept_invalid_certs(true).danger_accept_invalid_hostnames(true).build()?;
    let connector = postgres_native_tls::MakeTlsConnector::new(connector);
    let (mut client, connection) = tokio_postgres::connect(&config, connector.clone()).await?;
    let driver = tokio::spawn(connection);
    round_trips(&client).await?;
    client.batch_execute("DROP TABLE IF EXISTS tokio_t; CREATE TABLE tokio_t (id int PRIMARY KEY, note text)").await?;
    let transaction = client.transaction().await?;
    transaction.execute("INSERT INTO tokio_t VALUES ($1, $2)", &[&1i32, &"a"]).await?;
    transaction.rollback().await?;
    let count: i64 = client.query_one("SELECT count(*) FROM tokio_t", &[]).await?.get(0);
    assert_eq!(count, 0);
    let insert = client.prepare("INSERT INTO tokio_t VALUES ($1, $2)").await?;
    let ids: Vec<i32> = (0..100).collect();
    for result in join_all(ids.iter().map(|id| { let insert = &insert; let client = &client; async move {
        client.execute(insert, &[id, &format!("{id}")]).await
    }})).await {
        assert_eq!(result?, 1);
    }
    expect_error(client.execute(&insert, &[&5i32, &"twice"]).await, "23505");
    expect_error(client.query("SELECT 1/0", &[]).await, "22012");
    expect_error(client.query("SELECT * FROM nowhere", &[]).await, "42P01");
    let sink = client.copy_in("COPY tokio_t FROM STDIN").await?;
    pin_mut!(sink);
    sink.send(bytes("1000\t\\N\n1001\tx\n")).await?;
    assert_eq!(sink.finish().await?, 2);
    let out: Vec<_> = client.copy_out("COPY (SELECT * FROM tokio_t WHERE id >= 1000 ORDER BY 1) TO STDOUT").await?.try_collect().await?;
    assert_eq!(out.concat(), b"1000\t\\N\n1001\tx\n");
    let token = client.cancel_token();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(300)).await;
        token.cancel_query(connector).await
    });
    expect_error(client.query("SELECT pg_sleep(30)", &[]).await, "57014");
    let rows = client.query_raw(&format!("SELECT i::int8, repeat('x', 200) FROM generate_series(1, {STREAM_ROWS}) i"), Vec::<i32>::new()).await?;
    pin_mut!(rows);
    let mut count = 0;
    while let Some(row) = rows.next().await {
        row?;
        count += 1;
    }
    assert_eq!(count, STREAM_ROWS);
    let transaction = client.transaction().await?;
    let portal = transaction.bind("SELECT i FROM generate_series(1, 10) i", &[]).await?;
    assert_eq!(transaction.query_portal(&portal, 4).await?.len(), 4);
    assert_eq!(transaction.query_portal(&portal, 4).await?.len(), 4);
    assert_eq!(transaction.query_portal(&portal, 4).await?.len(), 2);
    transaction.commit().await?;
    client.batch_execute("DROP TABLE tokio_t").await?;
    drop(client);
    driver.await??;
    Ok(())
}

fn bytes(text: &'static str) -> std::io::Cursor<&'static [u8]> {
    std::io::Cursor::new(text.as_bytes())
}

async fn round_trips(client: &Client) -> Result<(), Error> {
    for line in fs::read_to_string(env::args().nth(1).unwrap()).unwrap().lines() {
        let (kind, text) = line.split_once('\t').unwrap();
        let literal = format!("'{}'::{kind}", text.replace('\'', "''"));
        let shown: String = client.query_one(&format!("SELECT ({literal})::text"), &[]).await?.get(0);
        let statement = client.prepare(&format!("SELECT {literal}, ($1::text::{kind})::text")).await?;
        let row = client.query_one(&statement, &[&text]).await?;
        assert_eq!(row.get::<_, String>(1), shown, "{line}");
        match kind {
            "boolean" => assert_eq!(row.get::<_, bool>(0), text == "true"),
            "int2" => assert_eq!(row.get::<_, i16>(0).to_string(), text),
            "int4" => assert_eq!(row.get::<_, i32>(0).to_string(), text),
            "int8" => assert_eq!(row.get::<_, i64>(0).to_string(), text),
            "float8" => assert_eq!(row.get::<_, f64>(0), text.replace("Infinity", "inf").parse::<f64>().unwrap()),
            "text" | "varchar" => assert_eq!(row.get::<_, String>(0), text),
            "bytea" => assert_eq!(row.get::<_, Vec<u8>>(0), [0, 0xff, 0x10]),
            "text[]" => assert_eq!(row.get::<_, Vec<Option<String>>>(0).len(), 4),
            _ => {}
        }
    }
    Ok(())
}
