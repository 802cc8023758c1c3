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
from terraform_like.flow.fmt import fmt
from terraform_like.flow.init import Sources, init

EXAMPLE = "us-municipalities"
#: What turns a folder of YAML into the loop of pull request, gate, apply and drift.
LOOP = [
    ".gitattributes",
    ".github/CODEOWNERS",
    ".github/actions/territory/action.yml",
    ".github/pull_request_template.md",
    *(f".github/workflows/{name}.yml" for name in ("apply", "drift", "plan", "refresh")),
    ".github/zizmor.yml",
]


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
        *LOOP,
        ".gitignore",
        ".pre-commit-config.yaml",
        "README.md",
        "SETUP.md",
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
        *(".git", ".gitattributes", ".github", ".gitignore", ".pre-commit-config.yaml", "README.md", "SETUP.md"),
        *("crm.sqlite", "plans", "policies", "schemas", "territory.yaml"),
    ]


def git_in(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def test_a_clone_of_an_empty_repository_is_used_with_its_remote(tmp_path: Path, small: Sources) -> None:
    git_in(tmp_path, "init", "--quiet", "--bare", "remote")
    git_in(tmp_path, "clone", "--quiet", "remote", "clone")
    made, _ = init(tmp_path / "clone", example="tiny", example_sources=small)
    git_in(made.root, "push", "--quiet", "origin", "main")
    assert git_in(tmp_path / "remote", "rev-parse", "main").strip() == made.commit


@pytest.fixture
def crm_folder(tmp_path: Path) -> Path:
    """A folder with a CRM, what says where it is, and a file that is nobody's business."""
    folder = tmp_path / "ours"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "sales.db")) as crm, crm:
        crm.executescript(
            "CREATE TABLE accounts (id TEXT PRIMARY KEY, owner_id TEXT); CREATE TABLE users (id TEXT, name TEXT);"
            "INSERT INTO users VALUES ('U1', 'Jane Doe'), ('U2', 'Raj Patel');"
            "INSERT INTO accounts VALUES ('A1', 'U1'), ('A2', 'U1'), ('A3', 'U2');"
        )
    (folder / "territory.yaml").write_text(
        "project: ours\ncrm:\n  provider: sql\n  url: sqlite:///sales.db\n"
        "  accounts: {table: accounts, key: id, owner: owner_id}\n  users: {table: users, key: id, name: name}\n"
    )
    return folder


def test_what_the_crm_holds_becomes_a_repository_and_the_rest_of_the_folder_stays_out(crm_folder: Path) -> None:
    made, report = init(crm_folder, from_crm=True)
    assert not report.failed
    assert made.imported is not None
    assert (made.imported.accounts, made.imported.territories, made.imported.changes) == (3, 2, 0)
    files = committed(crm_folder)
    assert {*LOOP, "territory.yaml", "plans/current/plan.yaml", "policies/fairness.yaml", "README.md"} <= set(files)
    assert "sales.db" not in files
    repository = open_repository(crm_folder)
    load_wanted(repository, repository.choose(None), report)
    assert not report.failed


def test_a_repository_with_commits_is_filled_and_committing_is_left_to_its_people(crm_folder: Path) -> None:
    git_in(crm_folder, "init", "--quiet")
    git_in(crm_folder, "add", "territory.yaml")
    git_in(crm_folder, "commit", "--quiet", "--message", "Start")
    made, _ = init(crm_folder, from_crm=True)
    assert made.commit is None
    assert committed(crm_folder) == ["territory.yaml"]
    assert (crm_folder / "plans/current/plan.yaml").is_file()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "territory.yaml").unlink(), "There is no territory.yaml in"),
        (lambda folder: (folder / "policies").mkdir(), "holds policies already"),
        (lambda folder: (folder / "sales.db").write_text("no database, but a text"), "file is not a database"),
        (lambda folder: (folder / "territory.yaml").write_text("project: ours\n"), "crm"),
    ],
    ids=["no territory.yaml", "policies", "no CRM", "no key"],
)
def test_what_cannot_be_imported_leaves_the_folder_as_it_was(crm_folder: Path, spoil: object, said: str) -> None:
    spoil(crm_folder)  # type: ignore[operator]
    before = snapshot(crm_folder)
    assert said in refused(crm_folder, from_crm=True)
    assert snapshot(crm_folder) == before


@pytest.mark.parametrize("kind", ["blank", "example", "imported"])
def test_the_layout_of_a_new_repository_is_the_one_that_its_workflows_ask_for(
    tmp_path: Path, crm_folder: Path, kind: str
) -> None:
    folder = crm_folder if kind == "imported" else tmp_path / "repo"
    init(folder, example=EXAMPLE if kind == "example" else None, from_crm=kind == "imported")
    formatted, report = fmt(folder, write=False)
    assert formatted.changed == ()
    assert not report.failed


def test_an_example_has_a_crm_of_its_own(crm_folder: Path) -> None:
    assert "--example and --from-crm do not go together" in refused(crm_folder, from_crm=True, example=EXAMPLE)


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
