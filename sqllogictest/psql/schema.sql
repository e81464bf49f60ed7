CREATE ROLE clerk LOGIN;
CREATE ROLE boss SUPERUSER CREATEDB CREATEROLE;
CREATE ROLE staff NOLOGIN CONNECTION LIMIT 5;
GRANT staff TO clerk;
COMMENT ON ROLE staff IS 'everybody';
ALTER ROLE clerk SET work_mem = '8MB';
ALTER ROLE clerk IN DATABASE shop SET search_path = 'sales, public';
CREATE SCHEMA sales;
COMMENT ON SCHEMA sales IS 'what we sell';
GRANT USAGE ON SCHEMA sales TO clerk;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
COMMENT ON TYPE mood IS 'how they feel';
CREATE DOMAIN quantity AS integer DEFAULT 1 NOT NULL CHECK (VALUE > 0);
CREATE DOMAIN email AS text CONSTRAINT looks_like_one CHECK (VALUE ~ '@' AND length(VALUE) < 100);
CREATE TABLE customer (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL DEFAULT 'unknown',
  mail email UNIQUE,
  feels mood DEFAULT 'ok',
  since timestamptz DEFAULT now(),
  credit numeric(10,2) DEFAULT 0 CHECK (credit >= 0),
  code varchar(10) DEFAULT 'none',
  tags text[] DEFAULT '{}',
  CONSTRAINT sane CHECK (name <> '' AND (credit < 1000000 OR code IN ('a', 'b')))
);
COMMENT ON TABLE customer IS 'who buys';
COMMENT ON COLUMN customer.name IS 'as written';
COMMENT ON CONSTRAINT sane ON customer IS 'no nonsense';
CREATE TABLE sales.invoice (
  id bigserial PRIMARY KEY,
  customer integer NOT NULL REFERENCES customer ON UPDATE CASCADE ON DELETE RESTRICT,
  day date NOT NULL DEFAULT CURRENT_DATE,
  total numeric DEFAULT 1.5,
  gross numeric GENERATED ALWAYS AS (total * 1.2) STORED,
  note char(20)
);
CREATE TABLE sales.line (
  invoice bigint REFERENCES sales.invoice DEFERRABLE INITIALLY DEFERRED,
  number integer,
  amount quantity,
  what text COLLATE "C",
  PRIMARY KEY (invoice, number),
  UNIQUE (invoice, what)
);
CREATE UNLOGGED TABLE scratch (a integer, b double precision DEFAULT '-1.5');
CREATE TABLE filled (a integer) WITH (fillfactor = 70);
CREATE INDEX customer_lower ON customer (lower(name), (credit + 1) DESC NULLS LAST) WHERE credit > 10 AND code IS NOT NULL;
CREATE UNIQUE INDEX ON sales.invoice (day, customer) INCLUDE (total);
CREATE INDEX pattern ON customer (name text_pattern_ops);
COMMENT ON INDEX pattern IS 'for LIKE';
CREATE SEQUENCE numbers START 10 INCREMENT BY 5 MAXVALUE 1000 CYCLE CACHE 3;
COMMENT ON SEQUENCE numbers IS 'by fives';
CREATE VIEW good_customers AS SELECT id, name, credit FROM customer WHERE credit > 100 AND name LIKE 'a%' WITH CASCADED CHECK OPTION;
COMMENT ON VIEW good_customers IS 'the good ones';
CREATE VIEW sales.totals WITH (security_barrier = true) AS
  SELECT c.name, sum(i.total) AS total, count(*) FROM customer c JOIN sales.invoice i ON i.customer = c.id
  GROUP BY c.name HAVING count(*) > 1 ORDER BY 2 DESC;
GRANT SELECT, INSERT ON customer TO clerk;
GRANT UPDATE (name, credit) ON customer TO clerk;
GRANT SELECT ON sales.totals TO PUBLIC;
GRANT ALL ON SEQUENCE numbers TO clerk WITH GRANT OPTION;
INSERT INTO customer (name, mail, credit) VALUES ('anna', 'anna@x', 150), ('bert', 'b@x', 5);
INSERT INTO sales.invoice (customer, total) VALUES (1, 10), (2, 5);
INSERT INTO scratch SELECT g, g FROM generate_series(1, 100) g;
ANALYZE;
