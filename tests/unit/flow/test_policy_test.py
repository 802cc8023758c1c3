"""`territory test` says which policy says something else than expected, and never passes for want of a question."""

from __future__ import annotations

from pathlib import Path

import pytest

from terraform_like.diagnostics import Halt
from terraform_like.flow.policy_test import run_policy_tests

POLICIES = """policies:
  even: {over: territories, by: segment, measure: spread(arr), at_most: 1.25}
  full: {over: territories, assert: accounts > 0}
"""
TESTS = """given:
  territories: {north: {segment: smb}, south: {segment: smb}}
  accounts:
    - {account: A-1, before: north, after: north, arr: 10}
    - {account: A-2, before: south, after: south, arr: 20.5}
tests:
"""


@pytest.fixture
def said(tmp_path):
    """Run one test: what it expects, and what it has beside; give its faults."""

    def run(expect: str, **more: str) -> tuple[str, ...]:
        (tmp_path / "policies" / "tests").mkdir(parents=True, exist_ok=True)
        (tmp_path / "policies" / "gate.yaml").write_text(POLICIES)
        beside = "".join(f"    {key}: {value}\n" for key, value in more.items())
        test = f"{TESTS}  - name: one\n    expect: {expect}\n{beside}"
        (tmp_path / "policies" / "tests" / "gate.yaml").write_text(test)
        tested, _ = run_policy_tests(tmp_path)
        (one,) = tested.tests
        assert tested.passed is (one.faults == ())
        return one.faults

    return run


@pytest.mark.parametrize(
    "expect",
    [
        "{even: failed, full: passed}",
        "{even: {verdict: failed, measured: 2.05, subjects: [territory.south, territory.north]}}",
        "{full: {verdict: passed, measured: 0 of 2, subjects: []}}",
    ],
)
def test_what_is_said_as_expected_is_no_fault(said, expect):
    assert said(expect) == ()


@pytest.mark.parametrize(
    ("expect", "fault"),
    [
        ("{even: passed}", "even is expected to be passed, and is failed: 2.05"),
        ("{full: waived}", "full is expected to be waived, and is passed: 0 of 2"),
        ("{even: {verdict: failed, measured: 2.06}}", "even is expected to measure 2.06, and measures 2.05"),
        (
            "{even: {verdict: failed, subjects: [territory.north]}}",
            "even is expected to name territory.north, and names territory.north, territory.south",
        ),
        ("{evn: passed}", 'there is no policy "evn". Did you mean "even"?'),
    ],
)
def test_what_is_said_otherwise_is_told(said, expect, fault):
    assert said(expect) == (fault,)


def test_a_waiver_of_the_test_counts_and_its_own_plan_replaces_that_of_the_file(said):
    waiver = "{policy: full, subject: territory.south, owner: vp, reason: hiring, expires: 2027-03-31}"
    empty = "{accounts: [{account: A-1, after: north, arr: 1}]}"

    assert said("{full: waived}", waivers=f"[{waiver}]", given=empty) == ()
    assert said("{full: failed}", given=empty) == ()


@pytest.mark.parametrize(
    ("accounts", "fault"),
    [
        ("[{account: A-1, after: nroth}]", 'the plan cannot be: there is no territory "nroth". Did you mean "north"?'),
        ("[{account: A-1}, {account: A-1}]", "the plan cannot be: account ids stand more than once: A-1"),
        (
            "[{account: A-1, arr: 1}, {account: A-2, arr: much}]",
            "the plan cannot be: a column holds values",
        ),
    ],
)
def test_a_plan_that_cannot_be_is_a_fault(said, accounts, fault):
    (found,) = said("{full: passed}", given=f"{{accounts: {accounts}}}")

    assert found.startswith(fault)


def test_a_policy_that_cannot_be_judged_is_a_fault(said):
    faults = said("{even: failed}", given="{accounts: [{account: A-1, after: north}]}")

    assert any('Policy "even" cannot be judged' in fault for fault in faults)


def test_a_policy_that_no_test_asks_is_named(said, tmp_path):
    said("{full: passed}")

    assert run_policy_tests(tmp_path)[0].untested == ("even",)


def test_a_file_of_policies_outside_the_folder_is_refused(said, tmp_path):
    said("{full: passed}")
    (tmp_path / "policies" / "tests" / "gate.yaml").write_text("policies: [../secret.yaml]\n" + TESTS.strip() + " []\n")
    with pytest.raises(Halt, match="secret"):
        run_policy_tests(tmp_path)


def test_no_tests_are_a_warning_and_no_policies_an_error(tmp_path):
    with pytest.raises(Halt, match="There are no policies"):
        run_policy_tests(tmp_path)
    (tmp_path / "policies").mkdir()

    assert [d.summary for d in run_policy_tests(tmp_path)[1]] == ["There are no tests of policies"]


def test_every_standard_policy_has_a_test_that_passes_and_one_that_fails(root: Path):
    tested, report = run_policy_tests(root)

    assert [test for test in tested.tests if not test.passed] == []
    assert (tested.untested, list(report)) == ((), [])
    told = "".join(path.read_text() for path in sorted((root / "policies" / "tests").glob("*.yaml")))
    for path in (*(root / "policies" / "standard").glob("*.yaml"), root / "policies" / "fairness.yaml"):
        for line in path.read_text().splitlines():
            if line.startswith("  ") and line.endswith(":") and line[2] not in " #":
                name = line.strip()
                assert f"{name} passed" in told or f"{name} {{verdict: passed" in told, name
                assert f"{name} failed" in told or f"{name} {{verdict: failed" in told, name
