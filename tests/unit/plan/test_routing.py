from __future__ import annotations

import json

import polars as pl

from terraform_like.domain.carving import Carving
from terraform_like.domain.criteria import Criterion
from terraform_like.plan.routing import Routing, RoutingRule, routing
from terraform_like.report.routing import as_csv, as_salesforce, as_zendesk

CARVING = Carving.model_validate(
    {
        "name": "fy27",
        "segments": [{"name": "large", "where": "employees >= 2000"}, {"name": "rest"}],
        "territories": {
            "large-west": {"segment": "large", "where": "state IN ('CA', 'OR')"},
            "rest-east": {"segment": "rest", "where": "state = 'NY'", "accounts": ["P-1"]},
            "rest-one": {"segment": "rest", "where": "state = 'TX'"},
            "rest-two": {"segment": "rest", "where": "state = 'TX'"},
        },
    }
)
OWNERS: dict[str, str | None] = {"large-west": "jane", "rest-east": "raj", "rest-one": "li", "rest-two": None}
ROWS = [
    ("L-1", 3000, "CA", "large-west", None),
    ("L-2", 2000, "OR", "large-west", "raj"),
    ("R-1", 10, "NY", "rest-east", None),
    ("P-1", 10, "CA", "rest-east", None),
    ("T-1", 10, "TX", "rest-one", None),
    ("T-2", 10, "TX", "rest-two", None),
]


def made() -> Routing:
    table = pl.DataFrame(ROWS, schema=["account", "employees", "state", "territory", "holder"], orient="row")
    accounts = table.select("account", "employees", "state", territory=pl.lit("as the CRM has it"))
    return routing(CARVING, accounts, table.select("account", "territory", "holder"), OWNERS)


def named(territory: str, owner: str | None, account: str) -> RoutingRule:
    return RoutingRule(territory, owner, (Criterion("account", "is", (account,)),))


def test_places_are_rules_and_only_what_they_miss_is_named_ahead_of_them() -> None:
    large = Criterion("employees", "at least", ("2000",))
    assert made() == Routing(
        (
            named("large-west", "raj", "L-2"),
            named("rest-east", "raj", "P-1"),
            named("rest-one", "li", "T-1"),
            RoutingRule("large-west", "jane", (Criterion("state", "is", ("CA", "OR")), large)),
            RoutingRule(None, None, (large,)),
            RoutingRule("rest-east", "raj", (Criterion("state", "is", ("NY",)),)),
        ),
        {"large-west": 1, "rest-east": 1, "rest-one": 1},
    )


def test_columns_have_the_names_of_the_other_program_and_owners_their_ids() -> None:
    lines = as_csv(made(), {"jane": "005-1"}, {"state": "Lead.State"}).splitlines()
    assert lines[0] == "rule,territory,owner,column,test,value"
    assert lines[4:7] == [
        "4,large-west,005-1,Lead.State,is,CA",
        "4,large-west,005-1,Lead.State,is,OR",
        "4,large-west,005-1,employees,at least,2000",
    ]


def test_a_trigger_has_alternatives_once_and_runs_first_or_not_at_all() -> None:
    triggers = json.loads(as_zendesk(made(), {}, {}))["triggers"]
    assert triggers[3]["conditions"]["any"] == [
        {"field": "state", "operator": "is", "value": "CA"},
        {"field": "state", "operator": "is", "value": "OR"},
    ]
    assert [trigger["conditions"]["all"][0]["operator"] for trigger in triggers] == ["not_includes"] * 6
    assert not any(trigger["active"] for trigger in triggers)


def test_what_stands_in_a_value_is_no_markup() -> None:
    hostile = RoutingRule("west", "<o>", (Criterion("name", "is", ('A & "B", <C>',)),))
    text = as_salesforce(Routing((hostile,), {}), {}, {})
    assert "&lt;o&gt;" in text
    assert '<value>"A &amp; ""B"", &lt;C&gt;"</value>' in text
