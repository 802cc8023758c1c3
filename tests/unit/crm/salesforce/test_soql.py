from __future__ import annotations

import pytest
from crm.salesforce_fake.ids import long_id as as_the_org_has_it
from crm.salesforce_fake.soql import Compare, parse
from hypothesis import given
from hypothesis import strategies as st

from terraform_like.crm.salesforce import soql
from terraform_like.crm.salesforce.ids import long_id


@given(st.text())
def test_whatever_stands_in_a_value_comes_back_out_of_the_query(text: str) -> None:
    where = parse(soql.select(["Id"], "Account", soql.equal("Name", text))).where
    meant = text.replace("_", "\\_").replace("%", "\\%")
    assert isinstance(where, Compare)
    assert where.value.replace("\\_", "_").replace("\\%", "%") == meant.replace("\\_", "_").replace("\\%", "%")


@pytest.mark.parametrize("name", ["", "Id FROM User", "Name'", "Owner..Name", "Id,Name", "1st", "Ümlaut", "Id\n"])
def test_nothing_but_a_name_comes_into_a_query_as_a_name(name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        soql.select([name], "Account")


def test_queries_read_as_people_write_them() -> None:
    where = soql.every(soql.equal("IsActive", True), None, soql.among("Name", ["O'Brien", "a\\b"]))
    told = soql.select(["Id", "Owner.Name", "Id"], "Account", where, order="Id")
    assert told == (
        r"SELECT Id, Owner.Name FROM Account WHERE (IsActive = true) AND (Name IN ('O\'Brien', 'a\\b')) ORDER BY Id"
    )
    assert soql.select([], "Account") == "SELECT COUNT() FROM Account"


@pytest.mark.parametrize(
    ("short", "whole"),
    # As the vendor's papers give them, and one without a capital.
    [("001A0000006Vm9u", "001A0000006Vm9uIAC"), ("0015g00000abcde", "0015g00000abcdeAAA")],
)
def test_an_id_of_15_characters_is_one_of_18(short: str, whole: str) -> None:
    assert long_id(short) == long_id(whole) == as_the_org_has_it(short) == whole


@pytest.mark.parametrize("text", ["", "A-17", "0015g00000abcd", "0015g00000abcdé", "0015g00000abcdeA", "0" * 19])
def test_what_is_no_id_is_none(text: str) -> None:
    assert long_id(text) is None
