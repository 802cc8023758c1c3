"""The claims of every provider, held by the HubSpot provider on a fake portal that HubSpot's own clients accept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from crm.hubspot_world import KEYS, HubspotWorld, choice, hubspot

from terraform_like.crm.conformance import (
    Conformance,
    Fault,
    LastingConformance,
    PassingConformance,
    RefusingConformance,
)

PASSING = (Fault.FAILS_BEFORE, Fault.FAILS_AFTER, Fault.RATE_LIMIT, Fault.LOCKED)
LASTING = (Fault.FAILS_BEFORE, Fault.FORBIDDEN)


class Whole(Conformance, PassingConformance, LastingConformance, RefusingConformance):
    passing, lasting = PASSING, LASTING
    refusing = (Fault.REFUSES, Fault.SILENT, Fault.LOCKED)


class TestServiceKey(Whole):
    lasting = (*LASTING, Fault.EXPIRED)

    @pytest.fixture
    def world(self) -> Iterator[HubspotWorld]:
        with hubspot() as world:
            yield world


class TestOAuth(Whole):
    """By OAuth, over v3, with territories that a property offers."""

    passing = (*PASSING, Fault.EXPIRED)

    @pytest.fixture
    def world(self) -> Iterator[HubspotWorld]:
        with hubspot(oauth=True, api="v3", field=choice(*KEYS)) as world:
            yield world


class TestWholeBatchesRefused(Whole):
    """By a portal that refuses a batch for one record, and says 200 where some were not found."""

    @pytest.fixture
    def world(self) -> Iterator[HubspotWorld]:
        with hubspot() as world:
            world.portal.traced, world.portal.mixed = False, 200
            yield world


class TestHanging(PassingConformance, LastingConformance):
    passing, lasting = (Fault.HANGS,), (Fault.HANGS,)

    @pytest.fixture
    def world(self) -> Iterator[HubspotWorld]:
        with hubspot() as world:
            world.silence = 0.5
            yield world
