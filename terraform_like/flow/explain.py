"""`territory explain`: why an account or a territory is as it is, from the saved plan, without CRM or solver."""

from __future__ import annotations

from terraform_like.address import Address
from terraform_like.carve.prove.options import Priced
from terraform_like.config.load import Repository, load_wanted
from terraform_like.config.variables import Overrides
from terraform_like.diagnostics import Halt, Report, did_you_mean
from terraform_like.domain.carving import Slot
from terraform_like.flow.inputs import config_digest, policies_digest
from terraform_like.flow.saved_carve import carve_as_saved, load_saved
from terraform_like.plan.check import Check
from terraform_like.plan.explain_account import explain_account
from terraform_like.plan.explain_territory import explain_territory
from terraform_like.plan.explained import AccountExplained, Known, TerritoryExplained
from terraform_like.plan.fresh import Current, currency
from terraform_like.plan.whole import integrity

#: Kinds of addresses that can be explained.
_KINDS = ("account", "territory", "slot")
#: Accounts that a misspelt name is compared with: of more, those that begin or end alike.
_COMPARED, _ENDS = 10_000, 3


def explain(repository: Repository, name: str, address: str) -> tuple[AccountExplained | TerritoryExplained, Report]:
    """Explain one thing of a saved plan.

    Parameters
    ----------
    repository : Repository
        The territory repository.
    name : str
        The plan.
    address : str
        What to explain, as a person wrote it.

    Raises
    ------
    Halt
        When the address names nothing of the plan, or the plan is not whole, or not of this YAML.
    """
    report = Report()
    known = _known(repository, name, report)
    what = _address(address)
    if what is None:
        way = "Write account.ID, territory.NAME or slot.NAME."
        report.error(f'"{address}" cannot be explained', f"{way}{_meant(known, address)}")
        raise Halt(report)
    found = explain_account(known, what.name) if what.kind == "account" else _territory(known, what)
    if found is None:
        report.error(f"There is no {address} in {name}", _meant(known, address).strip())
        raise Halt(report)
    return found, report


def _address(text: str) -> Address | None:
    """Read an address of a kind that can be explained."""
    try:
        address = Address.parse(text)
    except ValueError:
        return None
    return address if address.kind in _KINDS else None


def _known(repository: Repository, name: str, report: Report) -> Known:
    """Formulate a saved plan again; an error where it is not whole, or was made from other YAML."""
    saved = load_saved(repository, name, report)
    wanted = load_wanted(repository, name, report, Overrides(saved.plan.variables)).on(saved.plan.as_of)
    current = Current(config_digest(wanted), policies_digest(wanted.policies), wanted.policies.limits)
    # Policies judge a plan and decide nothing in it.
    checks = [c for c in (*integrity(saved), *currency(saved.plan, current)) if c.name != "policies"]
    report.extend(check.as_error() for check in checks if not check.ok)
    if report.failed:
        raise Halt(report)
    carved = carve_as_saved(saved, wanted, Report())
    if isinstance(carved, Check):
        report.add(carved.as_error())
        raise Halt(report)
    priced = tuple(
        Priced.of(problem, choice, proof)
        for problem, choice, proof in zip(carved.problems, carved.choices, carved.proofs, strict=True)
    )
    return Known(saved.plan, wanted.carving, carved.population, priced, carved.proofs, wanted.locate)


def _territory(known: Known, what: Address) -> TerritoryExplained | None:
    book = known.carving.books.get(what.name)
    if what.kind == "slot" and not isinstance(book, Slot):
        return None
    return explain_territory(known, what.name)


def _meant(known: Known, text: str) -> str:
    """Suggest an address that there is, for a name without its kind too."""
    kind, dot, rest = text.partition(".")
    whole = bool(dot) and kind in _KINDS
    name = rest if whole else text
    accounts = [*known.population.inside.accounts, *known.population.outside.accounts]
    if len(accounts) > _COMPARED:
        accounts = [a for a in accounts if a[:_ENDS] == name[:_ENDS] or a[-_ENDS:] == name[-_ENDS:]][:_COMPARED]
    addresses = {
        **{account: f"account.{account}" for account in accounts},
        **{book: f"territory.{book}" for book in known.carving.books},
    }
    if name in addresses:
        return f' Did you mean "{addresses[name]}"?'
    if whole:
        return did_you_mean(text, (address for address in addresses.values() if address.startswith(kind)))
    near = did_you_mean(name, addresses)
    found = next((n for n in addresses if near == f' Did you mean "{n}"?'), None)
    return f' Did you mean "{addresses[found]}"?' if found else did_you_mean(text, addresses.values())
