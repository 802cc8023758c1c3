"""A company that signs its sign-offs: a repository in git, and keys of OpenSSH of two people."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from contextlib import closing
from datetime import date
from pathlib import Path

from terraform_like.config.load import load_wanted, open_repository
from terraform_like.diagnostics import Report
from terraform_like.flow.approve import approval_checks, approve
from terraform_like.flow.gate import Gate, read_gate
from terraform_like.flow.plan import make_plan, save_plan
from terraform_like.git import init
from terraform_like.plan.check import Check
from terraform_like.plan.sealed import load_sealed

TEN = Path(__file__).parent / "cases" / "_repos" / "ten"
SIGN_OFF = "plans/fy27/approvals/vp.sales.yaml"


def git(root: Path, *arguments: str, **environment: str) -> None:
    subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, env=environment or None)


class Company:
    """A repository whose base branch asks for signed sign-offs, and has keys of two people."""

    def __init__(self, root: Path, keys: Path) -> None:
        self.root, self.keys = root, keys

    def public(self, name: str) -> str:
        return (self.keys / f"{name}.pub").read_text().strip()

    def commit(self, *paths: str, key: str | None = None) -> None:
        signed = ["-c", "gpg.format=ssh", "-c", f"user.signingKey={self.keys / (key or '')}"] if key else []
        git(self.root, "add", *paths)
        git(self.root, *signed, "commit", "--quiet", "-m", "one", *(["-S"] if key else []))

    def sign_off(self, key: str | None) -> None:
        approve(open_repository(self.root), "fy27", "vp.sales")
        self.commit(SIGN_OFF, key=key)

    def gate(self, base: str | None = "base") -> Gate:
        repository = open_repository(self.root)
        return read_gate(repository, load_wanted(repository, "fy27", Report()), base, Report())

    def check(self, base: str | None = "base") -> Check:
        repository, gate = open_repository(self.root), self.gate(base)
        wanted, saved = load_wanted(repository, "fy27", Report()), load_sealed(self.root / "plans" / "fy27", Report())
        assert saved is not None
        asked, count = gate.policies.approvals, saved.ways.changes.height
        (check,) = approval_checks(repository, wanted, saved.plan, count, asked, gate.signers)
        return check


def make_keys(folder: Path) -> None:
    """Make a pair of keys each for Vera, who is the vice president, and for Mallory."""
    for name in ("vera", "mallory"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", folder / name], check=True)


def make_company(root: Path, keys: Path) -> Company:
    """Make a company with a saved plan, committed to its base branch."""
    one = Company(Path(shutil.copytree(TEN, root)), keys)
    with closing(sqlite3.connect(root / "crm.sqlite")) as database:
        database.executescript((root / "crm.sql").read_text())
    (root / "policies" / "approvals.yaml").write_text("approvals: [{from: [vp.sales, cfo], signed: true}]\n")
    (root / "policies" / "allowed_signers").write_text(
        f"# who signs\nvp.sales,vera@acme.com {one.public('vera')}\ncfo {one.public('mallory')}\n"
    )
    repository = open_repository(root)
    save_plan(repository, make_plan(repository, "fy27", date(2027, 2, 1))[0])
    init(root)
    git(root, "branch", "base")
    return one
