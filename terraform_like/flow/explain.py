"""`territory explain`: why an account or a territory is as it is, from the saved plan, without CRM or solver."""

from __future__ import annotations

from terraform_like.address import Address
from terraform_like.carve.options import Priced
from terraform_like.config.load import Repository, load_wanted
from terraform_like.config.variables import Overrides
from terraform_like.diagnostics import Halt, Report, did_you_mean
from terraform_like.domain.carving import Slot
from terraform_like.flow.plan import config_digest, policies_digest
from terraform_like.flow.saved_carve import carve_as_saved, load_saved
from terraform_like.plan.explain_account import explain_account
from terraform_like.plan.explain_territory import explain_territory
from terraform_like.plan.explained import AccountExplained, Known, TerritoryExplained
from terraform_like.plan.fresh import Check, Current, currency, integrity

#: Kinds of addresses that can be explained.
_KINDS = ("account", "territory", "slot")


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
    try:
        what = Address.parse(address)
    except ValueError as error:
        report.error(f'"{address}" cannot be explained', f"{error}.{_meant(known, address)}")
        raise Halt(report) from None
    if what.kind not in _KINDS:
        kinds = "account.ID, territory.NAME or slot.NAME"
        report.error(f'"{address}" cannot be explained', f"Give {kinds}.{_meant(known, what.name)}")
        raise Halt(report)
    found = explain_account(known, what.name) if what.kind == "account" else _territory(known, what)
    if found is None:
        report.error(f"There is no {address} in {name}", _meant(known, address).strip())
        raise Halt(report)
    return found, report


def _known(repository: Repository, name: str, report: Report) -> Known:
    """Formulate a saved plan again; an error where it is not whole, or was made from other YAML."""
    saved = load_saved(repository, name, report)
    wanted = load_wanted(repository, name, report, Overrides(saved.plan.variables))
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
    """Suggest an address that there is: the name alone will do, and so will its beginning."""
    kind, dot, rest = text.partition(".")
    name = rest if dot and kind in _KINDS else text
    accounts = [*known.population.inside.accounts, *known.population.outside.accounts]
    addresses = {
        **{account: f"account.{account}" for account in accounts},
        **{book: f"territory.{book}" for book in known.carving.books},
    }
    if name in addresses:
        return f' Did you mean "{addresses[name]}"?'
    alike = [n for n, address in addresses.items() if not (dot and kind in _KINDS) or address.startswith(kind)]
    return did_you_mean(text, [addresses[n] for n in alike]) or did_you_mean(name, alike)
