"""The rules of Enterprise Territory Management: models and their states, one row a pair, what a rule run does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crm.salesforce_fake.objects import Field
from crm.salesforce_fake.org import ApiError, Org, Row

ASSOCIATION, MEMBER, EXCLUSION = "ObjectTerritory2Association", "UserTerritory2Association", "Territory2ObjectExclusion"
#: States of a model in which its territories can be edited.
_OPEN = ("Planning", "Active")
#: How a model may change its state by the API.
_STEPS = {("Planning", "Active"), ("Active", "Archived")}


@dataclass
class Territories:
    """What a company has set up in Setup: a model, a type, and a field with our name of a territory."""

    org: Org
    model: str
    type: str
    #: Territories that one model may have, as an org of the Enterprise Edition.
    most: int = 1_000

    def add(self, key: str, **values: str | None) -> str:
        """Put a territory there, with its key."""
        developer = "T_" + "".join(letter if letter.isalnum() else "x" for letter in key)
        values = {"Territory2ModelId": self.model, "Territory2TypeId": self.type, "Name": key} | values
        return self.org.create("Territory2", DeveloperName=developer, Territory_Key__c=key, **values)

    def assign(self, account: str, territory: str, cause: str = "Territory2Manual") -> str:
        """Put an account into a territory, by hand or as a rule does."""
        values = {"ObjectId": account, "Territory2Id": territory, "AssociationCause": cause, "SobjectType": "Account"}
        return self.org.create(ASSOCIATION, **values)

    def held(self, account: str) -> list[str]:
        """Give the keys of the territories that an account is in, sorted."""
        rows = self.org.rows[ASSOCIATION].values()
        mine = [row["Territory2Id"] for row in rows if row["ObjectId"] == account]
        return sorted(self.org.rows["Territory2"][each]["Territory_Key__c"] or "" for each in mine)

    def members(self, key: str) -> list[tuple[str, str]]:
        """Give user and role of everyone in a territory, sorted."""
        found = {row["Id"] for row in self.org.rows["Territory2"].values() if row["Territory_Key__c"] == key}
        rows = self.org.rows[MEMBER].values()
        return sorted((row["UserId"], row["RoleInTerritory2"]) for row in rows if row["Territory2Id"] in found)

    def run_rules(self, accounts: Mapping[str, str]) -> None:
        """Run the assignment rules: they put accounts into territories, but for those that are excluded there."""
        excluded = {(row["ObjectId"], row["Territory2Id"]) for row in self.org.rows[EXCLUSION].values()}
        there = {(row["ObjectId"], row["Territory2Id"]) for row in self.org.rows[ASSOCIATION].values()}
        for pair in accounts.items():
            if pair not in excluded | there:
                self.assign(*pair, cause="Territory2AssignmentRule")


def set_up(org: Org, state: str = "Active", model: str = "FY27") -> Territories:
    """Give an org a model, a type and the field, and the rules that hold for them."""
    org.objects["Territory2"].add(Field("Territory_Key__c", external_id=True))
    made = org.create("Territory2Model", Name=model, DeveloperName=model, State=state)
    kind = org.create("Territory2Type", DeveloperName="Book", MasterLabel="Book", Priority=1)
    territories = Territories(org, made, kind)
    org.rules.append(lambda name, row, given: _judge(org, name, row, given))
    org.rules.append(lambda name, row, given: _count(territories, name, row))
    org.triggers.append(_fill)
    return territories


def _judge(org: Org, name: str, row: Row, given: Row) -> None:
    if name in (ASSOCIATION, MEMBER, EXCLUSION):
        _open(org, str((given or row)["Territory2Id"]))
    elif name == "Territory2":
        _territory(org, row, given)
    elif name == "Territory2Model" and "State" in given and (row["State"], given["State"]) not in _STEPS:
        words = f"You can't change the state of this model from {row['State']} to {given['State']}."
        raise ApiError("FIELD_INTEGRITY_EXCEPTION", words, ["State"])


def _count(territories: Territories, name: str, row: Row) -> None:
    if name == "Territory2" and not row and len(territories.org.rows[name]) >= territories.most:
        words = f"You've reached the limit of {territories.most} territories for this model."
        raise ApiError("LIMIT_EXCEEDED", words)


def _fill(name: str, row: Row) -> None:
    if name == ASSOCIATION:
        row["SobjectType"] = "Account"
    elif name == MEMBER:
        row["IsActive"] = True


def _open(org: Org, territory: str) -> None:
    model = org.rows["Territory2Model"][org.rows["Territory2"][territory]["Territory2ModelId"]]
    if model["State"] not in _OPEN:
        words = f"The territory model {model['Name']} is {model['State']} and can't be changed."
        raise ApiError("FIELD_INTEGRITY_EXCEPTION", words)


def _territory(org: Org, row: Row, given: Row) -> None:
    name = given.get("DeveloperName")
    if not given or name is None:
        return
    plain = name.replace("_", "")
    if not (plain.isascii() and plain.isalnum() and name[0].isalpha()) or "__" in name or name.endswith("_"):
        words = (
            "The Territory Label API Name can only contain underscores and alphanumeric characters. It must be unique, "
            "begin with a letter, not include spaces, not end with an underscore, and not contain two consecutive "
            "underscores."
        )
        raise ApiError("FIELD_INTEGRITY_EXCEPTION", words, ["DeveloperName"])
    for other in org.rows["Territory2"].values():
        if other["DeveloperName"] == name and other["Id"] != row.get("Id"):
            words = f"duplicate value found: DeveloperName duplicates value on record with id: {other['Id']}"
            raise ApiError("DUPLICATE_DEVELOPER_NAME", words, ["DeveloperName"])
