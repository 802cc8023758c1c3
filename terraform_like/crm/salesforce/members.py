"""Users who belong to territories: made and deleted, since the API changes no role of one that is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from terraform_like.crm.port import Member
from terraform_like.crm.salesforce import collections
from terraform_like.crm.salesforce.accounts import NAMED
from terraform_like.crm.salesforce.ids import long_id
from terraform_like.crm.salesforce.refusal import TWICE, Problem
from terraform_like.crm.salesforce.session import Session
from terraform_like.crm.salesforce.soql import among
from terraform_like.crm.salesforce.territories import MEMBER


def members(session: Session, territories: Mapping[str, str], roles: Mapping[str, str]) -> dict[str, Member]:
    """Give who belongs to territories, by the id of the row.

    Parameters
    ----------
    session : Session
        Where to ask.
    territories : mapping of str to str
        Ids of territories by their names.
    roles : mapping of str to str
        Role in the territory by role in the plan.
    """
    plain = {theirs: ours for ours, theirs in sorted(roles.items(), reverse=True)}
    held = _held(session, territories).items()
    return {row: Member(one.territory, one.user, plain.get(one.role, one.role)) for row, one in held}


def _held(session: Session, territories: Mapping[str, str]) -> dict[str, Member]:
    """Give who belongs to territories in which role of the org, by the id of the row."""
    names = {id_: name for name, id_ in territories.items()}
    ids, found = sorted(names), {}
    for start in range(0, len(ids), NAMED):
        where = among("Territory2Id", ids[start : start + NAMED])
        for row in session.query(["Id", "UserId", "Territory2Id", "RoleInTerritory2"], MEMBER, where):
            found[row["Id"]] = Member(names[row["Territory2Id"]], row["UserId"], row["RoleInTerritory2"] or "")
    return found


def set_members(
    session: Session,
    territories: Mapping[str, str],
    roles: Mapping[str, str],
    wanted: Sequence[Member],
    sleep: Callable[[float], None],
) -> dict[Member, Problem | None]:
    """See that territories have those members and no others; give of each that was changed why it was refused.

    A member who is there in another role is deleted first, since there is one row a user and territory: of who has
    several roles in one, the first is taken. A role that `roles` does not name is none.
    """
    held = _held(session, territories)
    first: dict[tuple[str, str], Member] = {}
    for one in wanted:
        user = long_id(one.user) or one.user
        first.setdefault((one.territory, user), Member(one.territory, user, roles.get(one.role, "")))
    asked = set(first.values())
    extra = sorted(row for row, member in held.items() if member not in asked)
    gone = collections.delete(session, extra, sleep)
    missing = sorted(asked - set(held.values()), key=lambda one: (one.territory, one.user, one.role))
    rows = [
        {
            "UserId": one.user,
            "Territory2Id": territories[one.territory],
            "RoleInTerritory2": one.role or None,
        }
        for one in missing
    ]
    made = collections.insert(session, MEMBER, rows, sleep)
    told = {held[row]: problem for row, problem in zip(extra, gone, strict=True)}
    told |= {one: None if p and p.code in TWICE else p for one, p in zip(missing, made, strict=True)}
    return told
