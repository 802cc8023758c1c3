"""Laws of saved plans: what is saved is what is loaded, and nobody changes it unnoticed."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from terraform_like.diagnostics import Report
from terraform_like.diff import Change, ChangeKind, Place, Reason
from terraform_like.domain.reason import ReasonCode
from terraform_like.plan.canonical import seal_of
from terraform_like.plan.file import (
    assignments_bytes,
    digest_of,
    digest_of_bytes,
    load,
    plan_bytes,
    seal,
    snapshot_bytes,
    write_saved,
)
from terraform_like.plan.limits import within_limits
from terraform_like.plan.model import (
    BeforeAfter,
    Created,
    Head,
    Inputs,
    Load,
    Plan,
    PlannedTerritory,
    Scheduled,
    Summary,
)
from terraform_like.plan.steps import batches, steps
from terraform_like.plan.streamed import streamed
from terraform_like.plan.ways import ways_of
from terraform_like.plan.whole import integrity
from terraform_like.staffing.timeline import Staffing

text = st.text(st.characters(codec="utf-8"), max_size=8)
ids = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
numbers = st.floats(allow_nan=False, allow_infinity=False)
places = st.builds(Place, territory=st.none() | ids, owner=st.none() | ids)
reasons = st.builds(Reason, code=st.sampled_from(ReasonCode), text=text)
changes = st.builds(
    Change,
    account=ids,
    kind=st.sampled_from(ChangeKind),
    before=places,
    after=places,
    reasons=st.lists(reasons, max_size=2).map(tuple),
)
loads = st.builds(Load, before=numbers, after=numbers, share=st.none() | numbers)
territories = st.builds(
    PlannedTerritory,
    name=ids,
    segment=ids,
    size=numbers,
    owner=st.none() | ids,
    accounts=st.integers(0, 9),
    loads=st.dictionaries(ids, loads, max_size=2),
)
scheduled = st.builds(
    Scheduled,
    on=st.dates(),
    reason=st.sampled_from(ReasonCode),
    before=places,
    after=places,
    accounts=st.lists(ids, max_size=3).map(tuple),
)
staffing = st.builds(
    Staffing, territory=ids, role=ids, person=st.none() | ids, since=st.none() | st.dates(), credit=numbers
)
rows = st.lists(st.tuples(ids, ids, st.none() | ids), max_size=6, unique_by=lambda row: row[0])


NOWHERE = pl.DataFrame(schema=dict.fromkeys(("account", "territory", "owner"), pl.String))


def table_of(lines: list[tuple[str, str, str | None]]) -> pl.DataFrame:
    return pl.DataFrame(lines, schema=dict.fromkeys(("account", "territory", "holder"), pl.String), orient="row")


@st.composite
def saved(draw: st.DrawFn) -> tuple[Plan, pl.DataFrame, pl.DataFrame]:
    table = table_of(draw(rows))
    snapshot = table.select(
        "account", arr=pl.Series(draw(st.lists(numbers, min_size=len(table), max_size=len(table))), dtype=pl.Float64)
    )
    plan = Plan(
        plan="fy27",
        inputs=Inputs(
            config=digest_of(draw(text)),
            policies=digest_of(draw(text)),
            snapshot=digest_of_bytes(snapshot_bytes(snapshot)),
            assignments=digest_of_bytes(assignments_bytes(table)),
        ),
        created=Created(by=draw(text)),
        as_of=draw(st.dates()),
        summary=Summary(accounts=len(table), adds=0, moves=0, transfers=0, removes=0, unchanged=0),
        territories=draw(st.lists(territories, max_size=2).map(tuple)),
        staffing=draw(st.lists(staffing, max_size=2).map(tuple)),
        users=draw(st.dictionaries(ids, ids, max_size=3)),
        changes=draw(st.lists(changes, max_size=3).map(tuple)),
        scheduled=draw(st.lists(scheduled, max_size=3).map(tuple)),
        fairness={"smb": {"gini(arr)": BeforeAfter(before=None, after=draw(numbers))}},
    )
    return seal(plan), table, snapshot


@given(saved())
@settings(max_examples=100, deadline=None)
def test_what_is_written_and_sealed_is_what_the_standard_library_makes_of_it(
    made: tuple[Plan, pl.DataFrame, pl.DataFrame],
) -> None:
    plan, *_ = made
    document = plan.model_dump(mode="json", by_alias=True)
    expected = json.dumps(document, sort_keys=True, indent=1, ensure_ascii=False) + "\n"
    assert plan_bytes(plan).decode() == expected
    assert plan.digest == seal_of(document)


@given(saved(), st.sampled_from([1, 400, 100_000]))
@settings(max_examples=60, deadline=None)
def test_a_plan_that_is_read_as_a_stream_is_the_one_that_was_saved(
    made: tuple[Plan, pl.DataFrame, pl.DataFrame], piece: int
) -> None:
    plan, table, snapshot = made
    with TemporaryDirectory() as folder:
        write_saved(Path(folder), plan, table, snapshot)
        found = streamed(Path(folder) / "plan.json", piece=piece)
    assert found is not None
    head, ways = found
    assert head == Head.model_validate(plan.model_dump())
    expected = ways_of(plan)
    assert (ways.legs, ways.places) == (expected.legs, expected.places)
    assert ways.changes.equals(expected.changes) and ways.passing.equals(expected.passing)


@given(saved(), st.data())
@settings(max_examples=100, deadline=None)
def test_whatever_lines_are_moved_a_stream_finds_what_the_whole_text_says_or_nothing(
    made: tuple[Plan, pl.DataFrame, pl.DataFrame], data: st.DataObject
) -> None:
    lines = plan_bytes(made[0]).decode().splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 3))):
        at, other = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        match data.draw(st.sampled_from(["leave out", "repeat", "swap"])):
            case "leave out":
                del lines[at]
            case "repeat":
                lines.insert(other, lines[at])
            case _:
                lines[at], lines[other] = lines[other], lines[at]
    text = "".join(lines)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "plan.json"
        try:
            # Somebody who edits it and seals it anew.
            document = json.loads(text)
            text = text.replace(document["digest"], seal_of(document))
        except (ValueError, KeyError):
            pass
        path.write_text(text, encoding="utf-8")
        found, whole = streamed(path, piece=data.draw(st.sampled_from([1, 400, 100_000]))), load(Path(folder), Report())
    if found is not None:
        assert whole is not None and whole.seal == found[0].digest
        assert found[0] == Head.model_validate(whole.plan.model_dump())
        assert found[1].changes.equals(ways_of(whole.plan).changes)


@given(saved())
@settings(max_examples=60, deadline=None)
def test_save_then_load_is_identity(made: tuple[Plan, pl.DataFrame, pl.DataFrame]) -> None:
    plan, table, snapshot = made
    with TemporaryDirectory() as folder:
        write_saved(Path(folder), plan, table, snapshot)
        report = Report()
        back = load(Path(folder), report)
    assert back is not None and not report
    assert back.plan == plan
    assert back.assignments.table is not None and back.snapshot.table is not None
    assert back.assignments.table.equals(table.sort("account"))
    assert back.snapshot.table.equals(snapshot.sort("account"))
    assert all(check.ok for check in integrity(back))


@given(saved(), st.data())
@settings(max_examples=60, deadline=None)
def test_the_bytes_do_not_depend_on_the_order_of_rows_and_columns(
    made: tuple[Plan, pl.DataFrame, pl.DataFrame], data: st.DataObject
) -> None:
    _, table, snapshot = made
    order = data.draw(st.permutations(range(len(table))))
    columns = data.draw(st.permutations(snapshot.columns))
    cut = data.draw(st.integers(0, len(table)))
    shuffled = snapshot[list(order)].select(columns)
    assert assignments_bytes(table[list(order)]) == assignments_bytes(table)
    assert snapshot_bytes(pl.concat([shuffled[:cut], shuffled[cut:]], rechunk=False)) == snapshot_bytes(snapshot)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    return [path] if inside is None else [leaf for key, item in inside for leaf in leaves(item, (*path, key))]


@given(saved(), st.data())
@settings(max_examples=60, deadline=None)
def test_no_value_of_a_plan_changes_unnoticed(
    made: tuple[Plan, pl.DataFrame, pl.DataFrame], data: st.DataObject
) -> None:
    plan, table, snapshot = made
    document = json.loads(plan_bytes(plan))
    *path, last = data.draw(st.sampled_from(leaves(document)))
    place = document
    for key in path:
        place = place[key]
    new = data.draw((st.none() | text | numbers | st.booleans()).filter(lambda value: repr(value) != repr(place[last])))
    place[last] = new
    with TemporaryDirectory() as folder:
        write_saved(Path(folder), plan, table, snapshot)
        (Path(folder) / "plan.json").write_text(json.dumps(document), encoding="utf-8")
        report = Report()
        back = load(Path(folder), report)
    assert report.failed if back is None else not all(check.ok for check in integrity(back))


@given(st.lists(changes, max_size=12, unique_by=lambda change: change.account), st.integers(1, 15))
def test_batches_hold_every_change_once_in_order_whatever_their_size(every: list[Change], size: int) -> None:
    plan = Plan(
        plan="fy27",
        inputs=Inputs(config="", policies="", snapshot="", assignments=""),
        created=Created(by=""),
        as_of=date(2027, 2, 1),
        summary=Summary(accounts=0, adds=0, moves=0, transfers=0, removes=0, unchanged=0),
        changes=tuple(every),
    )
    found = tuple(batches(steps(plan, ways_of(plan), plan.as_of, NOWHERE), size))
    assert [s.account for b in found for s in b.steps] == sorted(change.account for change in every)
    assert all(0 < len(batch.steps) <= size for batch in found)


@given(st.integers(0, 300), st.integers(0, 300), st.floats(0, 1), st.integers(0, 50))
def test_limits_refuse_only_what_is_beyond_both(count: int, accounts: int, share: float, floor: int) -> None:
    from terraform_like.policy.rule import Limits

    change = Change(account="A", kind=ChangeKind.MOVE, before=Place(), after=Place())
    plan = Plan(
        plan="fy27",
        inputs=Inputs(config="", policies="", snapshot="", assignments=""),
        created=Created(by=""),
        as_of=date(2027, 2, 1),
        summary=Summary(accounts=accounts, adds=0, moves=0, transfers=0, removes=0, unchanged=0),
        changes=(change,) * count,
    )
    ok = within_limits(plan, count, Limits(changes=share, floor=floor)).ok
    if count <= floor or count <= share * accounts:
        assert ok
    elif count > share * accounts + 1e-6:
        assert not ok
