"""A plan as a company would see it: three segments, twelve territories, sixty changes."""

from datetime import date
from itertools import cycle

import pytest

from terraform_like.carve.prove.proof import Proof, ProofMethod, ProofStatus
from terraform_like.diff import Change, ChangeKind, Place, Reason
from terraform_like.domain.reason import ReasonCode
from terraform_like.plan.model import (
    BeforeAfter,
    Created,
    Inputs,
    Load,
    Plan,
    PlannedTerritory,
    Said,
    Summary,
)
from terraform_like.policy.verdict import Verdict, Waived

OWNERS = ["jane.doe", "raj.patel", "li.wei", "ana.sousa", "tom.okafor", "mia.larsen", "005Hs00000AbcDeF"]
BEFORE = [1.9, 0.4, 1.0, 0.7, 1.3, 0.97, 1.02, 0.6, 1.4, 1.05, 0.95, 0.0]
AFTER = [1.04, 0.97, 1.0, 0.99, 1.02, 0.97, 1.02, 0.98, 1.12, 1.01, 0.99, 0.91]
FAIR = {"metro": (41_250_000, 310.5, 38.4), "city": (9_870_000, 212.0, 61.8), "town": (812_300, 98.25, 120.0)}


def territory(index: int) -> PlannedTerritory:
    segment = list(FAIR)[index // 4]
    slot = index in (3, 11)
    size = 0.5 if slot else 1.0
    potential, workload, accounts = (fair * size for fair in FAIR[segment])
    before, after = BEFORE[index], AFTER[index]

    def load(share: float, width: float) -> Load:
        low, high = share * (1 - width), share * (1 + width)
        return Load(before=share * before, after=share * after, share=share, low=low, high=high)

    count = Load(
        before=round(accounts * before),
        after=round(accounts * after),
        share=accounts,
        low=accounts * 0.75,
        high=accounts * 1.25,
    )
    return PlannedTerritory(
        name=f"{segment}-{index % 4 + 1:02}",
        segment=segment,
        size=size,
        slot=slot,
        owner=None if slot or index == 6 else OWNERS[index % len(OWNERS)],
        vacant=slot or index == 6,
        accounts=int(count.after),
        accounts_before=int(count.before),
        loads={"accounts": count, "potential": load(potential, 0.1), "workload": load(workload, 0.15)},
    )


def changes() -> tuple[Change, ...]:
    books = [territory(i) for i in range(12)]
    pairs = cycle([(0, 1), (0, 3), (4, 7), (8, 11), (8, 9)])
    every = []
    for number in range(60):
        start, end = (books[i] for i in next(pairs))
        before = Place(territory=start.name, owner=start.owner)
        after = Place(territory=end.name, owner=end.owner)
        kind, code, text = ChangeKind.MOVE, ReasonCode.REBALANCED, f"{start.name} is over its band of potential"
        if number % 20 == 5:
            kind, code, text = ChangeKind.ADD, ReasonCode.NEW_ACCOUNT, "not in any book until now"
            before = Place()
        elif number % 20 == 9:
            kind, code, text = ChangeKind.TRANSFER, ReasonCode.OWNER_LEFT, f"{start.owner} leaves on 2027-01-31"
            before, after = Place(territory=end.name, owner="old.owner"), Place(territory=end.name, owner="mia.larsen")
        elif number == 33:
            kind, code, text = ChangeKind.REMOVE, ReasonCode.OUT_OF_SCOPE, "kind is churned"
            after = Place()
        elif number % 7 == 3:
            code, text = ReasonCode.FOLLOWS_FAMILY, "its parent A-1001 moves"
        reason = Reason(code=code, text=text)
        every.append(Change(account=f"A-{1000 + number}", kind=kind, before=before, after=after, reasons=(reason,)))
    return tuple(every)


def fairness(spread: float | None, after: float, gini: float) -> dict[str, BeforeAfter]:
    return {
        f"{measure}({metric})": BeforeAfter(before=old, after=new)
        for metric in ("accounts", "potential", "workload")
        for measure, old, new in (("spread", spread, after), ("gini", gini, gini / 8))
    }


VERDICTS = (
    Verdict(
        policy="even-potential",
        level="hard",
        passed=True,
        rule="territories by segment: spread(potential) at most 1.35",
        measured=1.1428,
        part="town",
        limit=1.35,
    ),
    Verdict(
        policy="even-workload",
        level="hard",
        passed=False,
        says="Nobody has half as much work again as somebody else in the segment, size for size.",
        rule="territories by segment: spread(workload) at most 1.5",
        measured=1.5004,
        part="town",
        limit=1.5,
        subjects=("slot.town-04", "territory.town-01"),
        values=(88.1, 132.19),
    ),
    Verdict(
        policy="hot-deals-stay",
        level="advisory",
        passed=False,
        says="An account with an open deal worth more than 100,000 stays with the people who work on it.",
        rule="no changes where kind = 'move' AND open_pipeline > 100000",
        measured="12 of 12",
        limit="false",
        subjects=tuple(f"account.A-{n}" for n in range(1000, 1010)),
        more_subjects=2,
    ),
    Verdict(
        policy="no-empty-books",
        level="hard",
        passed=True,
        rule="territories: accounts > 0",
        measured="0 of 12",
        limit="accounts > 0",
    ),
    Verdict(
        policy="scope",
        level="soft",
        passed=True,
        says="A plan changes at most a fifth of the accounts.",
        rule="plan: moves <= 0.2 * accounts",
        measured="1 of 1",
        limit="moves <= 0.2 * accounts",
        subjects=("plan.fy27",),
        waived=Waived(owner="vp.sales", reason="first carve of the year", expires=date(2027, 3, 31)),
    ),
)


@pytest.fixture
def plan() -> Plan:
    return made()


@pytest.fixture(scope="session")
def built_plan() -> Plan:
    """Give the same plan to laws, which draw many examples a test."""
    return made()


def made() -> Plan:
    every = changes()
    counts = {kind: sum(c.kind is kind for c in every) for kind in ChangeKind}
    books = tuple(territory(i) for i in range(12))
    total = sum(b.accounts for b in books)
    return Plan(
        plan="fy27",
        digest="3f5a9c0d1e2b4a6f8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f7",
        inputs=Inputs(config="a" * 64, policies="b" * 64, snapshot="c" * 64, assignments="d" * 64),
        created=Created(by="territory 0.1.0"),
        as_of=date(2027, 2, 1),
        currency="USD",
        summary=Summary(
            accounts=total,
            adds=counts[ChangeKind.ADD],
            moves=counts[ChangeKind.MOVE],
            transfers=counts[ChangeKind.TRANSFER],
            removes=counts[ChangeKind.REMOVE],
            unchanged=total - len(every),
        ),
        territories=books,
        changes=every,
        fairness={
            "metro": fairness(4.75, 1.072, 0.21),
            "city": fairness(2.167, 1.0515, 0.1),
            "town": fairness(None, 1.2307, 0.31),
        },
        verdicts=VERDICTS,
        proof=(
            Proof(
                component="metro",
                method=ProofMethod.EXACT,
                status=ProofStatus.BOUNDED,
                objective=10,
                bound=9.963,
                gap=0.0037,
            ),
            Proof(component="city", method=ProofMethod.EXACT, status=ProofStatus.OPTIMAL, objective=1, bound=1, gap=0),
            Proof(component="town", method=ProofMethod.KEPT, status=ProofStatus.OPTIMAL, objective=0, bound=0, gap=0),
        ),
        diagnostics=(
            Said(
                severity="warning",
                summary="Slot metro-04 is not filled",
                detail="It lapses on 2027-10-01; the next carve after that day dissolves it.",
            ),
        ),
    )
