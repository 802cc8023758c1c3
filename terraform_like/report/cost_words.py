"""Costs, prices and loads of an explanation in words."""

from __future__ import annotations

from collections.abc import Mapping

from terraform_like.plan.explained import LoadPrice, Unit
from terraform_like.report.escape import escaped
from terraform_like.report.numbers import figure

#: Costs below this are nothing that anybody would decide by.
_NOTHING = 0.005
#: Distances from a fair share below this are told as none.
_EVEN = 0.005
#: What costs are in, by the unit.
MEANS: Mapping[Unit, str] = {
    "moves": "1 move is what it costs that one account, not protected, changes its territory.",
    "percent": "Moves cost nothing here, so costs are in percent of what the whole carve costs.",
}


def standing(price: LoadPrice) -> str:
    """Say how far a load is from its fair share, and whether it is outside its limits."""
    name, metric = escaped(price.territory), escaped(price.metric)
    off = price.load / price.share - 1 if price.share else 0.0
    if abs(off) < _EVEN:
        told = f"{name} has its fair share of {metric}"
    else:
        told = f"{name} is {share_told(abs(off))} {'over' if off > 0 else 'under'} its fair share of {metric}"
    return told + _side(price)


def _side(price: LoadPrice) -> str:
    if price.high is not None and price.load > price.high * (1 + 1e-9):
        return f" and above its limit of {figure(price.high, price.load)}"
    if price.low is not None and price.load < price.low * (1 - 1e-9):
        return f" and below its limit of {figure(price.low, price.load)}"
    return ""


def price_told(price: LoadPrice, unit: Unit) -> str:
    """Say what a round amount more of a load would cost, or save."""
    much = f"another {price.amount:,g} of it" if price.metric != "accounts" else "another account"
    if abs(price.cost) < _NOTHING:
        return "more or less of it there costs nothing"
    if price.cost > 0:
        return f"{much} there costs as much as {_many(price.cost, unit)}"
    return f"{much} there saves as much as {_many(-price.cost, unit)}"


def welcome(cost: float) -> str:
    """Say whether loads are welcome where they are."""
    return "no matter" if abs(cost) < _NOTHING else "welcome" if cost < 0 else "a burden"


def having(loads: Mapping[str, float]) -> str:
    """Give loads as `12,000 of arr, 3 of workload`."""
    told = [f"{figure(value)} of {escaped(metric)}" for metric, value in loads.items() if metric != "accounts"]
    return ", ".join(told)


def at(place: str | None) -> str:
    """Give where a wish stands, in brackets."""
    return f" ({escaped(place)})" if place else ""


def share_told(share: float) -> str:
    """Give a share in whole percent, or with one decimal below 1 %."""
    return f"{share:.0%}" if share >= 0.01 else f"{share:.1%}"


def number(cost: float) -> str:
    """Give a cost in two decimals, or one from 10 on."""
    cost = 0.0 if abs(cost) < _NOTHING else cost
    return f"{cost + 0.0:,.1f}" if abs(cost) >= 10 else f"{cost + 0.0:,.2f}"


def more(cost: float) -> str:
    """Give a difference in costs with its sign."""
    return f"{'+' if cost >= _NOTHING else ''}{number(cost)}"


def _many(cost: float, unit: Unit) -> str:
    told = number(cost)
    told = told.rstrip("0").rstrip(".") if "." in told else told
    if unit == "percent":
        return f"{told}% of the carve"
    return f"{told} {'move' if told == '1' else 'moves'}"
