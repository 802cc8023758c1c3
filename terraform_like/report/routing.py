"""Rules of routing in the shapes that other programs import; each is read there in order, the first that matches.

None of them was loaded into the live service: the shapes are those of the vendors' papers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any
from xml.sax.saxutils import escape

import polars as pl

from terraform_like.domain.criteria import Criterion
from terraform_like.plan.routing import Routing, RoutingRule
from terraform_like.report.csv import csv_text

#: Tag that a routed ticket has: Zendesk runs every trigger that matches, and is to run the first only.
_ROUTED = "territory_routed"

#: Values of one criterion of an assignment rule, and characters of them, at most.
_VALUES, _CHARACTERS = 20, 255

_SALESFORCE = {
    "is": "equals",
    "at least": "greaterOrEqual",
    "more than": "greaterThan",
    "at most": "lessOrEqual",
    "less than": "lessThan",
}


def as_csv(routing: Routing, users: Mapping[str, str], fields: Mapping[str, str]) -> str:
    """Give a line for each value: criteria on one column with `is` are alternatives, all else of a rule must hold."""
    rows = [
        (number, rule.territory, _user(rule, users), fields.get(one.column, one.column), one.test, value)
        for number, rule in enumerate(routing.rules, 1)
        for one in rule.criteria
        for value in one.values
    ]
    return csv_text(pl.DataFrame(rows, schema=_CSV, orient="row"))


def as_leandata(routing: Routing, users: Mapping[str, str], fields: Mapping[str, str]) -> str:
    """Give a data table: a line for each combination of values, empty where a column does not matter.

    A table of values knows no `at least`: such a criterion stands as words, to be made a condition of the node.
    """
    columns = list(dict.fromkeys(one.column for rule in routing.rules for one in rule.criteria))
    rows = [
        [*(cells.get(column, "") for column in columns), rule.territory, _user(rule, users)]
        for rule in routing.rules
        for cells in _combined(rule)
    ]
    schema = {**{fields.get(c, c): pl.String for c in columns}, "Territory": pl.String, "Owner": pl.String}
    return csv_text(pl.DataFrame(rows, schema=schema, orient="row"))


def as_zendesk(routing: Routing, users: Mapping[str, str], fields: Mapping[str, str]) -> str:
    """Give triggers, inactive until somebody switches them on."""
    triggers: list[dict[str, Any]] = []
    for rule in routing.rules:
        for conditions in _groups(rule, fields):
            tags = f"{_ROUTED} territory_{rule.territory}" if rule.territory else _ROUTED
            owner = _user(rule, users)
            triggers.append(
                {
                    "title": f"territory {len(triggers) + 1}: {rule.territory or 'nobody'}",
                    "active": False,
                    "position": len(triggers) + 1,
                    "conditions": conditions,
                    "actions": [
                        *([{"field": "assignee_id", "value": owner}] if owner else []),
                        {"field": "current_tags", "value": tags},
                    ],
                }
            )
    return json.dumps({"triggers": triggers}, indent=2, ensure_ascii=False) + "\n"


def as_salesforce(routing: Routing, users: Mapping[str, str], fields: Mapping[str, str]) -> str:
    """Give AssignmentRules metadata of leads, inactive until somebody switches it on."""
    entries = [entry for rule in routing.rules for entry in _entries(rule, users, fields)]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<AssignmentRules xmlns="http://soap.sforce.com/2006/04/metadata">\n'
        "    <assignmentRule>\n        <fullName>Territories</fullName>\n        <active>false</active>\n"
        + "".join(entries)
        + "    </assignmentRule>\n</AssignmentRules>\n"
    )


FORMATS: dict[str, Callable[[Routing, Mapping[str, str], Mapping[str, str]], str]] = {
    "csv": as_csv,
    "leandata": as_leandata,
    "zendesk": as_zendesk,
    "salesforce-assignment-rules": as_salesforce,
}

_CSV = {
    "rule": pl.Int64,
    "territory": pl.String,
    "owner": pl.String,
    "column": pl.String,
    "test": pl.String,
    "value": pl.String,
}


def _user(rule: RoutingRule, users: Mapping[str, str]) -> str | None:
    return None if rule.owner is None else users.get(rule.owner, rule.owner)


def _combined(rule: RoutingRule) -> Iterator[dict[str, str]]:
    """Give each combination of the values of a rule, by column."""
    limits: dict[str, str] = {}
    for one in rule.criteria:
        if one.test != "is":
            said = f"{one.test} {one.values[0]}"
            limits[one.column] = f"{limits[one.column]}, {said}" if one.column in limits else said
    values = [[(one.column, value) for value in one.values] for one in rule.criteria if one.test == "is"]
    yield from (limits | dict(combination) for combination in product(*values))


def _groups(rule: RoutingRule, fields: Mapping[str, str]) -> Iterator[dict[str, list[dict[str, str]]]]:
    """Give conditions: one criterion may have alternatives, the values of others are told one by one."""

    def condition(one: Criterion, value: str) -> dict[str, str]:
        operator = _ZENDESK[one.test]
        return {"field": fields.get(one.column, one.column), "operator": operator, "value": value}

    several = sorted((one for one in rule.criteria if len(one.values) > 1), key=lambda one: -len(one.values))
    free = {"field": "current_tags", "operator": "not_includes", "value": _ROUTED}
    fixed = [one for one in rule.criteria if one not in several[:1]]
    for values in product(*(one.values for one in fixed)):
        every = [free, *(condition(one, value) for one, value in zip(fixed, values, strict=True))]
        yield {"all": every, "any": [condition(several[0], v) for v in several[0].values] if several else []}


_ZENDESK = {
    "is": "is",
    "at least": "greater_than_equal",
    "more than": "greater_than",
    "at most": "less_than_equal",
    "less than": "less_than",
}


def _entries(rule: RoutingRule, users: Mapping[str, str], fields: Mapping[str, str]) -> Iterator[str]:
    """Give the entries of a rule: values of a criterion that are too many for one stand in several."""
    for parts in product(*([(one, part) for part in _parts(one.values)] for one in rule.criteria)):
        lines = ["        <ruleEntry>"]
        if (owner := _user(rule, users)) is not None:
            lines += [f"            <assignedTo>{escape(owner)}</assignedTo>"]
            lines += ["            <assignedToType>User</assignedToType>"]
        for one, values in parts:
            lines += [
                "            <criteriaItems>",
                f"                <field>{escape(fields.get(one.column, one.column))}</field>",
                f"                <operation>{_SALESFORCE[one.test]}</operation>",
                f"                <value>{escape(','.join(values))}</value>",
                "            </criteriaItems>",
            ]
        yield "\n".join([*lines, "        </ruleEntry>", ""])


def _quoted(value: str) -> str:
    """Give a value as it stands in a list with commas."""
    return '"' + value.replace('"', '""') + '"' if "," in value or '"' in value else value


def _parts(values: Sequence[str]) -> Iterator[list[str]]:
    """Divide values into lists that a criterion holds; one with a comma in it is quoted."""
    part: list[str] = []
    for value in map(_quoted, values):
        if part and (len(part) == _VALUES or len(",".join([*part, value])) > _CHARACTERS):
            yield part
            part = []
        part.append(value)
    yield part
