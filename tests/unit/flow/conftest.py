from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from signing import Company, make_company, make_keys


@pytest.fixture(scope="session")
def pristine_company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    folder = tmp_path_factory.mktemp("company")
    (folder / "keys").mkdir()
    make_keys(folder / "keys")
    return make_company(folder / "repo", folder / "keys")


@pytest.fixture
def company(tmp_path: Path, pristine_company: Company) -> Company:
    """A company that signs its sign-offs, to do with as one likes."""
    return Company(Path(shutil.copytree(pristine_company.root, tmp_path / "repo")), pristine_company.keys)
