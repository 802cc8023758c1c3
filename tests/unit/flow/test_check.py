"""A check catches every saved plan that was not made by the tool, also where whoever changed it sealed it again."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from terraform_like.carve.prove.proof import ProofMethod, ProofStatus
from terraform_like.cli import commands
from terraform_like.config.load import open_repository
from terraform_like.flow.check import check
from terraform_like.flow.plan import make_plan, save_plan
from terraform_like.plan.canonical import assignments_bytes, digest_of_bytes, seal
from terraform_like.plan.file import write_saved

TEN = Path(__file__).parents[2] / "cases" / "_repos" / "ten"
DAY = date(2027, 7, 1)
SLOT = "\novercarve:\n  hire: {segment: all, size: 0.5, cover: {by: [raj]}}\n"


@pytest.fixture
def repository(tmp_path):
    """Ten companies, two people and a slot, in a database."""
    folder = Path(shutil.copytree(TEN, tmp_path / "repo"))
    with closing(sqlite3.connect(folder / "crm.sqlite")) as database:
        database.executescript((folder / "crm.sql").read_text())
    wishes = folder / "plans" / "fy27" / "plan.yaml"
    wishes.write_text(wishes.read_text().replace("10%}", "25%, accounts: 40%}") + SLOT)
    return open_repository(folder)


@pytest.fixture
def planned(repository):
    made, _ = make_plan(repository, "fy27", DAY)
    return made


@pytest.fixture
def save(repository):
    """Save a plan as if the tool had made it."""

    def as_made(planned):
        table = planned.assignments
        digest = digest_of_bytes(assignments_bytes(table))
        inputs = planned.plan.inputs.model_copy(update={"assignments": digest})
        plan = seal(planned.plan.model_copy(update={"inputs": inputs}))
        write_saved(repository.plan_folder("fy27"), plan, table, planned.snapshot)

    return as_made


@pytest.fixture
def failing(repository, save):
    """Save a plan as if the tool had made it; name the checks that do not pass."""

    def of(planned):
        save(planned)
        found, _ = check(repository, "fy27", base=None)
        return [told.name for told in found.checks if not told.ok]

    return of


def with_plan(planned, **changes):
    return replace(planned, plan=planned.plan.model_copy(update=changes))


def with_assignments(planned, account, **places):
    chosen = pl.col("account") == account
    columns = [pl.when(chosen).then(pl.lit(v)).otherwise(pl.col(k)).alias(k) for k, v in places.items()]
    return replace(planned, assignments=planned.assignments.with_columns(columns))


def test_what_the_tool_made_passes(planned, failing):
    assert planned.plan.has_changes
    assert failing(planned) == []


def vacancies(planned):
    return {one.name: one.vacant_since for one in planned.plan.territories}


def test_a_vacancy_is_counted_from_the_plan_that_first_saw_it(repository, planned, failing):
    assert vacancies(planned) == {"north": None, "south": None, "hire": DAY}
    save_plan(repository, planned)

    later, _ = make_plan(repository, "fy27", date(2027, 9, 1))

    assert vacancies(later) == {"north": None, "south": None, "hire": DAY}
    assert failing(later) == []


def test_a_vacancy_ends_with_an_owner_whom_the_plan_before_expected(repository):
    wishes = repository.plan_folder("fy27") / "plan.yaml"
    hired = "{segment: all, filled_by: li, size: 0.5"
    li = "  li: {user: li@example.com, starts: 2027-07-15, leaves: 2027-08-14}\n"
    vacant = wishes.read_text()
    wishes.write_text(vacant.replace("{segment: all, size: 0.5", hired).replace("people:\n", f"people:\n{li}"))
    made, _ = make_plan(repository, "fy27", DAY)
    assert vacancies(made)["hire"] == DAY
    save_plan(repository, made)
    wishes.write_text(vacant)

    then, since = date(2027, 8, 1), date(2027, 8, 15)
    assert vacancies(make_plan(repository, "fy27", then)[0])["hire"] == then
    assert vacancies(make_plan(repository, "fy27", date(2027, 9, 1))[0])["hire"] == since


def test_a_renamed_territory_has_been_vacant_as_long(repository, planned):
    save_plan(repository, planned)
    wishes = repository.plan_folder("fy27") / "plan.yaml"
    wishes.write_text(wishes.read_text().replace("  hire:", "  next:") + "\nmoved: [{from: hire, to: next}]\n")

    assert vacancies(make_plan(repository, "fy27", date(2027, 9, 1))[0])["next"] == DAY


def test_any_account_in_another_territory_is_caught(planned, failing):
    places = dict(planned.assignments.select("account", "territory").iter_rows())
    for account, place in places.items():
        for other in {"north", "south", "hire"} - {place}:
            assert failing(with_assignments(planned, account, territory=other)), (account, other)


def test_another_holder_is_caught(planned, failing):
    held = planned.assignments.filter(pl.col("holder").is_not_null())["account"].to_list()
    assert held
    for account in held:
        assert failing(with_assignments(planned, account, holder="someone-else")) == ["figures"]


def test_an_edit_is_named_unless_the_yaml_is_another_too_since_then_all_would_be(repository, planned, save):
    save(planned)
    file = repository.plan_folder("fy27") / "plan.json"
    file.write_text(file.read_text().replace('"jane"', '"mallöry"'))
    found, _ = check(repository, "fy27", base=None)
    (seal,) = [told for told in found.checks if not told.ok]
    assert (seal.name, "mallöry" in seal.says) == ("seal", True)
    assert seal.says.count(", recomputed ") == 3

    # Policies alone change no figure.
    (repository.root / "policies" / "more.yaml").write_text("policies: {p: {over: plan, assert: 'true'}}\n")
    found, _ = check(repository, "fy27", base=None)
    told = {told.name: told.says for told in found.checks if not told.ok}
    assert told.keys() == {"seal", "policies"}
    assert "mallöry" in told["seal"]

    wishes = repository.plan_folder("fy27") / "plan.yaml"
    wishes.write_text(wishes.read_text().replace("size: 0.5", "size: 0.6"))
    found, _ = check(repository, "fy27", base=None)
    told = {told.name: told.says for told in found.checks if not told.ok}
    assert told.keys() == {"seal", "config", "policies"}
    assert "recomputed" not in told["seal"]


def test_no_edit_is_named_where_nothing_differs_or_nothing_can_be_recomputed(repository, planned, save):
    def told_of_the_seal():
        found, _ = check(repository, "fy27", base=None)
        (seal,) = [told for told in found.checks if told.name == "seal"]
        assert not seal.ok
        return seal.says

    file = repository.plan_folder("fy27") / "plan.json"
    save(planned)
    file.write_text(file.read_text().replace(json.loads(file.read_text())["digest"], "0" * 64))
    plain = told_of_the_seal()
    assert "plan.json was edited after it was saved" in plain
    assert "recomputed" not in plain
    assert not plain.rstrip().endswith(":")

    save(replace(planned, assignments=planned.assignments.slice(1)))
    file.write_text(file.read_text().replace('"jane"', '"mallory"'))
    assert "recomputed" not in told_of_the_seal()


@pytest.mark.parametrize("today", [None, DAY])
def test_a_fresh_check_asks_the_crm_too_and_another_does_not(repository, planned, today):
    save_plan(repository, planned)
    asked = {"version", "state", "commit", "records"}

    def checked(fresh):
        found, _ = check(repository, "fy27", base=None, fresh=fresh, today=today)
        return {told.name: told.ok for told in found.checks}

    assert checked(False).keys() & asked == set()
    assert checked(True)["records"]
    with closing(sqlite3.connect(repository.root / "crm.sqlite")) as database:
        database.execute("UPDATE accounts SET owner_id = 'U3'")
        database.commit()
    assert not checked(True)["records"]
    assert all(checked(False).values())


def test_an_account_that_is_left_out_is_caught(planned, failing):
    for account in planned.assignments["account"]:
        short = planned.assignments.filter(pl.col("account") != account)
        assert failing(replace(planned, assignments=short)) == ["accounts"]


def test_another_price_is_caught(planned, failing):
    (proof,) = planned.plan.proof
    for territory, prices in proof.prices.items():
        for metric, price in prices.items():
            for other in (price + 1.0, -price - 1.0, 1e9):
                told = {**proof.prices, territory: {**prices, metric: other}}
                edited = proof.model_copy(update={"prices": told})
                assert failing(with_plan(planned, proof=(edited,))) == ["proof"], (territory, metric, other)


@pytest.mark.parametrize("figure", ["objective", "bound", "gap", "method", "status", "component"])
def test_another_figure_of_the_proof_is_caught(planned, failing, figure):
    (proof,) = planned.plan.proof
    optimal = proof.status is ProofStatus.OPTIMAL
    other = {
        "method": ProofMethod.KEPT,
        "status": ProofStatus.BOUNDED if optimal else ProofStatus.OPTIMAL,
        "component": "else",
    }
    edited = proof.model_copy(update={figure: other.get(figure, getattr(proof, figure))})
    if figure not in other:
        edited = proof.model_copy(update={figure: getattr(proof, figure) * 1.001 + 1e-6})
    assert failing(with_plan(planned, proof=(edited,))) == ["proof"]


@pytest.mark.parametrize("proofs", [0, 2])
def test_a_proof_too_few_or_too_many_is_caught(planned, failing, proofs):
    assert failing(with_plan(planned, proof=planned.plan.proof * proofs)) == ["proof"]


def test_another_load_share_or_owner_of_a_book_is_caught(planned, failing):
    for number, territory in enumerate(planned.plan.territories):
        loads = {metric: load.model_copy(update={"after": load.after + 1}) for metric, load in territory.loads.items()}
        for change in ({"loads": loads}, {"owner": "li"}, {"accounts": territory.accounts + 1}, {"size": 3.0}):
            territories = list(planned.plan.territories)
            territories[number] = territory.model_copy(update=change)
            assert failing(with_plan(planned, territories=tuple(territories))) == ["figures"]


def test_another_change_is_caught(planned, failing):
    changes = planned.plan.changes
    first = changes[0]
    elsewhere = first.model_copy(update={"after": first.after.model_copy(update={"owner": "li"})})
    reasoned = first.model_copy(update={"reasons": (first.reasons[0].model_copy(update={"text": "because"}),)})
    for edited in (changes[1:], (*changes, first), (elsewhere, *changes[1:]), (reasoned, *changes[1:]), changes[::-1]):
        assert failing(with_plan(planned, changes=edited)) == ["figures"]


@pytest.mark.parametrize("part", ["summary", "fairness", "staffing", "as_of", "currency"])
def test_another_word_of_the_plan_is_caught(planned, failing, part):
    plan = planned.plan
    edited = {
        "summary": plan.summary.model_copy(update={"moves": plan.summary.moves + 1}),
        "fairness": {},
        "staffing": plan.staffing[1:],
        "as_of": date(2027, 6, 29),
        "currency": "CHF",
    }
    assert failing(with_plan(planned, **{part: edited[part]})) == ["figures"]


def test_another_kind_of_a_column_that_the_plan_used_is_caught(planned, failing):
    assert planned.plan.columns["arr"] == "number"
    assert failing(with_plan(planned, columns={**planned.plan.columns, "arr": "text"})) == ["figures"]


def test_a_plan_of_an_older_version_that_tells_of_no_columns_passes(planned, failing):
    assert failing(with_plan(planned, columns={})) == []


def test_a_plan_tells_of_every_column_of_the_crm(planned):
    assert planned.plan.columns == {
        "id": "text",
        "name": "text",
        "state": "text",
        "employees": "number",
        "arr": "number",
        "parent_id": "text",
        "lat": "number",
        "lon": "number",
        "owner_id": "text",
        "territory": "text",
    }


def test_what_is_called_forced_is_called_so_again_from_the_saved_prices(repository):
    wishes = repository.plan_folder("fy27") / "plan.yaml"
    wishes.write_text(wishes.read_text().replace("within: {arr: 25%", "at_most: {accounts: 3}, within: {arr: 1%"))
    made, _ = make_plan(repository, "fy27", DAY)
    save_plan(repository, made)
    _, said = check(repository, "fy27", base=None)

    told = {(d.summary, d.detail) for d in made.plan.diagnostics if "outside" in d.summary}
    assert any("No carve can hold" in detail for _, detail in told)
    assert told <= {(d.summary, d.detail) for d in said}


def test_a_rollback_into_a_slot_that_has_lapsed_since_passes(repository):
    lapsed = TEN.parent.parent / "state" / "rollback-into-a-lapsed-slot" / "repo" / "plans" / "fy27" / "plan.yaml"
    shutil.copy(lapsed, repository.plan_folder("fy27") / "plan.yaml")
    for words in (
        ["plan", "--as-of", "2027-02-01", "--save"],
        ["apply", "--as-of", "2027-02-01", "--auto-approve", "--allow", "changes"],
        ["plan", "--as-of", "2027-10-02", "--save"],
        ["apply", "--as-of", "2027-10-02", "--auto-approve"],
        ["state", "rollback", "1", "--as-of", "2027-10-02"],
    ):
        done = CliRunner().invoke(commands.territory, ["--chdir", str(repository.root), *words], standalone_mode=False)
        assert done.return_value in (0, None), done.output
    found, _ = check(repository, "fy27", base=None)
    assert found.plan.rollback is not None
    assert [told for told in found.checks if not told.ok] == []


@pytest.fixture
def matching(repository):
    """The same companies in three territories, of which two name no owner, and two people who own nothing."""
    wishes = repository.plan_folder("fy27") / "plan.yaml"
    text = wishes.read_text().replace(
        "south: {segment: all, owner: raj}", "south: {segment: all}\n  west: {segment: all}"
    )
    text = text.replace("  raj: {", "  li: {user: li@example.com, home: [37.8, -122.4]}\n  raj: {")
    wishes.write_text(text.replace("40%}", "40%, arr: 60%}").replace("arr: 25%, ", ""))
    return make_plan(repository, "fy27", DAY)[0]


def test_a_match_passes_and_any_other_is_caught(matching, failing):
    matched = matching.plan.matched
    assert [one.territory for one in matched] == ["south", "west"]
    assert sorted(one.person for one in matched) == ["li", "raj"]
    assert failing(matching) == []
    south, west = matched
    assert failing(with_plan(matching, matched=(south,))) == ["rules"]
    assert failing(with_plan(matching, matched=(south, west, south))) == ["rules"]
    assert failing(with_plan(matching, matched=(south, west.model_copy(update={"person": south.person})))) == ["rules"]
    assert failing(with_plan(matching, matched=(south, west.model_copy(update={"person": "jane"})))) == ["rules"]
    assert failing(with_plan(matching, matched=(south, west.model_copy(update={"territory": "north"})))) == ["rules"]
    swapped = (south.model_copy(update={"person": west.person}), west.model_copy(update={"person": south.person}))
    assert failing(with_plan(matching, matched=swapped)) == ["figures"]
    assert failing(with_plan(matching, matched=(south.model_copy(update={"why": "is a friend"}), west))) == ["figures"]


@pytest.fixture
def teams(repository):
    """The same companies with a role that covers both territories and the slot: two people of it, one each."""
    wishes = repository.plan_folder("fy27") / "plan.yaml"
    text = wishes.read_text().replace("  raj: {", "  ann: {user: A, role: se}\n  bea: {user: B, role: se}\n  raj: {")
    wishes.write_text(text + "\ncoverage:\n  se: {ratio: 1}\n")
    return make_plan(repository, "fy27", DAY)[0]


def test_a_cover_of_teams_passes_and_any_other_is_caught(teams, failing):
    rows = teams.plan.staffing
    covering = [row for row in rows if row.team]
    assert [(row.territory, row.person) for row in covering] == [("north", "ann"), ("south", "bea")]
    assert failing(teams) == []
    first, second = covering

    def other(**changes):
        return with_plan(teams, staffing=tuple(r.model_copy(update=changes) if r is first else r for r in rows))

    for changes in ({"person": "bea"}, {"person": "jane"}, {"credit": 0.5}, {"to": date(2027, 12, 1)}, {"team": False}):
        assert failing(other(**changes)) == ["figures"], changes
    for fewer in (first, second):
        assert failing(with_plan(teams, staffing=tuple(row for row in rows if row is not fewer))) == ["figures"]
