import json
import math
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from terraform_like.diagnostics import Report
from terraform_like.report.machine import json_lines, json_text, jsonable, machine_text


@dataclass(frozen=True)
class Made:
    path: Path
    on: date


def test_a_result_is_one_object_with_its_diagnostics():
    report = Report()
    report.warning("careful")
    told = json.loads(machine_text("fmt", {"made": Made(Path("plans/a"), date(2027, 2, 1))}, report))

    assert told == {
        "format_version": "1.0",
        "command": "fmt",
        "ok": True,
        "result": {"made": {"path": "plans/a", "on": "2027-02-01"}},
        "diagnostics": [{"severity": "warning", "summary": "careful", "detail": "", "span": None}],
    }


def test_an_error_is_not_ok():
    report = Report()
    report.error("broken")

    assert json.loads(machine_text("plan", None, report))["ok"] is False


def test_a_plan_keeps_its_published_names(plan):
    told = jsonable(plan)

    assert told["changes"][0]["before"] == {"territory": "metro-01", "owner": "jane.doe"}
    assert told["as_of"] == "2027-02-01"
    assert type(plan).model_validate(told) == plan


@pytest.mark.parametrize(
    ("number", "text"), [(math.inf, "infinite"), (-math.inf, "-infinite"), (math.nan, "unknown"), (1.5, 1.5)]
)
def test_numbers_that_json_cannot_write_become_words(number, text):
    assert json.loads(json_text({"a": [number]})) == {"a": [text]}


def test_json_steers_no_terminal():
    assert json_text("\x1b[2J\u202eé").isascii()
    assert "\x1b" not in json_text("\x1b[2J")


def test_json_lines_hold_one_value_a_line_whatever_is_in_it():
    values = [{"account": "two\n##[error]é"}, {"account": "A-2"}]
    text = json_lines(values)

    assert [json.loads(line) for line in text.split("\n")] == values
    assert text.isascii()
    assert "##[" not in text
