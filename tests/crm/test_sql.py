from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from crm.databases import POSTGRESQL, SQLITE, DatabaseWorld
from postgres import Server

from terraform_like.crm.conformance import (
    Conformance,
    Fault,
    LastingConformance,
    PassingConformance,
    RefusingConformance,
)


class TestSqlite(Conformance, RefusingConformance):
    refusing = (Fault.REFUSES, Fault.SILENT)

    @pytest.fixture
    def world(self, tmp_path: Path) -> Iterator[DatabaseWorld]:
        (tmp_path / "crm.sqlite").touch()
        world = DatabaseWorld(f"sqlite:///{tmp_path / 'crm.sqlite'}", SQLITE, tmp_path)
        yield world
        world.close()


class TestPostgresql(Conformance, PassingConformance, LastingConformance, RefusingConformance):
    passing = (Fault.FAILS_BEFORE, Fault.LOCKED)
    lasting = (Fault.FAILS_BEFORE, Fault.FORBIDDEN)
    refusing = (Fault.REFUSES, Fault.SILENT)

    @pytest.fixture
    def world(self, postgresql: Server, tmp_path: Path) -> Iterator[DatabaseWorld]:
        url = postgresql.make_database().replace("postgresql:", "postgresql+psycopg:")
        world = DatabaseWorld(url, POSTGRESQL, tmp_path)
        yield world
        world.close()
