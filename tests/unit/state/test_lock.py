from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from terraform_like.state.lock import Holder, StateError, StateLocked, file_lock

ANA = Holder("ana", "ci-1", 4711, "2027-02-01T06:00:00Z")
BEN = Holder("ben", "ci-2", 4712, "2027-02-01T06:00:01Z")

HOLD = """
import sys
from pathlib import Path
from terraform_like.state.lock import Holder, file_lock
with file_lock(Path(sys.argv[1]), Holder("ana", "ci-1", 4711, "2027-02-01T06:00:00Z"), 0):
    print("held", flush=True)
    sys.stdin.readline()
"""


def holding(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_one_is_told_who_holds_the_lock_and_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "state.lock"
    with holding(path) as process:
        with pytest.raises(StateLocked) as caught, file_lock(path, BEN, 0.1):
            pass
        assert caught.value.holder == ANA
        assert "ana on ci-1 (process 4711), since 2027-02-01T06:00:00Z" in str(caught.value)
        assert "--lock-timeout" in str(caught.value)
        process.communicate("\n")


def test_a_lock_dies_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "state.lock"
    with holding(path) as process:
        process.kill()
        process.communicate()
    with file_lock(path, BEN, 0):
        assert json.loads(path.read_text())["who"] == "ben"


def test_a_waiting_one_gets_the_lock_when_it_is_free(tmp_path: Path) -> None:
    path = tmp_path / "state.lock"
    with holding(path) as process:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        with file_lock(path, BEN, 60):
            assert json.loads(path.read_text())["who"] == "ben"
        process.communicate()


def test_a_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    path = tmp_path / "state.lock"
    with pytest.raises(KeyError), file_lock(path, ANA, 0):
        raise KeyError
    with file_lock(path, BEN, 0):
        pass
    assert path.read_text() == ""


@pytest.mark.parametrize("content", ["", "{", "[]", '{"who": "ana"}'])
def test_a_holder_that_cannot_be_read_is_another_process(tmp_path: Path, content: str) -> None:
    path = tmp_path / "state.lock"
    with file_lock(path, ANA, 0):
        path.write_text(content)
        with pytest.raises(StateLocked, match="held by another process"), file_lock(path, BEN, 0):
            pass


def test_a_lock_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="cannot be made"), file_lock(tmp_path / "nowhere" / "lock", ANA, 0):
        pass
    assert list(tmp_path.iterdir()) == []
