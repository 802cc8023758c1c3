"""Sign-offs in signed commits, with real keys: whoever signs is who the file says, by the keys of the base branch."""

from __future__ import annotations

from pathlib import Path

import pytest
from signing import SIGN_OFF, Company, git

from terraform_like.config.load import open_repository
from terraform_like.flow.approve import approve
from terraform_like.plan.signers import Signers, signers_changed, signers_in


@pytest.mark.parametrize(
    ("key", "ok", "found"),
    [
        ("vera", True, "vp.sales"),
        (None, False, "vp.sales (its commit is not signed)"),
        ("mallory", False, "vp.sales (its commit is signed with another key than theirs in policies/)"),
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
    git(company.root, "switch", "--quiet", "base")
    (company.root / "policies" / "allowed_signers").unlink()
    company.commit("policies")
    company.sign_off("vera")
    assert company.check().found == "vp.sales (no key in policies/allowed_signers, and no policies/vp.sales.asc)"


def test_a_clone_that_lacks_commits_says_so(company: Company, tmp_path: Path) -> None:
    company.sign_off("vera")
    (company.root / "README.md").write_text("more")
    company.commit("README.md")
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{company.root}", "shallow")
    check = Company(tmp_path / "shallow", company.keys).check(base=None)
    assert check.found == "vp.sales (its commit is not signed; this clone is shallow: git fetch --unshallow)"


def test_only_a_line_that_names_a_person_is_theirs() -> None:
    lines = b'# vp ssh-rsa AAA\nvp,v@acme.com ssh-rsa BBB\n*@acme.com,* ssh-rsa CCC\n"cfo,vp" ssh-rsa DDD\n\n'
    signers = Signers(lines)
    assert signers.ssh_of("vp") == b'vp,v@acme.com ssh-rsa BBB\n"cfo,vp" ssh-rsa DDD\n'
    assert signers.ssh_of("intern") == b""
    assert signers_changed(Signers(b"a k\nb k\n"), Signers(b"b k\nc k\n")) == ("- signer a k", "+ signer c k")


def test_a_file_of_keys_is_of_whom_it_is_named_for() -> None:
    signers = signers_in({"policies/vp.sales.asc": b"one", "policies/gate.yaml": b"two"})
    assert (signers.openpgp_of("vp.sales"), signers.openpgp_of("vp"), signers.ssh) == (b"one", b"", b"")
    (line,) = signers_changed(signers, Signers())
    assert line.startswith("- signer vp.sales vp.sales.asc ")
