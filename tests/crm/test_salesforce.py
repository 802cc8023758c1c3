"""The claims of every provider, held by the Salesforce provider on a fake org that vendors' clients accept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from crm.salesforce_world import SalesforceWorld, salesforce

from terraform_like.crm.conformance import (
    Conformance,
    Fault,
    LastingConformance,
    PassingConformance,
    RefusingConformance,
)

PASSING = (Fault.FAILS_BEFORE, Fault.FAILS_AFTER, Fault.RATE_LIMIT, Fault.EXPIRED, Fault.LOCKED)
LASTING = (Fault.FAILS_BEFORE, Fault.FORBIDDEN)
REFUSING = (Fault.REFUSES, Fault.SILENT, Fault.LOCKED)


class Whole(Conformance, PassingConformance, LastingConformance, RefusingConformance):
    passing, lasting, refusing = PASSING, LASTING, REFUSING
    #: One page of a query and a bit.
    many = 2_050


class TestTerritoryField(Whole):
    @pytest.fixture
    def world(self) -> Iterator[SalesforceWorld]:
        with salesforce(territories=False) as world:
            yield world


class TestTerritoryManagement(Whole):
    @pytest.fixture
    def world(self) -> Iterator[SalesforceWorld]:
        with salesforce(territories=True) as world:
            yield world


class TestBulk(Whole):
    @pytest.fixture
    def world(self) -> Iterator[SalesforceWorld]:
        with salesforce(territories=True, bulk={"read_above": 0, "write_above": 0}) as world:
            yield world


class TestStrict(Whole):
    #: More than a batch of those that take calls of their own.
    many = 210

    @pytest.fixture
    def world(self) -> Iterator[SalesforceWorld]:
        with salesforce(territories=False, precondition="strict") as world:
            yield world


class TestHanging(PassingConformance, LastingConformance):
    passing, lasting = (Fault.HANGS,), (Fault.HANGS,)

    @pytest.fixture
    def world(self) -> Iterator[SalesforceWorld]:
        with salesforce(territories=True) as world:
            world.silence = 0.5
            yield world
