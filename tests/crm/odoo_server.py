"""A real Odoo 19 of the tests' own: Debian's package, unpacked beside its packages from PyPI, on the tests' PostgreSQL.

Package and packages are kept in a folder of the user's cache, so that only the first run gets them. The package is the
one with that SHA-256 and no other.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import postgres
import psycopg

PACKAGE = "odoo-19"
#: odoo-19 19.0.0+dfsg-1
PINNED = "9d2f598b0555db17e291d48ed24df184c70823c053c4c5ed53c467ca7f629bbf"
DATABASE = "crm"
#: Seconds that the server may take to answer for the first time.
PATIENCE = 180

_LOCK = Path(__file__).with_name("odoo.lock")

#: Run inside Odoo: users of three kinds with keys, and fields as an administrator makes them.
_PEOPLE = """
import datetime, json
def made(login, name, groups):
    ids = [env.ref(group).id for group in groups]
    return env["res.users"].create({"name": name, "login": login, "group_ids": [(6, 0, ids)]})
people = {
    "sync": made("sync", "Sync Bot", ["base.group_user", "base.group_partner_manager"]),
    "bare": made("bare", "Bare User", ["base.group_user"]),
    "admin": env.ref("base.user_admin"),
}
for name, kind in (("x_territory", "char"), ("x_revenue", "float")):
    env["ir.model.fields"].create({
        "model_id": env["ir.model"]._get_id("res.partner"), "name": name, "ttype": kind,
        "field_description": name.removeprefix("x_"), "state": "manual",
    })
until = datetime.datetime.now() + datetime.timedelta(days=1)
keys = {n: env(user=u.id)["res.users.apikeys"].sudo()._generate("rpc", "tests", until) for n, u in people.items()}
env.cr.commit()
print("KEYS " + json.dumps(keys))
"""


class NotTested(Exception):
    """A real Odoo can't be had here."""

    def __init__(self, why: str) -> None:
        super().__init__(f"Odoo not tested: {why}")


@dataclass(frozen=True)
class OdooServer:
    """A running server: its address, and the keys of `admin`, of `sync` who may write, and of `bare` who may not."""

    url: str
    keys: Mapping[str, str]


@contextmanager
def server() -> Iterator[OdooServer]:
    """Start an Odoo with an empty database and stop it at the end; nothing of it is left but the cache.

    Raises
    ------
    NotTested
        When it can't be had or does not start.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "territory-odoo"
    cache.mkdir(parents=True, exist_ok=True)
    _unpack(cache)
    _make_venv(cache)
    with postgres.server() as database:
        with psycopg.connect(database.url("postgres"), autocommit=True) as connection:
            connection.execute("CREATE ROLE odoo LOGIN CREATEDB")
        yield from _serving(cache, database.folder)


def _unpack(cache: Path) -> None:
    """Get the package by apt with sources of its own, which needs no root and leaves the machine's as they are."""
    if (cache / "odoo").is_dir():
        return
    apt = cache / "apt"
    for folder in ("lists/partial", "cache/archives/partial"):
        (apt / folder).mkdir(parents=True, exist_ok=True)
    (apt / "status").touch()
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
    mirrors = [line for line in _said(command, cache).splitlines() if "security" not in line]
    if not mirrors:
        raise NotTested("apt knows no mirror of Debian here")
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    (apt / "sources.list").write_text(f"deb [signed-by={keyring}] {mirrors[0]} sid main\n")
    options = {
        "Dir::Etc::sourcelist": apt / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State": apt,
        "Dir::State::status": apt / "status",
        "Dir::Cache": apt / "cache",
        "APT::Sandbox::User": "",
    }
    with_options = ["apt-get", "-qq", *(word for name, to in options.items() for word in ("-o", f"{name}={to}"))]
    _said([*with_options, "update"], cache)
    _said([*with_options, "download", PACKAGE], cache)
    (package,) = cache.glob(f"{PACKAGE}_*_all.deb")
    if hashlib.sha256(package.read_bytes()).hexdigest() != PINNED:
        package.unlink()
        raise NotTested("Debian has another build now; try it, and pin that one in tests/crm/odoo_server.py")
    _said(["dpkg-deb", "-x", str(package), str(cache / "odoo.part")], cache)
    (cache / "odoo.part").rename(cache / "odoo")


def _make_venv(cache: Path) -> None:
    ready = cache / "venv" / hashlib.sha256(_LOCK.read_bytes()).hexdigest()
    if ready.exists():
        return
    _said([sys.executable, "-m", "venv", "--clear", str(cache / "venv")], cache)
    pip = [str(cache / "venv/bin/pip"), "-qq", "--disable-pip-version-check"]
    _said([*pip, "install", "-r", str(_LOCK)], cache)
    ready.touch()


def _serving(cache: Path, database: Path) -> Iterator[OdooServer]:
    port = _free_port()
    config, log = database / "odoo.conf", database / "odoo.log"
    settings = {
        "db_host": database,
        "db_user": "odoo",
        "data_dir": database / "odoo",
        "http_interface": "127.0.0.1",
        "http_port": port,
        "dbfilter": f"^{DATABASE}$",
        "without_demo": "True",
        "workers": 0,
        "max_cron_threads": 0,
    }
    config.write_text("[options]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items()))
    odoo = [str(cache / "venv/bin/python"), str(cache / "odoo/usr/bin/odoo")]
    options = ["-c", str(config), "-d", DATABASE]
    libraries = cache / "odoo/usr/lib/python3/dist-packages"
    environment = {**os.environ, "PYTHONPATH": str(libraries), "HOME": str(database)}
    _said([*odoo, *options, "-i", "crm,rpc", "--stop-after-init"], cache, environment)
    said = _said([*odoo, "shell", *options, "--no-http"], cache, environment, _PEOPLE)
    told = [line for line in said.splitlines() if line.startswith("KEYS ")]
    if not told:
        raise NotTested(f"Odoo gives no keys: {said[-2_000:]}")
    url = f"http://127.0.0.1:{port}"
    with log.open("wb") as out, subprocess.Popen([*odoo, *options], env=environment, stdout=out, stderr=out) as process:
        try:
            _wait(url, process, log)
            yield OdooServer(url, json.loads(told[0].removeprefix("KEYS ")))
        finally:
            process.terminate()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(5 * PATIENCE):
        try:
            if httpx.get(f"{url}/web/health", timeout=5).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
        if process.poll() is not None:
            break
    raise NotTested(f"Odoo does not start: {log.read_text(errors='replace')[-2_000:]}")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _said(command: list[str], folder: Path, environment: Mapping[str, str] | None = None, told: str = "") -> str:
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, input=told, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise NotTested(f"there is no {command[0]} here") from None
    if done.returncode:
        raise NotTested(f"{' '.join(command[:3])} fails: {done.stderr[-2_000:]}")
    return done.stdout
