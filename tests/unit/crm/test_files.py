from __future__ import annotations

import fcntl
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from terraform_like.crm.files import FilesCrm
from terraform_like.crm.port import CrmError, Needs, Outcome, Receipt, Record, Write
from terraform_like.domain.connection import CsvConnection

USERS = "id,name,email,active\nu-1,Jane,jane@acme.com,TRUE\nu-2,Raj,,no\n"
ACCOUNTS = 'id,name,owner_id,territory,arr\n007,"Acme, Inc.",u-1,west,10\nA-2,"two\nlines",,,2.5\n'


def opened(root: Path, **settings: Any) -> FilesCrm:
    accounts = {"territory": "territory"} | settings.pop("accounts", {})
    users = {"name": "name", "email": "email", "active": "active"}
    values = {"provider": "csv", "accounts": accounts, "users": users, **settings}
    return FilesCrm(CsvConnection.model_validate(values), root)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "users.csv").write_text(USERS)
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)
    return tmp_path


def moved(crm: FilesCrm, account: str = "007") -> Receipt:
    (receipt,) = crm.write([Write(account, Record("u-1", "west"), Record("u-2", "east"))])
    return receipt


def test_ids_are_text_and_numbers_dates_and_truths_are_told_from_all_cells(root: Path) -> None:
    (root / "accounts.csv").write_text(
        "id,owner_id,territory,zip_id,arr,since,live,mixed\n"
        "007,u-1,west,01234,10,2024-01-31,true,1\n8,,,94110,2.5,,False,1a\n"
    )
    accounts = opened(root).read(["zip_id", "arr", "since", "live", "mixed"]).accounts
    assert accounts.rows()[1] == ("8", None, None, None, "94110", 2.5, None, False, "1a")
    assert [str(dtype) for dtype in accounts.dtypes[4:]] == ["String", "Float64", "Date", "Boolean", "String"]


def test_users_come_with_whether_they_are_active(root: Path) -> None:
    assert opened(root).read([]).users.rows() == [("u-1", "Jane", "jane@acme.com", True), ("u-2", "Raj", None, False)]


FOREIGN = ACCOUNTS.replace("Acme", "Ünal 株式会社")
QUOTES = ACCOUNTS.replace("arr\n", 'arr,"a ""b"""\n').replace("10\n", '10,"5"" pipe"\n').replace("2.5\n", "2.5,\n")
WAYS_OF_WRITING: dict[str, tuple[dict[str, Any], str, str]] = {
    "plain": ({}, ACCOUNTS, "utf-8"),
    "line ends": ({}, ACCOUNTS.replace("arr\n", "arr\r\n").replace("10\n", "10\r\n"), "utf-8"),
    "byte order mark": ({}, FOREIGN, "utf-8-sig"),
    "utf-16": ({}, FOREIGN, "utf-16"),
    "cp1252": ({"encoding": "cp1252"}, ACCOUNTS.replace("Acme", "Ünal"), "cp1252"),
    "semicolons": ({"separator": ";"}, ACCOUNTS.replace(",", ";"), "utf-8"),
    "tabs": ({"separator": "\t"}, ACCOUNTS.replace(",", "\t"), "utf-8"),
    "no end of line": ({}, ACCOUNTS.rstrip("\n"), "utf-8"),
    "empty line": ({}, ACCOUNTS.replace("\nA-2", "\n\nA-2"), "utf-8"),
    "formula": ({}, ACCOUNTS.replace("Acme, Inc.", '=HYPERLINK(""http://x"")'), "utf-8"),
    "quotes": ({}, QUOTES, "utf-8"),
}


@pytest.mark.parametrize(("settings", "text", "encoding"), WAYS_OF_WRITING.values(), ids=WAYS_OF_WRITING)
def test_a_write_changes_two_cells_and_leaves_every_other_byte(
    root: Path, settings: dict[str, Any], text: str, encoding: str
) -> None:
    path = root / "accounts.csv"
    path.write_bytes(text.encode(encoding))
    between = settings.get("separator", ",")
    (root / "users.csv").write_text(USERS.replace(",", between))
    assert moved(opened(root, **settings)).outcome is Outcome.DONE
    assert path.read_bytes() == text.replace(f"u-1{between}west", f"u-2{between}east").encode(encoding)


def test_a_cell_in_quotes_stays_in_quotes_and_one_that_needs_them_gets_them(root: Path) -> None:
    (root / "accounts.csv").write_text('id,owner_id,territory\n007,"u-1",west\n')
    crm = opened(root)
    (receipt,) = crm.write([Write("007", Record("u-1", "west"), Record("u-2", 'the "far, east"'))])
    assert receipt.outcome is Outcome.DONE
    assert (root / "accounts.csv").read_text() == 'id,owner_id,territory\n007,"u-2","the ""far, east"""\n'
    assert crm.records(["007"]) == {"007": Record("u-2", 'the "far, east"')}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "needs a header"),
        ("id,id,owner_id\n", "each once"),
        ("id,owner_id,territory\n1,2\n", "has 2 cells in row 2, and 3 in its header"),
        ('id,owner_id,territory\n1,5" pipe,w\n2,u,w\n', "is no CSV|quote inside"),
        ("id,owner,territory\n", 'has no column "owner_id". Did you mean "owner"?'),
    ],
)
def test_what_is_no_table_of_accounts_is_told(root: Path, text: str, says: str) -> None:
    (root / "accounts.csv").write_text(text)
    with pytest.raises(CrmError, match=says) as caught:
        opened(root).read([])
    assert "accounts.csv" in str(caught.value)
    assert [one.summary for one in opened(root).preflight(Needs())] == [str(caught.value)]


def test_bytes_that_are_no_text_are_told_with_their_line(root: Path) -> None:
    (root / "accounts.csv").write_bytes("id,owner_id,territory\n1,Ünal,w\n".encode("cp1252"))
    with pytest.raises(CrmError, match=r"no utf-8 in line 2; .*encoding: cp1252"):
        opened(root).read([])


def test_all_that_is_missing_is_said_at_once(root: Path) -> None:
    (root / "users.csv").unlink()
    crm = opened(root, accounts={"owner": "owner"})
    assert [one.summary for one in crm.preflight(Needs())] == [
        'accounts.csv has no column "owner". Did you mean "owner_id"?',
        "users.csv cannot be read: No such file or directory",
    ]


def test_an_account_that_stands_twice_is_not_written(root: Path) -> None:
    (root / "accounts.csv").write_text(ACCOUNTS + "007,Twin,u-1,west,1\n")
    receipt = moved(opened(root))
    assert (receipt.outcome, receipt.message) == (Outcome.FAILED, "accounts.csv has several accounts of that id")


def test_a_character_that_the_encoding_lacks_is_told_and_nothing_is_written(root: Path) -> None:
    crm = opened(root, encoding="cp1252")
    with pytest.raises(CrmError, match='cannot hold "東"'):
        crm.write([Write("007", Record("u-1", "west"), Record("u-2", "東"))])
    assert (root / "accounts.csv").read_text() == ACCOUNTS


def test_two_writers_do_not_meet(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("terraform_like.crm.folder.TIMEOUT_SECONDS", 0.05)
    with (root / ".territory.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(CrmError, match="is locked: another apply writes it"):
            moved(opened(root))
    assert moved(opened(root)).outcome is Outcome.DONE


def test_a_file_that_another_program_saved_meanwhile_is_not_overwritten(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crm, read = opened(root), FilesCrm._looked

    def meddled(self: FilesCrm, *arguments: Any) -> Any:
        (root / "accounts.csv").write_text(ACCOUNTS.replace("Acme", "Other"))
        return read(self, *arguments)

    monkeypatch.setattr(FilesCrm, "_looked", meddled)
    with pytest.raises(CrmError, match="changed by another program") as caught:
        moved(crm)
    assert caught.value.passing
    assert (root / "accounts.csv").read_text() == ACCOUNTS.replace("Acme", "Other")


KILLED = """
import sys
from pathlib import Path
sys.path[:0] = {path!r}
from terraform_like.crm.files import FilesCrm
from terraform_like.crm.port import Record, Write
from terraform_like.domain.connection import CsvConnection
crm = FilesCrm(CsvConnection.model_validate({{"provider": "csv"}}), Path({root!r}))
print("ready", flush=True)
owners = ["u-1", "u-2"]
while True:
    crm.write([Write(f"A-{{n}}", Record(owners[0], None), Record(owners[1], None)) for n in range(3000)])
    owners.reverse()
"""


def test_a_kill_in_mid_write_leaves_the_old_file_or_the_new_one(root: Path) -> None:
    lines = [f"A-{number},u-1,{'x' * 100}" for number in range(3000)]
    (root / "accounts.csv").write_text("\n".join(["id,owner_id,note", *lines]))
    for after in (0.02, 0.05, 0.11):
        script = KILLED.format(path=sys.path, root=str(root))
        with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(after)
            writer.send_signal(signal.SIGKILL)
        owners = set(opened(root, accounts={"territory": None}).read([]).accounts["owner"])
        assert len(owners) == 1
        text = (root / "accounts.csv").read_text()
        (owner,) = owners
        (root / "accounts.csv").write_text(text.replace(f",{owner},", ",u-1,"))


def test_changes_go_into_a_file_of_their_own_that_a_data_loader_takes(root: Path) -> None:
    crm = opened(root, changes="out.csv")
    assert crm.capabilities.written_to == "out.csv"
    assert moved(crm).outcome is Outcome.DONE
    assert (root / "accounts.csv").read_text() == ACCOUNTS
    assert (root / "out.csv").read_text() == (
        "id,owner_id,territory,previous_owner_id,previous_territory\n007,u-2,east,u-1,west\n"
    )
    assert crm.records(["007"]) == {"007": Record("u-2", "east")}
    (warning,) = crm.preflight(Needs())
    assert warning.summary == "1 change of out.csv is not in accounts.csv yet"


def test_a_change_that_was_loaded_or_overtaken_counts_no_more(root: Path) -> None:
    crm = opened(root, changes="out.csv")
    moved(crm)
    (root / "accounts.csv").write_text(ACCOUNTS.replace("u-1,west", "u-2,east"))
    assert list(crm.preflight(Needs())) == []
    (root / "accounts.csv").write_text(ACCOUNTS.replace("u-1,west", "u-9,north"))
    assert crm.records(["007"]) == {"007": Record("u-9", "north")}
    assert list(crm.preflight(Needs())) == []


def test_a_change_that_is_taken_back_before_it_is_loaded_leaves_the_file(root: Path) -> None:
    crm = opened(root, changes="out.csv")
    moved(crm)
    (receipt,) = crm.write([Write("007", Record("u-2", "east"), Record("u-1", "west"))])
    assert receipt.outcome is Outcome.DONE
    assert (root / "out.csv").read_text().count("\n") == 1


@pytest.mark.parametrize("account", ["=1+1", "+1", "-1", "@SUM"])
def test_what_a_spreadsheet_would_run_stands_in_no_file_of_changes(root: Path, account: str) -> None:
    (root / "accounts.csv").write_text(ACCOUNTS.replace("007", account))
    crm = opened(root, changes="out.csv")
    receipt = moved(crm, account)
    assert (receipt.outcome, "formula" in receipt.message) == (Outcome.FAILED, True)
    assert account not in (root / "out.csv").read_text()
    assert moved(opened(root), account).outcome is Outcome.DONE


def test_another_file_is_not_taken_for_changes_and_not_overwritten(root: Path) -> None:
    (root / "out.csv").write_text("my,letters\n")
    with pytest.raises(CrmError, match="is no file of changes"):
        moved(opened(root, changes="out.csv"))
    assert (root / "out.csv").read_text() == "my,letters\n"


def test_parquet_is_read_and_its_changes_go_into_a_file(root: Path) -> None:
    pl.DataFrame({"id": [7, 8], "owner_id": ["u-1", None], "territory": ["west", ""], "arr": [1.5, 2.0]}).write_parquet(
        root / "accounts.parquet"
    )
    file = {"accounts": {"file": "accounts.parquet"}}
    (problem,) = opened(root, **file).preflight(Needs(["arr"]))
    assert problem.summary == "accounts.parquet is Parquet, which is read only"
    crm = opened(root, **file, changes="out.csv")
    assert list(crm.preflight(Needs(["arr"]))) == []
    assert crm.read(["arr"]).accounts.rows() == [("7", "u-1", "west", None, 1.5), ("8", None, None, None, 2.0)]
    assert moved(crm, "7").outcome is Outcome.DONE
    assert crm.records(["7", "8"]) == {"7": Record("u-2", "east"), "8": Record(None, None)}


def test_what_is_no_parquet_is_told(root: Path) -> None:
    (root / "accounts.parquet").write_text(json.dumps([1]))
    with pytest.raises(CrmError, match="is no Parquet file"):
        opened(root, accounts={"file": "accounts.parquet"}, changes="out.csv").read([])
