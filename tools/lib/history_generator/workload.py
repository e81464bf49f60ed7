"""Random statements on few keys, and what their results mean as operations of a history.

Lists are kept in two ways: an array in one row (keys a...), changed in place, and rows numbered from 1 under a primary key (keys t...), so that two
who append at once meet in the index. A list that has grown long is left for a new one. A register keeps the value before as well, set by the
same statement, so every write tells what it overwrote. Items are rows with a slot, read by range: by index or by scan, listed or counted."""

SLOTS = 16
REGISTERS = 6
LISTS = 6
LENGTH_MAX = 60
ITEMS_OF_A_SLOT = 3  # about as many there are

SCHEMA = f"""
CREATE TABLE list (id int PRIMARY KEY, v bigint[] NOT NULL);
CREATE TABLE list_row (id int, pos bigint, e bigint NOT NULL, PRIMARY KEY (id, pos));
CREATE TABLE register (id int PRIMARY KEY, val bigint NOT NULL, prev bigint, pad text);
CREATE TABLE item (id bigint PRIMARY KEY, k int NOT NULL, pad text);
CREATE INDEX item_k ON item (k);
INSERT INTO register SELECT i, 0, NULL, repeat('x', 50) FROM generate_series(0, {REGISTERS - 1}) i;
"""

TABLES = ("list", "list_row", "register", "item")
LOCKS = {"u": "UPDATE", "n": "NO KEY UPDATE", "s": "SHARE", "k": "KEY SHARE"}
SAVEPOINT, ROLLBACK, RELEASE = (["S", None, None, None, ""], ["R", None, None, None, ""], ["L", None, None, None, ""])


class Step:
    """A statement: `attempted`, the writes it has done if its transaction committed, where its result is not known (None if that does not tell
    them); `told(rows, count)`, the operations that its result means."""

    def __init__(self, sql, parameters, attempted, told):
        self.sql, self.parameters, self.attempted, self.told = sql, parameters, attempted, told


class Workload:
    """One client's statements. kinds: some of "lists", "registers" and "items"."""

    def __init__(self, rng, client, kinds):
        self.rng, self.client, self.kinds = rng, client, kinds
        self.values = 0
        self.generation = [0] * LISTS
        self.seen_items, self.seen_register = [], None
        self.crowded = False

    def next_value(self):
        self.values += 1
        return self.values * 1000 + self.client

    def read(self, locks=True):
        """A statement that changes nothing, but may lock rows."""
        choices = {"lists": [self._read_arrays, self._read_rows], "registers": [self._get, self._get], "items": [self._range, self._range, self._count]}
        if len(self.kinds) == 3 and self.rng.random() < 0.15:
            return self._glance()
        return self.rng.choice(choices[self.rng.choice(self.kinds)])(locks)

    def write(self, alone=False):
        """A statement that writes. alone: whose writes are known without its result."""
        kind = self.rng.choice(self.kinds)
        if kind == "lists":
            return self.rng.choice((self._append_to_array, self._append_to_array, self._append_to_arrays, self._append_row))(alone)
        if kind == "registers":
            return self._set() if self.rng.random() < 0.8 else self._set_some()
        if self.seen_items and not alone and self.rng.random() < 0.2:
            return self._move()
        if self.seen_items and self.rng.random() < (0.65 if self.crowded else 0.35):
            return self._delete_range() if not alone and self.rng.random() < 0.2 else self._delete()
        return self._insert()

    def _list(self, kind):
        """The number of a list kept in that way, and its place among those in use."""
        place = self.rng.randrange(LISTS // 2) * 2 + (kind == "t")
        return place + LISTS * self.generation[place], place

    def _note_length(self, place, values):
        if len(values) > LENGTH_MAX:
            self.generation[place] += 1

    def _lock(self, locks):
        """(code, clause)"""
        if not locks or self.rng.random() < 0.65:
            return "", ""
        code = self.rng.choice("unsk")
        return code, f" FOR {LOCKS[code]}" + self.rng.choice(("", "", "", "", " NOWAIT", " SKIP LOCKED"))

    def _read_arrays(self, locks):
        chosen = dict(self._list("a") for _ in range(self.rng.choice((1, 1, 1, 2, 3))))
        code, clause = self._lock(locks)
        skips = "SKIP" in clause

        def told(rows, _):
            found = dict(rows)
            operations = []
            for number, place in chosen.items():
                if number in found:
                    operations.append(["r", f"a{number}", None, found[number], code])
                    self._note_length(place, found[number])
                elif not skips:
                    operations.append(["r", f"a{number}", None, [], ""])
            return operations

        if len(chosen) == 1 and self.rng.random() < 0.7:
            return Step(f"SELECT id, v FROM list WHERE id = %s{clause}", list(chosen), [], told)
        return Step(f"SELECT id, v FROM list WHERE id IN ({', '.join(['%s'] * len(chosen))}){clause}", list(chosen), [], told)

    def _read_rows(self, _):
        number, place = self._list("t")

        def told(rows, _):
            values = rows[0][0] or [] if aggregated else [row[0] for row in rows]
            self._note_length(place, values)
            return [["r", f"t{number}", None, values, ""]]

        aggregated = self.rng.random() < 0.4
        if aggregated:
            return Step("SELECT array_agg(e ORDER BY pos) FROM list_row WHERE id = %s", [number], [], told)
        return Step("SELECT e FROM list_row WHERE id = %s ORDER BY pos", [number], [], told)

    def _glance(self):
        """One of each kind in one statement."""
        (array, _), (rows, _) = self._list("a"), self._list("t")
        register, (low, high) = self.rng.randrange(REGISTERS), self._bounds()

        def told(result, _):
            a, t, value, previous, items = result[0]
            return [["r", f"a{array}", None, a or [], ""], ["r", f"t{rows}", None, t or [], ""],
                    ["g", f"x{register}", None, [value, previous], ""], ["p", [low, high], None, items or [], ""]]

        return Step("SELECT (SELECT v FROM list WHERE id = %s), (SELECT array_agg(e ORDER BY pos) FROM list_row WHERE id = %s), "
                    "r.val, r.prev, (SELECT array_agg(id) FROM item WHERE k BETWEEN %s AND %s) FROM register r WHERE r.id = %s",
                    [array, rows, low, high, register], [], told)

    def _append_to_array(self, alone):
        number, place = self._list("a")
        element, key = self.next_value(), f"a{number}"

        def told(rows, count):
            if not count:
                return []
            if rows:
                self._note_length(place, rows[0][0])
            return [["a", key, element, rows[0][0] if rows else None, ""]]

        attempted = [["a", key, element, None, ""]]
        if not alone and self.rng.random() < 0.3:
            return Step("UPDATE list SET v = v || %s::bigint WHERE id = %s RETURNING v", [element, number], attempted, told)
        return Step("INSERT INTO list AS l VALUES (%s, ARRAY[%s::bigint]) ON CONFLICT (id) DO UPDATE SET v = l.v || excluded.v"
                    + self.rng.choice((" RETURNING v", "")), [number, element], attempted, told)

    def _append_to_arrays(self, _):
        """The same element to several lists, in one statement."""
        numbers = list(dict.fromkeys(self._list("a")[0] for _ in range(2)))
        element = self.next_value()

        def told(rows, _):
            return [["a", f"a{number}", element, values, ""] for number, values in rows]

        return Step(f"INSERT INTO list AS l VALUES {', '.join(['(%s, ARRAY[%s::bigint])'] * len(numbers))} "
                    "ON CONFLICT (id) DO UPDATE SET v = l.v || excluded.v RETURNING id, v",
                    [p for number in numbers for p in (number, element)], [["a", f"a{n}", element, None, ""] for n in numbers], told)

    def _append_row(self, _):
        number, _ = self._list("t")
        element = self.next_value()
        operations = [["a", f"t{number}", element, None, ""]]
        return Step("INSERT INTO list_row SELECT %s::int, count(*) + 1, %s::bigint FROM list_row WHERE id = %s", [number, element, number],
                    operations, lambda rows, count: operations)

    def _get(self, locks):
        register = self.rng.randrange(REGISTERS)
        self.seen_register = register
        code, clause = self._lock(locks)
        if self.rng.random() < 0.2:
            return Step(f"SELECT id, val, prev FROM register{clause}", [], [],
                        lambda rows, _: [["g", f"x{i}", None, [value, previous], code] for i, value, previous in rows])
        return Step(f"SELECT val, prev FROM register WHERE id = %s{clause}", [register], [],
                    lambda rows, _: [["g", f"x{register}", None, list(row), code] for row in rows])

    def _set(self):
        """Often the one that was read last, to tempt the server to lose an update."""
        register = self.seen_register if self.seen_register is not None and self.rng.random() < 0.4 else self.rng.randrange(REGISTERS)
        value, key = self.next_value(), f"x{register}"
        return Step("UPDATE register SET prev = val, val = %s WHERE id = %s RETURNING prev", [value, register], [["w", key, value, None, ""]],
                    lambda rows, _: [["w", key, value, rows[0][0], ""]])

    def _set_some(self):
        """Several registers by one statement, to one value."""
        registers, value = self.rng.sample(range(REGISTERS), 2), self.next_value()
        return Step("UPDATE register SET prev = val, val = %s WHERE id IN (%s, %s) RETURNING id, prev", [value, *registers],
                    [["w", f"x{register}", value, None, ""] for register in registers],
                    lambda rows, _: [["w", f"x{register}", value, previous, ""] for register, previous in rows])

    def _bounds(self):
        low = self.rng.randrange(SLOTS)
        return low, min(SLOTS - 1, low + self.rng.choice((0, 0, 1, 3, SLOTS)))

    def _range(self, locks):
        low, high = self._bounds()
        column = self.rng.choice(("k", "k", "k + 0"))
        if self.rng.random() < 0.3:
            def told_with_count(rows, _):
                count, ids, slots = rows[0]
                self._note_items(list(zip(ids or [], slots or [])), high - low + 1)
                return [["p", [low, high], None, ids or [], ""], ["n", [low, high], None, count, ""]]

            return Step("SELECT (SELECT count(*) FROM item WHERE k BETWEEN %s AND %s), array_agg(id), array_agg(k) "
                        f"FROM item WHERE {column} BETWEEN %s AND %s", [low, high, low, high], [], told_with_count)
        code, clause = self._lock(locks)

        def told(rows, _):
            self._note_items(rows, high - low + 1)
            return [] if "SKIP" in clause else [["p", [low, high], None, [row[0] for row in rows], code]]

        return Step(f"SELECT id, k FROM item WHERE {column} BETWEEN %s AND %s{clause}", [low, high], [], told)

    def _note_items(self, rows, slots):
        self.seen_items = rows
        self.crowded = len(rows) > slots * ITEMS_OF_A_SLOT

    def _count(self, _):
        low, high = self._bounds()
        column = self.rng.choice(("k", "k + 0"))
        return Step(f"SELECT count(*) FROM item WHERE {column} BETWEEN %s AND %s", [low, high], [],
                    lambda rows, _: [["n", [low, high], None, rows[0][0], ""]])

    def _insert(self):
        rows = [(self.next_value(), self.rng.randrange(SLOTS)) for _ in range(self.rng.choice((1, 1, 1, 2, 3)))]
        operations = [["i", slot, item, None, ""] for item, slot in rows]
        return Step(f"INSERT INTO item (id, k) VALUES {', '.join(['(%s, %s)'] * len(rows))}",
                    [p for row in rows for p in row], operations, lambda _, count: operations)

    def _move(self):
        """Changes all keys of an item: to readers another one has come, in another slot, and this one is gone."""
        item, slot = self.rng.choice(self.seen_items)
        new, new_slot = self.next_value(), self.rng.randrange(SLOTS)
        return Step("UPDATE item SET id = %s, k = %s WHERE id = %s", [new, new_slot, item], None,
                    lambda _, count: [["d", slot, item, 1, ""], ["i", new_slot, new, None, ""]] if count else [])

    def _delete(self):
        item, slot = self.rng.choice(self.seen_items)
        return Step("DELETE FROM item WHERE id = %s", [item], [["d", slot, item, None, ""]],
                    lambda _, count: [["d", slot, item, 1, ""]] if count else [])

    def _delete_range(self):
        slot = self.rng.choice(self.seen_items)[1]
        return Step("DELETE FROM item WHERE k BETWEEN %s AND %s RETURNING id, k", [slot, slot], None,
                    lambda rows, _: [["d", k, item, 1, ""] for item, k in rows])
