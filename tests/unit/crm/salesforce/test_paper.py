from __future__ import annotations

import re
from pathlib import Path

import pytest

from terraform_like.config.load import open_repository
from terraform_like.domain.salesforce import SalesforceConnection

ROOT = Path(__file__).parents[4]
EXAMPLES = re.findall(
    r"^```yaml\n(.*?)^```$", (ROOT / "docs/salesforce.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_what_the_paper_says_of_territory_yaml_can_be_used(example: str, tmp_path: Path) -> None:
    (tmp_path / "territory.yaml").write_text(example, encoding="utf-8")
    environment = {name: f"the-{name}" for name in re.findall(r"\$\{(\w+)\}", example)}
    connection = open_repository(tmp_path, environment).project.crm
    assert isinstance(connection, SalesforceConnection)
    assert connection.login.way in ("secret", "assertion")
    assert "the-" not in repr(connection)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 2
