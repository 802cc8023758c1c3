"""What a person at a terminal meets: a question that only `yes` answers, colours, Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pexpect
import pytest

QUESTION = "Only `yes` will do"


@pytest.fixture
def at_terminal(west_approved):
    """Run a command in the approved West at a terminal of 100 columns; dead processes are not left behind."""
    children = []

    def spawn(*arguments: str, **environment: str) -> pexpect.spawn:
        inherited = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS")}
        child = pexpect.spawn(
            sys.executable,
            ["-m", "terraform_like", *arguments],
            cwd=str(west_approved),
            env=inherited | {"TERM": "xterm-256color"} | environment,
            dimensions=(40, 100),
            encoding="utf-8",
            timeout=120,
            # A shell's background job ignores Ctrl-C, and would pass that on.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        children.append(child)
        return child

    yield spawn
    for child in children:
        child.close(force=True)


def finished(child: pexpect.spawn) -> tuple[str, int]:
    """Give what a command still says, and how it ends."""
    said = child.read()
    child.wait()
    return said, child.exitstatus


@pytest.mark.parametrize("answer", ["y", "YES", ""])
def test_nothing_but_yes_applies(at_terminal, west_approved, in_crm, answer):
    before = in_crm(west_approved)
    child = at_terminal("apply", "--as-of", "2027-02-01", "--allow", "changes")
    child.expect_exact(QUESTION)
    child.sendline(answer)

    said, code = finished(child)

    assert code == 1
    assert "Nothing was written." in said
    assert in_crm(west_approved) == before


def test_yes_applies_what_was_shown(at_terminal, west_approved, in_crm):
    before = in_crm(west_approved)
    child = at_terminal("apply", "--as-of", "2027-02-01", "--allow", "changes")
    child.expect_exact(QUESTION)
    shown = child.before
    child.sendline("yes")

    said, code = finished(child)

    assert code == 0
    assert "to move, 0 to transfer, 0 to remove." in shown
    assert "complete" in said
    assert in_crm(west_approved) != before


def test_ctrl_c_at_the_question_writes_nothing(at_terminal, west_approved, in_crm):
    before = in_crm(west_approved)
    child = at_terminal("apply", "--as-of", "2027-02-01", "--allow", "changes")
    child.expect_exact(QUESTION)
    child.sendintr()

    said, code = finished(child)

    assert code == 130
    assert "Traceback" not in said
    assert in_crm(west_approved) == before


def test_without_a_terminal_nobody_is_asked(west_approved, territory, in_crm):
    before = in_crm(west_approved)

    done = territory("apply", "--as-of", "2027-02-01", "--allow", "changes", cwd=west_approved)

    assert done.returncode == 1
    assert "--auto-approve" in done.stderr
    assert done.stdout == ""
    assert in_crm(west_approved) == before


def test_a_terminal_gets_colours_and_its_own_width(at_terminal):
    said, code = finished(at_terminal("show"))

    assert code == 0
    assert "\x1b[" in said
    plain = finished(at_terminal("show", "--no-color"))[0]
    assert 80 < max(map(len, plain.splitlines())) <= 100


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["NO_COLOR", "dumb"])
def test_a_terminal_without_colours_gets_none(at_terminal, environment):
    assert "\x1b" not in finished(at_terminal("show", **environment))[0]


def test_a_pipe_gets_neither_colours_nor_a_complaint_when_it_closes(west_approved):
    process = subprocess.Popen(
        [sys.executable, "-m", "terraform_like", "show"],
        cwd=west_approved,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        first = process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()

    assert first == "Plan us-municipalities as of 2027-02-01\n"
    assert said == ""
