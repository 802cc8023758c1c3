"""A state in git, on a bare remote with two clones, as two runners of a forge have it."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from pydantic import SecretStr

from terraform_like import git
from terraform_like.diff import Place
from terraform_like.flow.opened import REF, StateRef
from terraform_like.plan.applied import End, Entry, Intent, Run, Settled
from terraform_like.state.lock import StateError, StateLocked
from terraform_like.state.opening import find_state, open_state
from terraform_like.state.store import State

GIT = SecretStr("git")
EVIL = ["007", "x'; DROP TABLE applied; --", 'a\n"b",\\', "\\", "", "ä\x1b[2J\r"]
AT = "2027-02-01T06:00:00Z"


def run(cwd: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=cwd, check=True, capture_output=True, text=True).stdout.strip()


def opened(clone: Path) -> State:
    return open_state(GIT, clone, ref=StateRef(clone))


def entry(run: Run) -> Entry:
    return Entry(run.number, run.plan, run.digest, None, EVIL[2], "ci-1", AT, AT, End.COMPLETE, 6, 0, 0, 0, 0)


@pytest.fixture
def clones(tmp_path: Path) -> tuple[Path, Path]:
    run(tmp_path, "init", "--quiet", "--bare", "remote")
    for name in ("one", "two"):
        run(tmp_path, "clone", "--quiet", "remote", name)
    return tmp_path / "one", tmp_path / "two"


@pytest.fixture
def one(clones: tuple[Path, Path]) -> Iterator[State]:
    with closing(opened(clones[0])) as state:
        yield state


def test_what_one_runner_applied_the_other_has_to_the_letter(clones: tuple[Path, Path], one: State) -> None:
    places = pl.DataFrame({"account": EVIL[:4], "territory": EVIL[:4], "owner": EVIL[1:5], "holder": [None] * 4})
    places = places.with_columns(pl.col("holder").cast(pl.String))
    with one.lock("ana", "ci-1", 1, 0):
        first = one.begin("fy27", "d1")
        change = [Intent(a, Place(owner=EVIL[4]), Place(territory=a, owner=EVIL[5])) for a in EVIL[:4]]
        one.intend(first, 1, change)
        one.settle(first, 1, [Settled(a, "done", EVIL[2]) for a in EVIL[:4]], places, gone=set())
        one.finish(first, entry(first), [places])
    with closing(opened(clones[1])) as other:
        assert (other.lineage, other.serial, other.holder) == (one.lineage, 1, None)
        assert other.applied("fy27").equals(places.sort("account"))
        assert other.history() == [replace(entry(first), serial=1)]
        assert [other.events(a) for a in EVIL[:4]] == [one.events(a) for a in EVIL[:4]]
        assert other.since("fy27", 0).rows() == one.since("fy27", 0).rows() != []
    kept = run(clones[0], "ls-tree", "-r", "--name-only", REF).splitlines()
    assert kept == ["applied/fy27.csv", "history.csv", "journal/000001/000001.csv", "meta.json"]
    assert run(clones[0], "ls-remote", "origin").split()[1::2] == [REF]


def test_the_second_writer_from_the_same_base_is_refused(clones: tuple[Path, Path], one: State) -> None:
    with closing(opened(clones[1])) as other, one.lock("ana", "another-host", os.getpid(), 0):
        with pytest.raises(StateLocked, match="held by ana on another-host") as caught, other.lock("ben", "ci-2", 2, 0):
            pass
        assert one.holder is not None
        assert f"territory state unlock {one.holder.id}" in str(caught.value)
        with pytest.raises(StateError, match="the state moved on"):
            other.intend(Run(1, "fy27", "d"), 1, [Intent("A", Place(), Place(owner="u"))])


def test_a_lock_that_was_taken_away_stops_whoever_had_it(clones: tuple[Path, Path], one: State) -> None:
    with closing(opened(clones[1])) as other, one.lock("ana", "a-host-that-is-gone", 1, 0):
        assert other.holder is not None
        with pytest.raises(StateError, match="held under the ID"):
            other.unlock("0")
        other.unlock(other.holder.id)
        with pytest.raises(StateError, match="the state moved on"):
            one.intend(Run(1, "fy27", "d"), 1, [Intent("A", Place(), Place(owner="u"))])
        with other.lock("ben", "ci-2", 2, 0):
            assert other.serial == 0


def test_a_lock_that_a_runner_left_ends_with_its_lease_and_whoever_had_it_pushes_nothing_more(
    clones: tuple[Path, Path], one: State
) -> None:
    def later(**passed: int) -> State:
        return open_state(GIT, clones[1], ref=StateRef(clones[1]), now=lambda: datetime.now(UTC) + timedelta(**passed))

    with one.lock("ana", "a-runner", 1, 0):
        run_ = one.begin("fy27", "d1")
        one.intend(run_, 1, [Intent("A", Place(), Place(owner="u"))])
        with closing(later(minutes=115)) as other:
            with pytest.raises(StateLocked, match="held by ana on a-runner") as caught, other.lock("ben", "ci", 2, 0):
                pass
            assert re.search(r"unlock \w+; or apply after 20\S+Z, when its lease is over$", str(caught.value))
        with closing(later(minutes=125)) as other, other.lock("ben", "another-runner", 2, 0):
            assert other.begin("fy27", "d1") == replace(run_, resumed=True)
            with pytest.raises(StateError, match="the state moved on"):
                one.intend(run_, 2, [Intent("B", Place(), Place(owner="u"))])
            assert other.holder is not None
    with closing(opened(clones[1])) as other:
        assert other.holder is None


def test_a_lock_of_a_process_of_this_host_that_runs_has_no_lease(clones: tuple[Path, Path], one: State) -> None:
    late = datetime.now(UTC) + timedelta(days=2)
    with closing(open_state(GIT, clones[1], ref=StateRef(clones[1]), now=lambda: late)) as other:
        here = socket.gethostname()
        with one.lock("ana", here, os.getpid(), 0), pytest.raises(StateLocked) as caught, other.lock("ben", here, 2, 0):
            pass
    assert "lease" not in str(caught.value)


def test_a_lock_of_a_process_of_this_host_that_is_dead_is_no_lock(clones: tuple[Path, Path], one: State) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    lock = {"who": "ana", "host": socket.gethostname(), "pid": dead.pid, "since": AT, "id": "4f"}
    with one.lock("ana", "ci-1", 1, 0):
        pass
    ref = StateRef(clones[0])
    assert ref.move(ref.newest(), {"lock.json": json.dumps(lock).encode()}, "A process that was killed")
    with closing(opened(clones[1])) as other, other.lock("ben", "ci-2", 2, 0):
        assert other.holder is not None
        assert other.holder.who == "ben"


def test_a_state_of_a_newer_version_or_of_no_sense_is_refused(clones: tuple[Path, Path], one: State) -> None:
    with one.lock("ana", "ci-1", 1, 0):
        pass
    ref = StateRef(clones[0])
    for content, words in ((b'{"schema_version": 99}', "schema version 99"), (b"{", "no state that can be read")):
        assert ref.move(ref.newest(), {"meta.json": content}, "Spoil")
        with pytest.raises(StateError, match=words):
            opened(clones[1])


def test_a_state_of_the_second_version_is_brought_forward_by_the_next_apply(
    clones: tuple[Path, Path], one: State
) -> None:
    with one.lock("ana", "ci-1", 1, 0):
        first = one.begin("fy27", "d1")
        one.finish(first, entry(first))
    ref = StateRef(clones[0])
    files = ref.files(ref.newest() or "")
    history = (
        files["history.csv"].replace(b',"lifted","merge","approved","ran"', b"").replace(b'"0","","","",""\n', b'"0"\n')
    )
    meta = json.dumps(json.loads(files["meta.json"]) | {"schema_version": 2}).encode()
    assert ref.move(ref.newest(), {"meta.json": meta, "history.csv": history}, "As version 2 wrote it")
    assert history != files["history.csv"]
    with closing(opened(clones[1])) as other, other.lock("ben", "ci-2", 2, 0):
        second = other.begin("fy27", "d2")
        other.finish(second, replace(entry(second), lifted=("changes",)))
    with closing(opened(clones[0])) as again:
        assert [found.lifted for found in again.history()] == [(), ("changes",)]
    assert json.loads(ref.files(ref.newest() or "")["meta.json"])["schema_version"] == 4


def test_without_a_remote_the_ref_is_the_repositorys_own_and_nothing_is_there_before_the_first_apply(
    tmp_path: Path,
) -> None:
    run(tmp_path, "init", "--quiet")
    assert find_state(GIT, tmp_path, ref=StateRef(tmp_path)) is None
    with closing(opened(tmp_path)) as state, state.lock("ana", "ci-1", 1, 0):
        state.finish(run_ := state.begin("fy27", "d"), entry(run_))
        assert git.fetch_ref(tmp_path, REF) is not None
    found = find_state(GIT, tmp_path, ref=StateRef(tmp_path))
    assert found is not None
    assert found.serial == 1
    found.close()


def test_a_folder_without_git_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="git cannot keep the state"):
        opened(tmp_path)
