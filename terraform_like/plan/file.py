"""The saved plan as files: canonical, sealed, written so that a crash leaves no half of it, and read with suspicion.

`plan.json` names the digests of the two files beside it, so it is written last; reading says what the files hold and
leaves it to `plan.fresh` to judge whether that is what was sealed.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from terraform_like.diagnostics import Report, Span, listing
from terraform_like.plan.canonical import (
    assignments_bytes,
    digest_of,
    digest_of_bytes,
    plan_bytes,
    seal,
    seal_of,
    snapshot_bytes,
)
from terraform_like.plan.model import FORMAT_VERSION, Plan
from terraform_like.plan.offered import PLAN_FILE
from terraform_like.plan.parts import (
    ASSIGNMENTS_FILE,
    CONFLICT,
    SNAPSHOT_FILE,
    Part,
    read_assignments,
    read_snapshot,
    snapshot_file,
)

if TYPE_CHECKING:
    import polars as pl

#: Bytes of a plan.json beyond which it is no plan: a million changes take about 400 MB.
LARGEST = 2 * 1024**3

_REPLAN = "Make it again with `territory plan --save`, or take the committed one back with git."


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan as it was found in its files: readable, and perhaps tampered with.

    Parameters
    ----------
    folder : pathlib.Path
        Where plan.json is.
    plan : Plan
        What plan.json says.
    seal : str
        The digest of plan.json as it stands, keys that this version does not know included; `plan.digest` when nobody
        touched it.
    assignments, snapshot : Part
        The files that belong to it.
    """

    folder: Path
    plan: Plan
    seal: str
    assignments: Part
    snapshot: Part

    @property
    def shown(self) -> str:
        """The path of plan.json as a person knows it."""
        return _shown(self.folder / PLAN_FILE)


def write_saved(folder: Path, plan: Plan, assignments: pl.DataFrame, snapshot: pl.DataFrame | None) -> None:
    """Write plan.json and the files that it names, each whole or not at all, plan.json last.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of the plan; made where there is none.
    plan : Plan
        Sealed, its `inputs` naming the digests of the two tables.
    assignments : polars.DataFrame
        As `assignments_bytes` takes it.
    snapshot : polars.DataFrame or None
        As `snapshot_bytes` takes it; None where snapshots are kept elsewhere, which removes one that lies here.

    Raises
    ------
    ValueError
        When the plan is not sealed, or names other digests than those of the tables.
    OSError
        When the folder cannot be written.
    """
    if plan.digest != seal(plan).digest:
        raise ValueError("the plan is not sealed")
    parts = {ASSIGNMENTS_FILE: (assignments_bytes(assignments), plan.inputs.assignments)}
    if snapshot is not None:
        parts[SNAPSHOT_FILE] = (snapshot_bytes(snapshot), plan.inputs.snapshot)
    for name, (data, digest) in parts.items():
        if digest_of_bytes(data) != digest:
            raise ValueError(f"the plan names another digest than that of {name}")
    folder.mkdir(parents=True, exist_ok=True)
    for name, (data, _) in parts.items():
        write_whole(folder / name, data)
    if snapshot is None:
        (folder / SNAPSHOT_FILE).unlink(missing_ok=True)
    write_whole(folder / PLAN_FILE, plan_bytes(plan))


def keep_snapshot(folder: Path, snapshot: pl.DataFrame) -> Path:
    """Write a snapshot under its digest, for repositories that do not commit them, and say where it is."""
    data = snapshot_bytes(snapshot)
    path = folder / f"{digest_of_bytes(data)}.parquet"
    folder.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        write_whole(path, data)
    return path


def load(folder: Path, report: Report, *, kept: Path | None = None) -> SavedPlan | None:
    """Read a saved plan; what keeps it from being read goes to the report, what may be wrong with it does not.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of the plan.
    report : Report
        Gathers why it cannot be read, with the way out.
    kept : pathlib.Path, optional
        Where snapshots are kept by digest; looked at where none lies beside the plan.

    Returns
    -------
    SavedPlan or None
        None where there is no readable plan.
    """
    import polars as pl

    path = folder / PLAN_FILE
    data = _read_plan(path, report)
    if data is None:
        return None
    parsed = _parse(data, path, report)
    if parsed is None or not _of_this_major(parsed[0], path, report):
        return None
    plan, found = _plan_of(parsed[0], path, report), parsed[1]
    if plan is None:
        return None
    # The document takes more room than the plan itself.
    del data, parsed
    assignments = read_assignments(folder, plan.inputs.assignments)
    if assignments.table is not None:
        texts = pl.col("territory", "holder").cast(pl.String)
        assignments = replace(assignments, table=assignments.table.with_columns(texts))
    return SavedPlan(
        folder=folder,
        plan=plan,
        seal=found,
        assignments=assignments,
        snapshot=read_snapshot(snapshot_file(folder, kept, plan.inputs.snapshot), plan.inputs.snapshot),
    )


def write_whole(path: Path, data: bytes) -> None:
    """Write beside, flush to the disk, then rename: readers see the old file or the new one, which has its mode.

    Raises
    ------
    OSError
        When the folder cannot be written.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.is_file():
            beside.chmod(stat.S_IMODE(path.stat().st_mode))
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _shown(path: Path) -> str:
    return Path(*path.parts[-3:]).as_posix() if len(path.parts) >= 3 else path.as_posix()


def _read_plan(path: Path, report: Report) -> bytes | None:
    shown = _shown(path)
    try:
        if path.stat().st_size > LARGEST:
            report.error(f"{shown} is too large for a plan", f"At most {LARGEST:,} bytes are read. {_REPLAN}")
            return None
        data = path.read_bytes()
    except FileNotFoundError:
        report.error(f"there is no {shown}", "Nothing has been saved yet: run `territory plan --save`.")
        return None
    except OSError as error:
        report.error(f"{shown} cannot be read", f"{error.strerror}. {_REPLAN}")
        return None
    if not data.strip():
        report.error(f"{shown} is empty", _REPLAN)
        return None
    # A look for the marks alone takes a hundredth of the time, and nearly no plan has one.
    marked = any(mark in data for mark in (b"<<<<<<<", b"=======", b">>>>>>>"))
    if marked and (conflict := CONFLICT.search(data)):
        line = data.count(b"\n", 0, conflict.start()) + 1
        source = conflict.group().decode(errors="replace").rstrip("\r")
        report.error(
            f"{shown} holds a git merge conflict",
            "Two saved plans cannot be merged line by line. Merge the YAML, then re-plan: territory plan --save",
            Span(shown, line, 1, len(source), source),
        )
        return None
    return data


def _parse(data: bytes, path: Path, report: Report) -> tuple[dict[str, object], str] | None:
    """Give the document and its seal."""
    shown = _shown(path)
    try:
        document = strict_json(data)
        found = seal_of(document) if isinstance(document, dict) else ""
    except json.JSONDecodeError as error:
        lines = error.doc.splitlines()
        source = lines[error.lineno - 1][:200] if error.lineno <= len(lines) else ""
        report.error(f"{shown} is not JSON: {error.msg}", _REPLAN, Span(shown, error.lineno, error.colno, 1, source))
        return None
    except UnicodeError:
        report.error(f"{shown} is not UTF-8", _REPLAN)
        return None
    except (ValueError, RecursionError) as error:
        why = "it nests too deep" if isinstance(error, RecursionError) else str(error)
        report.error(f"{shown} is not a plan: {why}", _REPLAN)
        return None
    if not isinstance(document, dict):
        report.error(f"{shown} is not a plan", _REPLAN)
        return None
    return document, found


def strict_json(data: bytes) -> Any:
    """Read JSON as the standard has it, with each key once.

    Raises
    ------
    ValueError
        When it is none: `json.JSONDecodeError` where that can be told by its place, `UnicodeError` where it is no text.
    RecursionError
        When it nests too deep.
    """
    return json.loads(data.decode(), object_pairs_hook=_no_key_twice, parse_constant=_no_constant)


def _no_key_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse a key that stands twice: a reviewer would read the first, a program the last."""
    document = dict(pairs)
    if len(document) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f'the key "{next(key for key in keys if keys.count(key) > 1)}" stands twice')
    return document


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not a number in JSON")


def is_of_our_major(version: object) -> bool:
    """Say whether a format version is one that this version of the tool reads."""
    return _is_version(version) and str(version).partition(".")[0] == FORMAT_VERSION.partition(".")[0]


def _is_version(found: object) -> bool:
    return isinstance(found, str) and bool(re.fullmatch(r"[0-9]{1,6}\.[0-9]{1,6}", found))


def _of_this_major(document: dict[str, object], path: Path, report: Report) -> bool:
    found = document.get("format_version")
    shown = _shown(path)
    if not _is_version(found):
        report.error(f"{shown} is not a plan: it has no format_version", _REPLAN)
        return False
    if is_of_our_major(found):
        return True
    report.error(
        f"{shown} has format version {found}; this version of territory reads {FORMAT_VERSION}",
        "Use the version of territory that made it, or make it again with this one: territory plan --save",
    )
    return False


def _plan_of(document: dict[str, object], path: Path, report: Report) -> Plan | None:
    try:
        return Plan.model_validate(document)
    except ValidationError as error:
        wrong = [
            f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        newer = document["format_version"] != FORMAT_VERSION
        hint = " A newer version of territory made it: upgrade to read it." if newer else ""
        report.error(f"{_shown(path)} is not a plan", f"{listing(wrong, 5)}. {_REPLAN}{hint}")
        return None


__all__ = [
    "PLAN_FILE",
    "SavedPlan",
    "assignments_bytes",
    "digest_of",
    "digest_of_bytes",
    "keep_snapshot",
    "load",
    "plan_bytes",
    "seal",
    "snapshot_bytes",
    "write_saved",
]
