from __future__ import annotations

import re
from pathlib import Path

import pytest

from terraform_like.config.load import open_repository
from terraform_like.providers import built_in

ROOT = Path(__file__).parents[3]
PAPERS = ("salesforce", "hubspot", "odoo")
EXAMPLES = [
    (provider, example)
    for provider in PAPERS
    for example in re.findall(
        r"^```yaml\n(.*?)^```$", (ROOT / f"docs/{provider}.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
]


@pytest.mark.parametrize(
    ("provider", "example"), EXAMPLES, ids=[f"{name}-{at}" for at, (name, _) in enumerate(EXAMPLES)]
)
def test_what_a_paper_says_of_territory_yaml_can_be_used(provider: str, example: str, tmp_path: Path) -> None:
    (tmp_path / "territory.yaml").write_text(example, encoding="utf-8")
    environment = {name: f"the-{name}" for name in re.findall(r"\$\{(\w+)\}", example)}
    connection = open_repository(tmp_path, environment).project.crm
    assert isinstance(connection, built_in(provider))
    assert environment
    assert "the-" not in repr(connection)


def test_each_paper_has_two_examples() -> None:
    assert [name for name, _ in EXAMPLES] == [name for name in PAPERS for _ in range(2)]
