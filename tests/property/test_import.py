"""Laws of `import`: the first plan changes what was said and no more, and by default nothing."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from datetime import date
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from terraform_like.config.load import open_repository
from terraform_like.diagnostics import Halt
from terraform_like.flow.fmt import fmt
from terraform_like.flow.import_crm import import_crm
from terraform_like.flow.import_people import is_name
from terraform_like.flow.import_segments import Bands
from terraform_like.flow.plan import make_plan

places = st.sampled_from(
    ["west", "007", "null", "1e3", "<<", "a b", "O'Hare", "東京", "#x", "a: b", "x" * 90, "\x1b[31m"]
)
owners = st.sampled_from(["1", "2", "3", "amy", "gone"])
users = st.lists(
    st.tuples(
        st.sampled_from(["1", "2", "3", "amy", "4"]),
        st.none() | st.sampled_from(["Amy", "東京", "", "null"]),
        st.none() | st.sampled_from(["amy@x.com", "AMY@x.com", "1@x.com", "3", ""]),
        st.booleans(),
    ),
    unique_by=lambda user: user[0],
)
accounts = st.lists(
    st.tuples(st.none() | owners, st.none() | places, st.none() | st.integers(0, 9), st.none() | st.integers(0, 11)),
    min_size=1,
    max_size=12,
)


@given(
    accounts=accounts,
    users=users,
    mapped=st.booleans(),
    by=st.sampled_from(["today", "territory", "owner"]),
    bands=st.none() | st.just(Bands("employees", (6.0, 3.0))),
    family=st.booleans(),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_first_plan_changes_as_many_accounts_as_import_said(accounts, users, mapped, by, bands, family):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        with closing(sqlite3.connect(root / "crm.sqlite")) as crm, crm:
            crm.execute("CREATE TABLE a (id TEXT, owner TEXT, place TEXT, employees INTEGER, parent TEXT)")
            crm.execute("CREATE TABLE u (id TEXT, name TEXT, email TEXT, active BOOLEAN)")
            for number, (owner, place, employees, parent) in enumerate(accounts):
                # Parents have smaller numbers, so that there is no circle.
                above = None if parent is None or parent >= number else f"A-{parent}"
                row = (f"A-{number}", owner, place, employees, above)
                crm.execute("INSERT INTO a VALUES (?, ?, ?, ?, ?)", row)
            crm.executemany("INSERT INTO u VALUES (?, ?, ?, ?)", users)
        territory = ", territory: place" if mapped else ""
        (root / "territory.yaml").write_text(
            "project: p\ncrm:\n  url: sqlite:///crm.sqlite\n"
            f"  accounts: {{table: a, owner: owner{territory}}}\n"
            "  users: {table: u, name: name, email: email, active: active}\n"
        )
        repository = open_repository(root)
        try:
            imported, _ = import_crm(repository, by=by, bands=bands, family="parent" if family else None)
        except Halt as halt:
            told = {d.summary for d in halt.report if d.severity == "error"}
            assert told <= {"There is nothing to import", "territory.yaml maps no territories of the CRM"}
            return
        planned, _ = make_plan(repository, "current", date(2027, 2, 1))
        summary = planned.plan.summary
        assert summary.adds + summary.moves + summary.transfers + summary.removes == imported.changes
        assert summary.accounts == imported.accounts
        named = all(place is None or is_name(place) for _, place, _, _ in accounts)
        owned = all(owner is not None for owner, place, _, _ in accounts if place is not None)
        if by == "today" and not family and (not mapped or (named and owned)):
            assert imported.changes == 0
        assert fmt(root)[0].changed == ("territory.yaml",)
