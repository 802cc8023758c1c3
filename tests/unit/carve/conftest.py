from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from terraform_like.carve.form.formulate import formulate
from terraform_like.carve.form.problem import Problem
from terraform_like.carve.settle import Carved, carve
from terraform_like.diagnostics import Path, Report, Span
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Carving
from terraform_like.domain.scope import populate


def locate(path: Path, *, key: bool = False) -> Span | None:
    """Every wish stands in one file; its column is as long as its path."""
    return Span("plan.yaml", 1, 1 + len(path), source=".".join(map(str, path)))


def inside(carving: Carving, table: pl.DataFrame, report: Report) -> Book:
    """Give the accounts in scope; there is nothing wrong with them."""
    population = populate(carving, Book.of(table), locate, report)
    assert population is not None, list(report)
    return population.inside


@pytest.fixture
def wish() -> Callable[..., Carving]:
    """A plan of what is given, as YAML would give it; one segment of all accounts unless others are named."""

    def make(**wishes: Any) -> Carving:
        return Carving.model_validate({"name": "fy27", "segments": [{"name": "all"}], **wishes})

    return make


@pytest.fixture
def accounts() -> Callable[..., pl.DataFrame]:
    """Accounts A-00, A-01 ... with the columns that are given, in no territory unless it is said."""

    def make(count: int, **columns: Any) -> pl.DataFrame:
        given = {"account": [f"A-{n:02d}" for n in range(count)], "territory": [None] * count, **columns}
        return pl.DataFrame(given, schema_overrides={"territory": pl.String})

    return make


@pytest.fixture
def formulated() -> Callable[[Carving, pl.DataFrame], tuple[tuple[Problem, ...], Report]]:
    """The problems of a plan and some accounts, and what was said on the way."""

    def make(carving: Carving, table: pl.DataFrame) -> tuple[tuple[Problem, ...], Report]:
        report = Report()
        return formulate(carving, inside(carving, table, report), locate, report), report

    return make


@pytest.fixture
def problem(formulated: Any) -> Callable[[Carving, pl.DataFrame], Problem]:
    """The one problem of a plan that has no faults."""

    def make(carving: Carving, table: pl.DataFrame) -> Problem:
        (one,), report = formulated(carving, table)
        assert not report.failed, list(report)
        return one

    return make


@pytest.fixture
def carved() -> Callable[..., tuple[Carved | None, Report]]:
    """The whole carve, and what was said on the way."""

    def make(carving: Carving, table: pl.DataFrame, **how: Any) -> tuple[Carved | None, Report]:
        report = Report()
        return carve(carving, inside(carving, table, report), locate, report, **how), report

    return make


@pytest.fixture
def after() -> Callable[[pl.DataFrame, Carved], pl.DataFrame]:
    """What the CRM holds once a carve is applied."""

    def make(table: pl.DataFrame, done: Carved) -> pl.DataFrame:
        return table.sort("account").with_columns(done.territory.alias("territory"))

    return make


@pytest.fixture
def towns(accounts: Any) -> pl.DataFrame:
    """Sixty accounts round three cities, all in the books of two of them: far out of balance."""
    random = np.random.default_rng(7)
    cities = np.repeat([[47.6, -122.3], [39.7, -105.0], [33.7, -84.4]], 20, axis=0)
    points = cities + random.normal(0, 2, (60, 2))
    return accounts(
        60,
        territory=["west"] * 40 + ["middle"] * 20,
        arr=np.round(random.lognormal(3, 0.8, 60), 2),
        lat=points[:, 0],
        lon=points[:, 1],
        hot=random.random(60) < 0.2,
    )


@pytest.fixture
def towns_plan(wish: Any) -> Carving:
    """Three territories for the sixty accounts, two with a center and one whose center is found."""
    return wish(
        accounts={"location": {"latitude": "lat", "longitude": "lon"}, "protect": "hot"},
        territories={
            "west": {"segment": "all", "center": [47.6, -122.3]},
            "middle": {"segment": "all", "center": [39.7, -105.0]},
            "south": {"segment": "all"},
        },
        balance={"all": {"within": {"arr": 0.1, "accounts": 0.25}}},
    )
