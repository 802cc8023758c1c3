"""simple-salesforce, which nobody here wrote, drives the fake Salesforce without a complaint."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from crm.salesforce_clients import connected
from crm.salesforce_fake.org import Org
from crm.salesforce_fake.server import SalesforceServer
from crm.salesforce_fake.territories import set_up
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from simple_salesforce import Salesforce, SalesforceExpiredSession, SalesforceMalformedRequest, SalesforceRefusedRequest
from simple_salesforce.exceptions import SalesforceError

HOSTILE = 'O\'Brien \\ "Söhne" %_ 株式会社 <b>=1+1</b>\nline two'


@pytest.fixture
def server() -> Iterator[SalesforceServer]:
    with SalesforceServer(Org()).running() as server:
        yield server


@pytest.fixture
def sales(server: SalesforceServer) -> Salesforce:
    return connected(server)


def test_a_query_comes_in_pages_and_names_follow_relationships(server: SalesforceServer, sales: Salesforce) -> None:
    owner = server.org.create("User", Name="Jane", Username="jane", Email="jane@acme.example")
    for number in range(4001):
        server.org.create("Account", Name=f"Account {number}", OwnerId=owner)
    found = sales.query_all("SELECT Id, Name, Owner.Name FROM Account WHERE Owner.IsActive = true")
    assert found["totalSize"] == len({row["Id"] for row in found["records"]}) == 4001
    assert found["records"][0]["Owner"]["Name"] == "Jane"
    assert server.count("GET .*/query") == 3


def test_what_clients_quote_is_found_to_the_letter(server: SalesforceServer, sales: Salesforce) -> None:
    from simple_salesforce import format_soql

    there = server.org.create("Account", Name='O\'Brien \\ "Söhne" %_ 株')
    server.org.create("Account", Name="another")
    for query in ("SELECT Id FROM Account WHERE Name = {}", "SELECT Id FROM Account WHERE Name LIKE '{:like}'"):
        found = sales.query(format_soql(query, 'O\'Brien \\ "Söhne" %_ 株'))
        assert [row["Id"] for row in found["records"]] == [there]


def test_a_row_is_made_read_changed_and_deleted(server: SalesforceServer, sales: Salesforce) -> None:
    made = sales.Account.create({"Name": HOSTILE, "AnnualRevenue": 12.5})
    assert made["success"]
    assert sales.Account.get(made["id"])["Name"] == HOSTILE
    assert sales.Account.update(made["id"][:15], {"Industry": "Banking"}) == 204
    assert server.org.rows["Account"][made["id"]]["Industry"] == "Banking"
    assert sales.Account.delete(made["id"]) == 204
    with pytest.raises(SalesforceError, match="ENTITY_IS_DELETED"):
        sales.Account.get(made["id"])


def test_describe_says_what_may_be_written(sales: Salesforce) -> None:
    fields = {field["name"]: field for field in sales.Account.describe()["fields"]}
    assert fields["OwnerId"]["updateable"] and not fields["SystemModstamp"]["updateable"]
    assert "Account" in {kind["name"] for kind in sales.describe()["sobjects"]}


def test_a_row_that_changed_since_is_not_written(server: SalesforceServer, sales: Salesforce) -> None:
    account = server.org.create("Account", Name="A")
    path = f"sobjects/Account/{account}"
    seen = sales._call_salesforce("GET", sales.base_url + path).headers["ETag"]
    headers = {"If-Match": seen}
    assert (
        sales._call_salesforce("PATCH", sales.base_url + path, json={"Name": "B"}, headers=headers).status_code == 204
    )
    with pytest.raises(SalesforceError) as error:
        sales._call_salesforce("PATCH", sales.base_url + path, json={"Name": "C"}, headers=headers)
    assert error.value.status == 412
    assert server.org.rows["Account"][account]["Name"] == "B"


def test_a_collection_is_answered_record_by_record(server: SalesforceServer, sales: Salesforce) -> None:
    owner = server.org.create("User", Name="Jane", Username="jane", Email="j@acme.example")
    gone = server.org.create("User", Name="Gone", Username="gone", Email="g@acme.example", IsActive=False)
    accounts = [server.org.create("Account", Name=f"A{number}", OwnerId=server.org.acting) for number in range(4)]
    owners = [owner, gone, "0055g00000ZZZZZAAA", "00G5g00000ZZZZZAAA"]
    kind = {"type": "Account"}
    records = [{"attributes": kind, "Id": a, "OwnerId": o} for a, o in zip(accounts, owners, strict=True)]
    answers = sales.restful("composite/sobjects", method="PATCH", json={"allOrNone": False, "records": records})
    codes = [answer["errors"][0]["statusCode"] if answer["errors"] else "" for answer in answers]
    assert codes == ["", "INACTIVE_OWNER_OR_USER", "INVALID_CROSS_REFERENCE_KEY", "FIELD_INTEGRITY_EXCEPTION"]
    assert [server.org.rows["Account"][a]["OwnerId"] for a in accounts] == [owner, *[server.org.acting] * 3]
    together = sales.restful("composite/sobjects", method="PATCH", json={"allOrNone": True, "records": records})
    assert together[0]["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    with pytest.raises(SalesforceMalformedRequest, match="200 records"):
        sales.restful("composite/sobjects", method="PATCH", json={"records": records * 51})


def test_bulk_reads_and_writes(server: SalesforceServer, sales: Salesforce, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simple_salesforce.bulk2.sleep", lambda seconds: None)
    owner = server.org.create("User", Name="Jane", Username="jane", Email="j@acme.example")
    accounts = [server.org.create("Account", Name=HOSTILE, OwnerId=server.org.acting) for _ in range(5)]
    locked = accounts[3]
    server.org.locked[locked] = 1
    rows = [{"Id": account, "OwnerId": owner} for account in [*accounts, "0015g00000ZZZZZAAA"]]
    (result,) = sales.bulk2.Account.update(records=rows)
    assert (result["numberRecordsProcessed"], result["numberRecordsFailed"]) == (6, 2)
    failed = sales.bulk2.Account.get_failed_records(result["job_id"])
    assert "UNABLE_TO_LOCK_ROW" in failed and "INVALID_CROSS_REFERENCE_KEY" in failed
    assert server.org.rows["Account"][accounts[0]]["OwnerId"] == owner
    pages = list(sales.bulk2.Account.query("SELECT Id, Name, OwnerId FROM Account", max_records=2))
    assert len(pages) == 3
    assert "株式会社" in pages[0]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT Id FROM Nothing", "INVALID_TYPE"),
        ("SELECT Nothing FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE AnnualRevenue = '1'", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Name = 'x' AND Name = 'y' OR Name = 'z'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Name = 'O'Brien'", "MALFORMED_QUERY"),
        (r"SELECT Id FROM Account WHERE Name = 'a\z'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE", "MALFORMED_QUERY"),
    ],
)
def test_a_query_that_is_wrong_is_refused(query: str, code: str, sales: Salesforce) -> None:
    with pytest.raises(SalesforceMalformedRequest, match=code):
        sales.query(query)


def test_a_session_that_lapsed_and_a_day_without_calls_are_refused(server: SalesforceServer, sales: Salesforce) -> None:
    assert sales.limits()["DailyApiRequests"]["Remaining"] == 14_999
    assert sales.api_usage["api-usage"].used == 1
    server.rest.calls_left = 0
    with pytest.raises(SalesforceRefusedRequest, match="REQUEST_LIMIT_EXCEEDED"):
        sales.query("SELECT Id FROM Account")
    server.door.expire()
    with pytest.raises(SalesforceExpiredSession, match="INVALID_SESSION_ID"):
        sales.query("SELECT Id FROM Account")


def test_tokens_are_given_for_a_secret_and_for_a_signed_assertion(server: SalesforceServer) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()
    public = serialization.PublicFormat.SubjectPublicKeyInfo
    server.door.public_key = key.public_key().public_bytes(serialization.Encoding.PEM, public)
    app = server.door
    by_secret = connected(server, consumer_key=app.client_id, consumer_secret=app.client_secret, domain="acme.my")
    by_key = connected(server, username=app.username, consumer_key=app.client_id, privatekey=pem)
    for sales in (by_secret, by_key):
        assert sales.query("SELECT COUNT() FROM Account")["totalSize"] == 0
        server.door.expire()
        assert sales.Account.metadata()["recentItems"] == []
    with pytest.raises(SalesforceError, match="invalid"):
        connected(server, consumer_key=app.client_id, consumer_secret="wrong", domain="acme.my")


def test_an_account_is_in_a_territory_once_and_only_of_a_model_that_is_open() -> None:
    org = Org(territories=True)
    territories = set_up(org)
    with SalesforceServer(org).running() as server:
        sales = connected(server)
        account = org.create("Account", Name="A")
        west = territories.add("ent-west")
        row = {"ObjectId": account, "Territory2Id": west, "AssociationCause": "Territory2Manual"}
        assert sales.ObjectTerritory2Association.create(row)["success"]
        with pytest.raises(SalesforceMalformedRequest, match="DUPLICATE_VALUE"):
            sales.ObjectTerritory2Association.create(row)
        with pytest.raises(SalesforceError, match="does not support update"):
            one = sales.query("SELECT Id FROM ObjectTerritory2Association")["records"][0]["Id"]
            sales.ObjectTerritory2Association.update(one, {"AssociationCause": "Territory2Manual"})
        query = "SELECT ObjectId FROM ObjectTerritory2Association WHERE Territory2.Territory2ModelId = '{}'"
        assert sales.query(query.format(territories.model))["totalSize"] == 1
        org.edit("Territory2Model", territories.model, State="Archived")
        with pytest.raises(SalesforceMalformedRequest, match="can't be changed"):
            sales.UserTerritory2Association.create({"UserId": org.acting, "Territory2Id": west})
