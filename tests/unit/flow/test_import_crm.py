from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from terraform_like.config.load import load_wanted, open_repository
from terraform_like.diagnostics import Halt, Report
from terraform_like.domain.carving import Carving, Slot
from terraform_like.flow.fmt import fmt
from terraform_like.flow.import_crm import Imported, import_crm
from terraform_like.flow.import_segments import Bands
from terraform_like.flow.plan import make_plan
from terraform_like.plan.model import Summary

Territory = Callable[..., subprocess.CompletedProcess[str]]
DAY = date(2027, 2, 1)
USERS = [
    ("U-1", "Amy Adams", "amy@x.com", 1),
    ("U-2", "Bo", "bo@x.com", 1),
    ("U-3", "Cy", None, 1),
    ("U-4", "Di", "di@x.com", 0),
]


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Path]:
    """Make a repository with a CRM of accounts (id, owner, territory, employees, parent) and users."""

    def made(accounts: Iterable[tuple[object, ...]], *, mapped: bool = True, users: object = USERS) -> Path:
        with closing(sqlite3.connect(tmp_path / "crm.sqlite")) as crm, crm:
            crm.execute("CREATE TABLE a (id TEXT, owner TEXT, place TEXT, employees INTEGER, parent TEXT)")
            crm.execute("CREATE TABLE u (id TEXT, name TEXT, email TEXT, active BOOLEAN)")
            crm.executemany("INSERT INTO a VALUES (?, ?, ?, ?, ?)", [(*a, *[None] * (5 - len(a))) for a in accounts])
            crm.executemany("INSERT INTO u VALUES (?, ?, ?, ?)", users)  # type: ignore[arg-type]
        territory = ", territory: place" if mapped else ""
        (tmp_path / "territory.yaml").write_text(
            "project: p\ncrm:\n  url: sqlite:///crm.sqlite\n"
            f"  accounts: {{table: a, owner: owner{territory}}}\n"
            "  users: {table: u, name: name, email: email, active: active}\n"
        )
        return tmp_path

    return made


def imported(root: Path, **options: object) -> tuple[Imported, Carving, Summary, list[str]]:
    """Import, read what was written, and make the first plan of it; hold that it changes what was said."""
    repository = open_repository(root)
    done, report = import_crm(repository, **options)  # type: ignore[arg-type]
    wanted = load_wanted(repository, done.plan, Report())
    planned, _ = make_plan(repository, done.plan, DAY)
    summary = planned.plan.summary
    assert done.changes == summary.adds + summary.moves + summary.transfers + summary.removes
    assert done.accounts == summary.accounts
    return done, wanted.carving, summary, [f"{d.severity}: {d.summary}: {d.detail}" for d in report]


def refused(root: Path, **options: object) -> str:
    with pytest.raises(Halt) as halted:
        import_crm(open_repository(root), **options)  # type: ignore[arg-type]
    return "\n".join(f"{d.summary}: {d.detail}" for d in halted.value.report)


ALIGNED = [("A-1", "U-1", "west"), ("A-2", "U-1", "west"), ("007", "U-2", "east")]


def test_books_with_one_owner_each_are_territories_and_nothing_changes(make: Callable[..., Path]) -> None:
    done, carving, _, said = imported(make(ALIGNED))
    assert (done.changes, done.left_out, said) == (0, 0, [])
    assert {name: book.owner for name, book in carving.territories.items()} == {"west": "amy", "east": "bo"}
    assert carving.overcarve == {}
    assert [segment.name for segment in carving.segments] == ["all"]
    assert carving.accounts.where is None


def test_people_are_active_users_and_whoever_owns(make: Callable[..., Path]) -> None:
    _, carving, _, said = imported(make([*ALIGNED, ("A-3", "U-4", "north")]))
    assert {name: person.user for name, person in carving.people.items()} == {
        "amy": "amy@x.com", "bo": "bo@x.com", "di": "di@x.com", "cy": "U-3",
    }  # fmt: skip
    assert list(carving.people) == ["amy", "bo", "di", "cy"]
    assert carving.territories["north"].owner == "di"
    (warning,) = said
    assert warning.startswith("warning: Accounts belong to 1 inactive user of the CRM: di.")


def test_names_of_people_are_names_and_nobody_elses_id(make: Callable[..., Path]) -> None:
    users = [
        ("amy", "X", "amy@x.com", 1),
        ("2", "Y", "amy@y.com", 1),
        ("3", "Zoë O'Neil", None, 1),
        ("4", "東京", None, 1),
        ("5", None, "amy@x.com", 1),
        ("6", "W", "3", 1),
    ]
    _, carving, _, _ = imported(make([("A", "2", "t"), ("B", "amy", "s"), ("C", "9", "r")], users=users))
    assert {name: person.user for name, person in carving.people.items()} == {
        "amy": "amy", "amy-2": "amy@y.com", "zoe.o.neil": "3", "user-4": "4", "amy-3": "5", "3-2": "6",
    }  # fmt: skip


def test_a_shared_territory_stays_with_whoever_has_it(make: Callable[..., Path]) -> None:
    root = make([*ALIGNED, ("A-3", "U-2", "west"), ("A-4", "gone", "north")])
    done, carving, _, said = imported(root)
    assert (done.changes, done.territories, done.shared) == (0, 1, 2)
    west, north = carving.overcarve["west"], carving.overcarve["north"]
    assert isinstance(west, Slot)
    assert west.cover is not None
    assert west.cover.by == ("amy", "bo")
    assert north.cover is None
    assert "Several people share 1 territory of the CRM: west (amy 2, bo 1)." in said[1]
    assert "the first plan transfers 1 account." in said[1]


def test_what_nobody_has_is_given_to_who_owns_its_territory(make: Callable[..., Path]) -> None:
    root = make([*ALIGNED, ("A-3", "U-2", "west"), ("A-4", None, "east"), ("A-5", None, "west")])
    done, carving, summary, said = imported(root)
    assert carving.territories["east"].owner == "bo"
    assert (summary.transfers, done.changes) == (2, 2)
    assert "warning: Nobody has 2 accounts of 2 territories: east, west." in said[0]


def test_by_territory_the_first_plan_shows_who_is_out_of_line(make: Callable[..., Path]) -> None:
    root = make([*ALIGNED, ("A-3", "U-2", "west"), ("A-4", "U-3", "east"), ("A-5", "U-3", "east")])
    _, carving, summary, said = imported(root, by="territory")
    assert {name: book.owner for name, book in carving.books.items()} == {"west": "amy", "east": "cy"}
    assert (summary.transfers, summary.moves, summary.adds, summary.removes) == (2, 0, 0, 0)
    assert said[0].startswith("warning: The first plan transfers 2 accounts: ")


def test_by_owner_books_follow_owners_and_the_first_plan_mends_the_territories(make: Callable[..., Path]) -> None:
    root = make([*ALIGNED, ("A-3", "U-2", "west"), ("A-4", None, "east"), ("A-5", "gone", "east"), ("A-6", None, None)])
    done, carving, summary, said = imported(root, by="owner")
    assert {name: book.owner for name, book in carving.territories.items()} == {"west": "amy", "east": "bo"}
    assert carving.accounts.where == "owner IS NOT NULL AND owner NOT IN ('gone')"
    # A-3 comes to the book of its owner; have no owner who could have a book, and leave `east`.
    assert (summary.moves, summary.removes, done.left_out) == (1, 2, 3)
    assert any("The first plan changes 3 accounts" in line for line in said)


def test_without_territories_in_the_crm_each_owner_has_a_book(make: Callable[..., Path]) -> None:
    root = make([*ALIGNED, ("A-3", None), ("A-4", "gone")], mapped=False)
    done, carving, _, said = imported(root)
    assert {name: book.owner for name, book in carving.territories.items()} == {"amy": "amy", "bo": "bo"}
    assert (done.changes, done.left_out) == (0, 2)
    assert carving.accounts.where == "territory IS NOT NULL"
    assert [line for line in said if "whom the CRM does not know: gone." in line]


def test_by_territory_needs_territories(make: Callable[..., Path]) -> None:
    assert "Add `territory: COLUMN`" in refused(make(ALIGNED, mapped=False), by="territory")


def test_accounts_of_no_territory_stay_out_of_the_plan(make: Callable[..., Path]) -> None:
    root = make([*ALIGNED, ("A-3", "U-1", None), ("A-4", None, None)])
    done, carving, _, _ = imported(root)
    assert (done.accounts, done.left_out, done.changes) == (3, 2, 0)
    assert carving.accounts.where == "territory IS NOT NULL"
    text = (root / "plans/current/plan.yaml").read_text()
    assert "# Left alone: 2 accounts of no book, for want of a territory in the CRM." in text


def test_a_territory_that_cannot_be_named_so_is_renamed_once(make: Callable[..., Path]) -> None:
    root = make(
        [
            ("A", "U-1", "United Kingdom"),
            ("B", "U-1", "O'Hare; DROP"),
            ("C", "U-2", "United-Kingdom"),
            ("D", "U-2", "東"),
        ]
    )
    _, carving, summary, said = imported(root)
    assert sorted(carving.territories) == ["O-Hare-DROP", "United-Kingdom", "United-Kingdom-2", "territory"]
    assert (summary.moves, summary.accounts) == (3, 4)
    assert '"United Kingdom" becomes United-Kingdom-2' in said[0]
    with closing(sqlite3.connect(root / "crm.sqlite")) as crm, crm:
        crm.execute("UPDATE a SET place = 'United-Kingdom-2' WHERE id = 'A'")
        crm.execute("UPDATE a SET place = 'O-Hare-DROP' WHERE id = 'B'")
        crm.execute("UPDATE a SET place = 'territory' WHERE id = 'D'")
    planned, _ = make_plan(open_repository(root), "current", DAY)
    assert not planned.plan.has_changes


SIZES = [
    ("A", "U-1", "big", 5000),
    ("B", "U-1", "big", 100),
    ("C", "U-1", "big", 3000),
    ("D", "U-2", "small", 10),
    ("E", "U-2", "small", None),
]


def test_bands_of_size_are_segments_and_strangers_are_pinned(make: Callable[..., Path]) -> None:
    done, carving, _, said = imported(make(SIZES), bands=Bands.parse("employees:200,2000"))
    assert [(s.name, s.where) for s in carving.segments] == [
        ("employees-from-2000", "employees >= 2000"),
        ("employees-below-200", None),
    ]
    assert {name: book.segment for name, book in carving.books.items()} == {
        "big": "employees-from-2000",
        "small": "employees-below-200",
    }
    assert carving.territories["big"].accounts == ("B",)
    assert done.changes == 0
    assert "1 band of employees would have no territory: employees-from-200:" in said[0]


def test_families_come_to_the_book_where_most_of_them_is(make: Callable[..., Path]) -> None:
    accounts = [("P", "U-1", "west", 1, None), ("C-1", "U-2", "east", 1, "P"), ("C-2", "U-2", "east", 9000, "P"),
                ("X", "U-1", "west", 9000, None)]  # fmt: skip
    done, carving, summary, said = imported(make(accounts), family="parent", bands=Bands.parse("employees:100"))
    assert carving.accounts.family is not None
    assert carving.accounts.family.column == "parent"
    assert (summary.moves, done.changes) == (1, 1)
    assert "1 family in several books" in said[-1]


def test_a_circle_of_parents_is_told_and_nothing_is_written(make: Callable[..., Path]) -> None:
    root = make([("A", "U-1", "w", 1, "B"), ("B", "U-1", "w", 1, "A")])
    assert "their own ancestors" in refused(root, family="parent")
    assert not (root / "plans").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"bands": Bands("nothing", (1.0,))}, 'no column "nothing"'),
        ({"bands": Bands("place", (1.0,))}, '"place" is no number'),
        ({"family": "nothing"}, 'no column "nothing"'),
        ({"name": "a b"}, '"a b" is not a name'),
        ({"name": "../x"}, '"../x" is not a name'),
    ],
)
def test_what_cannot_be_asked_is_told(make: Callable[..., Path], options: dict[str, object], said: str) -> None:
    assert said in refused(make(ALIGNED), **options)


def test_an_empty_crm_has_nothing_to_import(make: Callable[..., Path]) -> None:
    assert "There is nothing to import" in refused(make([("A", None, None)]))


def test_nothing_is_overwritten(make: Callable[..., Path]) -> None:
    root = make(ALIGNED)
    imported(root)
    assert "holds a plan already" in refused(root)
    assert imported(root, name="again")[0].plan == "again"


def test_the_files_may_go_elsewhere(make: Callable[..., Path], tmp_path: Path) -> None:
    done, _ = import_crm(open_repository(make(ALIGNED)), out=tmp_path / "look" / "here")
    assert done.files[0] == "look/here/plan.yaml"
    first = (tmp_path / "look/here/plan.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=../../schemas/plan.schema.json"
    assert not (tmp_path / "plans").exists()


def test_what_is_written_is_laid_out(make: Callable[..., Path]) -> None:
    root = make([*ALIGNED, *SIZES, ("Z", "U-4", "a b"), ("Y", None, None)])
    imported(root, bands=Bands.parse("employees:200"))
    assert fmt(root, "current")[0].changed == ()


def test_the_same_crm_gives_the_same_bytes(make: Callable[..., Path]) -> None:
    root = make([*ALIGNED, *SIZES])
    for name in ("one", "two"):
        import_crm(open_repository(root), name)
    with closing(sqlite3.connect(root / "crm.sqlite")) as crm, crm:
        for table in ("a", "u"):
            crm.execute(f"CREATE TABLE turned AS SELECT * FROM {table} ORDER BY id DESC")
            crm.execute(f"DROP TABLE {table}")
            crm.execute(f"ALTER TABLE turned RENAME TO {table}")
    import_crm(open_repository(root), "three")
    one, two, three = (
        {p.name: p.read_bytes() for p in (root / "plans" / name).iterdir()} for name in ("one", "two", "three")
    )
    assert one == two == three


@pytest.mark.parametrize("text", ["employees", "employees:", ":5", "employees:x", "employees:nan", "employees:inf", ""])
def test_bands_are_a_column_and_numbers(text: str) -> None:
    with pytest.raises(ValueError, match="write COLUMN:BORDER"):
        Bands.parse(text)
    assert Bands.parse("a:b:5,10,5") == Bands("a:b", (10.0, 5.0))


def test_the_example_is_imported_as_it_is_and_judged_by_its_policies(example: Path, territory: Territory) -> None:
    done = territory("import", cwd=example)
    assert done.returncode == 0, done.stderr
    assert "33 territories and 33 people, with 4,401 accounts." in done.stdout
    assert "The first plan changes nothing." in done.stdout
    assert territory("validate", "current", cwd=example).returncode == 0
    planned = territory("plan", "current", "--detailed-exitcode", cwd=example)
    assert planned.returncode == 0, planned.stderr
    assert "No changes." in planned.stdout
    assert territory("fmt", "--check", cwd=example).returncode == 0


def test_bands_that_cannot_be_read_are_a_usage_error(example: Path, territory: Territory) -> None:
    done = territory("import", "--segments", "population", cwd=example)
    assert done.returncode == 1
    assert "COLUMN:BORDER" in done.stderr
