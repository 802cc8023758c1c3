from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terraform_like.config.load import Repository, load_wanted, open_repository
from terraform_like.config.source import parse
from terraform_like.config.write import plan_text, scalar
from terraform_like.diagnostics import Report
from terraform_like.domain.carving import (
    Balance,
    Carving,
    Cover,
    Family,
    Person,
    Preferences,
    Scope,
    Segment,
    Slot,
    Territory,
)

SCHEMA = "../../schemas/plan.schema.json"
KEYS = ("plan", "accounts", "segments", "territories", "overcarve", "people", "balance", "moved")
HOSTILE = ["007", "1.10", "1e3", "null", "yes", "No", "~", "a: b", "#x", "- a", "it's", 'say "hi"', "a\\b", "a\nb",
           "\t", "🙂", "東京", "\u2028", "\x1b[31m", " a ", "2027-01-01", "{a}", "[a]", "*a", "&a", "0x1F", "", "y",
           ".inf", "<<", "a  b"]  # fmt: skip

texts = st.sampled_from(HOSTILE) | st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=20)
ids = texts.filter(lambda text: 0 < len(text) <= 255)
names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,12}", fullmatch=True)
numbers = st.floats(0, 1e12, allow_nan=False) | st.integers(0, 10**6).map(float)
shares = st.integers(0, 3000).map(lambda n: f"{n / 10}%") | st.floats(0, 1)
conditions = st.sampled_from(["hot", "arr * 2 > 9", "kind IN ('a', 'b')", "name = 'it''s'", "name = '#: {'"])
columns = st.sampled_from(["arr", "arr * 2", "CASE WHEN kind = 'a' THEN 1 ELSE 0 END", "LENGTH('it''s #: {')"])


@st.composite
def carvings(draw: st.DrawFn) -> Carving:
    """Anything that a company may want, with names that refer to one another as they must."""
    people = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    users = draw(st.lists(ids, min_size=len(people), max_size=len(people), unique=True))
    segments = draw(st.lists(names.filter(lambda n: n != "defaults"), min_size=1, max_size=3, unique=True))
    books = draw(st.lists(names, min_size=len(segments) + 1, max_size=6, unique=True))
    pins = draw(st.lists(ids, max_size=4, unique=True))
    slot = books.pop()
    points = st.tuples(st.floats(-90, 90), st.floats(-180, 180))
    territories = {
        name: Territory(
            segment=segments[n % len(segments)],
            where=draw(st.none() | conditions),
            owner=draw(st.none() | st.sampled_from(people)),
            size=draw(st.floats(0.1, 10)),
            accounts=tuple(pins) if n == 0 else (),
            center=draw(st.none() | points),
        )
        for n, name in enumerate(books)
    }
    return Carving(
        name="p",
        accounts=Scope(
            where=draw(st.none() | conditions),
            family=draw(st.none() | st.builds(Family, column=texts, keep=st.sampled_from(["together", "separate"]))),
            columns=draw(st.dictionaries(names, columns, max_size=3)),
        ),
        segments=tuple(
            Segment(name=name, where=None if name == segments[-1] else draw(conditions)) for name in segments
        ),
        territories=territories,
        overcarve={
            slot: Slot(
                segment=segments[0],
                expected=date(2027, 4, 1),
                cover=Cover(by=tuple(people), credit=draw(st.floats(0, 1))),
            )
        },
        people={
            name: Person(user=user, groups=draw(st.dictionaries(names, ids, max_size=2)), capacity=draw(numbers))
            for name, user in zip(people, users, strict=True)
        },
        balance={
            segment: Balance(
                within=draw(st.dictionaries(names, shares, max_size=2)),
                prefer=Preferences(travel=draw(numbers)),
                max_moves=draw(st.none() | st.integers(0, 99) | shares),
            )
            for segment in segments[:1]
        },
    )  # fmt: skip


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    root = tmp_path_factory.mktemp("repo")
    (root / "territory.yaml").write_text("project: p\ncrm: {url: 'sqlite:///crm.sqlite'}\n")
    return open_repository(root)


def read_back(repository: Repository, *files: bytes) -> Carving:
    folder = repository.plan_folder("p")
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for number, content in enumerate(files):
        (folder / f"{number}.yaml").write_bytes(content)
    return load_wanted(repository, "p", Report()).carving


@given(carving=carvings())
@settings(max_examples=150, deadline=None)
def test_what_was_written_is_read_back_equal(repository: Repository, carving: Carving) -> None:
    together = read_back(repository, plan_text(carving, KEYS, SCHEMA))
    assert together == carving
    assert together.canonical() == carving.canonical()
    assert list(together.territories) == list(carving.territories)
    apart = [plan_text(carving, (key,), SCHEMA) for key in KEYS]
    assert read_back(repository, *apart) == carving


@given(carving=carvings(), note=texts)
@settings(max_examples=60, deadline=None)
def test_no_comment_says_anything_but_a_comment(repository: Repository, carving: Carving, note: str) -> None:
    book, segment = next(iter(carving.territories)), ("segments", 0)
    content = plan_text(
        carving,
        KEYS,
        SCHEMA,
        head=note,
        foot=note,
        above={("territories",): note, ("territories", book): note, segment: note},
        beside={("territories", book): note, segment: note},
    )
    assert read_back(repository, content) == carving


@pytest.mark.parametrize("text", HOSTILE)
def test_text_is_text_for_every_reader(text: str) -> None:
    source = parse(f"a: {scalar(text)}\n".encode(), "f", Report())
    assert source is not None
    assert source.data == {"a": text}
    assert scalar(text).startswith('"')


def test_a_plan_is_pleasant_to_read() -> None:
    carving = Carving(
        name="p",
        accounts=Scope(where="kind = 'customer'", columns={"potential": "arr"}),
        segments=(Segment(name="ent", where="employees >= 2000"), Segment(name="smb")),
        territories={
            "west": Territory(segment="ent", owner="jane.doe", accounts=("007", "A-1")),
            "rest": Territory(segment="smb", accounts=tuple(f"account-{n}" for n in range(12))),
        },
        people={"jane.doe": Person(user="jane@acme.com", home=(37.77, -122.42))},
        balance={"ent": Balance(within={"potential": 0.1, "accounts": 0.125}, max_moves=0.05)},
    )
    assert (
        plan_text(carving, KEYS, "s.json", head="Imported.", above={("segments", 1): "the rest"}).decode()
        == """\
# yaml-language-server: $schema=s.json
#
# Imported.

accounts: {where: "kind = 'customer'", columns: {potential: arr}}

segments:
  - {name: ent, where: "employees >= 2000"}
  # the rest
  - {name: smb}

territories:
  west: {segment: ent, owner: jane.doe, accounts: ["007", A-1]}
  rest:
    segment: smb
    accounts:
      - account-0
      - account-1
      - account-2
      - account-3
      - account-4
      - account-5
      - account-6
      - account-7
      - account-8
      - account-9
      - account-10
      - account-11

people:
  jane.doe: {user: jane@acme.com, home: [37.77, -122.42]}

balance:
  ent: {within: {potential: 10%, accounts: 12.5%}, max_moves: 5%}
"""
    )


def test_what_says_nothing_is_left_out() -> None:
    assert plan_text(Carving(name="p"), KEYS, "s.json").decode() == "# yaml-language-server: $schema=s.json\n"
