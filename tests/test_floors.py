"""The floors of the house: a module imports only from lower floors, and each dependency has one home.

`.github/CONTRIBUTING.md` has the map. Imports inside functions and under TYPE_CHECKING count too: whoever needs a
name to explain itself depends on it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "terraform_like"

#: The floor of every room; `__init__` holds the version, which anyone may read.
FLOORS = {
    "__init__": -1,
    "diagnostics": 0,
    "address": 0,
    "domain": 1,
    "carve": 2,
    "staffing": 2,
    "diff": 2,
    "policy": 2,
    "plan": 3,
    "providers": 3,
    "config": 4,
    "crm": 4,
    "state": 4,
    "git": 4,
    "report": 4,
    "flow": 5,
    "cli": 6,
    "__main__": 7,
}

#: The floor of every room within `carve`; its own modules, from `decompose` to `settle`, call all of them.
CARVE_FLOORS = {
    "arrays": 0,
    "watch": 0,
    "form": 1,
    "prove": 2,
    "price": 3,
    "map": 3,
    "programs": 4,
    "search": 5,
}
CARVE_TOP = 6

ANYWHERE = ("",)
#: Where each dependency may be imported, as beginnings of paths.
HOMES = {
    "altair": ("report/",),
    "click": ("cli/",),
    "cvxpy": ("carve/programs/",),
    "distributed": ("carve/executor.py",),
    "git": ("git/run.py",),
    "highspy": ("carve/programs/",),
    "httpx": ("crm/",),
    "jinja2": ("report/",),
    "jwt": ("crm/salesforce/login.py",),
    "jsonschema": ("config/", "plan/file.py"),
    "markupsafe": ("report/",),
    "numpy": ANYWHERE,
    "polars": ANYWHERE,
    "pydantic": ANYWHERE,
    "pydantic_core": ANYWHERE,
    "rich": ("cli/", "report/"),
    "ruamel": ("config/",),
    "scipy": ("carve/",),
    "sqlalchemy": ("crm/", "state/"),
    "sqlglot": (
        "domain/criteria.py",
        "domain/evaluation.py",
        "domain/expression.py",
        "domain/grammar.py",
        "domain/kinds.py",
        "domain/values.py",
    ),
    "vl_convert": ("report/",),
}

LONGEST = 400
NO_NAMES = {"common", "helper", "helpers", "misc", "util", "utils"}


def modules(package: Path) -> list[Path]:
    return sorted(package.rglob("*.py"))


def room(module: Path, package: Path) -> str:
    """Give the top-level name that a module belongs to: `carve` for carve/programs/exact.py, `git` for git.py."""
    return module.relative_to(package).parts[0].removesuffix(".py")


def imports(module: Path, package: Path) -> Iterator[tuple[int, str]]:
    """Give line and full dotted name of everything that a module imports, wherever in it that stands."""
    inside = (package.name, *module.relative_to(package).parent.parts)
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"), str(module))):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=source, names=names, level=level):
                start = (
                    ".".join((*inside[: len(inside) - level + 1], *([source] if source else []))) if level else source
                )
                yield from ((node.lineno, f"{start}.{alias.name}") for alias in names)
            case ast.Call(
                func=ast.Name("__import__") | ast.Attribute(attr="import_module"), args=[ast.Constant(name), *_]
            ):
                yield node.lineno, str(name)


def misplaced(package: Path) -> list[str]:
    """Name every top-level module that has no floor."""
    return [
        f"{module}: the room `{room(module, package)}` has no floor; give it one in FLOORS of tests/test_floors.py "
        "and in .github/CONTRIBUTING.md, or move the module into a room that there is"
        for module in modules(package)
        if room(module, package) not in FLOORS
    ]


def arrows_up(package: Path) -> list[str]:
    """Name every import from the same floor or a higher one."""
    found = []
    for module in modules(package):
        own = room(module, package)
        for line, name in imports(module, package):
            parts = name.split(".")
            if parts[0] != package.name:
                continue
            other = parts[1] if len(parts) > 1 and parts[1] in FLOORS else "__init__"
            if other != own and FLOORS[other] >= FLOORS.get(own, -2):
                found.append(
                    f"{module}:{line}: {own} (floor {FLOORS.get(own)}) imports {name} (floor {FLOORS[other]}); move "
                    "what both need to a lower floor, or let a flow hand the value over"
                )
    return found


def arrows_up_in_carve(package: Path) -> list[str]:
    """Name every import within `carve` of a room on the same floor or a higher one."""
    found = []
    for module in modules(package / "carve"):
        own = room(module, package / "carve")
        for line, name in imports(module, package):
            parts = name.split(".")
            if parts[:2] != [package.name, "carve"] or len(parts) < 3 or parts[2] == own:
                continue
            here, there = (CARVE_FLOORS.get(one, CARVE_TOP) for one in (own, parts[2]))
            if there >= here and here < CARVE_TOP:
                found.append(f"{module}:{line}: {own} (floor {here} of carve) imports {name} (floor {there})")
    return found


def strangers(package: Path) -> list[str]:
    """Name every import of a dependency outside its home, or of one that has no home."""
    found = []
    for module in modules(package):
        place = module.relative_to(package).as_posix()
        for line, name in imports(module, package):
            top = name.split(".")[0]
            if top == package.name or top in sys.stdlib_module_names:
                continue
            homes = HOMES.get(top, ())
            if not place.startswith(homes):
                where = ", ".join(homes) or "nowhere yet: name its home in HOMES of tests/test_floors.py"
                found.append(f"{module}:{line}: imports {top}, whose home is {where}; call that room instead")
    return found


def too_long(package: Path) -> list[str]:
    """Name every module that has grown into two."""
    counts = {module: module.read_text(encoding="utf-8").count("\n") for module in modules(package)}
    return [
        f"{module}: {count} lines, more than {LONGEST}; which two modules is it?"
        for module, count in counts.items()
        if count > LONGEST
    ]


def nameless(package: Path) -> list[str]:
    """Name every module or folder whose name says nothing of what is in it."""
    return [
        f"{module}: no module is named so; name it after what it gives, or move its functions to where they are used"
        for module in modules(package)
        if NO_NAMES & {part.removesuffix(".py").strip("_") for part in module.relative_to(package).parts}
    ]


RULES = [misplaced, arrows_up, arrows_up_in_carve, strangers, too_long, nameless]


@pytest.mark.parametrize("rule", RULES)
def test_the_house_keeps(rule):
    assert "\n".join(rule(PACKAGE)) == ""


BREACHES = {
    "a room without a floor": (misplaced, "cellar/wine.py", ""),
    "a higher floor": (arrows_up, "domain/book.py", "from terraform_like.plan.model import Plan"),
    "an equal": (arrows_up, "diff.py", "import terraform_like.staffing"),
    "an equal, through the package": (arrows_up, "diff.py", "from terraform_like import staffing"),
    "an equal, relative": (arrows_up, "carve/settle.py", "from ..policy import rule"),
    "a higher floor, inside a function": (
        arrows_up,
        "carve/programs/exact.py",
        "def f():\n    from terraform_like.flow import plan",
    ),
    "a higher floor, for a type": (arrows_up, "address.py", "if TYPE_CHECKING:\n    import terraform_like.domain.book"),
    "a higher floor, by its name as text": (arrows_up, "address.py", "importlib.import_module('terraform_like.cli')"),
    "a higher floor of carve": (
        arrows_up_in_carve,
        "carve/price/table.py",
        "from ..search import dive",
    ),
    "an equal floor of carve": (
        arrows_up_in_carve,
        "carve/map/grow.py",
        "from ..price import table",
    ),
    "the top floor of carve": (arrows_up_in_carve, "carve/form/ways.py", "from ..decompose import decompose"),
    "a dependency away from home": (strangers, "flow/plan.py", "import cvxpy as cp"),
    "a dependency away from home, in part": (strangers, "flow/plan.py", "from ruamel.yaml import YAML"),
    "a dependency in the wrong file of its room": (strangers, "plan/model.py", "import jsonschema"),
    "a dependency that has no home": (strangers, "flow/plan.py", "import requests"),
    "a long module": (too_long, "flow/plan.py", "\n" * (LONGEST + 1)),
    "a name that says nothing": (nameless, "flow/utils.py", ""),
    "a name that says nothing, in private": (nameless, "flow/_helpers.py", ""),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_a_breach_is_seen(breach, tmp_path):
    rule, place, source = BREACHES[breach]
    module = tmp_path / "terraform_like" / place
    module.parent.mkdir(parents=True)
    module.write_text(source)
    (message,) = rule(tmp_path / "terraform_like")
    assert message.startswith(str(module))


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("flow/plan.py", "from terraform_like.domain.book import Book\nfrom terraform_like import __version__, config"),
        (
            "carve/programs/exact.py",
            "import cvxpy\nfrom terraform_like.carve.form.problem import Problem\nfrom . import proof",
        ),
        ("plan/file.py", "import json\nimport jsonschema\nfrom .model import Plan\nfrom ..diff import Change"),
        ("git/run.py", "import git"),
    ],
)
def test_what_stands_in_its_room_passes(place, source, tmp_path):
    module = tmp_path / "terraform_like" / place
    module.parent.mkdir(parents=True)
    module.write_text(source)
    assert [message for rule in RULES for message in rule(tmp_path / "terraform_like")] == []
