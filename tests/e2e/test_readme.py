"""The README says what is true: its commands run as written, and its YAML is valid."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"


def blocks(language: str) -> list[str]:
    found = re.findall(rf"^```{language}\n(.*?)^```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found, f"README.md has no ```{language} block"
    return found


def test_every_command_runs_as_written(tmp_path):
    commands = [line.removeprefix("$ ") for b in blocks("console") for line in b.splitlines() if line.startswith("$ ")]
    done = subprocess.run(
        ["sh", "-ex"], input="\n".join(commands), cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No changes." in done.stdout.splitlines()[-1]


def test_every_yaml_file_is_valid(tmp_path, territory):
    for block in blocks("yaml"):
        name = block.splitlines()[0].removeprefix("# ")
        assert name.endswith(".yaml"), f"the first line of a YAML block names its file, and not {name}"
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(block, encoding="utf-8")
    done = territory("validate", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_shell_completes_commands_and_options(tmp_path, quick_bin):
    """The words of the README's table are those that click answers to."""
    lines = re.findall(r"_TERRITORY_COMPLETE=(\w+)_source territory", README.read_text(encoding="utf-8"))
    assert lines == ["bash", "zsh", "fish"]

    def said(**variables: str) -> str:
        env = os.environ | {"_TERRITORY_COMPLETE": "bash_complete"} | variables
        done = subprocess.run(
            [quick_bin / "territory"], env=env, cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return done.stdout

    assert said(COMP_WORDS="territory pl", COMP_CWORD="1") == "plain,plan\n"
    assert "plain,--auto-approve\n" in said(COMP_WORDS="territory apply --au", COMP_CWORD="2")
    assert "complete" in said(_TERRITORY_COMPLETE="zsh_source")
    assert "complete" in said(_TERRITORY_COMPLETE="fish_source")
