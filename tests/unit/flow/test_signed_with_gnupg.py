"""Sign-offs in commits that are signed with real keys of GnuPG."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from signing import SIGN_OFF, Company, git

from terraform_like.config.load import open_repository
from terraform_like.flow.approve import approve

ANOTHER = "vp.sales (its commit is signed with another key than theirs in policies/)"


class Ring:
    """A ring of keys in a folder, and git that signs with it."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def run(self, *arguments: str) -> str:
        command = ["gpg", "--homedir", self.home, "--batch", "--pinentry-mode", "loopback", "--passphrase", ""]
        return subprocess.run([*command, *arguments], check=True, capture_output=True, text=True).stdout

    def make(self, name: str, expires: str = "never") -> str:
        self.run("--quick-generate-key", f"{name} <{name}@acme.com>", "ed25519", "sign", expires)
        return self.run("--armor", "--export", f"{name}@acme.com")

    def sign_off(self, company: Company, name: str) -> None:
        approve(open_repository(company.root), "fy27", "vp.sales")
        git(company.root, "add", SIGN_OFF)
        key = ("-c", "gpg.format=openpgp", "-c", f"user.signingKey={name}@acme.com")
        git(company.root, *key, "commit", "-S", "-qm", "one", **os.environ, GNUPGHOME=str(self.home))


@pytest.fixture
def ring() -> Iterator[Ring]:
    # The name of the socket of its agent has to be short.
    with TemporaryDirectory(prefix="gpg-") as home:
        yield Ring(Path(home))
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=True, capture_output=True)


def have(company: Company, key: str) -> None:
    """Have a key in the base branch, as that of the vice president."""
    git(company.root, "switch", "--quiet", "base")
    (company.root / "policies" / "vp.sales.asc").write_text(key)
    company.commit("policies")


def test_a_key_counts_where_the_base_branch_has_it_for_its_person(company: Company, ring: Ring) -> None:
    have(company, ring.make("vera"))
    ring.sign_off(company, "vera")
    check = company.check()
    assert (check.ok, check.found) == (True, "vp.sales")


def test_nobody_lets_in_a_key_of_their_own(company: Company, ring: Ring) -> None:
    have(company, ring.make("vera"))
    git(company.root, "switch", "--quiet", "--create", "wish")
    (company.root / "policies" / "vp.sales.asc").write_text(ring.make("mallory"))
    company.commit("policies")
    ring.sign_off(company, "mallory")
    assert company.check(base=None).ok
    assert company.check().found == ANOTHER
    told = company.gate().changes
    assert [line[:30] for line in told] == ["- signer vp.sales vp.sales.asc", "+ signer vp.sales vp.sales.asc"]


def test_a_key_that_has_expired_counts_no_more(company: Company, ring: Ring) -> None:
    settings = ring.home / "gpg.conf"
    settings.write_text("faked-system-time 20200101T000000!\n")
    have(company, ring.make("vera", "2020-02-01"))
    ring.sign_off(company, "vera")
    settings.unlink()
    assert (
        company.check().found == "vp.sales (its commit is signed with a key of theirs that has expired or was revoked)"
    )


def test_neither_the_ring_nor_the_settings_of_the_machine_count(
    company: Company, ring: Ring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring.make("vera")
    ring.sign_off(company, "vera")
    gullible = tmp_path / "gpg"
    gullible.write_text("#!/bin/sh\ncat > /dev/null\necho '[GNUPG:] GOODSIG 0 vera'\n")
    gullible.chmod(0o755)
    monkeypatch.setenv("GNUPGHOME", str(ring.home))
    for name, value in {"COUNT": "1", "KEY_0": "gpg.program", "VALUE_0": os.fspath(gullible)}.items():
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    assert company.check().found == ANOTHER
    (company.root / "policies" / "vp.sales.asc").write_text("no key")
    assert company.check(base=None).found == ANOTHER


def test_where_there_is_no_gnupg_it_is_said(
    company: Company, ring: Ring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    have(company, ring.make("vera"))
    ring.sign_off(company, "vera")
    (tmp_path / "git").symlink_to(shutil.which("git") or "")
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    assert company.check().found == "vp.sales (its commit is signed with GnuPG, which is not installed here: gpg)"
