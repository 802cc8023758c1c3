"""The part of SOQL that the clients and the provider write, as a grammar: what it does not know is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm.salesforce_fake.org import ApiError

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<text>'(?:\\.|[^'\\])*')
  | (?P<moment>\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))?)
  | (?P<number>[+-]?\d+(?:\.\d+)?)
  | (?P<word>[A-Za-z][A-Za-z0-9_.]*)
  | (?P<sign><=|>=|!=|<>|[=<>(),])
)""",
    re.VERBOSE,
)
#: What a letter after a backslash means; `_` and `%` keep theirs, since they are for LIKE.
_ESCAPES = dict(zip("nrtbf", "\n\r\t\b\f", strict=True)) | {sign: sign for sign in "\"'\\"} | {"_": r"\_", "%": r"\%"}
_KEYWORDS = {
    "SELECT",
    "FROM",
    "WHERE",
    "AND",
    "OR",
    "NOT",
    "IN",
    "LIKE",
    "ORDER",
    "BY",
    "LIMIT",
    "OFFSET",
    "ASC",
    "DESC",
    "NULLS",
    "FIRST",
    "LAST",
    "GROUP",
    "HAVING",
}


@dataclass(frozen=True)
class Compare:
    """A field beside a value; `sign` is one of = != < <= > >= LIKE."""

    field: str
    sign: str
    value: Any


@dataclass(frozen=True)
class Among:
    """A field among values, or among what another query gives."""

    field: str
    values: tuple[Any, ...] | Query
    negated: bool = False


@dataclass(frozen=True)
class Joined:
    """Several conditions, all (`AND`) or any (`OR`) of which hold; `NOT` has one."""

    word: str
    parts: tuple[Any, ...]


@dataclass(frozen=True)
class Query:
    """A query; `fields` is empty where it only counts."""

    fields: tuple[str, ...]
    object: str
    where: Any = None
    order: tuple[tuple[str, bool, bool], ...] = ()
    limit: int | None = None
    offset: int = 0


def parse(text: str) -> Query:
    """Read a query.

    Raises
    ------
    ApiError
        MALFORMED_QUERY, where it is none or the fake does not know what it asks for.
    """
    reader = _Reader(text)
    query = reader.query()
    if reader.left():
        raise reader.complain()
    return query


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        self._at = 0
        position = 0
        text = text.rstrip()
        while position < len(text):
            found = _TOKEN.match(text, position)
            if found is None:
                raise ApiError("MALFORMED_QUERY", f"unexpected token: '{text[position:].strip()[:20]}'")
            self._tokens.append((str(found.lastgroup), found[str(found.lastgroup)]))
            position = found.end()

    def left(self) -> bool:
        return self._at < len(self._tokens)

    def complain(self) -> ApiError:
        seen = self._tokens[self._at][1] if self.left() else "<EOF>"
        return ApiError("MALFORMED_QUERY", f"unexpected token: '{seen}'")

    def query(self) -> Query:
        self._need("SELECT")
        fields = self._fields()
        self._need("FROM")
        name = self._name()
        where = self._any_of() if self._word("WHERE") else None
        order: list[tuple[str, bool, bool]] = []
        if self._word("ORDER"):
            self._need("BY")
            order = [self._ordering()]
            while self._sign(","):
                order.append(self._ordering())
        limit = self._count() if self._word("LIMIT") else None
        offset = self._count() if self._word("OFFSET") else 0
        return Query(fields, name, where, tuple(order), limit, offset)

    def _fields(self) -> tuple[str, ...]:
        first = self._name()
        if first.upper() == "COUNT" and self._sign("("):
            if not self._sign(")"):
                raise self.complain()
            return ()
        fields = [first]
        while self._sign(","):
            fields.append(self._name())
        return tuple(fields)

    def _any_of(self) -> Any:
        parts, word = [self._all_of()], ""
        while found := next((each for each in ("AND", "OR") if self._word(each)), None):
            if word and found != word:
                # As the real service: AND and OR beside one another need brackets.
                raise self.complain()
            word = found
            parts.append(self._all_of())
        return Joined(word, tuple(parts)) if word else parts[0]

    def _all_of(self) -> Any:
        if self._word("NOT"):
            return Joined("NOT", (self._all_of(),))
        if self._sign("("):
            inner = self._any_of()
            if not self._sign(")"):
                raise self.complain()
            return inner
        return self._condition()

    def _condition(self) -> Compare | Among:
        name = self._name()
        negated = self._word("NOT")
        if self._word("IN"):
            if not self._sign("("):
                raise self.complain()
            if self.left() and self._tokens[self._at][1].upper() == "SELECT":
                values: tuple[Any, ...] | Query = self.query()
            else:
                found = [self._value()]
                while self._sign(","):
                    found.append(self._value())
                values = tuple(found)
            if not self._sign(")"):
                raise self.complain()
            return Among(name, values, negated)
        if negated:
            raise self.complain()
        if self._word("LIKE"):
            return Compare(name, "LIKE", self._value())
        for sign in ("=", "!=", "<>", "<=", ">=", "<", ">"):
            if self._sign(sign):
                return Compare(name, "!=" if sign == "<>" else sign, self._value())
        raise self.complain()

    def _value(self) -> Any:
        if not self.left():
            raise self.complain()
        kind, text = self._tokens[self._at]
        self._at += 1
        if kind == "text":
            return unescaped(text[1:-1])
        if kind == "number":
            return float(text) if "." in text else int(text)
        if kind == "moment":
            return moment(text) if "T" in text else text
        if kind == "word" and text.lower() in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[text.lower()]
        self._at -= 1
        raise self.complain()

    def _ordering(self) -> tuple[str, bool, bool]:
        name = self._name()
        down = self._word("DESC")
        _ = not down and self._word("ASC")
        last = False
        if self._word("NULLS"):
            last = self._word("LAST")
            if not last:
                self._need("FIRST")
        return name, down, last

    def _count(self) -> int:
        value = self._value()
        if not isinstance(value, int) or value < 0:
            raise self.complain()
        return value

    def _name(self) -> str:
        if self.left():
            kind, text = self._tokens[self._at]
            if kind == "word" and text.upper() not in _KEYWORDS:
                self._at += 1
                return text
        raise self.complain()

    def _word(self, word: str) -> bool:
        return self._take("word", word)

    def _sign(self, sign: str) -> bool:
        return self._take("sign", sign)

    def _need(self, word: str) -> None:
        if not self._word(word):
            raise self.complain()

    def _take(self, kind: str, text: str) -> bool:
        if self.left() and self._tokens[self._at][0] == kind and self._tokens[self._at][1].upper() == text:
            self._at += 1
            return True
        return False


def unescaped(text: str) -> str:
    r"""Give what a text in quotes means; the real service refuses a backslash before any other letter."""

    def one(found: re.Match[str]) -> str:
        if found[1] not in _ESCAPES:
            raise ApiError("MALFORMED_QUERY", "Illegal string literal. Invalid string literal")
        return _ESCAPES[found[1]]

    if "\n" in text or "\r" in text:
        raise ApiError("MALFORMED_QUERY", "Illegal string literal. Line breaks are not allowed in string literals")
    return re.sub(r"\\(.)", one, text, flags=re.DOTALL)


def moment(text: str) -> datetime:
    """Read a moment as SOQL writes it."""
    return datetime.fromisoformat(text)
