"""Users of a CRM as the people of a plan, and any text of a CRM as a name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from terraform_like.address import NAME_PATTERN
from terraform_like.diagnostics import Report, counted, listing
from terraform_like.domain.people import Person
from terraform_like.domain.quantity import LONGEST_NAME


@dataclass(frozen=True, slots=True)
class People:
    """Who is in a CRM.

    Parameters
    ----------
    people : dict of str to Person
        By the name of the person: first those who own accounts, then the others, each sorted.
    named : dict of str to str
        The person of each CRM user id.
    owning : int
        How many of them own accounts; they come first.
    inactive : frozenset of str
        Those who are no active users any more and own accounts.
    """

    people: dict[str, Person]
    named: dict[str, str]
    owning: int
    inactive: frozenset[str]


def people_of(users: pl.DataFrame, owners: Collection[str], report: Report) -> People:
    """Make people of active users, and of users who own accounts.

    Parameters
    ----------
    users : polars.DataFrame
        `user`, `name`, `email` and `active`, as a CRM gives them.
    owners : collection of str
        Ids of all owners of accounts, whether the CRM knows them as users or not.
    report : Report
        Gathers owners who are inactive, and owners who are no users.
    """
    users = users.filter(pl.col("user").is_not_null()).unique("user", keep="first", maintain_order=True).sort("user")
    ids = set(users["user"])
    emails = users["email"].drop_nulls().str.to_lowercase()
    shared = set(emails.filter(emails.is_duplicated()))
    taken = ids | set(owners)
    named: dict[str, str] = {}
    people: dict[str, Person] = {}
    inactive: set[str] = set()
    for user, name, email, active in users.select("user", "name", "email", "active").iter_rows():
        if not active and user not in owners:
            continue
        local = (email or "").partition("@")[0]
        wish = slug(local or name or f"user-{user}", space=".").lower() or slug(f"user-{user}").lower()
        # Another user's id would be mistaken for that user.
        key = wish if wish == user and user not in named.values() else unique(wish, taken)
        taken.add(key)
        named[user] = key
        telling = email and email.lower() not in shared and email not in ids
        people[key] = Person(user=email if telling else user)
        if not active:
            inactive.add(key)
    owning = {named[user] for user in owners if user in named}
    order = [*sorted(owning), *sorted(set(people) - owning)]
    if inactive:
        report.warning(
            f"Accounts belong to {counted(len(inactive), 'inactive user')} of the CRM",
            f"{listing(sorted(inactive))}. They are among the people all the same; give their books to somebody else.",
        )
    if unknown := sorted(set(owners) - ids):
        report.warning(
            f"Accounts belong to {counted(len(unknown), 'owner')} whom the CRM does not know",
            f"{listing(unknown)}. They are left out of the people, so that they cannot own a territory.",
        )
    return People({key: people[key] for key in order}, named, len(owning), frozenset(inactive))


def slug(text: str, space: str = "-") -> str:
    """Make a name of any text: letters without their accents, and `space` for what no name may hold.

    It is empty where nothing of the text can stand in a name.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    joined = re.sub(r"[^A-Za-z0-9._@+-]+", space, plain.strip())
    return re.sub(r"^[^A-Za-z0-9]+", "", joined)[:LONGEST_NAME].rstrip("-.")


def unique(wish: str, taken: Collection[str]) -> str:
    """Give a name that is not taken: the wish itself, else with `-2`, `-3` ..."""
    name, number = wish, 1
    while name in taken:
        number += 1
        name = f"{wish[: LONGEST_NAME - 8]}-{number}"
    return name


def is_name(text: str) -> bool:
    """Say whether a text can be a name as it is."""
    return re.fullmatch(NAME_PATTERN, text) is not None and len(text) <= LONGEST_NAME and not text.endswith("\n")
