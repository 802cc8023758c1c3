import os
import subprocess
import sys
from pathlib import Path

import pytest

from terraform_like import git


def run(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout.strip()


def write(root: Path, path: str, content: str = "content\n") -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(content, encoding="utf-8")


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing of the user's or the machine's settings reaches a test, nor a variable of a hook that runs the tests."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    settings = tmp_path / "gitconfig"
    settings.write_text("[user]\n  name = Jane Doe\n  email = jane@example.com\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    return settings


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with two commits, the first tagged `first`."""
    root = tmp_path / "repository"
    root.mkdir()
    write(root, "plans/fy27/plan.yaml", "plan: {}\n")
    write(root, "policies/fairness.yaml", "first: ü\r\n")
    git.init(root)
    run(root, "tag", "first")
    write(root, "policies/fairness.yaml", "second\n")
    write(root, "policies/deep/er.yaml", "deeper\n")
    run(root, "add", "--all")
    run(root, "commit", "--quiet", "-m", "second")
    return root


def test_a_folder_outside_every_repository_is_none(tmp_path: Path, root: Path) -> None:
    assert git.is_repository(root)
    assert git.is_repository(root / "plans")
    assert not git.is_repository(tmp_path)


def test_without_a_repository_the_error_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(git.GitError, match=r"no git repository.*git init"):
        git.head(tmp_path)
    with pytest.raises(git.GitError, match="no git repository"):
        git.dirty(tmp_path, ["plans"])
    with pytest.raises(git.GitError, match="no git repository"):
        git.file_at(tmp_path, "HEAD", "plans")


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(git.GitError, match="no folder"):
        git.head(tmp_path / "nowhere")


def test_the_head_is_the_commit_that_is_checked_out(root: Path) -> None:
    assert git.head(root) == run(root, "rev-parse", "HEAD")
    run(root, "checkout", "--quiet", "--detach", "first")
    assert git.head(root) == run(root, "rev-parse", "first")


def test_before_the_first_commit_there_is_no_head_and_all_is_dirty(tmp_path: Path) -> None:
    root = tmp_path / "unborn"
    write(root, "plans/a.yaml")
    run(root, "init", "--quiet")
    assert git.head(root) is None
    assert git.dirty(root, ["plans"]) == ["plans/a.yaml"]
    with pytest.raises(git.GitError, match='no commit "HEAD"'):
        git.file_at(root, "HEAD", "plans/a.yaml")


def test_what_is_changed_new_staged_or_gone_is_dirty(root: Path) -> None:
    assert git.dirty(root, ["plans", "policies"]) == []
    write(root, "plans/fy27/plan.yaml", "plan: {currency: USD}\n")
    write(root, "plans/fy27/new name ü.yaml")
    write(root, "plans/fy27/staged.yaml")
    run(root, "add", "plans/fy27/staged.yaml")
    (root / "policies/fairness.yaml").unlink()
    assert git.dirty(root, ["plans", "policies"]) == [
        "plans/fy27/new name ü.yaml",
        "plans/fy27/plan.yaml",
        "plans/fy27/staged.yaml",
        "policies/fairness.yaml",
    ]
    assert git.dirty(root, ["policies"]) == ["policies/fairness.yaml"]
    assert git.dirty(root, ["nowhere"]) == []
    assert git.dirty(root, []) == []


def test_a_renamed_file_is_dirty_under_both_names(root: Path) -> None:
    run(root, "mv", "policies/fairness.yaml", "policies/even.yaml")
    assert git.dirty(root, ["policies"]) == ["policies/even.yaml", "policies/fairness.yaml"]


def test_a_path_is_no_pattern(root: Path) -> None:
    write(root, "plans/fy27/plan.yaml", "changed\n")
    assert git.dirty(root, ["plans/*"]) == []


def test_an_ignored_file_is_not_dirty(root: Path) -> None:
    write(root, "plans/.gitignore", "*.tmp\n.gitignore\n")
    write(root, "plans/fy27/a.tmp")
    assert git.dirty(root, ["plans"]) == []


def test_a_file_is_read_as_the_commit_has_it_byte_for_byte(root: Path) -> None:
    assert git.file_at(root, "first", "policies/fairness.yaml") == "first: ü\r\n".encode()
    assert git.file_at(root, "main", "policies/fairness.yaml") == b"second\n"
    assert git.file_at(root, "HEAD~1", "policies/deep/er.yaml") is None
    assert git.file_at(root, "HEAD", "policies") is None


def test_the_files_of_a_folder_are_read_as_the_commit_has_them(root: Path) -> None:
    (root / "policies/fairness.yaml").unlink()
    assert git.files_at(root, "main", "policies") == {
        "policies/deep/er.yaml": b"deeper\n",
        "policies/fairness.yaml": b"second\n",
    }
    assert list(git.files_at(root, "first", "policies/")) == ["policies/fairness.yaml"]
    assert git.files_at(root, "first", "nowhere") == {}


def test_a_link_in_a_commit_is_no_file(root: Path) -> None:
    (root / "policies/link.yaml").symlink_to("/etc/hostname")
    run(root, "add", "--all")
    run(root, "commit", "--quiet", "-m", "link")
    assert git.file_at(root, "HEAD", "policies/link.yaml") is None


@pytest.mark.parametrize("ref", ["nowhere", "origin/main", "--help", "-x", "HEAD:plans", ""])
def test_an_unknown_ref_is_an_error_that_names_it(root: Path, ref: str) -> None:
    with pytest.raises(git.GitError, match="There is no commit") as error:
        git.files_at(root, ref, "policies")
    assert f'"{ref}"' in str(error.value)


def test_a_project_in_a_subfolder_sees_paths_from_its_own_root(root: Path) -> None:
    write(root, "sales/plans/fy27/plan.yaml", "inner\n")
    run(root, "add", "--all")
    run(root, "commit", "--quiet", "-m", "a project in a subfolder")
    inner = root / "sales"
    assert git.head(inner) == git.head(root)
    assert git.file_at(inner, "HEAD", "plans/fy27/plan.yaml") == b"inner\n"
    assert git.files_at(inner, "HEAD", "plans") == {"plans/fy27/plan.yaml": b"inner\n"}
    write(root, "plans/fy27/plan.yaml", "outer, changed\n")
    write(inner, "plans/fy27/plan.yaml", "inner, changed\n")
    write(inner, "plans/fy27/new.yaml")
    assert git.dirty(inner, ["plans"]) == ["plans/fy27/new.yaml", "plans/fy27/plan.yaml"]


def test_variables_that_point_at_another_repository_are_ignored(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = run(root, "rev-parse", "HEAD")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_WORK_TREE", "/nowhere")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", "/nowhere")
    monkeypatch.setenv("GIT_COMMON_DIR", "/nowhere")
    monkeypatch.setenv("GIT_NAMESPACE", "nonsense")
    monkeypatch.setenv("GIT_PREFIX", "nonsense/")
    assert git.is_repository(root)
    assert git.head(root) == commit
    assert git.dirty(root, ["plans"]) == []
    assert git.file_at(root, "HEAD", "plans/fy27/plan.yaml") == b"plan: {}\n"
    other = tmp_path / "other"
    write(other, "territory.yaml")
    first = git.init(other)
    assert git.head(other) == first != commit
    assert os.environ["GIT_DIR"] == "/nowhere"


def test_init_makes_one_commit_of_everything_on_main(tmp_path: Path) -> None:
    root = tmp_path / "fresh"
    write(root, "territory.yaml")
    write(root, "plans/fy27/plan.yaml")
    write(root, ".gitignore", "crm.sqlite\n")
    write(root, "crm.sqlite")
    commit = git.init(root)
    assert git.head(root) == commit
    assert run(root, "symbolic-ref", "--short", "HEAD") == "main"
    assert run(root, "rev-list", "--count", "HEAD") == "1"
    assert run(root, "ls-files").splitlines() == [".gitignore", "plans/fy27/plan.yaml", "territory.yaml"]
    assert run(root, "status", "--porcelain") == ""
    assert run(root, "log", "-1", "--format=%an <%ae>") == "Jane Doe <jane@example.com>"


def test_init_needs_no_identity_and_leaves_none_behind(tmp_path: Path, own_settings: Path) -> None:
    own_settings.write_text("")
    root = tmp_path / "fresh"
    write(root, "territory.yaml")
    git.init(root)
    assert run(root, "log", "-1", "--format=%an <%ae>") == "territory <territory@localhost>"
    assert "user" not in (root / ".git/config").read_text()


def test_init_neither_signs_nor_runs_hooks(tmp_path: Path, own_settings: Path) -> None:
    hooks = tmp_path / "hooks"
    write(hooks, "pre-commit", "#!/bin/sh\nexit 1\n")
    (hooks / "pre-commit").chmod(0o755)
    own_settings.write_text(f"[core]\n  hooksPath = {hooks}\n[commit]\n  gpgSign = true\n[gpg]\n  program = false\n")
    root = tmp_path / "fresh"
    write(root, "territory.yaml")
    assert git.init(root) == run(root, "rev-parse", "HEAD")


def test_who_works_here_is_whom_git_knows_else_the_system_user(
    tmp_path: Path, own_settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert git.who(tmp_path) == "Jane Doe <jane@example.com>"
    own_settings.write_text("[user]\n  email = jane@example.com\n")
    assert git.who(tmp_path) == "jane@example.com"
    own_settings.write_text("")
    monkeypatch.setenv("LOGNAME", "ops")
    assert git.who(tmp_path) == "ops"


@pytest.mark.parametrize("imported_before", [False, True])
def test_without_git_the_error_says_so_and_who_still_answers(tmp_path: Path, imported_before: bool) -> None:
    script = f"""
import os, pathlib
from terraform_like import git
here = pathlib.Path({str(tmp_path)!r})
if {imported_before}:
    git.is_repository(here)
os.environ["PATH"], os.environ["LOGNAME"] = "/nowhere", "ops"
try:
    git.head(here)
except git.GitError as error:
    print(error)
print(git.who(here))
"""
    answer = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    said, name = answer.stdout.splitlines()
    assert said.startswith("git is not installed")
    assert name == "ops"


def test_a_branch_is_where_the_remote_has_it_and_else_where_it_is_here(root: Path) -> None:
    here = git.head(root)
    assert git.branch_tip(root, "main") == here
    assert git.branch_tip(root, "release") is None
    first = run(root, "rev-parse", "first")
    run(root, "update-ref", "refs/remotes/origin/main", first)
    assert git.branch_tip(root, "main") == first


def test_a_commit_holds_what_it_was_made_on_top_of(root: Path) -> None:
    first, here = run(root, "rev-parse", "first"), run(root, "rev-parse", "HEAD")
    assert git.holds(root, here, first)
    assert git.holds(root, here, here)
    assert not git.holds(root, first, here)
    with pytest.raises(git.GitError):
        git.holds(root, here, "0" * 40)
