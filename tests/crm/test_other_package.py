"""A provider of another package: found by its entry point, checked by its own type, held to the same claims."""

from __future__ import annotations

import itertools
import json
import shutil
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, get_args

import pytest
from pydantic import Tag

from terraform_like.config.load import open_repository
from terraform_like.config.project_file import ProjectFile
from terraform_like.crm import _BUILT_IN as OPENED
from terraform_like.crm import open_crm
from terraform_like.crm.conformance import Account, Conformance
from terraform_like.crm.port import Crm
from terraform_like.diagnostics import Halt
from terraform_like.providers import BUILT_IN, built_in

SOURCE = Path(__file__).parent / "acme"
CRM = ProjectFile.model_fields["crm"].annotation
ACME = "project: acme\ncrm: {provider: acme, file: acme.json}\n"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Install the example as pip would: its module, and the metadata that names its entry points."""
    site = tmp_path_factory.mktemp("site")
    shutil.copy(SOURCE / "territory_acme.py", site)
    project = tomllib.loads((SOURCE / "pyproject.toml").read_text())["project"]
    metadata = site / "territory_acme-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    points = project["entry-points"]["territory.crm"]
    lines = ["[territory.crm]", *(f"{name} = {value}" for name, value in points.items())]
    (metadata / "entry_points.txt").write_text("\n".join(lines))
    sys.path.insert(0, str(site))
    yield
    sys.path.remove(str(site))
    sys.modules.pop("territory_acme", None)


Read = Callable[[str], Path]


@pytest.fixture
def repository(tmp_path: Path) -> Read:
    def write(text: str) -> Path:
        (tmp_path / "territory.yaml").write_text(text)
        return tmp_path

    return write


class AcmeWorld:
    """A JSON file with accounts and users."""

    name_column = "name"
    territories = ("west", "east")

    def __init__(self, root: Path) -> None:
        self._root, self._path = root, root / "acme.json"
        self._numbers = itertools.count(1)
        self._save({"users": {}, "accounts": {}})

    def open(self) -> Crm:
        return open_crm(open_repository(self._root).project.crm, self._root)

    def add_user(self, name: str, *, active: bool = True) -> str:
        user = f"u-{next(self._numbers)}"
        self._change("users", user, {"name": name, "active": active})
        return user

    def add_accounts(self, accounts: Sequence[Account]) -> list[str]:
        held, made = self._held(), []
        for account in accounts:
            made.append(f"A-{next(self._numbers)}")
            fields = {"name": account.name, "owner": account.owner, "territory": account.territory}
            held["accounts"][made[-1]] = fields
        self._save(held)
        return made

    def edit(self, account: str, owner: str | None) -> None:
        self._change("accounts", account, {"owner": owner})

    def remove(self, account: str) -> None:
        held = self._held()
        del held["accounts"][account]
        self._save(held)

    def held(self, account: str) -> tuple[str | None, str | None]:
        fields = self._held()["accounts"][account]
        return fields["owner"], fields["territory"]

    def no_user(self) -> str:
        return "u-0"

    def _change(self, kind: str, key: str, fields: dict[str, Any]) -> None:
        held = self._held()
        held[kind][key] = held[kind].get(key, {}) | fields
        self._save(held)

    def _held(self) -> Any:
        return json.loads(self._path.read_text())

    def _save(self, held: object) -> None:
        self._path.write_text(json.dumps(held))


@pytest.mark.usefixtures("installed")
class TestAcme(Conformance):
    @pytest.fixture
    def world(self, repository: Read) -> AcmeWorld:
        return AcmeWorld(repository(ACME))


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("said", "summary", "line"),
    [
        ("{provider: acme}", '"file" is missing', 2),
        ("\n  provider: acme\n  fil: acme.json", 'There is no key "fil" here', 4),
        ("{provider: acme, file: 7}", "crm.file cannot be so", 2),
        ("{provider: acne, file: acme.json}", 'There is no provider "acne"', 2),
    ],
)
def test_what_the_package_does_not_take_is_told_at_its_line(
    repository: Read, said: str, summary: str, line: int
) -> None:
    with pytest.raises(Halt) as halted:
        open_repository(repository(f"project: acme\ncrm: {said}\n"))
    found = {one.summary: one for one in halted.value.report}
    assert summary in found
    span = found[summary].span
    assert span is not None
    assert (span.file, span.line) == ("territory.yaml", line)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("typo", ["{provider: acne}", "{provider: acme, file: x, fiel: y}"])
def test_a_misspelt_word_is_met_by_the_word_that_is_meant(repository: Read, typo: str) -> None:
    with pytest.raises(Halt) as halted:
        open_repository(repository(f"project: acme\ncrm: {typo}\n"))
    (problem,) = halted.value.report
    assert "Did you mean" in problem.detail


def test_what_is_wrong_beside_a_wrong_crm_is_told_with_it(repository: Read) -> None:
    with pytest.raises(Halt) as halted:
        open_repository(repository("project: acme\ncrm: {provider: sapphire}\nsnapshot: never\n"))
    assert {one.summary for one in halted.value.report} == {'There is no provider "sapphire"', "snapshot cannot be so"}


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_provider_is_known_to_the_schema_and_can_be_opened(name: str) -> None:
    assert get_args(built_in(name).model_fields["provider"].annotation) == (name,)
    assert name in {tag.tag for kind in get_args(CRM) for tag in get_args(kind) if isinstance(tag, Tag)}
    assert resolve_name(OPENED[name])


def test_without_the_package_the_providers_that_there_are_are_named(repository: Read) -> None:
    with pytest.raises(Halt) as halted:
        open_repository(repository("project: acme\ncrm: {provider: sapphire}\n"))
    (problem,) = halted.value.report
    assert problem.summary == 'There is no provider "sapphire"'
    assert problem.detail.startswith("No package brings it. There are: sql")
