"""policies/README.md says what is true: its YAML is valid, and it names every measure, column and standard policy."""

from __future__ import annotations

import re
import shutil

import pytest
from ruamel.yaml import YAML

from terraform_like.flow.policy_test import run_policy_tests
from terraform_like.policy.measure import AGGREGATING, COUNTING, OF_GROUPS, OF_LOADS
from terraform_like.policy.override import OverrideFile
from terraform_like.policy.rule import Policies, Policy
from terraform_like.policy.tables import FIXED, OF_FIGURES


@pytest.fixture
def reference(root):
    return (root / "policies" / "README.md").read_text(encoding="utf-8")


def blocks(reference: str) -> list[str]:
    found = re.findall(r"^```yaml\n(.*?)^```$", reference, re.MULTILINE | re.DOTALL)
    assert len(found) == 6
    return found


def test_its_policies_waivers_overrides_and_limits_are_valid(reference):
    rules, waivers, overrides, limits, refreshes, _ = (YAML(typ="safe").load(block) for block in blocks(reference))

    assert len(Policies.model_validate(rules).policies) == 3
    assert len(Policies.model_validate(waivers).waivers) == 2
    assert len(OverrideFile.model_validate(overrides).overrides) == 1
    assert Policies.model_validate(limits).limits.territory == 0.5
    assert Policies.model_validate(refreshes).auto_merge is not None


def test_its_test_of_a_policy_passes(reference, root, tmp_path):
    (tmp_path / "policies" / "tests").mkdir(parents=True)
    shutil.copy(root / "policies" / "fairness.yaml", tmp_path / "policies")
    (tmp_path / "policies" / "tests" / "even.yaml").write_text(blocks(reference)[5])
    (one,) = run_policy_tests(tmp_path)[0].tests

    assert one.faults == ()


def test_it_names_every_measure_column_and_key(reference):
    for name in (*OF_LOADS, *OF_GROUPS, *COUNTING, *AGGREGATING):
        assert re.search(rf"`{name}[(`]", reference), name
    for over, columns in FIXED.items():
        (row,) = re.findall(rf"^\| `{over}` \| (.*) \|$", reference, re.MULTILINE)
        for column in columns.keys() - {"address"}:
            base = column.removesuffix("_before")
            assert f"`{column}`" in row or (f"`{base}`" in row and "`_before`" in row), (over, column)
        assert all(f"<figure>{end}" in row for end in OF_FIGURES.get(over, ()))
    for key in Policy.model_json_schema()["properties"]:
        assert f"`{key}`" in reference or f"`{key}: before`" in reference, key


def test_it_names_every_standard_policy(reference, root):
    for path in (*(root / "policies" / "standard").glob("*.yaml"), root / "policies" / "fairness.yaml"):
        for name in YAML(typ="safe").load(path)["policies"]:
            assert f"`{name}`" in reference, name
