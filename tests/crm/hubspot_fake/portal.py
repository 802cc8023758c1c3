"""The portal, as HubSpot calls an account with it: companies, owners, properties, and the rules of writing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import RLock

from crm.hubspot_fake.errors import HubSpotError, Invalid, InvalidValues, Row
from crm.hubspot_fake.properties import Property, standard

#: What every answer has of a company, whatever is asked for. Seen.
ALWAYS = ("createdate", "hs_lastmodifieddate", "hs_object_id")
#: What it has where nothing is asked for. Vendor.
UNASKED = (*ALWAYS, "domain", "name")

#: Judges what an input writes to a company: words where it may not.
Rule = Callable[[str, Mapping[str, str]], str | None]


@dataclass
class Company:
    """A company; values are text, as the API gives all of them. Vendor."""

    id: str
    created: str
    updated: str
    values: dict[str, str] = field(default_factory=dict)
    archived: str | None = None


@dataclass
class Owner:
    """Who may own companies. Vendor: `id` is what companies refer to, `user` is another number."""

    id: str
    user: int
    email: str
    first: str = ""
    last: str = ""
    active: bool = True
    teams: Sequence[Row] = ()

    def told(self, now: str) -> Row:
        """Give it as the API does. Specification; vendor: one who is archived has no `userId`."""
        return {
            "id": self.id,
            "email": self.email,
            "type": "PERSON",
            "firstName": self.first,
            "lastName": self.last,
            "userId": self.user if self.active else None,
            "userIdIncludingInactive": self.user,
            "createdAt": now,
            "updatedAt": now,
            "archived": not self.active,
            **({"teams": list(self.teams)} if self.teams else {}),
        }


@dataclass
class Portal:
    """An account with HubSpot."""

    id: int = 62_515
    companies: dict[str, Company] = field(default_factory=dict)
    owners: dict[str, Owner] = field(default_factory=dict)
    properties: dict[str, Property] = field(default_factory=standard)
    groups: dict[str, Row] = field(default_factory=dict)
    #: Rules of the account's own, as administrators may make them: each is asked for every write. Vendor.
    rules: list[Rule] = field(default_factory=list)
    #: How often a company is still found locked, by its id: the whole batch is answered 423. Vendor: 423; a guess: the
    #: whole batch.
    locked: Counter[str] = field(default_factory=Counter)
    #: Ids whose writes are answered with success, and change nothing.
    pretending: set[str] = field(default_factory=set)
    #: Ids that a batch leaves out of its results without a word, as others saw of companies that were merged away.
    left_out: set[str] = field(default_factory=set)
    #: Whether inputs that are not valid are told apart where each has a trace id. Vendor: of `batch/create`; seen: of
    #: `batch/upsert` too. Where they are not, one of them has the whole batch refused.
    traced: bool = True
    #: What a batch is answered with some of whose inputs failed. Specification: 207 in v3, 200 in those by date.
    mixed: int = 207
    #: Ids that were written by a client, in order.
    written: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lock = RLock()
        self._number = 9_000_000_000
        self._time = datetime(2026, 11, 2, 8, tzinfo=UTC)
        self.group("companyinformation", "Company information")

    def now(self) -> str:
        """Give the next moment, a second after the last."""
        self._time += timedelta(seconds=1)
        return self._time.strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def group(self, name: str, label: str) -> Row:
        """Make a group of properties."""
        self.groups[name] = {"name": name, "label": label, "displayOrder": len(self.groups), "archived": False}
        return self.groups[name]

    def add(self, made: Property) -> None:
        """Put a property there as if it had always been."""
        self.properties[made.name] = made

    def hire(self, first: str, *, active: bool = True, teams: Sequence[str] = ()) -> str:
        """Make an owner and give the id; the first team is the primary one."""
        number = len(self.owners) + 1
        told = [{"id": str(700 + at), "name": name, "primary": at == 0} for at, name in enumerate(teams)]
        email = f"{first.lower().replace(' ', '.')}-{number}@acme.example"
        owner = Owner(str(41_000_000 + 7 * number), 1_296_000 + number, email, first, "Doe", active, told)
        self.owners[owner.id] = owner
        return owner.id

    def create(self, **values: str) -> str:
        """Put a company there as if it had always been: no rule runs. Ids have more digits than 32 bits hold. Seen."""
        self._number += 13
        now = self.now()
        company = Company(str(self._number), now, now)
        self.companies[company.id] = company
        self._put(company, values)
        return company.id

    def edit(self, id_: str, **values: str) -> None:
        """Change a company as a person does on a page."""
        with self.lock:
            self._put(self.companies[id_], values)

    def archive(self, id_: str) -> None:
        """Put a company into the recycling bin; one that is not there is no error. Seen."""
        if id_ in self.companies:
            self.companies[id_].archived = self.now()

    def find(self, id_: str, *, archived: bool = False) -> Company | None:
        """Give a company, of those that are archived or of the others. Specification."""
        found = self.companies.get(id_)
        return found if found is not None and (found.archived is not None) is archived else None

    def judge(self, id_: str, values: Mapping[str, str]) -> None:
        """Judge what an input writes.

        Raises
        ------
        InvalidValues
            When properties are not there or do not take a value.
        """
        owners = {owner.id for owner in self.owners.values() if owner.active}
        wrong = []
        for name, value in values.items():
            if name not in self.properties:
                wrong.append(Invalid(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist'))
            elif invalid := self.properties[name].judge(value, owners):
                wrong.append(invalid)
        # A guess: how a rule of an administrator is told.
        told = [words for rule in self.rules if (words := rule(id_, values)) is not None]
        wrong += [Invalid(next(iter(values), ""), "VALIDATION_RULE_FAILED", words) for words in told]
        if wrong:
            raise InvalidValues(wrong)

    def write(self, company: Company, values: Mapping[str, str]) -> None:
        """Write what was judged."""
        if company.id in self.pretending:
            return
        self._put(company, values)
        self.written.append(company.id)

    def meet_locks(self, ids: Sequence[str]) -> None:
        """Refuse what touches a company that is locked."""
        held = [id_ for id_ in ids if self.locked[id_] > 0]
        for id_ in held:
            self.locked[id_] -= 1
        if held:
            raise HubSpotError(423, "LOCKED", "The resource is locked. Wait at least 2 seconds and try again.")

    def shown(self, company: Company, asked: Sequence[str]) -> Row:
        """Give a company with the properties asked for. Vendor: those that are not there are ignored."""
        names = sorted({*ALWAYS, *asked} if asked else UNASKED)
        values = {name: company.values.get(name) for name in names if name in self.properties}
        binned = {"archivedAt": company.archived} if company.archived else {}
        return {
            "id": company.id,
            "properties": values,
            "createdAt": company.created,
            "updatedAt": company.updated,
            "archived": company.archived is not None,
            **binned,
        }

    def _put(self, company: Company, values: Mapping[str, str]) -> None:
        company.updated = self.now()
        owner = values.get("hubspot_owner_id")
        if owner is not None and owner != company.values.get("hubspot_owner_id", ""):
            # Vendor: the team follows the owner.
            teams = self.owners[owner].teams if owner in self.owners else ()
            company.values["hubspot_team_id"] = teams[0]["id"] if teams else ""
            company.values["hubspot_owner_assigneddate"] = company.updated
        own = {"hs_object_id": company.id, "createdate": company.created, "hs_lastmodifieddate": company.updated}
        company.values.update({**values, **own})
        for name in [name for name, value in company.values.items() if value == ""]:
            del company.values[name]
