import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from terraform_like import git
from terraform_like.config.load import load_wanted, open_repository
from terraform_like.crm.embedded import Embedded
from terraform_like.diagnostics import Halt
from terraform_like.flow.init import Sources, init

EXAMPLE = "us-municipalities"


def snapshot(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def committed(root: Path) -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=root, check=True, capture_output=True, text=True)
    return listed.stdout.splitlines()


def refused(directory: Path, **options: object) -> str:
    with pytest.raises(Halt) as halted:
        init(directory, **options)  # type: ignore[arg-type]
    return "\n".join(f"{d.summary}: {d.detail}" for d in halted.value.report)


@pytest.fixture
def small(tmp_path: Path) -> Sources:
    """Sources with one tiny example."""
    sources = Sources(tmp_path / "from/examples", tmp_path / "from/policies", tmp_path / "from/schemas")
    for path, content in {
        "examples/tiny/plan.yaml": "segments: [{name: all}]\n",
        "examples/tiny/make_accounts.py": "",
        "examples/tiny/crm/accounts.csv": "id,owner_id\nA-1,U-1\n",
        "examples/tiny/crm/users.csv": "id,name\nU-1,Jane\n",
        "examples/tiny/repository/README.md": "# Tiny\n",
        "examples/tiny/repository/territory.yaml": "project: tiny\n",
        "policies/fairness.yaml": "policies: {}\n",
        "schemas/plan.schema.json": "{}\n",
    }.items():
        (tmp_path / "from" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "from" / path).write_text(content)
    return sources


def test_the_example_is_a_valid_territory_repository(tmp_path: Path) -> None:
    made, report = init(tmp_path / "repo", example=EXAMPLE)
    assert len(report) == 0
    assert made.root == tmp_path / "repo"
    assert made.crm == Embedded(accounts=4447, users=33)
    repository = open_repository(made.root)
    wanted = load_wanted(repository, repository.choose(None), report)
    assert len(report) == 0
    assert len(wanted.carving.books) == 36
    assert "even-potential" in wanted.policies.policies
    with closing(sqlite3.connect(made.root / "crm.sqlite")) as crm:
        assert crm.execute("SELECT count(*) FROM accounts WHERE typeof(population) <> 'integer'").fetchone() == (0,)
        assert crm.execute("SELECT count(DISTINCT owner_id) FROM accounts").fetchone() == (33,)


def test_the_example_brings_its_yaml_and_no_workshop(tmp_path: Path) -> None:
    made, _ = init(tmp_path / "repo", example=EXAMPLE)
    files = committed(made.root)
    assert {"territory.yaml", "README.md", ".gitignore", f"plans/{EXAMPLE}/plan.yaml"} <= set(files)
    assert {Path(file).suffix for file in files if file.startswith("plans/")} == {".yaml"}
    assert "crm.sqlite" not in files


def test_a_new_repository_is_committed_and_clean(tmp_path: Path, small: Sources) -> None:
    made, _ = init(tmp_path / "repo", example="tiny", example_sources=small)
    assert git.head(made.root) == made.commit
    assert git.dirty(made.root, ["."]) == []
    assert committed(made.root) == [
        ".gitignore",
        "README.md",
        "plans/tiny/plan.yaml",
        "policies/fairness.yaml",
        "schemas/plan.schema.json",
        "territory.yaml",
    ]


def test_the_state_of_the_tool_stays_out_of_git(tmp_path: Path, small: Sources) -> None:
    made, _ = init(tmp_path / "repo", example="tiny", example_sources=small)
    (made.root / ".territory").mkdir()
    (made.root / ".territory/state.sqlite").touch()
    (made.root / "crm.sqlite-journal").touch()
    assert git.dirty(made.root, ["."]) == []


def test_without_an_example_the_repository_is_valid_and_says_what_to_fill_in(tmp_path: Path) -> None:
    made, report = init(tmp_path / "repo")
    assert made.crm is None
    repository = open_repository(made.root)
    load_wanted(repository, repository.choose(None), report)
    assert len(report) == 0
    assert "FILL IN" in (made.root / "territory.yaml").read_text()
    assert not (made.root / "crm.sqlite").exists()


def test_an_empty_folder_is_used_in_place(tmp_path: Path, small: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    before = folder.stat().st_ino
    made, _ = init(Path(), example="tiny", example_sources=small)
    assert git.head(folder) == made.commit
    assert folder.stat().st_ino == before
    assert sorted(p.name for p in folder.iterdir()) == [
        *(".git", ".gitignore", "README.md", "crm.sqlite", "plans", "policies", "schemas", "territory.yaml")
    ]


def test_missing_parents_are_made(tmp_path: Path, small: Sources) -> None:
    made, _ = init(tmp_path / "a/b/repo", example="tiny", example_sources=small)
    assert (made.root / "territory.yaml").is_file()
    assert snapshot(tmp_path / "a/b")[0] == "repo"


def test_a_folder_in_use_is_left_alone(tmp_path: Path, small: Sources) -> None:
    (tmp_path / "used").mkdir()
    (tmp_path / "used/notes.txt").write_text("mine")
    said = refused(tmp_path / "used", example="tiny", example_sources=small)
    assert "used is not empty" in said
    assert "territory init OTHER-FOLDER" in said
    assert snapshot(tmp_path / "used") == ["notes.txt"]
    assert "is a file" in refused(tmp_path / "used/notes.txt", example="tiny", example_sources=small)


def test_an_unknown_example_is_an_error_with_the_list(tmp_path: Path, small: Sources) -> None:
    said = refused(tmp_path / "repo", example="us-municipality")
    assert 'There is no example "us-municipality"' in said
    assert f'Examples: {EXAMPLE}. Did you mean "{EXAMPLE}"?' in said
    for name in ("../tiny", "", "tiny/crm", "policies"):
        assert "There is no example" in refused(tmp_path / "repo", example=name, example_sources=small)
    assert not (tmp_path / "repo").exists()


def test_all_errors_are_said_at_once(tmp_path: Path, small: Sources) -> None:
    said = refused(small.policies, example="nothing", example_sources=small)
    assert "is not empty" in said
    assert "There is no example" in said


@pytest.mark.parametrize("exists", [False, True])
def test_a_failure_leaves_nothing_behind(
    tmp_path: Path, small: Sources, monkeypatch: pytest.MonkeyPatch, exists: bool
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    if exists:
        (tmp_path / "a").mkdir()
    before = snapshot(tmp_path)
    assert "git is not installed" in refused(tmp_path / "a", example="tiny", example_sources=small)
    assert "git is not installed" in refused(tmp_path / "b/c/repo", example="tiny", example_sources=small)
    assert snapshot(tmp_path) == before


def test_a_broken_example_leaves_nothing_behind(tmp_path: Path, small: Sources) -> None:
    (small.examples / "tiny/crm/accounts.csv").write_text("id,owner_id\nA-1,nobody\n")
    said = refused(tmp_path / "repo", example="tiny", example_sources=small)
    assert 'The example "tiny" is broken: accounts.csv: FOREIGN KEY' in said
    assert not (tmp_path / "repo").exists()


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path, small: Sources) -> None:
    (tmp_path / "file").touch()
    said = refused(tmp_path / "file/repo", example="tiny", example_sources=small)
    assert "The repository cannot be made" in said
    assert snapshot(tmp_path / "file") == []


def test_a_read_only_installation_gives_files_that_can_be_written(tmp_path: Path, small: Sources) -> None:
    for folder, _, files in os.walk(small.examples / "tiny"):
        for file in files:
            (Path(folder) / file).chmod(0o444)
    made, _ = init(tmp_path / "repo", example="tiny", example_sources=small)
    assert all(p.stat().st_mode & 0o200 for p in made.root.rglob("*") if ".git" not in p.parts)
