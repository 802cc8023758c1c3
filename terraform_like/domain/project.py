"""territory.yaml: which CRM, which state, which defaults."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from terraform_like.domain.connection import Connection
from terraform_like.domain.quantity import Name
from terraform_like.domain.wish import Wish


class Applying(Wish):
    """When a plan may be applied, and what to do about records that somebody changed meanwhile."""

    branch: Annotated[str | None, Field(min_length=1, max_length=200, pattern=r"^[^-\s~^:?*\[\\][^\s~^:?*\[\\]*$")] = (
        None
    )
    """Branch that must hold the commit, with nothing uncommitted; leave out to apply from anywhere. Example: `main`."""
    on_conflict: Literal["skip", "overwrite", "fail"] = "skip"
    """What becomes of a record that was changed after the plan was made: it is left alone, written all the same, or
    keeps everything from being written. Example: `skip`."""


class Reporting(Wish):
    """What reports of saved plans leave out."""

    redact: tuple[Literal["names", "amounts"], ...] = ()
    """What `territory show` leaves out unless `--redact` says otherwise: names of people, users and accounts, which
    become stand-ins, or amounts, which become shares of the fair share. Example: `[names]`.
    """


class Project(Wish):
    """A territory repository: its CRM, its state and its defaults."""

    project: Name
    """Name of the project. Example: `acme`."""
    crm: Connection
    """The CRM. Example: `{provider: sql, url: "sqlite:///crm.sqlite"}`."""
    state: Annotated[SecretStr, Field(validate_default=True)] = SecretStr("sqlite:///.territory/state.sqlite")
    """Where to remember what was applied: a file, a server, or `git` itself; `${NAME}` is read from the environment.

    Example: `postgresql://territory:${PASSWORD}@db.acme.com/sales`.
    """
    apply: Applying = Applying()
    """When a plan may be applied. Example: `{branch: main, on_conflict: skip}`."""
    snapshot: Literal["commit", "local"] = "commit"
    """Whether snapshots are committed beside plans or kept under `.territory/`. Example: `commit`."""
    report: Reporting = Reporting()
    """What reports leave out. Example: `{redact: [names]}`."""
