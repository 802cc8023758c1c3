"""Components come out the same wherever they are carved, and whatever cannot be reached is said."""

from __future__ import annotations

import numpy as np
import pytest

from terraform_like.carve.executor import ExecutorError, run_apart
from terraform_like.carve.watch import Watch


@pytest.fixture
def regions(wish, accounts):
    """Three segments far out of balance, a component each."""
    random = np.random.default_rng(2)
    carving = wish(
        segments=[{"name": name, "where": f"region = '{name}'"} for name in ("east", "north", "west")],
        territories={f"{name}-{n}": {"segment": name} for name in ("east", "north", "west") for n in (1, 2, 3)},
        balance={name: {"within": {"arr": 0.15}} for name in ("east", "north", "west")},
    )
    region = random.choice(["east", "north", "west"], 90)
    table = accounts(
        90,
        territory=[f"{name}-1" for name in region],
        region=region.tolist(),
        arr=random.lognormal(2, 0.5, 90),
    )
    return carving, table


@pytest.fixture(scope="module")
def cluster():
    """A dask cluster of two workers on this machine."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None, silence_logs=50
    ) as cluster:
        yield cluster.scheduler_address


def test_processes_give_the_same_plan(regions, carved):
    here, _ = carved(*regions, executor="here")
    apart, report = carved(*regions, executor="processes")
    assert apart is not None, list(report)
    assert apart.territory.equals(here.territory)
    assert apart.proofs == here.proofs


def test_a_cluster_gives_the_same_plan(regions, carved, cluster):
    here, _ = carved(*regions, executor="here")
    apart, report = carved(*regions, executor=f"dask:{cluster}")
    assert apart is not None, list(report)
    assert apart.territory.equals(here.territory)
    assert apart.proofs == here.proofs


@pytest.mark.parametrize(
    ("where", "told"),
    [("cloud", "There is no executor"), ("dask:tcp://127.0.0.1:1", "No dask scheduler answers")],
)
def test_an_executor_that_is_not_there_is_told_and_nothing_is_planned(regions, carved, where, told):
    done, report = carved(*regions, executor=where)
    assert done is None
    (said,) = [d for d in report if d.severity == "error"]
    assert told in said.detail


def _slow(number: int, watch: Watch) -> bool:
    """Work until somebody wants it to end."""
    while not watch.enough():
        pass
    return True


def test_a_time_limit_ends_the_work_in_processes_as_well():
    assert run_apart(_slow, [1, 2], [1, 1], "processes", Watch(time_limit=0.5)) == [True, True]


def test_a_wish_to_end_reaches_the_processes():
    asked = iter([False] * 3)
    watch = Watch(interrupted=lambda: next(asked, True))
    assert run_apart(_slow, [1, 2], [1, 1], "processes", watch) == [True, True]


def test_what_fails_in_a_process_fails_here():
    with pytest.raises(ExecutorError, match="no executor"):
        run_apart(_slow, [1], [1], "elsewhere", Watch())
