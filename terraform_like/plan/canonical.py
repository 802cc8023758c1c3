"""Canonical bytes of what is saved, and their digests: equal for equal plans, whatever order their parts came in."""

from __future__ import annotations

import hashlib
import io
import json
from typing import TYPE_CHECKING

from terraform_like.plan.model import Plan

if TYPE_CHECKING:
    import polars as pl

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
    return plan.model_copy(update={"digest": seal_of(document_of(plan))})


def plan_bytes(plan: Plan) -> bytes:
    """Give plan.json: keys sorted, one value a line so that git shows what changed, UTF-8, a line end at the end."""
    text = json.dumps(document_of(plan), sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    return text.encode() + b"\n"


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
    lines = table.sort("account").select(pl.concat_str(fields, separator=",")).to_series()
    return ("\n".join([",".join(ASSIGNMENT_COLUMNS), *lines]) + "\n").encode()


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


def document_of(plan: Plan) -> dict[str, object]:
    """Give the plan as JSON values, by the names of the published format."""
    return plan.model_dump(mode="json", by_alias=True)


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
