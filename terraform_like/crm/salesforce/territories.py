"""Enterprise Territory Management: territories of one model, the accounts in them and the users who belong to them.

A model is never activated from here. Of the rows that say which account is in which territory only those of
territories that bear a name of ours are read and written; what else the model has is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from terraform_like.crm.port import CrmError
from terraform_like.crm.salesforce import bulk, collections
from terraform_like.crm.salesforce.accounts import NAMED
from terraform_like.crm.salesforce.refusal import TWICE, Problem
from terraform_like.crm.salesforce.session import Session
from terraform_like.crm.salesforce.soql import among, equal, every, select
from terraform_like.domain.salesforce import TerritoryManagement

MODEL, TYPE, TERRITORY = "Territory2Model", "Territory2Type", "Territory2"
ASSOCIATION, MEMBER = "ObjectTerritory2Association", "UserTerritory2Association"
EXCLUSION = "Territory2ObjectExclusion"
MANUAL, BY_RULE = "Territory2Manual", "Territory2AssignmentRule"

#: States of a model in which accounts can be put into its territories.
PLANNING = "Planning"
OPEN = (PLANNING, "Active")

_NOTE = "Moved by territory: a rule would bring the account back."


@dataclass(frozen=True, slots=True)
class Seat:
    """An account in a territory of ours: the id of the row, the territory's name, and whether a rule made it."""

    row: str
    account: str
    territory: str
    by_rule: bool


@dataclass(frozen=True, slots=True)
class Move:
    """An account that is to be in one territory of ours, or in none."""

    account: str
    territory: str | None


class Territories:
    """The territories of one model.

    Parameters
    ----------
    session : Session
        Where to ask.
    settings : TerritoryManagement
        `crm.territory_management` of territory.yaml.
    many : int
        Rows above which the Bulk API reads them.
    sleep : callable
        Waits so many seconds.
    """

    def __init__(
        self, session: Session, settings: TerritoryManagement, many: int, sleep: Callable[[float], None]
    ) -> None:
        self._session, self._settings, self._many, self._sleep = session, settings, many, sleep
        self._model: tuple[str, str] | None = None
        self._ids: dict[str, str] | None = None

    @property
    def remarks(self) -> tuple[str, ...]:
        """What to know of a model in planning, once it was asked for."""
        if self._model is None or self._model[1] != PLANNING:
            return ()
        name = self._settings.model
        return (f"Territories of the model {name} take effect when somebody activates it in Setup; owners at once.",)

    def model(self) -> tuple[str, str]:
        """Give id and state of the model.

        Raises
        ------
        CrmError
            When there is none of that name.
        """
        if self._model is None:
            rows = list(self._session.query(["Id", "State"], MODEL, equal("DeveloperName", self._settings.model)))
            if not rows:
                raise CrmError(
                    f'Salesforce has no territory model "{self._settings.model}" that this user may see; '
                    "crm.territory_management.model in territory.yaml names it, by its developer name"
                )
            self._model = rows[0]["Id"], rows[0]["State"]
        return self._model

    def type(self) -> str:
        """Give the id of the type of territories that are made.

        Raises
        ------
        CrmError
            When there is none of that name.
        """
        rows = list(self._session.query(["Id"], TYPE, equal("DeveloperName", self._settings.type)))
        if not rows:
            raise CrmError(
                f'Salesforce has no territory type "{self._settings.type}"; crm.territory_management.type in '
                "territory.yaml names it, by its developer name"
            )
        return str(rows[0]["Id"])

    def ids(self) -> dict[str, str]:
        """Give the ids of the model's territories that bear a name of ours, by that name.

        Raises
        ------
        CrmError
            When two bear the same.
        """
        if self._ids is None:
            key = self._settings.key
            where = every(equal("Territory2ModelId", self.model()[0]), f"{key} != null")
            found: dict[str, str] = {}
            for row in self._session.query(["Id", key], TERRITORY, where):
                if row[key] in found:
                    raise CrmError(
                        f'two territories of the model {self._settings.model} have "{row[key]}" as {key}; '
                        "change one of them in Salesforce"
                    )
                found[row[key]] = row["Id"]
            self._ids = found
        return self._ids

    def seats(self, accounts: Sequence[str] | None = None) -> list[Seat]:
        """Give which accounts are in which territories of ours; of some accounts, by ids of 18, or of all."""
        inside = equal("Territory2.Territory2ModelId", self.model()[0])
        if accounts is None:
            return list(self._seats(inside, many=self._session.count(ASSOCIATION, inside) > self._many))
        ids = sorted(set(accounts))
        parts = (ids[start : start + NAMED] for start in range(0, len(ids), NAMED))
        return [seat for part in parts for seat in self._seats(every(inside, among("ObjectId", part)))]

    def ensure(self, names: Iterable[str]) -> dict[str, Problem | None]:
        """Make the territories that are not there; give of each of them why it was refused, null where it was made."""
        missing = sorted(set(names) - set(self.ids()))
        if not missing:
            return {}
        model, type_ = self.model()[0], self.type()
        rows = [
            {
                "Name": name[:80],
                "DeveloperName": developer_name(name, self._settings.model),
                self._settings.key: name,
                "Territory2ModelId": model,
                "Territory2TypeId": type_,
            }
            for name in missing
        ]
        problems = collections.insert(self._session, TERRITORY, rows, self._sleep)
        self._ids = None
        return dict(zip(missing, problems, strict=True))

    def put(self, moves: Sequence[Move]) -> dict[str, Problem | None]:
        """Put accounts into their territories and take them out of others of ours; give why each was refused.

        An account is in its new territory before it leaves the old one, so that nobody loses sight of it, and a refusal
        leaves it where it was.
        """
        ids = self.ids()
        there: dict[str, list[Seat]] = {move.account: [] for move in moves}
        for seat in self.seats(list(there)):
            there[seat.account].append(seat)
        found: dict[str, Problem | None] = {move.account: None for move in moves}
        enter = [m for m in moves if m.territory and all(s.territory != m.territory for s in there[m.account])]
        rows = [
            {"ObjectId": m.account, "Territory2Id": ids[str(m.territory)], "AssociationCause": MANUAL} for m in enter
        ]
        for move, problem in zip(enter, collections.insert(self._session, ASSOCIATION, rows, self._sleep), strict=True):
            # Another made the same row meanwhile: a look after the write tells whether it is there.
            found[move.account] = None if problem and problem.code in TWICE else problem
        leave = [s for m in moves if found[m.account] is None for s in there[m.account] if s.territory != m.territory]
        if self._settings.exclusions:
            found |= self._exclude([seat for seat in leave if seat.by_rule], ids)
        leave = [seat for seat in leave if found[seat.account] is None]
        gone = collections.delete(self._session, [seat.row for seat in leave], self._sleep)
        found |= {s.account: p for s, p in zip(leave, gone, strict=True) if p is not None and p.code not in _GONE}
        return found

    def _exclude(self, seats: Sequence[Seat], ids: Mapping[str, str]) -> dict[str, Problem]:
        """Keep rules from bringing accounts back; give why some could not be excluded."""
        rows = [{"ObjectId": s.account, "Territory2Id": ids[s.territory], "Note": _NOTE} for s in seats]
        problems = collections.insert(self._session, EXCLUSION, rows, self._sleep)
        return {s.account: p for s, p in zip(seats, problems, strict=True) if p is not None and p.code not in TWICE}

    def _seats(self, where: str | None, *, many: bool = False) -> Iterator[Seat]:
        names = {id_: name for name, id_ in self.ids().items()}
        for row, account, territory, cause in self._rows(where, many):
            if (name := names.get(territory)) is not None:
                yield Seat(row, account, name, cause == BY_RULE)

    def _rows(self, where: str | None, many: bool) -> Iterator[tuple[str, ...]]:
        fields = ["Id", "ObjectId", "Territory2Id", "AssociationCause"]
        if many:
            for page in bulk.read_all(self._session, select(fields, ASSOCIATION, where), self._sleep):
                yield from page.select(fields).iter_rows()
        else:
            for found in self._session.query(fields, ASSOCIATION, where):
                yield tuple(found[field] for field in fields)


#: The row that was to be deleted is gone already.
_GONE = frozenset({"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY"})


def developer_name(name: str, model: str) -> str:
    """Give the name in the API of a territory: letters, digits and single underscores, one for each model."""
    plain = re.sub("_+", "_", re.sub(r"[^A-Za-z0-9]", "_", f"{name}_in_{model}")).strip("_")
    return (plain if plain[:1].isalpha() else f"T_{plain}")[:80].strip("_")
