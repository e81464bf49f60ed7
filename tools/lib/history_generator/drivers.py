"""Two drivers with one face. execute() gives (rows, number of rows); several statements in one message give the rows of each.

Failed is an error that the server answered with; Lost that there was no answer, so nobody knows what became of the statement."""

import psycopg
import psycopg2


class Failed(Exception):
    def __init__(self, sqlstate, message):
        super().__init__(f"{sqlstate}: {message}")
        self.sqlstate = sqlstate


class Lost(Exception):
    pass


class Simple:
    """psycopg2: values within the text, simple query messages."""

    def __init__(self, conninfo):
        try:
            self.connection = psycopg2.connect(conninfo)
        except psycopg2.OperationalError as error:
            raise Lost(str(error)) from error
        self.connection.autocommit = True

    def execute(self, sql, parameters=()):
        try:
            with self.connection.cursor() as cursor:
                cursor.execute(sql, parameters or None)
                return cursor.fetchall() if cursor.description else None, cursor.rowcount
        except psycopg2.Error as error:
            raise _judged(error, error.pgcode, self.connection.closed) from error

    def close(self):
        self.connection.close()


class Prepared:
    """psycopg: statements are prepared when first used, and executed by the extended protocol."""

    def __init__(self, conninfo):
        try:
            self.connection = psycopg.connect(conninfo, autocommit=True, prepare_threshold=0)
        except psycopg.OperationalError as error:
            raise Lost(str(error)) from error

    def execute(self, sql, parameters=()):
        try:
            with self.connection.cursor() as cursor:
                cursor.execute(sql, parameters or None)
                return cursor.fetchall() if cursor.description else None, cursor.rowcount
        except psycopg.Error as error:
            raise _judged(error, error.sqlstate, self.connection.closed) from error

    def execute_several(self, sql, parameters):
        """In one simple query message."""
        try:
            with psycopg.ClientCursor(self.connection) as cursor:
                cursor.execute(sql, parameters)
                results = []
                while True:
                    results.append((cursor.fetchall() if cursor.description else None, cursor.rowcount))
                    if not cursor.nextset():
                        return results
        except psycopg.Error as error:
            raise _judged(error, error.sqlstate, self.connection.closed) from error

    def close(self):
        self.connection.close()


def _judged(error, sqlstate, closed):
    """57P01 to 57P03 come from a server that goes down: no answer to the statement either."""
    if sqlstate and not closed and not sqlstate.startswith("57P"):
        return Failed(sqlstate, str(error).strip())
    return Lost(str(error).strip())
