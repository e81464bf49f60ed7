"""Splits a SQL file into statements as psql does: at semicolons outside quotes, comments, parentheses and dollar quotes."""

import re

TOKEN = re.compile(
    r"""(?P<line_comment>--[^\n]*)
      | (?P<block_comment>/\*)
      | (?P<escape_string>[eE]'(?:[^'\\]|\\.|'')*')
      | (?P<string>'(?:[^']|'')*')
      | (?P<identifier>"(?:[^"]|"")*")
      | (?P<dollar>\$(?:[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*)?\$)
      | (?P<word>[A-Za-z_\x80-\xff][A-Za-z0-9_$\x80-\xff]*)
      | (?P<semicolon>;)
      | (?P<open>\()
      | (?P<close>\))
      | (?P<copy_data>\n)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)


def _skip_block_comment(text, at):
    depth, at = 1, at + 2
    while at < len(text) and depth:
        if text.startswith("/*", at):
            depth, at = depth + 1, at + 2
        elif text.startswith("*/", at):
            depth, at = depth - 1, at + 2
        else:
            at += 1
    return at


def split(text):
    """Yields (line number, statement, COPY data or None). psql's own commands (lines with a backslash) are dropped."""
    at, start, depth = 0, 0, 0
    while at < len(text):
        if text[at] == "\\" and not text[start:at].strip():
            end = text.find("\n", at)
            at = start = len(text) if end < 0 else end + 1
            continue
        match = TOKEN.match(text, at)
        kind, at = match.lastgroup, match.end()
        if kind == "block_comment":
            at = _skip_block_comment(text, match.start())
        elif kind == "dollar":
            end = text.find(match.group(), at)
            at = len(text) if end < 0 else end + len(match.group())
        elif kind == "open":
            depth += 1
        elif kind == "close":
            depth = max(0, depth - 1)
        elif kind == "semicolon" and depth == 0:
            statement = text[start:at].strip()
            line = text.count("\n", 0, start + len(text[start:at]) - len(text[start:at].lstrip())) + 1
            data = None
            if re.match(r"(?is)copy\b.*\bfrom\s+stdin\b", _strip_comments(statement)):
                begin = text.find("\n", at) + 1
                end = text.find("\n\\.", begin - 1)
                data = text[begin : end + 1]
                at = text.find("\n", end + 1) + 1 or len(text)
            if statement != ";":
                yield line, statement, data
            start = at
    rest = text[start:].strip()
    if rest and _strip_comments(rest):
        yield text.count("\n", 0, start) + 1, rest, None


def _strip_comments(statement):
    while True:
        statement = statement.lstrip()
        if statement.startswith("--"):
            statement = statement.partition("\n")[2]
        elif statement.startswith("/*"):
            statement = statement[_skip_block_comment(statement, 0) :]
        else:
            return statement
