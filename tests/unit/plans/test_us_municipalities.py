"""The shipped example holds what its README says, and starts as far from fair as it says."""

import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from terraform_like.config.load import Wanted, load_wanted, open_repository
from terraform_like.diagnostics import Report
from terraform_like.domain.expression import Expression
from terraform_like.domain.measure import loads, per_size, spread
from terraform_like.flow.init import init

EXAMPLE = Path(__file__).parents[3] / "plans" / "us-municipalities"


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> Wanted:
    made, _ = init(tmp_path_factory.mktemp("example") / "repo", example=EXAMPLE.name)
    return load_wanted(open_repository(made.root), EXAMPLE.name, Report())


@pytest.fixture(scope="module")
def accounts(wanted: Wanted) -> pl.DataFrame:
    """The CRM's accounts with the plan's columns and segments."""
    table = pl.read_csv(EXAMPLE / "crm/accounts.csv")
    for name, text in wanted.carving.accounts.columns.items():
        table = table.with_columns(Expression.parse(text).evaluate(table, "number").alias(name))
    segment = pl.lit(None, pl.String)
    for one in reversed(wanted.carving.segments):
        matches = Expression.parse(one.where or "true").evaluate(table, "boolean")
        segment = pl.when(matches).then(pl.lit(one.name)).otherwise(segment)
    return table.with_columns(segment.alias("segment"))


def test_the_crm_is_what_the_script_writes(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(EXAMPLE, tmp_path / "copy", ignore=shutil.ignore_patterns("crm")))
    subprocess.run([sys.executable, copy / "make_accounts.py"], check=True)
    for name in ("accounts.csv", "users.csv"):
        assert (copy / "crm" / name).read_bytes() == (EXAMPLE / "crm" / name).read_bytes()


def test_there_are_as_many_accounts_as_the_readme_says(accounts: pl.DataFrame) -> None:
    counts = dict(accounts.group_by("segment").len().rows())
    assert counts == {"metro": 314, "city": 1273, "town": 2860}
    readme = (EXAMPLE / "README.md").read_text()
    assert all(f"| {count:,} |" in readme for count in counts.values())
    assert f"{accounts.height:,} accounts" in readme
    assert (EXAMPLE / "crm/accounts.csv").stat().st_size < 600_000


def test_places_are_municipalities_of_ten_thousand_people_and_none_stands_twice(accounts: pl.DataFrame) -> None:
    assert accounts["id"].is_unique().all()
    assert accounts["population"].min() >= 10_000
    names = set(accounts.select("name", "state").rows())
    assert ("New York City", "NY") in names
    assert ("Yonkers", "NY") in names
    assert not names & {("Brooklyn", "NY"), ("Harlem", "NY"), ("Staten Island", "NY"), ("Shaw", "DC")}
    assert [name for name, state in names if state == "DC"] == ["Washington"]
    assert accounts.filter(pl.struct("name", "state", pl.col("lat", "lon").round(1)).is_duplicated()).is_empty()


def test_simulated_figures_are_plausible(accounts: pl.DataFrame) -> None:
    customers = accounts.filter(kind="customer")
    assert 0.2 < customers.height / accounts.height < 0.24
    assert 0.13 < accounts.filter(pl.col("open_pipeline") > 0).height / accounts.height < 0.17
    assert (customers["arr"] > 0).all()
    assert (accounts.filter(kind="prospect")["arr"] == 0).all()
    assert (accounts["arr"] <= accounts["list_price"]).all()
    assert accounts.filter((pl.col("open_pipeline") > 0) != pl.col("open_since").is_not_null()).is_empty()


def test_an_account_starts_with_the_owner_of_a_territory_that_may_hold_it(
    accounts: pl.DataFrame, wanted: Wanted
) -> None:
    email = dict(pl.read_csv(EXAMPLE / "crm/users.csv").select("id", "email").rows())
    for (name,), book in accounts.drop_nulls("territory").group_by("territory"):
        territory = wanted.carving.territories[name]
        assert {email[owner] for owner in book["owner_id"]} == {wanted.carving.people[territory.owner].user}
        assert set(book["segment"]) == {territory.segment}
        assert Expression.parse(territory.where or "true").evaluate(book, "boolean").all()
    alone = accounts.filter(pl.col("territory").is_null())
    assert 0.005 < alone.height / accounts.height < 0.015
    assert alone["owner_id"].null_count() == alone.height


@pytest.mark.parametrize("segment", ["metro", "city", "town"])
def test_every_segment_starts_far_outside_its_policies(accounts: pl.DataFrame, wanted: Wanted, segment: str) -> None:
    policies = wanted.policies.policies
    start = loads(accounts.filter(segment=segment), ("potential", "workload"))
    for metric, policy in (("potential", "even-potential"), ("workload", "even-workload")):
        limit = policies[policy].at_most
        assert limit is not None
        assert spread(start[metric].to_numpy()) > 3 * limit


def test_the_start_spreads_are_those_of_the_readme(accounts: pl.DataFrame) -> None:
    readme = (EXAMPLE / "README.md").read_text()
    for segment in ("metro", "city", "town"):
        start = loads(accounts.filter(segment=segment), ("potential",))
        (row,) = [line for line in readme.splitlines() if line.startswith(f"| {segment}")]
        assert row.endswith(f"| {spread(start['potential'].to_numpy()):.1f} |")


@pytest.mark.parametrize("segment", ["metro", "city", "town"])
def test_no_account_is_worth_more_than_six_tenths_of_a_book(
    accounts: pl.DataFrame, wanted: Wanted, segment: str
) -> None:
    sizes = pl.Series([book.size for book in wanted.carving.books.values() if book.segment == segment]).to_numpy()
    inside = accounts.filter(segment=segment)["potential"]
    share = per_size(pl.Series([inside.sum()]).to_numpy(), sizes.sum())[0]
    assert inside.max() < 0.6 * share * sizes.min()


def test_every_segment_has_a_slot_people_with_homes_and_a_balance(wanted: Wanted) -> None:
    carving = wanted.carving
    assert len(carving.territories) == 33
    assert sorted(slot.segment for slot in carving.overcarve.values()) == ["city", "metro", "town"]
    assert set(carving.balance) == {"metro", "city", "town"}
    assert all(person.home for person in carving.people.values())
    assert {territory.owner for territory in carving.territories.values()} == set(carving.people)
    for slot in carving.overcarve.values():
        assert slot.center and slot.cover and slot.expected and slot.lapse and slot.expected < slot.lapse
        holders = [book.segment for book in carving.territories.values() if book.owner in slot.cover.by]
        assert holders == [slot.segment] * len(slot.cover.by)
