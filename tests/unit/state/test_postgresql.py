"""What only a server can do wrong: two at once, connections that die, URLs with passwords."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from postgres import Server
from pydantic import SecretStr

from terraform_like.plan.applied import Run
from terraform_like.state.lock import StateError, StateLocked
from terraform_like.state.opening import open_state
from terraform_like.state.store import State

HOLD = """
import os, sys
from pathlib import Path
from pydantic import SecretStr
from terraform_like.state.opening import open_state
state = open_state(SecretStr(sys.argv[1]), Path())
with state.lock("ana", sys.argv[2], os.getpid(), 0):
    print(state.holder.id, flush=True)
    sys.stdin.readline()
    state.begin("fy27", "d1")
"""


@pytest.fixture
def url(postgresql: Server) -> SecretStr:
    return SecretStr(postgresql.make_database())


@pytest.fixture
def state(url: SecretStr) -> Iterator[State]:
    opened = open_state(url, Path())
    yield opened
    opened.close()


def holding(url: SecretStr, host: str) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, url.get_secret_value(), host],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def locked(state: State, timeout: float = 0) -> StateLocked:
    with pytest.raises(StateLocked) as caught, state.lock("ben", "ci-2", 4712, timeout):
        pass
    return caught.value


def test_the_second_one_is_told_who_holds_the_lock_and_gets_it_when_that_process_is_killed(
    url: SecretStr, state: State
) -> None:
    process, lock = holding(url, "ci-1")
    with process:
        refusal = locked(state)
        assert f"held by ana on ci-1 (process {process.pid}), since 20" in str(refusal)
        assert f"territory state unlock {lock}" in str(refusal)
        assert refusal.holder is not None
        assert refusal.holder.id == lock
        process.kill()
        process.communicate()
    # Its row is left in the table, and tells of nobody.
    with state.lock("ben", "ci-2", 4712, 60):
        assert state.holder is not None
        assert state.holder.who == "ben"
    assert state.holder is None


def test_whoever_lost_the_lock_writes_no_more(url: SecretStr, state: State) -> None:
    process, lock = holding(url, "a-host-that-is-gone")
    with process:
        assert state.holder is not None
        state.unlock(lock)
        assert state.holder is None
        with state.lock("ben", "ci-2", 4712, 0):
            _, said = process.communicate("\n")
    assert process.returncode == 1
    assert "StateError: the state cannot be used" in said


def test_a_lock_is_taken_from_nobody_who_is_at_work(url: SecretStr, state: State) -> None:
    process, lock = holding(url, socket.gethostname())
    with process:
        with pytest.raises(StateError, match=f"process {process.pid}.* is at work on this host"):
            state.unlock(lock)
        with pytest.raises(StateError, match=f"held under the ID {lock}, not 0123"):
            state.unlock("0123")
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()


def test_states_of_two_schemas_do_not_know_each_other(url: SecretStr, state: State) -> None:
    other = open_state(SecretStr(url.get_secret_value() + "&schema=acme"), Path())
    assert other.lineage != state.lineage
    with state.lock("ana", "ci-1", 1, 0), other.lock("ben", "ci-1", 2, 0):
        assert other.begin("fy27", "d") == Run(1, "fy27", "d")
    other.close()
    with psycopg.connect(url.get_secret_value()) as server:
        found = server.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'meta' ORDER BY 1").fetchall()
    assert found == [("acme",), ("territory",)]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("postgresql://ana:s3cr3t@127.0.0.1:1/db", "connection"),
        ("postgresql://ana:s3cr3t@host/db?schema=Ac%22me", "letters a-z"),
        ("postgresql://ana:s3cr3t@127.0.0.1/db?s3cr3t=1", "s"),
    ],
)
def test_a_server_that_is_not_there_is_an_error_without_its_password(bad: str, words: str) -> None:
    with pytest.raises(StateError, match=words) as caught:
        open_state(SecretStr(bad), Path())
    assert ":s3cr3t" not in str(caught.value)
