from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from terraform_like.config.load import load_wanted, open_repository
from terraform_like.diagnostics import Halt, Report
from terraform_like.flow.fmt import fmt

Territory = Callable[..., subprocess.CompletedProcess[str]]

UGLY = "people:\n    amy:   { home: [1.0,2.0],   user: a }\nsegments:\n- name: all\n"
PRETTY = """\
# yaml-language-server: $schema=../../schemas/plan.schema.json

segments:
  - name: all
people:
  amy: {user: a, home: [1.0, 2.0]}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with one file that is laid out and one that is not."""
    for path, text in {
        "territory.yaml": "# yaml-language-server: $schema=x.json\n\nproject: p\ncrm: {url: x}\n",
        "plans/one/a.yaml": UGLY,
        "plans/two/b.yml": PRETTY,
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def test_what_is_not_laid_out_is_written_and_then_left_alone(root: Path) -> None:
    formatted, report = fmt(root)
    assert formatted.files == ("territory.yaml", "plans/one/a.yaml", "plans/two/b.yml")
    assert formatted.changed == ("plans/one/a.yaml",)
    assert len(report) == 0
    assert (root / "plans/one/a.yaml").read_text() == PRETTY
    assert fmt(root)[0].changed == ()
    assert sorted(p.name for p in (root / "plans/one").iterdir()) == ["a.yaml"]


def test_a_plan_may_be_named(root: Path) -> None:
    assert fmt(root, "two")[0].files == ("plans/two/b.yml",)
    with pytest.raises(Halt, match="There is no plan"):
        fmt(root, "three")


def test_without_writing_everything_stays_and_the_diff_says_what_would_change(root: Path) -> None:
    formatted, _ = fmt(root, write=False)
    assert formatted.changed == ("plans/one/a.yaml",)
    assert (root / "plans/one/a.yaml").read_text() == UGLY
    patched = subprocess.run(
        ["patch", "-p0"], cwd=root, input=formatted.diff, text=True, capture_output=True, check=False
    )
    assert patched.returncode == 0, patched.stdout
    assert (root / "plans/one/a.yaml").read_text() == PRETTY


def test_a_file_with_errors_is_reported_and_left_alone_and_the_others_are_laid_out(root: Path) -> None:
    (root / "plans/one/0.yaml").write_text("plan: {}\nplan: {}\n")
    (root / "plans/one/1.yaml").write_bytes(b"plan: \xff\n")
    formatted, report = fmt(root)
    assert formatted.changed == ("plans/one/a.yaml",)
    assert [d.span.file for d in report if d.span] == ["plans/one/0.yaml", "plans/one/1.yaml"]
    assert (root / "plans/one/0.yaml").read_text() == "plan: {}\nplan: {}\n"


def test_a_file_that_is_too_large_is_not_read(root: Path) -> None:
    with (root / "plans/one/large.yaml").open("wb") as file:
        file.truncate(10_000_001)
    _, report = fmt(root)
    assert [d.summary for d in report] == ["The file is too large"]


def test_a_link_stays_a_link_and_a_file_keeps_its_mode(root: Path) -> None:
    file = root / "plans/one/a.yaml"
    target = file.rename(root / "elsewhere")
    target.chmod(0o640)
    file.symlink_to(target)
    fmt(root)
    assert file.is_symlink()
    assert target.read_text() == PRETTY
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_files_with_errors_elsewhere_are_laid_out_all_the_same(root: Path) -> None:
    (root / "territory.yaml").write_text("crm: {url: '${NOT_SET}'}\nnonsense: 1\n")
    formatted, report = fmt(root)
    assert "territory.yaml" in formatted.changed
    assert len(report) == 0


def test_a_folder_that_is_no_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Halt, match="no territory repository"):
        fmt(tmp_path)


def test_the_example_is_laid_out_and_means_what_it_meant(example: Path) -> None:
    def meaning() -> object:
        return load_wanted(open_repository(example), "us-municipalities", Report()).carving.canonical()

    before = meaning()
    formatted, report = fmt(example)
    assert formatted.changed == ()
    assert len(report) == 0
    for path in example.glob("plans/*/*.yaml"):
        path.write_text(path.read_text().replace("\n  ", "\n     "))
    assert fmt(example)[0].changed != ()
    assert meaning() == before


def test_the_blank_repository_is_laid_out(tmp_path: Path, territory: Territory) -> None:
    assert territory("init", "repo", cwd=tmp_path).returncode == 0
    assert fmt(tmp_path / "repo")[0].changed == ()


def test_check_ends_with_three_and_names_the_files(root: Path, territory: Territory) -> None:
    done = territory("fmt", "--check", cwd=root)
    assert (done.returncode, done.stdout, done.stderr) == (3, "plans/one/a.yaml is not laid out\n", "")
    done = territory("fmt", cwd=root)
    assert (done.returncode, done.stdout) == (0, "plans/one/a.yaml is laid out anew\n")
    done = territory("fmt", "--check", cwd=root)
    assert (done.returncode, done.stdout) == (0, "Nothing to lay out in 3 files.\n")


def test_diff_shows_and_writes_nothing(root: Path, territory: Territory) -> None:
    done = territory("fmt", "--diff", cwd=root)
    assert done.returncode == 0
    assert "+  amy: {user: a, home: [1.0, 2.0]}\n" in done.stdout
    assert territory("fmt", "--diff", "--check", cwd=root).returncode == 3
    assert (root / "plans/one/a.yaml").read_text() == UGLY


def test_an_error_ends_with_one(root: Path, territory: Territory) -> None:
    (root / "plans/two/b.yml").write_text("plan: [\n")
    done = territory("fmt", "--check", cwd=root)
    assert done.returncode == 1
    assert "plans/one/a.yaml is not laid out" in done.stdout
    assert "This is not YAML" in done.stderr


def test_a_folder_that_cannot_be_written_is_told(root: Path) -> None:
    if os.geteuid() == 0:
        # Root may write everywhere: a name of the longest kind leaves no room for the file beside it.
        (root / "plans/one/a.yaml").rename(root / "plans/one" / ("a" * 250 + ".yaml"))
    else:
        (root / "plans/one").chmod(0o500)
    _, report = fmt(root)
    assert [d.summary for d in report] == ["The file cannot be written"]
