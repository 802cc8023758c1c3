"""A territory repository's files, read and checked: all errors at once, each at its line."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from terraform_like.address import NAME_PATTERN
from terraform_like.config.adjacency import with_neighbours
from terraform_like.config.complaint import complain
from terraform_like.config.connection import connection_of, interpolated, without_secrets
from terraform_like.config.document import Document, document_of, read_document
from terraform_like.config.gate import policy_files
from terraform_like.config.language import PlanFile, PolicyFile, numbered
from terraform_like.config.references import (
    ANY_COLUMN,
    BLIND,
    Sight,
    check_carving,
    check_policies,
    known_names,
    tell_of_unevenness,
)
from terraform_like.config.source import read
from terraform_like.config.variables import Overrides, substitute
from terraform_like.diagnostics import Halt, Locate, Path, Report, Span, did_you_mean, nowhere
from terraform_like.domain.carving import Balance, Carving, Moved, Territory
from terraform_like.domain.columns import Offered
from terraform_like.domain.connection import Connection
from terraform_like.domain.project import Project
from terraform_like.domain.quantity import LONGEST_NAME
from terraform_like.policy.rule import Policies
from terraform_like.staffing.lapse import without_lapsed

PROJECT_FILE = "territory.yaml"
NOTHING_SET = Overrides()
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Repository:
    """A territory repository on disk: its root, its project, where that stands, and the folders of its plans."""

    root: FilePath
    project: Project
    locate: Locate = nowhere

    def plan_folder(self, name: str) -> FilePath:
        """Give the folder of a plan."""
        return self.root / "plans" / name

    @property
    def plans(self) -> list[str]:
        """Names of the plans, sorted: folders below `plans/` that hold YAML."""
        folder = self.root / "plans"
        return sorted(p.name for p in folder.iterdir() if any(_yaml_files(p))) if folder.is_dir() else []

    def choose(self, name: str | None) -> str:
        """Give the name of the plan that is meant; with one plan it may be left out.

        Raises
        ------
        Halt
            When there is no such plan, none at all, or several to choose from.
        """
        report = Report()
        plans = self.plans
        if name in plans:
            return name
        if name is not None:
            known = f"Plans: {', '.join(plans)}." if plans else "There is no plan yet."
            report.error(f'There is no plan "{name}"', f"{known}{did_you_mean(name, plans)}")
        elif len(plans) == 1:
            return plans[0]
        elif not plans:
            report.error("There is no plan", "Put the YAML of a plan into plans/NAME/, such as plans/fy27/plan.yaml.")
        else:
            report.error("There are several plans", f"Say which: {', '.join(plans)}.")
        raise Halt(report)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a plan's YAML and the policies want, and where they say it."""

    carving: Carving
    locate: Locate
    policies: Policies
    locate_policy: Locate
    variables: Mapping[str, str] = field(default_factory=dict)
    """Texts that set `vars:` anew."""

    def on(self, day: date, used: AbstractSet[str] = frozenset()) -> Wanted:
        """Give what is wanted on a day: slots that have lapsed by then are no books any more, but for those in use."""
        return replace(self, carving=without_lapsed(self.carving, day, used))

    def matching(self, owners: Mapping[str, str]) -> Wanted:
        """Give the same with owners for territories that name none."""
        return replace(self, carving=self.carving.model_copy(update={"matched": dict(owners)})) if owners else self


def open_repository(
    root: FilePath, environment: Mapping[str, str] = os.environ, *, offline: bool = False
) -> Repository:
    """Read territory.yaml; offline, where neither CRM nor state will be reached, without the login that it names.

    Raises
    ------
    Halt
        When the folder is no territory repository, or its territory.yaml has errors.
    """
    report = Report()
    path = root / PROJECT_FILE
    if not path.is_file():
        report.error(
            "This is no territory repository",
            f"There is no {PROJECT_FILE} in {root.resolve()}. Go to one with --chdir, or make one: territory init DIR.",
        )
        raise Halt(report)
    source = read(path, PROJECT_FILE, report)
    document = Document([source] if source else [], report)
    secrets: tuple[str, ...] = ()
    if source and document.data:
        document.data, secrets = interpolated(source, document.data, environment, report, offline=offline)
    project = None
    if not report.failed:
        said = Report()
        project = _project(document, said)
        without_secrets(said, secrets, report)
    if project is None:
        raise Halt(report)
    return Repository(root, project, document.locate)


def _project(document: Document, report: Report) -> Project | None:
    connection = connection_of(document, report)
    # The other keys are judged as well where `crm:` is wrong: something has to stand there.
    known = {"crm": connection or Connection(provider="")} if "crm" in document.data else {}
    project = _validated(Project, document, report, empty=PROJECT_FILE, known=known)
    return project if connection else None


def load_wanted(
    repository: Repository,
    name: str,
    report: Report,
    overrides: Overrides = NOTHING_SET,
    offered: Offered = ANY_COLUMN,
) -> Wanted:
    """Read a plan's YAML and the policies of the working tree.

    Parameters
    ----------
    repository : Repository
        The territory repository.
    name : str
        The plan.
    report : Report
        Gathers errors and warnings.
    overrides : Overrides
        Texts that set `vars:` anew.
    offered : Offered
        The columns that the CRM has of accounts, as far as they are known.

    Raises
    ------
    Halt
        When there are errors; `report` holds them, and all warnings.
    """
    plan_files = _yaml_files(repository.plan_folder(name))
    document = read_document(repository.root, plan_files, report)
    variables = substitute(document, overrides, report)
    known = known_names(document.data, whole=document.whole)
    file, all_of_it = _readable(PlanFile, document, report)
    made_by: dict[str, str] = {}
    carving = _carving(name, file, document, made_by, report) if file is not None else None

    def locate(path: Path, *, key: bool = False) -> Span | None:
        """Find also what the files do not say with these words: territories of `count`, and `balance: defaults`."""
        if path[:1] == ("territories",) and len(path) > 1:
            one, rest = str(path[1]), path[2:]
            # What is pinned to one that `count` makes stands below its name.
            rest = ("pins", one, *rest[1:]) if made_by.get(one, one) != one and rest[:1] == ("accounts",) else rest
            path = ("territories", made_by.get(one, one), *rest)
        elif path[:1] == ("balance",) and document.says(inherited := ("balance", "defaults", *path[2:])):
            path = path if document.says(path) else inherited
        return document.locate(path, key=key)

    sight = BLIND
    if carving is not None:
        known = known if all_of_it else replace(known, whole=False)
        sight = check_carving(carving, locate, report, known, offered)
        if not report.failed:
            tell_of_unevenness(carving, locate, report)
        carving = carving.model_copy(update={"moved": _moved_alike(carving.moved, made_by)})
        carving = with_neighbours(carving, repository.root, repository.plan_folder(name), locate, report)
    gate = read_document(repository.root, policy_files(repository.root, report), report)
    policies = _policies(gate, report, sight)
    if report.failed or carving is None or policies is None:
        raise Halt(report)
    return Wanted(carving, locate, policies, gate.locate, variables)


def policies_of(files: Mapping[str, bytes], report: Report) -> tuple[Policies, Locate]:
    """Read policies that are already at hand by file name, such as those of another branch, and say where they stand.

    Raises
    ------
    Halt
        When there are errors; `report` holds them.
    """
    yaml = {file: content for file, content in files.items() if file.endswith((".yaml", ".yml"))}
    document = document_of(yaml, report)
    policies = _policies(document, report, BLIND)
    if report.failed or policies is None:
        raise Halt(report)
    return policies, document.locate


def _policies(document: Document, report: Report, sight: Sight) -> Policies | None:
    policies = _validated(PolicyFile, document, report)
    if policies is not None:
        check_policies(policies, document.locate, report, sight)
    return policies


def _yaml_files(folder: FilePath) -> list[FilePath]:
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if p.suffix in {".yaml", ".yml"} and p.is_file())


def _carving(name: str, file: PlanFile, document: Document, made_by: dict[str, str], report: Report) -> Carving | None:
    if not re.fullmatch(NAME_PATTERN, name) or len(name) > LONGEST_NAME:
        detail = (
            f"A name has letters, digits and . _ @ + - only, {LONGEST_NAME} at most. Rename the folder of the plan."
        )
        report.error(f'"{name}" cannot be the name of a plan', detail, Span(document.files[0], 1, 1))
        return None
    territories: dict[str, Territory] = {}
    for key, entry in file.territories.items():
        alike = Territory.model_validate(entry.model_dump(by_alias=True, exclude={"count", "pins"}, exclude_unset=True))
        names = [key] if entry.count is None else numbered(key, entry.count)
        for strange in sorted(entry.pins.keys() - set(names)):
            where = document.locate(("territories", key, "pins", strange), key=True)
            report.error(f'`count` of "{key}" makes no "{strange}"', did_you_mean(strange, names).strip(), where)
        span = document.locate(("territories", key), key=True)
        if len(names[-1]) > LONGEST_NAME:
            detail = f"With its number it has {len(names[-1])} characters; {LONGEST_NAME} are the most."
            report.error(f'"{key}" is too long for a name', detail, span)
            return None
        for one in names:
            if one in territories:
                maker = made_by[one] if made_by[one] != one else key
                detail = f'`count` of "{maker}" makes it too; give one of them another name.'
                report.error(f'"{one}" is declared twice', detail, span)
            pins = entry.pins.get(one)
            territories[one] = alike if pins is None else alike.model_copy(update={"accounts": pins})
            made_by[one] = key
    content = {field: getattr(file, field) for field in PlanFile.model_fields if field in Carving.model_fields}
    balance = _with_defaults(file, document, report)
    return Carving(name=name, **content | {"territories": territories, "balance": balance})


def _moved_alike(moved: tuple[Moved, ...], made_by: Mapping[str, str]) -> tuple[Moved, ...]:
    """Add a rename for each territory that `count` makes under a new name, also over chains of names."""
    olds: dict[str, list[str]] = {}
    for one in moved:
        olds.setdefault(one.new, []).append(one.old)
    ends: dict[str, list[str]] = {}
    for name, key in made_by.items():
        if name != key and key in olds:
            ends.setdefault(key, []).append(name.removeprefix(key))
    ahead = list(ends)
    for new in ahead:
        for old in (old for old in olds.get(new, ()) if old not in ends):
            ends[old] = ends[new]
            ahead.append(old)
    alike = [
        Moved.model_validate({"from": one.old + end, "to": one.new + end})
        for one in moved
        for end in ends.get(one.new, ())
        if len(one.old + end) <= LONGEST_NAME
    ]
    return (*moved, *alike)


def _with_defaults(file: PlanFile, document: Document, report: Report) -> dict[str, Balance]:
    """Give every segment what `balance: defaults` says and its own policy does not say itself."""
    said = document.data.get("balance") or {}
    defaults = said["defaults"] if "defaults" in file.balance else {}
    segments = [*file.balance, *(segment.name for segment in file.segments if defaults)]
    policies: dict[str, Balance] = {}
    for segment in dict.fromkeys(segments):
        refused = segment in said and segment not in file.balance
        try:
            if segment != "defaults" and not refused:
                policies[segment] = Balance.model_validate(_beneath(defaults, said.get(segment, {})))
        except ValidationError as error:
            complain(error, Balance, document, report, ("balance", segment))
    return policies


def _beneath(defaults: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Lay defaults beneath what is said: keys of mappings are joined, anything else is replaced."""
    joined = {key: defaults[key] | own[key] for key in own if _both_mappings(defaults.get(key), own[key])}
    return defaults | own | joined


def _both_mappings(one: Any, other: Any) -> bool:
    return isinstance(one, dict) and isinstance(other, dict)


def _readable(model: type[Model], document: Document, report: Report) -> tuple[Model | None, bool]:
    """Give what can be validated, and whether that is all: an entry that is refused hides no error of another."""
    document.data = {key: v for key, v in document.data.items() if v is not None or key not in model.model_fields}
    try:
        return model.model_validate(document.data), True
    except ValidationError as error:
        complain(error, model, document, report)
        refused = {refusal["loc"][:2] for refusal in error.errors(include_url=False)}
    rest = {
        key: {name: entry for name, entry in value.items() if (key, name) not in refused}
        for key, value in document.data.items()
        if isinstance(value, dict) and key not in {"plan", "accounts"}
    }
    whole = {key: value for key, value in document.data.items() if key not in {top for top, *_ in refused}}
    try:
        return model.model_validate(rest | whole), False
    except ValidationError:
        return None, False


def _validated(
    model: type[Model],
    document: Document,
    report: Report,
    *,
    empty: str | None = None,
    known: Mapping[str, BaseModel] = MappingProxyType({}),
) -> Model | None:
    """Validate what files say, `known` standing for the keys that were read already; `empty` names what may not be."""
    if empty and not document.data and not report.failed:
        report.error(f"{empty} is empty", "It says at least `project:` and `crm:`.", Span(empty, 1, 1))
        return None
    try:
        return model.model_validate({**document.data, **known})
    except ValidationError as error:
        complain(error, model, document, report)
        return None


__all__ = ["PROJECT_FILE", "Repository", "Wanted", "load_wanted", "open_repository", "policies_of"]
