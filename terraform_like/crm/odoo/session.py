"""Calls of methods of Odoo's models, over JSON-2 or over JSON-RPC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from terraform_like.crm.http import SILENCE_SECONDS, Http
from terraform_like.crm.odoo.refusal import Cause, Refused, cause_of, said
from terraform_like.crm.port import CrmError
from terraform_like.domain.odoo import OdooConnection

_NOT_FOUND = 404


class Session:
    """Calls to one database of a server.

    Parameters
    ----------
    connection : OdooConnection
        `crm:` of territory.yaml.
    silence : float
        Seconds until a server that says nothing counts as not to be had.

    Raises
    ------
    CrmError
        When the address cannot be read.
    """

    def __init__(self, connection: OdooConnection, *, silence: float = SILENCE_SECONDS) -> None:
        self._connection = connection
        self._key = connection.key.get_secret_value()
        self._http = Http(connection.url, "crm.url", secrets=(self._key,), plain=connection.plain_http, silence=silence)
        self._user: int | None = None

    def call(
        self, model: str, method: str, ids: Sequence[int] = (), *, context: Mapping[str, Any], **arguments: Any
    ) -> Any:
        """Call a method of a model and give what it gives.

        Parameters
        ----------
        model, method : str
            What to call, as `res.partner` and `write`.
        ids : sequence of int
            Records that it is called on; none where it is a method of the model.
        context : mapping
            Odoo's context of the call.
        **arguments : object
            Arguments by their names.

        Raises
        ------
        Refused
            When Odoo refuses.
        CrmError
            When there is no answer, or one that is not Odoo's.
        """
        if self._connection.protocol == "json2":
            return self._json2(model, method, {"ids": list(ids), "context": context, **arguments})
        if self._user is None:
            self._user = self._login()
        # A method of a model takes no ids, one of records takes them first.
        placed = [list(ids)] if ids else []
        named = {**arguments, "context": context}
        return self._jsonrpc("object", "execute_kw", self._user, self._key, model, method, placed, named)

    def may(self, model: str, operation: str) -> bool:
        """Say whether this user may do such a thing to records of a model at all."""
        if self._connection.protocol == "json2":
            return bool(self.call(model, "has_access", context={}, operation=operation))
        return bool(self.call(model, "check_access_rights", context={}, operation=operation, raise_exception=False))

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()

    def _json2(self, model: str, method: str, body: Mapping[str, Any]) -> Any:
        headers = {"Authorization": f"bearer {self._key}", "X-Odoo-Database": self._connection.database}
        told = {name: value for name, value in body.items() if name != "ids" or value}
        answer = self._http.ask("POST", f"/json/2/{model}/{method}", headers=headers, body=told)
        if answer.well:
            return answer.json()
        error = said(answer.json()) if "json" in answer.headers.get("content-type", "") else None
        if error is not None:
            raise self._refused(*error)
        if answer.status == _NOT_FOUND:
            raise CrmError(
                f"the CRM at {self._http.shown} has no database {self._connection.database}, or no JSON-2, which came "
                "with Odoo 19; check crm.database in territory.yaml, or write `protocol: jsonrpc` there"
            )
        raise self._http.failed(answer)

    def _jsonrpc(self, service: str, method: str, *arguments: Any) -> Any:
        told = {"service": service, "method": method, "args": [self._connection.database, *arguments]}
        body = {"jsonrpc": "2.0", "method": "call", "params": told, "id": 1}
        answer = self._http.ask("POST", "/jsonrpc", body=body)
        if not answer.well:
            raise self._http.failed(answer)
        found = answer.json()
        if not isinstance(found, Mapping):
            raise CrmError(f"the CRM at {self._http.shown} answers with what is no JSON-RPC; check crm.url")
        if "error" not in found:
            return found.get("result")
        failed = found["error"] if isinstance(found["error"], Mapping) else {}
        error = said(failed.get("data"))
        raise self._refused(*(error or ("", str(failed.get("message") or "it does not say why"))))

    def _login(self) -> int:
        user = self._jsonrpc("common", "authenticate", self._connection.login, self._key, {})
        if not isinstance(user, int) or isinstance(user, bool):
            raise Refused(Cause.LOGIN, "it knows no such login with that key")
        return user

    def _refused(self, name: str, words: str) -> Refused:
        return Refused(cause_of(name, words), self._http.words(words))
