"""Addresses name one thing of a plan, as `territory.ent-west` or `account.A-17`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["account", "person", "plan", "policy", "segment", "slot", "territory"]

#: Names of segments, territories, slots, people and policies: they stand in files, flags and CRM fields.
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._@+-]*$"


@dataclass(frozen=True, order=True, slots=True)
class Address:
    """One thing by kind and name; sorts by kind, then by name."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"{self.kind}.{self.name}"

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read `kind.name`; the name keeps all further dots.

        Raises
        ------
        ValueError
            When there is no dot, the kind is unknown, or the name is empty or holds a control character.
        """
        kind, dot, name = text.partition(".")
        if not dot or kind not in get_args(Kind) or not name or re.search(r"[\x00-\x1f\x7f]", name):
            kinds = ", ".join(get_args(Kind))
            raise ValueError(f'"{text}" is no address; write KIND.NAME, where KIND is one of {kinds}')
        return cls(kind, name)  # type: ignore[arg-type]
