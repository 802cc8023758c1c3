"""The counties of the United States: territories of equal population, each of them one connected area."""

from __future__ import annotations

import csv

import numpy as np
import polars as pl
import pytest

from terraform_like.carve.prove.certify import Evidence, certify
from terraform_like.carve.settle import carve
from terraform_like.config.adjacency import read_adjacency
from terraform_like.diagnostics import Report
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Carving
from terraform_like.domain.scope import populate

LOS_ANGELES = "06037"


def locate(path, *, key=False):
    return None


@pytest.fixture(scope="module")
def touching(shared_data):
    """Give the neighbours of each county, read without the code under test."""
    neighbours: dict[str, set[str]] = {}
    with (shared_data / "geo" / "us_county_adjacency.csv").open(encoding="utf-8", newline="") as stream:
        for pair in csv.DictReader(stream):
            one, other = pair["fips_a"], pair["fips_b"]
            neighbours.setdefault(one, set()).add(other)
            neighbours.setdefault(other, set()).add(one)
    return neighbours


def parts(counties, touching):
    """Give the connected parts of counties, found county by county."""
    left, found = set(counties), []
    while left:
        part, ahead = set(), [left.pop()]
        while ahead:
            county = ahead.pop()
            part.add(county)
            near = touching.get(county, set()) & left
            left -= near
            ahead += near
        found.append(part)
    return found


@pytest.fixture(scope="module")
def country(shared_rows, shared_data):
    """Give a plan of so many territories, and the counties as accounts."""
    rows = shared_rows("geo/us_counties.csv")
    table = pl.DataFrame(
        {
            "account": [row["fips"] for row in rows],
            "population": [float(row["population_2010"]) for row in rows],
            "lat": [float(row["lat"]) for row in rows],
            "lon": [float(row["lon"]) for row in rows],
        }
    )
    report = Report()
    pairs = read_adjacency(shared_data / "geo" / "us_county_adjacency.csv", "counties.csv", report)
    assert not len(report)

    def of(count):
        balance = {"within": {"population": "2%"}, "contiguous": {"adjacency": "counties.csv"}}
        return Carving.model_validate(
            {
                "name": "us",
                "accounts": {"location": {"latitude": "lat", "longitude": "lon"}},
                "segments": [{"name": "all"}],
                "territories": {f"t-{n:02d}": {"segment": "all"} for n in range(count)},
                "balance": {"all": balance},
                "neighbours": {"counties.csv": pairs},
            }
        )

    return of, table


def carved(carving, table, touching):
    """Carve, and see for each territory what it holds and that it is connected on each land."""
    report = Report()
    population = populate(carving, Book.of(table), locate, report)
    done = carve(carving, population.inside, locate, report)
    (said,) = [d.detail for d in report]
    assert said.startswith("15001, 15003, 15007.")
    books = dict(zip(population.inside.accounts, done.territory, strict=True))
    held = {name: {county for county, book in books.items() if book == name} for name in carving.territories}
    for book in held.values():
        for land in parts(books, touching):
            assert len(parts(book & land, touching)) <= 1
    people = dict(table.select("account", "population").iter_rows())
    share = sum(people.values()) / len(held)
    off = {name: sum(people[county] for county in book) / share - 1 for name, book in held.items()}
    again = populate(
        carving, Book.of(population.inside.table.with_columns(done.territory.alias("territory"))), locate, Report()
    )
    repeated = carve(carving, again.inside, locate, Report())
    assert repeated.territory.equals(done.territory)
    return done, books, held, off


def test_twenty_territories_of_equal_population_are_connected(country, touching):
    of, table = country

    done, _, held, off = carved(of(20), table, touching)

    assert max(map(abs, off.values())) <= 0.02 + 1e-9
    # Alaska and Puerto Rico are smaller than any fair share, and stay whole.
    assert sum(any(county.startswith("02") for county in book) for book in held.values()) == 1
    assert sum(any(county.startswith("72") for county in book) for book in held.values()) == 1
    (proof,) = done.proofs
    assert proof.bound <= proof.objective < 1.5 * proof.bound
    (problem,) = done.problems
    # One county on the other side of the country is not connected.
    choice = problem.chosen(done.territory.to_numpy())
    elsewhere = (problem.pairs.territory[choice] + 1) % 20
    strange = choice.copy()
    strange[0] = problem.at(elsewhere)[0]
    with pytest.raises(ValueError, match="01001 apart from"):
        certify(problem, strange, Evidence(np.zeros((20, 1)), proof.method))


@pytest.mark.long
def test_fifty_territories_of_equal_population_are_connected_but_for_a_county_that_is_too_large(country, touching):
    of, table = country

    _, books, held, off = carved(of(50), table, touching)

    alone = books[LOS_ANGELES]
    assert held[alone] == {LOS_ANGELES}
    assert off.pop(alone) > 0.5
    assert max(map(abs, off.values())) <= 0.02 + 1e-9
