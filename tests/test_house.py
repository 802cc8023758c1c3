"""Claims about the house as a whole: what a start costs, what is shipped, and what stays out of the files."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

SOLVER = {"cvxpy", "highspy", "clarabel", "osqp", "scs"}


def imported(*arguments: str, cwd: Path) -> set[str]:
    """Run `territory` with those arguments and give the modules that it imported, and their top-level names."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "terraform_like", *arguments],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    modules = re.findall(r"^import time:[ \d]+\|[ \d]+\| +([\w.]+)", done.stderr, re.MULTILINE)
    names = {name for module in modules for name in (module, module.partition(".")[0])}
    said = re.sub(r"^import time:.*\n", "", done.stderr, flags=re.MULTILINE)
    assert done.returncode == 0, done.stdout + said
    assert "terraform_like" in names
    return names


def tracked(root: Path) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True).stdout
    return [path for name in listed.split("\0") if name and (path := root / name).is_file()]


def test_help_starts_without_anything_heavy(tmp_path):
    heavy = {"polars", "numpy", "scipy", "pydantic", "sqlalchemy", "sqlglot", "ruamel", "git", "jinja2", "rich"}
    assert imported("--help", cwd=tmp_path) & (SOLVER | heavy) == set()


def test_version_starts_without_anything_heavy(tmp_path):
    assert imported("version", cwd=tmp_path) & (SOLVER | {"polars", "numpy", "scipy", "sqlalchemy"}) == set()


def test_validate_needs_neither_solver_nor_crm_and_no_provider_that_is_not_named(pristine_example):
    others = {f"terraform_like.domain.{name}" for name in ("salesforce", "hubspot", "odoo")}
    assert imported("validate", cwd=pristine_example) & (SOLVER | {"scipy", "sqlalchemy", "jinja2"} | others) == set()


def test_show_check_and_apply_need_no_solver(example, territory):
    saved = territory("plan", "--save", cwd=example)
    assert saved.returncode == 0, saved.stderr
    assert imported("show", cwd=example) & (SOLVER | {"sqlalchemy", "altair", "vl_convert", "jinja2"}) == set()
    assert imported("check", cwd=example) & (SOLVER | {"sqlalchemy"}) == set()
    subprocess.run(["git", "add", "--all"], cwd=example, check=True)
    subprocess.run(["git", "commit", "--quiet", "--message", "Approve the plan"], cwd=example, check=True)
    assert (
        imported("apply", "--as-of", "2027-02-01", "--auto-approve", "--allow", "changes", cwd=example) & SOLVER
        == set()
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory, root) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, root],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    (made,) = folder.glob("*.whl")
    return made


def test_the_wheel_holds_the_example_and_every_module(wheel, root):
    names = set(zipfile.ZipFile(wheel).namelist())
    here = {str(path.relative_to(root)) for path in tracked(root)}
    assert {name for name in here if name.startswith("terraform_like/")} <= names
    for folder, shipped in [
        ("plans/us-municipalities", "us-municipalities"),
        ("policies", "policies"),
        ("schemas", "schemas"),
    ]:
        inside = {name for name in here if name.startswith(f"{folder}/")}
        assert inside, f"{folder} is empty"
        assert {f"terraform_like/examples/{shipped}{name.removeprefix(folder)}" for name in inside} <= names


def test_the_example_can_be_made_from_an_installed_wheel(wheel, tmp_path):
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    code = (
        f"import sys; sys.path.insert(0, {str(site)!r})\n"
        "import terraform_like; sys.stderr.write(terraform_like.__file__)\n"
        "sys.argv[1:] = ['init', 'repo', '--example', 'us-municipalities']\n"
        "import terraform_like.__main__"
    )
    made = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    assert str(site) in made.stderr
    assert (tmp_path / "repo" / "territory.yaml").is_file()


def test_constraints_pin_every_version_and_name_no_address(root):
    lines = (root / "constraints.txt").read_text().splitlines()
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line)] == []
    assert lines == sorted(lines, key=str.lower)


def test_constraints_pin_every_dependency(root):
    import tomllib

    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    asked = {*project["dependencies"], *project["optional-dependencies"]["dev"]}

    def key(requirement: str) -> str:
        """Names are compared as indexes do: any case, and `-`, `_` and `.` alike."""
        return re.sub(r"[-_.]+", "-", re.split(r"[<>=!~ \[;]", requirement)[0]).lower()

    pinned = {key(line) for line in (root / "constraints.txt").read_text().splitlines()}
    assert {key(requirement) for requirement in asked} - pinned == set()


def test_no_file_names_a_path_of_this_machine(root):
    here = re.compile("|".join(rf"(?<![\w.-]){re.escape(str(place))}/" for place in (root, Path.home())).encode())
    assert [str(path) for path in tracked(root) if here.search(path.read_bytes())] == []


def test_the_page_on_schemas_names_each_of_them(root):
    page = (root / "schemas" / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\]\(([\w-]+\.schema\.json)\)", page)) == {path.name for path in root.glob("schemas/*.json")}


def test_schemas_are_those_of_the_code(territory, root):
    done = territory("schema", "--check", cwd=root)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_make_target_that_the_papers_name_exists(root):
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(), re.MULTILINE))
    for paper in [root / "README.md", *(root / ".github").rglob("*.md")]:
        named = set(re.findall(r"(?:`|^|\n)make ([a-z-]+)", paper.read_text()))
        assert named <= targets, f"{paper}: {sorted(named - targets)}"
