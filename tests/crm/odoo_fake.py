"""A fake Odoo on loopback, over JSON-2 and JSON-RPC: contacts, users and what a client needs of them.

What it does not know it refuses as Odoo does; how it answers was learnt from a real Odoo 19, which
`tests/crm/test_odoo_real.py` holds to the same claims.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from crm.loopback import Loopback, Reply, Request, page

Row = dict[str, Any]
PARTNER, USER = "res.partner", "res.users"
DATABASE = "crm"

#: Where the method stands among the arguments of `execute_kw`.
_METHOD = 4

#: Types of fields, and whom they refer to.
FIELDS: dict[str, dict[str, dict[str, Any]]] = {
    PARTNER: {
        "id": {"type": "integer", "readonly": True},
        "name": {"type": "char"},
        "ref": {"type": "char"},
        "is_company": {"type": "boolean"},
        "active": {"type": "boolean"},
        "color": {"type": "integer"},
        "x_revenue": {"type": "float"},
        "x_since": {"type": "date"},
        "x_territory": {"type": "char"},
        "parent_id": {"type": "many2one", "relation": PARTNER},
        "country_id": {"type": "many2one", "relation": "res.country"},
        "user_id": {"type": "many2one", "relation": USER},
        "category_id": {"type": "many2many", "relation": "res.partner.category"},
        "write_date": {"type": "datetime", "readonly": True},
        "write_uid": {"type": "many2one", "relation": USER, "readonly": True},
    },
    USER: {
        "id": {"type": "integer", "readonly": True},
        "name": {"type": "char"},
        "login": {"type": "char"},
        "email": {"type": "char"},
        "active": {"type": "boolean"},
        "share": {"type": "boolean", "readonly": True},
    },
}
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda held, wanted: held == wanted,
    "!=": lambda held, wanted: held != wanted,
    ">": lambda held, wanted: held > wanted,
    "in": lambda held, wanted: held in wanted,
}
_STATUSES = {
    "AccessError": 403,
    "MissingError": 404,
    "NotFound": 404,
    "UserError": 422,
    "ValidationError": 422,
    "Unauthorized": 401,
    "UnprocessableEntity": 422,
}


class OdooError(Exception):
    """An exception that Odoo raises: its full name, and its words."""

    def __init__(self, name: str, words: str) -> None:
        super().__init__(words)
        self.name, self.words = name, words

    def told(self) -> Row:
        return {
            "name": self.name,
            "message": self.words,
            "arguments": [self.words],
            "context": {},
            "debug": "Traceback",
        }

    @property
    def status(self) -> int:
        return _STATUSES.get(self.name.rpartition(".")[2], 500)


@dataclass
class Database:
    """Records by model and id; keys by user; `refusing` judges each record that is to be written."""

    rows: dict[str, dict[int, Row]] = field(default_factory=lambda: {PARTNER: {}, USER: {}})
    keys: dict[str, int] = field(default_factory=dict)
    readers: set[int] = field(default_factory=set)
    refusing: list[Callable[[Row], None]] = field(default_factory=list)
    pretending: set[int] = field(default_factory=set)
    written: list[int] = field(default_factory=list)
    messages: list[int] = field(default_factory=list)
    calls: list[tuple[str, str, Row]] = field(default_factory=list)
    now: datetime = datetime(2026, 11, 2, 8)

    def key(self, login: str, *, reads_only: bool = False) -> str:
        """Make a user and give its key."""
        (id_,) = self.create(USER, [{"name": login, "login": login}])
        self.keys[f"key-of-{login}"] = id_
        if reads_only:
            self.readers.add(id_)
        return f"key-of-{login}"

    def call(self, user: int, model: str, method: str, ids: list[int], given: Row) -> Any:
        """Call a method as Odoo does, for a user."""
        if model not in self.rows:
            raise OdooError("werkzeug.exceptions.NotFound", f"the model {model!r} does not exist")
        context = given.pop("context", {})
        self.calls.append((model, method, {"ids": ids, "context": context, **given}))
        if method in ("has_access", "check_access_rights"):
            return given["operation"] == "read" or user not in self.readers
        if method == "fields_get":
            return {name: {"readonly": False, **told} for name, told in FIELDS[model].items()}
        if method == "search_read":
            return self.search_read(model, context, **given)
        if user in self.readers:
            raise OdooError(
                "odoo.exceptions.AccessError", f"You are not allowed to modify 'Contact' ({model}) records."
            )
        if method == "create":
            return self.create(model, **given)
        if method == "unlink":
            return all(self.rows[model].pop(id_, None) is not None for id_ in ids)
        if method == "write":
            return self.write(user, model, ids, given["vals"], context)
        raise OdooError("werkzeug.exceptions.NotFound", f"The method '{model}.{method}' does not exist")

    def create(self, model: str, vals_list: list[Row]) -> list[int]:
        """Make records and give their ids."""
        made = []
        for vals in vals_list:
            id_ = max(self.rows[model], default=0) + 1
            empty = {name: 0 if told["type"] in ("integer", "float") else False for name, told in FIELDS[model].items()}
            self.rows[model][id_] = {**empty, "active": True, **vals, "id": id_, "write_date": self._tick()}
            made.append(id_)
        return made

    def write(self, user: int, model: str, ids: list[int], vals: Row, context: Row) -> bool:
        """Write all records or none."""
        rows = self.rows[model]
        for name in vals:
            if name not in FIELDS[model]:
                raise OdooError("builtins.KeyError", name)
        for id_ in ids:
            if id_ not in rows:
                raise OdooError("odoo.exceptions.MissingError", "Record does not exist or has been deleted.")
        if vals.get("user_id") and vals["user_id"] not in self.rows[USER]:
            raise OdooError("odoo.exceptions.ValidationError", "The operation cannot be completed: Salesperson")
        for id_ in ids:
            for judge in self.refusing:
                judge(rows[id_])
        stamp = self._tick()
        for id_ in set(ids) - self.pretending:
            if vals.get("user_id") and not context.get("tracking_disable"):
                self.messages.append(id_)
            rows[id_] |= {**vals, "write_date": stamp, "write_uid": user}
            self.written.append(id_)
        return True

    def search_read(
        self, model: str, context: Row, domain: list[Any], fields: list[str], limit: int = 0, order: str = "id"
    ) -> list[Row]:
        """Find records by conditions that all hold."""
        known = FIELDS[model]
        for name in fields:
            if name not in known:
                raise OdooError("builtins.ValueError", f"Invalid field {name!r} on {model!r}")
        if order != "id":
            raise OdooError("builtins.ValueError", f"Invalid order {order!r}")
        terms = [self._term(model, term) for term in domain]
        hidden = context.get("active_test", True)
        found = [
            row
            for _, row in sorted(self.rows[model].items())
            if (row["active"] or not hidden) and all(does(row[name], to) for name, does, to in terms)
        ]
        return [
            {"id": row["id"], **{f: self._shown(known[f], row[f]) for f in fields}} for row in found[: limit or None]
        ]

    @staticmethod
    def _term(model: str, term: Any) -> tuple[str, Callable[[Any, Any], bool], Any]:
        name, operator, to = term
        if name not in FIELDS[model]:
            raise OdooError("builtins.ValueError", f"Invalid field {model}.{name} in condition {term!r}")
        if operator not in _OPERATORS:
            raise OdooError("builtins.ValueError", f"Invalid operator in condition {term!r}")
        return name, _OPERATORS[operator], to

    def _shown(self, told: Row, value: Any) -> Any:
        if told["type"] != "many2one" or not value:
            return value
        name = self.rows[told["relation"]][value]["name"] if told["relation"] in self.rows else f"Country {value}"
        return [value, name]

    def _tick(self) -> str:
        """Give the next moment: Odoo tells whole seconds."""
        self.now += timedelta(seconds=1)
        return self.now.strftime("%Y-%m-%d %H:%M:%S")


#: What goes between a client and Odoo answers in its stead, and which requests write.
BAD_GATEWAY, BUSY = page(502, "Bad Gateway"), page(429, "Too Many Requests", **{"Retry-After": "1"})
WRITES = "write$"


class FakeOdoo(Loopback):
    """The server: doors of both protocols."""

    def __init__(self) -> None:
        super().__init__()
        self.database = Database()

    def told(self, request: Request) -> str:
        """Give what is asked: with JSON-RPC, too, the method is the last word."""
        if request.path == "/jsonrpc" and len(args := request.json()["params"]["args"]) > _METHOD:
            return f"{request.method} {request.path} {args[_METHOD]}"
        return super().told(request)

    def answer(self, request: Request) -> Reply:
        """Answer a request."""
        given = request.json() if request.body else {}
        if request.path == "/jsonrpc":
            try:
                return Reply(body={"jsonrpc": "2.0", "id": given["id"], "result": self._rpc(**given["params"])})
            except OdooError as error:
                failed = {"code": 0, "message": "Odoo Server Error", "data": error.told()}
                return Reply(body={"jsonrpc": "2.0", "id": given["id"], "error": failed})
        found = re.fullmatch(r"/json/2/([\w.]+)/(\w+)", request.path)
        if not found or request.headers.get("x-odoo-database") != DATABASE:
            return page(404, "No database is selected")
        try:
            user = self.database.keys.get(request.headers.get("authorization", "").removeprefix("bearer "))
            if user is None:
                raise OdooError("werkzeug.exceptions.Unauthorized", "Invalid apikey")
            return Reply(body=self.database.call(user, *found.groups(), given.pop("ids", []), given))
        except OdooError as error:
            return Reply(error.status, error.told())

    def _rpc(self, service: str, method: str, args: list[Any]) -> Any:
        if args[0] != DATABASE:
            raise OdooError("psycopg2.OperationalError", f'FATAL:  database "{args[0]}" does not exist')
        users = self.database.rows[USER]
        if (service, method) == ("common", "authenticate"):
            user = self.database.keys.get(args[2])
            return user if user and users[user]["login"] == args[1] else False
        if (service, method) != ("object", "execute_kw"):
            raise OdooError("builtins.NameError", f"Method not available {service}.{method}")
        _, user, key, model, name, placed, named = args
        if self.database.keys.get(key) != user:
            raise OdooError("odoo.exceptions.AccessDenied", "Access Denied")
        return self.database.call(user, model, name, placed[0] if placed else [], named)
