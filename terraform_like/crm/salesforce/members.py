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
    """See that territories have those members; give of each that was changed why it was refused.

    Memberships in a role that `roles` leads to are ours: those of others end. Whoever is there in another role, such as
    an administrator, stays as somebody put them. There is one row a user and territory, and the API changes no role of
    it: of who has several roles in a territory the first is taken, a role that `roles` does not name is none, and
    another role is a row that is made anew.
    """
    held = _held(session, territories)
    first: dict[tuple[str, str], Member] = {}
    for one in wanted:
        user = long_id(one.user) or one.user
        first.setdefault((one.territory, user), Member(one.territory, user, roles.get(one.role, "")))
    ours = set(roles.values())
    theirs = {(one.territory, one.user) for one in held.values() if one.role and one.role not in ours}
    asked = {one for pair, one in first.items() if pair not in theirs}
    again = {(one.territory, one.user) for one in asked if one.role}
    extra = sorted(
        row
        for row, one in held.items()
        if one not in asked and (one.role in ours or (not one.role and (one.territory, one.user) in again))
    )
    gone = collections.delete(session, extra, sleep)
    staying = {(one.territory, one.user) for row, one in held.items() if row not in extra}
    missing = sorted(
        (one for one in asked if (one.territory, one.user) not in staying),
        key=lambda one: (one.territory, one.user, one.role),
    )
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
