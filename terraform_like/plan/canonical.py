"""Canonical bytes of what is saved, and their digests: equal for equal plans, whatever order their parts came in."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from terraform_like.diff import Change
from terraform_like.domain.saved import Saved
from terraform_like.plan.model import Plan

if TYPE_CHECKING:
    import polars as pl

#: Changes that are encoded together.
_CHUNK = 10_000

ASSIGNMENT_COLUMNS = ("account", "territory", "holder")


def digest_of(value: object) -> str:
    """Give the SHA-256 of a value's canonical JSON: of `Carving.canonical()` or of policies, whatever their layout.

    Raises
    ------
    ValueError
        When the value holds a number that is not finite.
    """
    return digest_of_bytes(canonical(value))


def digest_of_bytes(data: bytes) -> str:
    """Give the SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def seal(plan: Plan) -> Plan:
    """Give the plan with its digest: SHA-256 over the canonical JSON of everything else.

    Raises
    ------
    ValueError
        When a figure is not finite; the message says which one.
    """
    digest = hashlib.sha256()
    for piece in _pieces(plan, _COMPACT, leave={"digest"}):
        digest.update(piece)
    return plan.model_copy(update={"digest": digest.hexdigest()})


def plan_bytes(plan: Plan) -> bytes:
    """Give plan.json: keys sorted, one value a line so that git shows what changed, UTF-8, a line end at the end."""
    return b"".join([*_pieces(plan, _LAID_OUT), b"\n"])


def assignments_bytes(table: pl.DataFrame) -> bytes:
    """Give assignments.csv, sorted by account, with a holder only where that is someone other than the owner.

    Parameters
    ----------
    table : polars.DataFrame
        One row an account in any order: `account`, `territory`, `holder` (text or null); where there is an `owner`, a
        holder who is the owner is left out. Further columns are not written.
    """
    import polars as pl

    if "owner" in table.columns:
        own = pl.col("holder").eq_missing(pl.col("owner"))
        table = table.with_columns(pl.when(own).then(None).otherwise(pl.col("holder")).alias("holder"))
    fields = [_csv_field(column) for column in ASSIGNMENT_COLUMNS]
    lines = table.sort("account").select(pl.concat_str(fields, separator=",").str.join("\n")).item()
    return "".join(f"{line}\n" for line in (",".join(ASSIGNMENT_COLUMNS), lines) if line).encode()


def snapshot_bytes(table: pl.DataFrame) -> bytes:
    """Give snapshot.parquet: the same bytes for the same accounts, in whatever order their rows and columns are.

    Parameters
    ----------
    table : polars.DataFrame
        One row an account, with an `account` column that is unique.
    """
    columns = ["account", *sorted(set(table.columns) - {"account"})]
    buffer = io.BytesIO()
    ordered = table.select(columns).sort("account").rechunk()
    ordered.write_parquet(buffer, compression="zstd", compression_level=3, statistics=False, row_group_size=131_072)
    return buffer.getvalue()


@dataclass(frozen=True, slots=True)
class _Layout:
    """How JSON is laid out: what begins a line that is so many levels deep, and what stands after a colon."""

    line: str
    blank: str

    def dumps(self, value: object) -> bytes:
        """Give the JSON of a value, keys sorted."""
        return _laid_out(value) if self.line else canonical(value)

    def nested(self, value: Saved, depth: int) -> str:
        """Give the JSON of a value that stands so many levels deep."""
        return self.dumps(value.model_dump(mode="json", by_alias=True)).decode().replace("\n", self.at(depth))

    def at(self, depth: int) -> str:
        """Give the beginning of a line that is so many levels deep."""
        return self.line + " " * depth if self.line else ""


_COMPACT, _LAID_OUT = _Layout("", ""), _Layout("\n", " ")


def _laid_out(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False).encode()


def _pieces(plan: Plan, layout: _Layout, leave: Set[str] = frozenset()) -> Iterator[bytes]:
    """Give the JSON of a plan in pieces, without some of its keys: a large plan is nearly all changes.

    The standard library lays JSON out value by value in Python, which takes minutes of a million changes; what many of
    them share is encoded once here instead.
    """
    head = plan.model_dump(mode="json", by_alias=True, exclude={"changes", *leave})
    before, after = ({key: head[key] for key in head if (key < "changes") is early} for early in (True, False))
    yield layout.dumps(before).removesuffix(f"{layout.line}}}".encode())
    yield f',{layout.at(1)}"changes":{layout.blank}[{layout.at(2) if plan.changes else ""}'.encode()
    changes = iter(_changes(plan.changes, layout))
    separator = ""
    while some := list(islice(changes, _CHUNK)):
        yield (separator + f",{layout.at(2)}".join(some)).encode()
        separator = f",{layout.at(2)}"
    yield f"{layout.at(1) if plan.changes else ''}],".encode()
    yield layout.dumps(after).removeprefix(b"{")


def _changes(changes: Iterable[Change], layout: _Layout) -> Iterator[str]:
    """Give the JSON of each change, two levels deep."""
    said: dict[int, str] = {}
    text = json.JSONEncoder(ensure_ascii=False).encode
    item, comma, colon, deeper = layout.at(3), f",{layout.at(3)}", f":{layout.blank}", f",{layout.at(4)}"

    def part(value: Saved, depth: int) -> str:
        # By identity: the plan holds each of them as long as this runs, and looking at its values costs more.
        if (found := said.get(id(value))) is None:
            found = said[id(value)] = layout.nested(value, depth)
        return found

    for one in changes:
        reasons = deeper.join(part(reason, 4) for reason in one.reasons)
        if reasons:
            reasons = f"{layout.at(4)}{reasons}{item}"
        yield (
            f'{{{item}"account"{colon}{text(one.account)}{comma}"after"{colon}{part(one.after, 3)}'
            f'{comma}"before"{colon}{part(one.before, 3)}{comma}"kind"{colon}{text(one.kind.value)}'
            f'{comma}"reasons"{colon}[{reasons}]{layout.at(2)}}}'
        )


def seal_of(document: dict[str, object]) -> str:
    """Give the digest of a plan.json as it stands, whatever digest it claims.

    Raises
    ------
    ValueError
        When a figure is not finite.
    """
    return digest_of({key: value for key, value in document.items() if key != "digest"})


def canonical(value: object) -> bytes:
    """Give canonical JSON: keys sorted, no blanks, UTF-8.

    Raises
    ------
    ValueError
        When a number is not finite, or a text is not Unicode.
    """
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except ValueError:
        raise ValueError(f"{_not_finite(value) or 'a value'} is not a finite number") from None
    return text.encode()


def _not_finite(value: object, place: str = "") -> str:
    """Give the place of the first number that JSON cannot hold, as `fairness.smb.gini(arr).before`."""
    if isinstance(value, float):
        return place if value - value != 0 else ""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    found = (_not_finite(item, f"{place}.{key}".lstrip(".")) for key, item in inside)
    return next((where for where in found if where), "")


def _csv_field(column: str) -> pl.Expr:
    """Quote by RFC 4180 where a value needs it; ids are other people's text and may hold anything."""
    import polars as pl

    value = pl.col(column).cast(pl.String).fill_null("")
    quoted = pl.concat_str(pl.lit('"'), value.str.replace_all('"', '""', literal=True), pl.lit('"'))
    return pl.when(value.str.contains(r'[",\r\n]')).then(quoted).otherwise(value)
