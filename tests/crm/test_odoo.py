"""The claims of every provider, held by the Odoo provider on a fake that answers as a real Odoo 19 does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from crm.odoo_world import FakeOdooWorld, fake_odoo

from terraform_like.crm.conformance import (
    Conformance,
    Fault,
    LastingConformance,
    PassingConformance,
    RefusingConformance,
)


class Whole(Conformance, PassingConformance, LastingConformance, RefusingConformance):
    passing = (Fault.FAILS_BEFORE, Fault.FAILS_AFTER, Fault.RATE_LIMIT, Fault.HANGS, Fault.LOCKED)
    lasting = (Fault.FAILS_BEFORE, Fault.HANGS, Fault.FORBIDDEN, Fault.EXPIRED)
    refusing = (Fault.REFUSES, Fault.SILENT, Fault.LOCKED)
    #: One page of a search and a bit.
    many = 2_050


class TestJson2(Whole):
    @pytest.fixture
    def world(self) -> Iterator[FakeOdooWorld]:
        with fake_odoo() as world:
            yield world


class TestJsonRpc(Whole):
    @pytest.fixture
    def world(self) -> Iterator[FakeOdooWorld]:
        with fake_odoo(protocol="jsonrpc", silent=True) as world:
            yield world
