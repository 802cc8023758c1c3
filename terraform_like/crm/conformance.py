"""What every provider must hold, as tests: derive a class from `Conformance`, and give it a world.

    # tests/test_acme.py
    import pytest
    from terraform_like.crm.conformance import Conformance

    class TestAcme(Conformance):
        @pytest.fixture
        def world(self, tmp_path):
            with AcmeWorld(tmp_path) as world:      # yours: it has all that `World` says
                yield world

pytest finds every claim by its name; this module itself needs no pytest. Where the server behind the world can be made
to fail, derive as well from `PassingConformance`, `LastingConformance` and `RefusingConformance`, each with the faults
that it can show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from terraform_like.crm.port import Crm, CrmError, Needs, Outcome, Receipt, Record, Write

#: Names that a careless provider breaks on: quotes, code, markup, formulas, controls, other scripts, great length.
HOSTILE = (
    'O\'Fallon, "the" 2nd',
    "x'; DROP TABLE accounts; --",
    "<script>alert(1)</script> & {{ 7*7 }} ${HOME} %s %00",
    '=HYPERLINK("http://example.com";"pay")',
    "two\nlines\tand a tab",
    "Ünal 株式会社 🏢 مرحبا",
    "n" * 200,
)


class Fault(StrEnum):
    """What the server behind a world may do to the next call of a kind."""

    FAILS_BEFORE = "fails before the write takes effect"
    FAILS_AFTER = "fails after the write took effect"
    RATE_LIMIT = "asks to be left alone for a second"
    EXPIRED = "says that the token expired"
    SILENT = "says that all is well, and changes nothing"
    HANGS = "does not answer in time"
    REFUSES = "refuses one record by a rule of its own"
    LOCKED = "says that another holds one record"
    FORBIDDEN = "says that writing is not permitted"


@dataclass(frozen=True, slots=True)
class Account:
    """An account that a world is to have; `owner` is a user's id as the world gave it."""

    name: str
    owner: str | None = None
    territory: str | None = None


class World(Protocol):
    """A CRM of the test's own, and what the test needs beside the provider: ids are those that the CRM gives."""

    name_column: str
    """Column of accounts with their name, as `Crm.read` is asked for it."""
    territories: Sequence[str]
    """At least two territories that accounts may be in, as the port names them; none where the CRM knows none."""

    def open(self) -> Crm:
        """Open the provider on this world, as `open_crm` does, without waits."""
        ...

    def add_user(self, name: str, *, active: bool = True) -> str:
        """Make a user and give the id."""
        ...

    def add_accounts(self, accounts: Sequence[Account]) -> list[str]:
        """Make accounts and give their ids in the same order."""
        ...

    def edit(self, account: str, owner: str | None) -> None:
        """Change an account's owner as another client does, past the provider."""
        ...

    def remove(self, account: str) -> None:
        """Delete an account, past the provider."""
        ...

    def held(self, account: str) -> tuple[str | None, str | None]:
        """Give owner and territory (null where the CRM knows none) of an account, past the provider."""
        ...

    def no_user(self) -> str:
        """Give an id such as users have, that none of them has."""
        ...


class FaultyWorld(World, Protocol):
    """A world whose server can be made to fail."""

    def fail(self, fault: Fault, account: str | None = None, times: int = 1) -> None:
        """Let the next so many writes meet this fault; `REFUSES`, `SILENT` and `LOCKED` are met at this account."""
        ...

    def writes(self, account: str) -> int:
        """Give how often an account was written since it was made."""
        ...


class Scene:
    """A world with two users and some accounts of the first, and the provider opened on it."""

    def __init__(self, world: World, count: int = 3) -> None:
        self.world = world
        self.jane, self.raj = world.add_user("Jane"), world.add_user("Raj")
        self.west, self.east = (*world.territories[:2], None, None)[:2]
        self.accounts = world.add_accounts([Account(f"Account {n}", self.jane, self.west) for n in range(count)])
        self.crm = world.open()

    def write(self, account: str, owner: str | None, *, before: str | None = None) -> Write:
        """Give the write that brings an account from its first owner to another, and to the other territory."""
        return Write(account, Record(before or self.jane, self.west), Record(owner, self.east))

    def send(self, *writes: Write) -> list[Receipt]:
        """Write, batch by batch."""
        size = self.crm.capabilities.batch_size
        return [receipt for at in range(0, len(writes), size) for receipt in self.crm.write(writes[at : at + size])]

    def untouched(self, account: str) -> bool:
        """Say whether an account is as it was made."""
        return self.world.held(account) == (self.jane, self.west)

    def moved(self, account: str, owner: str | None = None) -> bool:
        """Say whether an account is where `write` brings it."""
        return self.world.held(account) == (owner or self.raj, self.east)


def outcomes(receipts: Sequence[Receipt]) -> list[Outcome]:
    """Give what became of each write."""
    return [receipt.outcome for receipt in receipts]


class Conformance:
    """What every provider must hold."""

    #: More accounts than one page of the CRM has, and than one batch.
    many: ClassVar[int] = 1_050

    def test_every_account_and_every_user_is_read_once(self, world: World) -> None:
        """No page is left out, none read twice, and there is nothing that is not there."""
        scene = Scene(world, self.many)
        reading = scene.crm.read([world.name_column])
        assert sorted(reading.accounts["account"]) == sorted(scene.accounts)
        assert {scene.jane, scene.raj} <= set(reading.users["user"])
        assert reading.users["user"].is_unique().all()
        assert set(reading.accounts["owner"]) == {scene.jane}
        assert set(reading.accounts["territory"]) == {scene.west}
        names = dict(reading.accounts.select("account", world.name_column).iter_rows())
        assert names[scene.accounts[-1]] == f"Account {self.many - 1}"

    def test_an_account_without_an_owner_has_none(self, world: World) -> None:
        """Nobody is null, never an empty text."""
        scene = Scene(world, 1)
        (lone,) = world.add_accounts([Account("lone")])
        accounts = scene.crm.read([]).accounts
        assert dict(accounts.select("account", "owner").iter_rows())[lone] is None
        assert scene.crm.records([lone]) == {lone: Record(None, None)}

    def test_a_user_who_is_not_active_is_told(self, world: World) -> None:
        """Whether a user is active comes with the users."""
        scene = Scene(world, 1)
        idle = world.add_user("Idle", active=False)
        active = dict(scene.crm.read([]).users.select("user", "active").iter_rows())
        assert (active[scene.jane], active[idle]) == (True, False)

    def test_names_come_as_they_are(self, world: World) -> None:
        """Whatever stands in a name is text."""
        scene = Scene(world, 1)
        made = world.add_accounts([Account(name, scene.jane, scene.west) for name in HOSTILE])
        names = dict(scene.crm.read([world.name_column]).accounts.select("account", world.name_column).iter_rows())
        assert [names[account] for account in made] == list(HOSTILE)
        assert all(r is Outcome.DONE for r in outcomes(scene.send(*(scene.write(a, scene.raj) for a in made))))

    def test_a_column_that_is_not_there_is_told_before_anything_is_read(self, world: World) -> None:
        """One diagnostic for each thing that is missing, and none where nothing is."""
        scene = Scene(world, 1)
        assert list(scene.crm.preflight(Needs([world.name_column], owners=[scene.jane], writes=1))) == []
        missing = list(scene.crm.preflight(Needs(["no_such_column", "nor_this_one"])))
        assert len(missing) == 2
        assert "no_such_column" in missing[0].summary + missing[1].summary

    def test_an_owner_who_is_not_active_or_not_there_is_told_before_anything_is_written(self, world: World) -> None:
        """The preflight names each of them."""
        scene = Scene(world, 1)
        idle, gone = (world.add_user(name, active=False) for name in ("Idle", "Gone"))
        told = [idle, gone, world.no_user()]
        said = [one.summary for one in scene.crm.preflight(Needs(owners=[scene.jane, *told], writes=1))]
        assert len(said) == len(told)
        assert all(sum(owner in one for one in said) == 1 for owner in told)

    def test_records_are_those_asked_for_and_what_is_gone_is_left_out(self, world: World) -> None:
        """A look at some accounts gives no others."""
        scene = Scene(world)
        one, two, three = scene.accounts
        world.remove(two)
        assert scene.crm.records([one, two]) == {one: Record(scene.jane, scene.west)}
        assert scene.crm.records([]) == {}
        assert set(scene.crm.records([three, one])) == {one, three}

    def test_a_write_of_one_is_done_and_touches_no_other(self, world: World) -> None:
        """A batch of one."""
        scene = Scene(world)
        one, two, three = scene.accounts
        assert outcomes(scene.send(scene.write(two, scene.raj))) == [Outcome.DONE]
        assert scene.moved(two)
        assert scene.untouched(one)
        assert scene.untouched(three)
        assert scene.crm.records([two]) == {two: Record(scene.raj, scene.east)}

    def test_an_owner_can_be_taken_away(self, world: World) -> None:
        """Nobody can own an account again, where the CRM lets accounts be without an owner."""
        scene = Scene(world, 1)
        (lone,) = world.add_accounts([Account("lone", scene.jane, scene.west)])
        (receipt,) = scene.send(Write(lone, Record(scene.jane, scene.west), Record(None, scene.west)))
        done = receipt.outcome is Outcome.DONE
        assert world.held(lone) == (None if done else scene.jane, scene.west)
        assert done or (receipt.outcome is Outcome.FAILED and receipt.message)

    def test_many_writes_are_done_each_once_with_a_receipt_in_their_order(self, world: World) -> None:
        """More than one batch."""
        scene = Scene(world, self.many)
        receipts = scene.send(*(scene.write(account, scene.raj) for account in scene.accounts))
        assert [receipt.account for receipt in receipts] == scene.accounts
        assert set(outcomes(receipts)) == {Outcome.DONE}
        assert set(scene.crm.records(scene.accounts).values()) == {Record(scene.raj, scene.east)}
        assert scene.moved(scene.accounts[0])
        assert scene.moved(scene.accounts[-1])

    def test_one_bad_record_stops_no_other(self, world: World) -> None:
        """Unknown owner, deleted account, a record that was changed, one that is right already: each by itself."""
        scene = Scene(world, 6)
        first, unknown, gone, changed, right, last = scene.accounts
        world.remove(gone)
        other = world.add_user("Other")
        world.edit(changed, other)
        done = scene.write(right, scene.raj)
        assert outcomes(scene.send(done)) == [Outcome.DONE]
        receipts = scene.send(
            scene.write(first, scene.raj),
            scene.write(unknown, world.no_user()),
            scene.write(gone, scene.raj),
            scene.write(changed, scene.raj),
            done,
            scene.write(last, scene.raj),
        )
        assert [receipt.account for receipt in receipts] == scene.accounts
        assert outcomes(receipts) == [
            Outcome.DONE,
            Outcome.FAILED,
            Outcome.FAILED,
            Outcome.CONFLICT,
            Outcome.UNCHANGED,
            Outcome.DONE,
        ]
        assert receipts[1].message
        assert receipts[2].message
        assert receipts[3].found == Record(other, scene.west)
        assert scene.moved(first)
        assert scene.untouched(unknown)
        assert world.held(changed) == (other, scene.west)
        assert scene.moved(last)

    def test_what_another_changed_after_a_look_is_not_overwritten(self, world: World) -> None:
        """A version that was seen is of no use once the record has changed."""
        scene = Scene(world, 2)
        one, two = scene.accounts
        seen = scene.crm.records([one, two])
        other = world.add_user("Other")
        world.edit(one, other)
        writes = [Write(account, seen[account], Record(scene.raj, scene.east)) for account in (one, two)]
        assert outcomes(scene.send(*writes)) == [Outcome.CONFLICT, Outcome.DONE]
        assert world.held(one) == (other, scene.west)

    def test_versions_change_with_an_edit_where_records_carry_them(self, world: World) -> None:
        """A token that stays the same would be no precondition."""
        scene = Scene(world, 2)
        one, two = scene.accounts
        before = scene.crm.records([one, two])
        world.edit(one, scene.raj)
        after = scene.crm.records([one, two])
        carried = scene.crm.capabilities.versions
        assert (before[one].version != after[one].version) is carried
        assert before[two].version == after[two].version
        assert (before[two].version is not None) is carried

    def test_the_same_writes_again_change_nothing(self, world: World) -> None:
        """Whoever was killed and starts again writes nothing twice."""
        scene = Scene(world)
        writes = [scene.write(account, scene.raj) for account in scene.accounts]
        scene.send(*writes[:2])
        scene.crm.close()
        scene.crm = world.open()
        assert outcomes(scene.send(*writes)) == [Outcome.UNCHANGED, Outcome.UNCHANGED, Outcome.DONE]
        assert all(map(scene.moved, scene.accounts))


class PassingConformance:
    """What a provider must hold when its server fails for a while: with each of the `passing` faults."""

    passing: ClassVar[tuple[Fault, ...]]

    def pytest_generate_tests(self, metafunc: Any) -> None:
        """Run each claim for every fault of its kind."""
        _for_each(self, metafunc)

    def test_what_passes_is_tried_again_and_nothing_is_written_twice(
        self, world: FaultyWorld, passing_fault: Fault
    ) -> None:
        """A write that failed is looked up before it is sent again."""
        scene = Scene(world)
        world.fail(passing_fault, scene.accounts[1])
        receipts = scene.send(*(scene.write(account, scene.raj) for account in scene.accounts))
        assert set(outcomes(receipts)) == {Outcome.DONE}
        assert all(map(scene.moved, scene.accounts))
        assert [world.writes(account) for account in scene.accounts] == [1, 1, 1]


class LastingConformance:
    """What a provider must hold when its server fails for good: with each of the `lasting` faults."""

    lasting: ClassVar[tuple[Fault, ...]]

    def pytest_generate_tests(self, metafunc: Any) -> None:
        """Run each claim for every fault of its kind."""
        _for_each(self, metafunc)

    def test_what_does_not_pass_is_told_and_nothing_is_written(self, world: FaultyWorld, lasting_fault: Fault) -> None:
        """An error that lasts ends in words that a person can read."""
        scene = Scene(world)
        world.fail(lasting_fault, times=1_000)
        try:
            receipts = scene.send(*(scene.write(account, scene.raj) for account in scene.accounts))
        except CrmError as error:
            assert str(error)
        else:
            assert set(outcomes(receipts)) == {Outcome.FAILED}
            assert all(receipt.message for receipt in receipts)
        assert all(map(scene.untouched, scene.accounts))


class RefusingConformance:
    """What a provider must hold when its server refuses a record: with each of the `refusing` faults."""

    refusing: ClassVar[tuple[Fault, ...]]

    def pytest_generate_tests(self, metafunc: Any) -> None:
        """Run each claim for every fault of its kind."""
        _for_each(self, metafunc)

    def test_a_record_that_the_crm_does_not_take_is_no_success(self, world: FaultyWorld, refusing_fault: Fault) -> None:
        """Refused with a reason, or taken and not written: told of that record, and of no other."""
        scene = Scene(world)
        one, two, three = scene.accounts
        world.fail(refusing_fault, two, times=1_000)
        receipts = scene.send(*(scene.write(account, scene.raj) for account in scene.accounts))
        # A server that says that all is well can only be found out by reading back, as an apply does.
        held = scene.crm.records(scene.accounts)
        told = [
            receipt.outcome is Outcome.DONE and held[receipt.account] == Record(scene.raj, scene.east)
            for receipt in receipts
        ]
        assert told == [True, False, True]
        assert scene.moved(one)
        assert scene.untouched(two)
        assert scene.moved(three)


def _for_each(claims: object, metafunc: Any) -> None:
    for kind in ("passing", "lasting", "refusing"):
        if f"{kind}_fault" in metafunc.fixturenames:
            metafunc.parametrize(f"{kind}_fault", getattr(claims, kind))
