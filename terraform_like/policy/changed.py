"""What a branch changes of the gate, in words: rules, levels, waivers, limits and approvals."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from terraform_like.policy.rule import Policies, Waiver


def changed(before: Policies, after: Policies) -> tuple[str, ...]:
    """Give a line for each difference: `+` new, `-` taken away, `~` changed, with what it was and what it would be."""
    return (
        *_rules(before, after),
        *_mapping("levels", dict(before.levels), dict(after.levels)),
        *_listed("waiver", map(_waiver, before.waivers), map(_waiver, after.waivers)),
        *_mapping("limits", _said(before.limits), _said(after.limits)),
        *_listed("approval", map(_approval, before.approvals), map(_approval, after.approvals)),
        *_listed("auto_merge", *(iter([p.auto_merge.when] if p.auto_merge else []) for p in (before, after))),
    )


def taken_away(before: Policies, after: Policies) -> tuple[str, ...]:
    """Give the names of the rules that are there before and not after, sorted."""
    return tuple(sorted(before.policies.keys() - after.policies.keys()))


def _rules(before: Policies, after: Policies) -> Iterator[str]:
    for name in sorted({*before.policies, *after.policies}):
        old, new = before.policies.get(name), after.policies.get(name)
        if old is None or new is None:
            rule = old or new
            assert rule is not None
            said = {"level": rule.level, **rule.model_dump(mode="json", by_alias=True, exclude_unset=True)}
            yield f"{'+' if old is None else '-'} policies.{name}: {_short(said)}"
        else:
            yield from _mapping(f"policies.{name}", _said(old), _said(new))


def _mapping(path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted({*old, *new}):
        if key not in old:
            yield f"+ {path}.{key}: {_short(new[key])}"
        elif key not in new:
            yield f"- {path}.{key}: {_short(old[key])}"
        elif old[key] != new[key]:
            yield f"~ {path}.{key}: {_short(old[key])} -> {_short(new[key])}"


def _listed(what: str, old: Iterator[str], new: Iterator[str]) -> Iterator[str]:
    before, after = Counter(old), Counter(new)
    yield from (f"- {what} {one}" for one in sorted((before - after).elements()))
    yield from (f"+ {what} {one}" for one in sorted((after - before).elements()))


def _waiver(waiver: Waiver) -> str:
    return f"of {waiver.shown} from {waiver.policy} until {waiver.expires}, {waiver.owner}: {waiver.reason}"


def _approval(approval: Any) -> str:
    return _short(_said(approval))


def _said(value: Any) -> dict[str, Any]:
    said: dict[str, Any] = value.model_dump(mode="json", by_alias=True)
    # What was not said and is as by default tells a reader nothing; a limit always does.
    return {key: one for key, one in said.items() if one is not None and one != ""}


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
