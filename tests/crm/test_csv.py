from __future__ import annotations

from pathlib import Path

import pytest
from crm.folders import FolderWorld

from terraform_like.crm.conformance import Conformance


class TestCsv(Conformance):
    @pytest.fixture
    def world(self, tmp_path: Path) -> FolderWorld:
        return FolderWorld(tmp_path)


class TestCsvWithAFileOfChanges(Conformance):
    @pytest.fixture
    def world(self, tmp_path: Path) -> FolderWorld:
        return FolderWorld(tmp_path, changes="changes.csv")
