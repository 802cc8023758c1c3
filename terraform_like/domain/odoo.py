"""`crm: {provider: odoo}`: how to come in, which fields to use, and whether Odoo tells anybody of a change."""

from __future__ import annotations

import ast
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr, model_validator

from terraform_like.domain.connection import Connection
from terraform_like.domain.wish import Wish

#: A condition of a domain, or one of the signs `&`, `|` and `!` before those that it joins.
Term = str | tuple[str, str, Any]
_SIGNS = ("&", "|", "!")
_TRIPLE = 3

#: A name of a field, as `user_id` or `x_territory`.
FieldName = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$", max_length=63)]


def terms(text: str) -> list[Term]:
    """Read a domain as Odoo's own screens write it: `[('is_company', '=', True)]`.

    Raises
    ------
    ValueError
        When it is none.
    """
    try:
        told = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        told = None
    if not isinstance(told, list) or not all(map(_is_term, told)):
        raise ValueError("write a domain as Odoo does: `[('is_company', '=', True)]`")
    return [term if isinstance(term, str) else (term[0], term[1], term[2]) for term in told]


def _is_term(term: object) -> bool:
    if isinstance(term, list | tuple):
        return len(term) == _TRIPLE and isinstance(term[0], str) and isinstance(term[1], str)
    return term in _SIGNS


def _checked(text: str) -> str:
    terms(text)
    return text


Domain = Annotated[str, Field(max_length=10_000), AfterValidator(_checked)]


class OdooAccounts(Wish):
    """Which contacts are accounts, and which of their fields are used."""

    owner: FieldName = "user_id"
    """Field with the owner, a user. Example: `user_id`."""
    territory: FieldName | None = None
    """Field of text, or a selection, with the territory; leave out where owners say it all. Example: `x_territory`."""
    where: Domain = "[('is_company', '=', True)]"
    """Domain of the contacts that are accounts. Example: `"[('is_company', '=', True), ('customer_rank', '>', 0)]"`."""


class OdooUsers(Wish):
    """Which users may own accounts."""

    where: Domain = "[('share', '=', False)]"
    """Domain of the users to read, those who are not active with them. Example: `"[('share', '=', False)]"`."""


class OdooConnection(Connection):
    """A CRM in Odoo."""

    provider: Literal["odoo"]
    """Kind of CRM. Example: `odoo`."""
    url: str
    """Address of the server; `${NAME}` is read from the environment. Example: `https://acme.odoo.com`."""
    database: str = Field(min_length=1, max_length=128)
    """Name of the database. Example: `acme`."""
    key: SecretStr
    """API key of the user who reads and writes. Example: `${ODOO_KEY}`."""
    login: str | None = None
    """Login of that user; JSON-RPC needs it. Example: `territory@acme.com`."""
    protocol: Literal["json2", "jsonrpc"] = "json2"
    """JSON-2 from Odoo 19 on, JSON-RPC for 14 to 18. Example: `json2`."""
    accounts: OdooAccounts = OdooAccounts()
    """Which contacts are accounts. Example: `{owner: user_id, territory: x_territory}`."""
    users: OdooUsers = OdooUsers()
    """Which users may own accounts. Example: `{where: "[('share', '=', False)]"}`."""
    silent: bool = False
    """Whether Odoo writes owners without a message on the account and without an e-mail to its new owner. Example:
    `true`."""
    plain_http: bool = False
    """Whether the key may go over plain HTTP to another machine. Example: `false`."""

    @property
    def changed_by(self) -> str | None:
        """Field of accounts with who changed them last."""
        return "write_uid"

    @model_validator(mode="after")
    def _login_where_needed(self) -> OdooConnection:
        if self.protocol == "jsonrpc" and not self.login:
            raise ValueError("`protocol: jsonrpc` needs `login`, the login of the user whose `key` it is")
        return self
