"""A plan tells which columns the CRM offered; `validate` takes of it what it can read."""

import json
from datetime import date

import polars as pl
import pytest

from terraform_like.domain.kinds import Kind
from terraform_like.plan.offered import named_kinds, offered_before, recorded


def test_kinds_have_names_that_say_nothing_of_whole_numbers():
    kinds = {"w": Kind.WHOLE, "n": Kind.NUMBER, "t": Kind.TEXT, "b": Kind.TRUTH, "d": Kind.DAY, "m": Kind.MOMENT}

    named = named_kinds(kinds | {"j": Kind.UNREADABLE, "u": Kind.UNKNOWN})

    assert list(named) == sorted(named)
    assert named == {
        "w": "number",
        "n": "number",
        "t": "text",
        "b": "boolean",
        "d": "date",
        "m": "time",
        "j": "unknown",
        "u": "unknown",
    }


def test_a_snapshot_tells_of_the_columns_of_the_crm_and_not_of_the_tools_own():
    snapshot = pl.DataFrame(
        {"account": ["A"], "owner": ["U"], "territory": ["t"], "arr": [1], "since": [date(2024, 1, 1)]}
    )

    assert recorded(snapshot) == {"arr": "number", "since": "date"}


def test_what_was_recorded_lets_numbers_be_whole_and_kinds_of_later_versions_be_unknown(tmp_path):
    columns = {"arr": "number", "t": "text", "new": "polygon", "bad": 7}
    (tmp_path / "plan.json").write_text(json.dumps({"columns": columns, "as_of": "2027-02-01"}))

    offered = offered_before(tmp_path / "plan.json")

    assert offered is not None
    assert offered.whole
    assert offered.columns == {"arr": Kind.WHOLE, "t": Kind.TEXT, "new": Kind.UNKNOWN, "bad": Kind.UNKNOWN}
    assert "2027-02-01" in offered.since


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b"\xff", b'{"columns": []}', b'{"columns": {}}', b"{}", b"[" * 100_000]
)
def test_a_plan_that_cannot_be_read_or_is_of_an_older_version_tells_of_none(tmp_path, content):
    (tmp_path / "plan.json").write_bytes(content)

    assert offered_before(tmp_path / "plan.json") is None
    assert offered_before(tmp_path / "nowhere" / "plan.json") is None
