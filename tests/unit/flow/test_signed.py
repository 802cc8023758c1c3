"""Sign-offs in signed commits, with real keys: whoever signs is who the file says, by the keys of the base branch."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from terraform_like import git
from terraform_like.config.load import load_wanted, open_repository
from terraform_like.diagnostics import Report
from terraform_like.flow.approve import approval_checks, approve
from terraform_like.flow.gate import Gate, read_gate
from terraform_like.flow.plan import make_plan, save_plan
from terraform_like.plan.check import Check
from terraform_like.plan.file import load
from terraform_like.plan.signers import keys_of, signers_changed

TEN = Path(__file__).parents[2] / "cases" / "_repos" / "ten"
SIGN_OFF = "plans/fy27/approvals/vp.sales.yaml"


def run(root: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)


class Company:
    """A repository whose base branch asks for signed sign-offs, and has keys of two people."""

    def __init__(self, root: Path, keys: Path) -> None:
        self.root, self.keys = root, keys

    def public(self, name: str) -> str:
        return (self.keys / f"{name}.pub").read_text().strip()

    def commit(self, *paths: str, key: str | None = None) -> None:
        signed = ["-c", "gpg.format=ssh", "-c", f"user.signingKey={self.keys / (key or '')}"] if key else []
        run(self.root, "add", *paths)
        run(self.root, *signed, "commit", "--quiet", "-m", "one", *(["-S"] if key else []))

    def sign_off(self, key: str | None) -> None:
        approve(open_repository(self.root), "fy27", "vp.sales")
        self.commit(SIGN_OFF, key=key)

    def gate(self, base: str | None = "base") -> Gate:
        repository = open_repository(self.root)
        return read_gate(repository, load_wanted(repository, "fy27", Report()), base, Report())

    def check(self, base: str | None = "base") -> Check:
        repository, gate = open_repository(self.root), self.gate(base)
        wanted, saved = load_wanted(repository, "fy27", Report()), load(repository.plan_folder("fy27"), Report())
        assert saved is not None
        (check,) = approval_checks(repository, wanted, saved.plan, 1, gate.policies.approvals, gate.signers)
        return check


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    for name in ("vera", "mallory"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", folder / name], check=True)
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, keys: Path) -> Path:
    root = Path(shutil.copytree(TEN, tmp_path_factory.mktemp("made") / "repo"))
    with closing(sqlite3.connect(root / "crm.sqlite")) as database:
        database.executescript((root / "crm.sql").read_text())
    one = Company(root, keys)
    (root / "policies" / "approvals.yaml").write_text("approvals: [{from: [vp.sales, cfo], signed: true}]\n")
    (root / "policies" / "allowed_signers").write_text(
        f"# who signs\nvp.sales,vera@acme.com {one.public('vera')}\ncfo {one.public('mallory')}\n"
    )
    repository = open_repository(root)
    save_plan(repository, make_plan(repository, "fy27", date(2027, 2, 1))[0])
    git.init(root)
    run(root, "branch", "base")
    return root


@pytest.fixture
def company(tmp_path: Path, keys: Path, made: Path) -> Company:
    return Company(Path(shutil.copytree(made, tmp_path / "repo")), keys)


@pytest.mark.parametrize(
    ("key", "ok", "found"),
    [
        ("vera", True, "vp.sales"),
        (None, False, "vp.sales (its commit is not signed)"),
        ("mallory", False, "vp.sales (its commit is signed with another key than theirs in policies/allowed_signers)"),
    ],
)
def test_a_sign_off_counts_in_a_commit_that_its_person_signed(
    company: Company, key: str | None, ok: bool, found: str
) -> None:
    company.sign_off(key)
    check = company.check()
    assert (check.ok, check.found) == (ok, found)
    assert check.expected == "1 of vp.sales, cfo, in commits that they sign"
    assert "git commit -S, with a key that policies/allowed_signers of the base branch names for you" in check.way_out


def test_nobody_lets_in_a_key_of_their_own(company: Company) -> None:
    (company.root / "policies" / "allowed_signers").write_text(f"vp.sales {company.public('mallory')}\n")
    company.commit("policies", key="mallory")
    company.sign_off("mallory")
    assert company.check(base=None).ok
    assert not company.check().ok
    assert f"+ signer vp.sales {company.public('mallory')}" in company.gate().changes


def test_a_sign_off_that_is_not_as_it_was_committed_is_not_signed(company: Company) -> None:
    approve(open_repository(company.root), "fy27", "vp.sales")
    assert company.check().found == "vp.sales (not committed)"
    company.commit(SIGN_OFF, key="vera")
    with (company.root / SIGN_OFF).open("a") as file:
        file.write("# more\n")
    assert company.check().found == "vp.sales (not committed)"


def test_whoever_has_no_key_in_the_file_cannot_sign(company: Company) -> None:
    run(company.root, "switch", "--quiet", "base")
    (company.root / "policies" / "allowed_signers").unlink()
    company.commit("policies")
    company.sign_off("vera")
    assert company.check().found == "vp.sales (no key in policies/allowed_signers)"


def test_a_signature_of_another_kind_is_none_whatever_the_keys_of_the_machine(
    company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpg = tmp_path / "gpg"
    gpg.write_text(
        "#!/bin/sh\ncat > /dev/null\necho '-----BEGIN PGP SIGNATURE-----'\n"
        "echo '[GNUPG:] SIG_CREATED ' >&2\necho '[GNUPG:] GOODSIG 0 vera'\n"
    )
    gpg.chmod(0o755)
    settings = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "gpg.program", "GIT_CONFIG_VALUE_0": os.fspath(gpg)}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    approve(open_repository(company.root), "fy27", "vp.sales")
    run(company.root, "add", SIGN_OFF)
    run(company.root, "commit", "--quiet", "-S", "-m", "one")
    assert company.check().found == "vp.sales (its commit is not signed with an SSH key)"


def test_a_clone_that_lacks_commits_says_so(company: Company, tmp_path: Path) -> None:
    company.sign_off("vera")
    (company.root / "README.md").write_text("more")
    company.commit("README.md")
    run(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{company.root}", "shallow")
    check = Company(tmp_path / "shallow", company.keys).check(base=None)
    assert check.found == "vp.sales (its commit is not signed; this clone is shallow: git fetch --unshallow)"


def test_only_a_line_that_names_a_person_is_theirs() -> None:
    lines = b'# vp ssh-rsa AAA\nvp,v@acme.com ssh-rsa BBB\n*@acme.com,* ssh-rsa CCC\n"cfo,vp" ssh-rsa DDD\n\n'
    assert keys_of("vp", lines) == b'vp,v@acme.com ssh-rsa BBB\n"cfo,vp" ssh-rsa DDD\n'
    assert keys_of("intern", lines) == b""
    assert signers_changed(b"a k\nb k\n", b"b k\nc k\n") == ("- signer a k", "+ signer c k")
