"""Search over companies. Vendor: pages of 200, six filters a group and five groups, a wall at 10,000 results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from crm.hubspot_fake.errors import Row, unread
from crm.hubspot_fake.portal import Company, Portal

_MOST, _WALL, _GROUPS, _FILTERS = 200, 10_000, 5, 6

Judge = Callable[[str | None, Mapping[str, Any]], bool]
_JUDGES: dict[str, Judge] = {
    "EQ": lambda held, told: held is not None and held.lower() == str(told["value"]).lower(),
    "NEQ": lambda held, told: held is None or held.lower() != str(told["value"]).lower(),
    "GT": lambda held, told: held is not None and _order(held) > _order(told["value"]),
    "GTE": lambda held, told: held is not None and _order(held) >= _order(told["value"]),
    "LT": lambda held, told: held is not None and _order(held) < _order(told["value"]),
    "LTE": lambda held, told: held is not None and _order(held) <= _order(told["value"]),
    "IN": lambda held, told: held is not None and held in told["values"],
    "NOT_IN": lambda held, told: held is None or held not in told["values"],
    "HAS_PROPERTY": lambda held, _: held is not None,
    "NOT_HAS_PROPERTY": lambda held, _: held is None,
}


def searched(portal: Portal, body: Row) -> Row:
    """Find companies.

    Raises
    ------
    HubSpotError
        When the search is none, or goes beyond the wall. Vendor: that it does; a guess: the words.
    """
    groups = body.get("filterGroups") or []
    if len(groups) > _GROUPS or any(len(group.get("filters", [])) > _FILTERS for group in groups):
        raise unread(f"A search takes at most {_GROUPS} groups of {_FILTERS} filters")
    limit, after = int(body.get("limit") or 10), str(body.get("after") or "0")
    if limit > _MOST or not after.isdigit():
        raise unread(f"A page of a search has at most {_MOST} results, and comes after a number")
    if int(after) + limit > _WALL:
        raise unread(f"A search gives at most {_WALL:,} results")
    found = [each for each in portal.companies.values() if each.archived is None and _fits(portal, each, groups)]
    for sort in reversed(body.get("sorts") or []):
        name, down = _sort(sort)
        found.sort(key=lambda each, name=name: _order(each.values.get(name, "")), reverse=down)
    start, end = int(after), int(after) + limit
    results = [portal.shown(each, body.get("properties") or []) for each in found[start:end]]
    paging = {"paging": {"next": {"after": str(end)}}} if end < len(found) else {}
    return {"total": len(found), "results": results, **paging}


def _fits(portal: Portal, company: Company, groups: list[Row]) -> bool:
    return not groups or any(all(_holds(portal, company, one) for one in group["filters"]) for group in groups)


def _holds(portal: Portal, company: Company, told: Row) -> bool:
    name, operator = told["propertyName"], told["operator"]
    if name not in portal.properties:
        raise unread(f"There was a problem with the request: property {name} does not exist")
    if operator not in _JUDGES:
        raise unread(f"There was a problem with the request: operator {operator} is not known here")
    return _JUDGES[operator](company.values.get(name), told)


def _sort(sort: str | Row) -> tuple[str, bool]:
    if isinstance(sort, str):
        return sort.removeprefix("-"), sort.startswith("-")
    return sort["propertyName"], sort.get("direction") == "DESCENDING"


def _order(value: Any) -> tuple[int, float, str]:
    """Numbers by their size, before all else by its letters."""
    try:
        return (0, float(value), "")
    except ValueError:
        return (1, 0.0, str(value))
