"""`territory drift --adopt`: what people changed in the CRM becomes pins in the YAML, for a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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

    An account whose owner alone was changed is pinned to the territory of that owner; where all of a territory went to
    one person, that person becomes its owner.

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
    owners = dict(_owners(wanted.carving, drift, _alike(wanted)))
    pins = dict(_pins(wanted, drift, owners, lapsed(wanted.carving, day), report))
    folder = repository.plan_folder(drift.plan)
    old = {p: p.read_bytes() for p in sorted(folder.iterdir()) if p.suffix in (".yaml", ".yml") and p.is_file()}
    new = {}
    for path, content in old.items():
        after = pinned(content, path.relative_to(repository.root).as_posix(), pins, report, owners)
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


def _pins(
    wanted: Wanted, drift: Drift, owners: Mapping[str, str], gone: AbstractSet[str], report: Report
) -> Iterator[tuple[str, str]]:
    """Give the territory that each account is to be pinned to; those that have none are told."""
    hopeless: dict[str, list[str]] = {}
    for one in drift.changed:
        if one.live.territory == one.applied.territory and one.applied.territory in owners:
            continue
        territory, why = _home(one, wanted.carving, gone)
        if territory is not None:
            yield one.account, territory
        else:
            hopeless.setdefault(why, []).append(one.account)
    for why, accounts in sorted(hopeless.items()):
        report.warning(
            f"{counted(len(accounts), 'account')} not adopted: {why}",
            f"{listing(accounts)}. Change the YAML by hand, or put them back: territory plan --save, then apply.",
        )


def _home(one: Drifted, carving: Carving, gone: AbstractSet[str]) -> tuple[str | None, str]:
    """Give the territory that an account is in by what somebody did to it, or why there is none."""
    territory = one.live.territory
    if territory is None:
        return None, "they are in no territory now"
    if territory not in carving.books:
        return None, f'the YAML has no territory "{territory}"'
    if territory in gone:
        return None, f"{territory} lapsed, and the next plan dissolves it"
    if territory != one.applied.territory:
        return territory, ""
    # A territory's owner has all of it: an account whose owner alone was changed belongs into one of that owner's.
    person = one.live.owner
    owned = [name for name, own in carving.territories.items() if person is not None and own.owner == person]
    if len(owned) == 1:
        return owned[0], ""
    several = f"{person} owns several territories" if owned else f"{person or 'nobody'} owns no territory of the plan"
    return None, f"only their owner changed, and {several}"


def _owners(carving: Carving, drift: Drift, alike: AbstractSet[str]) -> Iterator[tuple[str, str]]:
    """Give territories of which somebody gave every account to one other person, and that person."""
    given: dict[str, list[str | None]] = {}
    for one in drift.changed:
        if one.applied.territory is not None and one.live.territory == one.applied.territory:
            given.setdefault(one.applied.territory, []).append(one.live.owner)
    for name, people in sorted(given.items()):
        own = name in carving.territories and name not in alike
        person = people[0]
        if own and person in carving.people and set(people) == {person} and len(people) == drift.books.get(name):
            assert person is not None
            yield name, person


def _alike(wanted: Wanted) -> frozenset[str]:
    """Give the territories that the YAML makes by `count`: it has no entry by their own names."""
    return frozenset(name for name in wanted.carving.territories if not _declared(wanted, name))


def _declared(wanted: Wanted, name: str) -> bool:
    span = wanted.locate(("territories", name), key=True)
    if span is None:
        return False
    start = span.column - 1
    return span.source[start : start + span.length].strip("'\"") == name
