"""A territory repository made of texts, and what loading it says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from terraform_like.config.load import Wanted, load_wanted, open_repository
from terraform_like.diagnostics import Halt, Report

PROJECT = 'project: acme\ncrm: {provider: sql, url: "sqlite:///crm.sqlite"}\n'


class Loaded:
    """What loading gave: the wishes, or None, and everything that was said."""

    def __init__(self, wanted: Wanted | None, report: Report) -> None:
        self.wanted = wanted
        self.said = list(report)

    @property
    def brief(self) -> list[tuple[str, str]]:
        """Give place and summary of everything that was said."""
        return [(str(d.span), d.summary) for d in self.said]


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Loaded]:
    """Load a plan of files by name; text or bytes."""

    def loaded(files, *, project=PROJECT, policies="", plan="fy27", environment=None) -> Loaded:
        folder = tmp_path / "plans" / plan
        folder.mkdir(parents=True, exist_ok=True)
        (tmp_path / "policies").mkdir(exist_ok=True)
        (tmp_path / "territory.yaml").write_bytes(as_bytes(project))
        (tmp_path / "policies" / "gate.yaml").write_bytes(as_bytes(policies))
        for name, content in (files if isinstance(files, dict) else {"plan.yaml": files}).items():
            (folder / name).write_bytes(as_bytes(content))
        report = Report()
        try:
            return Loaded(load_wanted(open_repository(tmp_path, environment or {}), plan, report), report)
        except Halt as halt:
            report.extend(halt.report)
            return Loaded(None, report)

    return loaded


def as_bytes(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode()
