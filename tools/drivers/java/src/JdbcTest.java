// pgjdbc: extended protocol with named statements and binary transfer, batches, COPY, cancel, fetch size.
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.*;
import java.util.Properties;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;
import org.postgresql.util.PSQLException;

public class JdbcTest {
  static final int STREAM_ROWS = 300_000;

  static void expect(boolean condition, String what) {
    if (!condition) throw new AssertionError(what);
  }

  interface Action {
    void run() throws SQLException;
  }

  static PSQLException expectError(String sqlstate, Action action) throws SQLException {
    try {
      action.run();
    } catch (PSQLException error) {
      expect(sqlstate.equals(error.getSQLState()), "expected " + sqlstate + ", got " + error.getSQLState() + " " + error.getMessage());
      return error;
    }
    throw new AssertionError("expected " + sqlstate + ", but it succeeded");
  }

  static Connection connect() throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", System.getenv("PGUSER"));
    properties.setProperty("password", System.getenv("PGPASSWORD"));
    properties.setProperty("sslmode", System.getenv("PGSSLMODE"));
    properties.setProperty("prepareThreshold", "2");
    return DriverManager.getConnection("jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT") + "/" + System.getenv("PGDATABASE"), properties);
  }

  public static void main(String[] args) throws Exception {
    try (Connection connection = connect(); Statement statement = connection.createStatement()) {
      for (String line : Files.readAllLines(Path.of(args[0]))) {
        String type = line.split("\t")[0], text = line.split("\t")[1];
        String literal = "'" + text.replace("'", "''") + "'::" + type;
        try (PreparedStatement get = connection.prepareStatement("SELECT v, v::text FROM (SELECT " + literal + " AS v) s")) {
          for (int i = 0; i < 4; i++) {  // from the third on in binary
            try (ResultSet row = get.executeQuery()) {
              row.next();
              String shown = row.getString(2);
              Object value = row.getObject(1);
              expect(value != null, type);
              try (PreparedStatement put = connection.prepareStatement("SELECT (?::" + type + ")::text")) {
                if (type.equals("text") || type.endsWith("]")) put.setObject(1, shown, Types.OTHER);
                else if (type.equals("bytea")) put.setBytes(1, row.getBytes(1));
                else if (type.startsWith("int") && !type.equals("interval")) put.setLong(1, row.getLong(1));
                else if (type.startsWith("float")) put.setDouble(1, row.getDouble(1));
                else if (type.equals("numeric") && !text.equals("NaN")) put.setBigDecimal(1, row.getBigDecimal(1));
                else put.setObject(1, shown, Types.OTHER);
                ResultSet back = put.executeQuery();
                back.next();
                expect(shown.equals(back.getString(1)), type + " " + text + ": sent " + shown + ", came back " + back.getString(1));
              }
            }
          }
        }
      }
      statement.execute("DROP TABLE IF EXISTS jdbc_t");
      statement.execute("CREATE TABLE jdbc_t (id int PRIMARY KEY, at timestamptz, amount numeric(10,2))");
      connection.setAutoCommit(false);
      statement.execute("INSERT INTO jdbc_t VALUES (1)");
      connection.rollback();
      Savepoint savepoint = connection.setSavepoint();
      statement.execute("INSERT INTO jdbc_t VALUES (2)");
      PSQLException duplicate = expectError("23505", () -> statement.execute("INSERT INTO jdbc_t VALUES (2)"));
      expect("jdbc_t_pkey".equals(duplicate.getServerErrorMessage().getConstraint()), "constraint");
      connection.rollback(savepoint);
      connection.commit();
      try (PreparedStatement insert = connection.prepareStatement("INSERT INTO jdbc_t VALUES (?, ?, ?)")) {
        for (int i = 0; i < 1000; i++) {
          insert.setInt(1, i);
          insert.setTimestamp(2, new Timestamp(i * 1000L));
          insert.setBigDecimal(3, java.math.BigDecimal.valueOf(i, 2));
          insert.addBatch();
        }
        insert.executeBatch();
      }
      connection.commit();
      try (PreparedStatement one = connection.prepareStatement("SELECT amount, at FROM jdbc_t WHERE id = ?")) {
        for (int i = 0; i < 10; i++) {
          one.setInt(1, i);
          ResultSet row = one.executeQuery();
          row.next();
          expect(row.getBigDecimal(1).equals(java.math.BigDecimal.valueOf(i, 2)) && row.getTimestamp(2).getTime() == i * 1000L, "prepared " + i);
        }
      }
      expectError("22012", () -> statement.execute("SELECT 1/0"));
      expectError("25P02", () -> statement.execute("SELECT 1"));
      connection.rollback();
      CopyManager copy = ((PGConnection) connection).getCopyAPI();
      expect(copy.copyIn("COPY jdbc_t (id) FROM STDIN", new StringReader("5000\n5001\n")) == 2, "COPY in");
      StringWriter out = new StringWriter();
      copy.copyOut("COPY (SELECT id FROM jdbc_t WHERE id >= 5000 ORDER BY 1) TO STDOUT", out);
      expect(out.toString().equals("5000\n5001\n"), "COPY out");
      connection.commit();
      Thread canceller = new Thread(() -> {
        try {
          Thread.sleep(300);
          statement.cancel();
        } catch (Exception error) {
          throw new RuntimeException(error);
        }
      });
      canceller.start();
      expectError("57014", () -> statement.execute("SELECT pg_sleep(30)"));
      canceller.join();
      connection.rollback();
      statement.setFetchSize(1000);
      int count = 0;
      try (ResultSet rows = statement.executeQuery("SELECT i, repeat('x', 200) FROM generate_series(1, " + STREAM_ROWS + ") i")) {
        while (rows.next()) count++;
      }
      expect(count == STREAM_ROWS, "streamed rows");
      connection.commit();
      DatabaseMetaData metadata = connection.getMetaData();
      try (ResultSet keys = metadata.getPrimaryKeys(null, "public", "jdbc_t")) {
        expect(keys.next() && keys.getString("COLUMN_NAME").equals("id"), "getPrimaryKeys");
      }
      try (ResultSet columns = metadata.getColumns(null, "public", "jdbc_t", null)) {
        int n = 0;
        while (columns.next()) n++;
        expect(n == 3, "getColumns");
      }
      connection.commit();
      statement.execute("DROP TABLE jdbc_t");
      connection.commit();
    }
  }
}
