"""`territory drift --adopt`: what people changed in the CRM becomes pins in the YAML, for a pull request."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import date

from terraform_like.config.load import Repository, Wanted, load_wanted
from terraform_like.config.pins import pinned
from terraform_like.config.variables import Overrides
from terraform_like.diagnostics import Halt, Report, counted, listing
from terraform_like.domain.carving import Carving
from terraform_like.flow.earlier import saved_before
from terraform_like.plan.drifted import Drift, Drifted
from terraform_like.plan.file import write_whole
from terraform_like.staffing.lapse import lapsed


def adopt(repository: Repository, drift: Drift, day: date) -> tuple[tuple[str, ...], Report]:
    """Pin every account that somebody put elsewhere to where it is now.

    Parameters
    ----------
    repository : Repository
        The territory repository.
    drift : Drift
        What drifted.
    day : datetime.date
        Today: a slot that has lapsed by then takes no accounts.

    Returns
    -------
    tuple of str
        The files that were changed, relative to the repository.
    Report
        Accounts that cannot be pinned to where they are, with why.

    Raises
    ------
    Halt
        When the YAML cannot be read or changed, or would have errors; then no file is changed.
    """
    report = Report()
    before = saved_before(repository, drift.plan)
    overrides = Overrides(before.variables if before else {})
    wanted = load_wanted(repository, drift.plan, Report(), overrides)
    pins = dict(_pins(wanted, drift, lapsed(wanted.carving, day), report))
    folder = repository.plan_folder(drift.plan)
    old = {p: p.read_bytes() for p in sorted(folder.iterdir()) if p.suffix in (".yaml", ".yml") and p.is_file()}
    new = {}
    for path, content in old.items():
        after = pinned(content, path.relative_to(repository.root).as_posix(), pins, report)
        if after is not None and after != content:
            new[path] = after
    if report.failed:
        raise Halt(report)
    for path, content in new.items():
        write_whole(path, content)
    try:
        load_wanted(repository, drift.plan, Report(), overrides)
    except Halt:
        for path in new:
            write_whole(path, old[path])
        raise
    return tuple(path.relative_to(repository.root).as_posix() for path in new), report


def _pins(wanted: Wanted, drift: Drift, gone: AbstractSet[str], report: Report) -> Iterator[tuple[str, str]]:
    """Give the territory that each account is to be pinned to; those that have none are told."""
    carving = wanted.carving
    declared = {name for name in carving.books if _declared(wanted, name)}
    hopeless: dict[str, list[str]] = {}
    for one in drift.changed:
        if why := _why_not(one, carving, declared, gone):
            hopeless.setdefault(why, []).append(one.account)
        elif one.live.territory is not None:
            yield one.account, one.live.territory
    for why, accounts in sorted(hopeless.items()):
        report.warning(
            f"{counted(len(accounts), 'account')} not adopted: {why}",
            f"{listing(accounts)}. Change the YAML by hand, or put them back: territory plan --save, then apply.",
        )


def _why_not(one: Drifted, carving: Carving, declared: set[str], gone: AbstractSet[str]) -> str:
    territory = one.live.territory
    if territory is None:
        return "they are in no territory now"
    if territory not in carving.books:
        return f'the YAML has no territory "{territory}"'
    if territory in gone:
        return f"{territory} lapsed, and the next plan dissolves it"
    if territory == one.applied.territory:
        return "only their owner changed, and a territory's owner has all of it"
    if territory not in declared:
        return f"{territory} is made by `count`, and an account cannot be pinned to one of several alike"
    return ""


def _declared(wanted: Wanted, name: str) -> bool:
    """Say whether the YAML has a territory by its own name, and does not make it by `count`."""
    group = "territories" if name in wanted.carving.territories else "overcarve"
    span = wanted.locate((group, name), key=True)
    if span is None:
        return False
    start = span.column - 1
    return span.source[start : start + span.length].strip("'\"") == name
