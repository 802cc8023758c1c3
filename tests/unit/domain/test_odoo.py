from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from terraform_like.domain.odoo import OdooConnection, terms

TOLD = {"provider": "odoo", "url": "https://acme.odoo.com", "database": "acme", "key": "k"}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("[]", []),
        ("[('is_company', '=', True)]", [("is_company", "=", True)]),
        (" ['|', ['a', '=', 1], ('b.c', 'in', [1, 2])] ", ["|", ("a", "=", 1), ("b.c", "in", [1, 2])]),
    ],
)
def test_a_domain_is_read_as_odoo_writes_it(text: str, read: list[Any]) -> None:
    assert terms(text) == read


@pytest.mark.parametrize(
    "text",
    ["", "a = 1", "('a', '=', 1)", "[('a', '=')]", "['a']", "[(1, '=', 1)]", "[('a', '=', x)]", "[" * 9_999],
)
def test_what_is_no_domain_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValidationError, match="write a domain as Odoo does"):
        OdooConnection.model_validate({**TOLD, "accounts": {"where": text}})


def test_json_rpc_needs_a_login() -> None:
    with pytest.raises(ValidationError, match="`protocol: jsonrpc` needs `login`"):
        OdooConnection.model_validate({**TOLD, "protocol": "jsonrpc"})
    assert OdooConnection.model_validate({**TOLD, "protocol": "jsonrpc", "login": "sync"}).login == "sync"
