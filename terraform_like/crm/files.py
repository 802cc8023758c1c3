"""The `csv` provider: accounts and users in files of a folder, changed whole or not at all.

Changes go into the file of accounts itself, of which nothing else changes, or into a file of changes that somebody
loads into a CRM. Until that is loaded and accounts are exported anew, accounts count as they are going to be.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import polars as pl

from terraform_like.crm.changes_file import ChangesFile, Pending
from terraform_like.crm.csv_file import CsvFile
from terraform_like.crm.file_table import kind_of
from terraform_like.crm.folder import Folder, no_column, records
from terraform_like.crm.look import looked
from terraform_like.crm.owners import lacking
from terraform_like.crm.port import Capabilities, CrmError, Member, Needs, Outcome, Reading, Receipt, Record, Write
from terraform_like.diagnostics import Diagnostic, Severity, counted
from terraform_like.domain.connection import CsvConnection

#: Records of one write at most: each write makes the whole file anew.
_BATCH_SIZE = 20_000

#: Columns of a reading that are its own; a column of that name is not read beside them.
_PLACES = ("account", "owner", "territory", "version")


class FilesCrm:
    """A CRM in a folder of files.

    Parameters
    ----------
    connection : CsvConnection
        `crm:` of territory.yaml.
    root : pathlib.Path
        The territory repository.
    """

    def __init__(self, connection: CsvConnection, root: Path) -> None:
        self._connection = connection
        self._folder = Folder(connection, root)
        written_to = connection.changes
        self._changes = ChangesFile(self._folder.path / written_to, self._folder.places) if written_to else None
        self._capabilities = Capabilities(
            _BATCH_SIZE,
            territories=connection.accounts.territory is not None,
            compare_and_set=True,
            written_to=written_to,
        )

    @property
    def capabilities(self) -> Capabilities:
        """What this provider can do."""
        return self._capabilities

    def preflight(self, needs: Needs) -> Iterator[Diagnostic]:
        """Give a diagnostic for each file, column or owner that is missing, and where no file may be written."""
        missing = list(self._folder.missing())
        yield from missing
        if missing:
            return
        accounts, name = self._folder.accounts(), self._connection.accounts.file
        for column in dict.fromkeys(needs.columns):
            if column not in accounts.columns and column not in _PLACES:
                hint = "An expression of the plan uses it."
                yield Diagnostic(Severity.ERROR, no_column(name, column, accounts), hint)
        if self._changes is None and self._folder.read_only:
            way = "Name a file for the changes: `crm: {changes: changes.csv}`."
            yield Diagnostic(Severity.ERROR, f"{name} is Parquet, which is read only", way)
        if not os.access(self._folder.path, os.W_OK):
            yield Diagnostic(Severity.ERROR, f"The folder {self._connection.folder} may not be written")
        if self._changes is not None and (count := len(self._not_loaded(self._changes, accounts))):
            yield Diagnostic(
                Severity.WARNING,
                f"{counted(count, 'change')} of {self._connection.changes} {'is' if count == 1 else 'are'} "
                f"not in {name} yet",
                "They count as made. Load the file into the CRM, and export the accounts anew.",
            )
        if needs.owners:
            yield from lacking(needs.owners, self._folder.users())

    def read(self, columns: Sequence[str]) -> Reading:
        """Read every account, with those columns, and every user."""
        accounts = self._folder.accounts()
        asked = [accounts[column] for column in dict.fromkeys(columns) if column not in _PLACES]
        read = pl.DataFrame([*self._held(accounts).get_columns(), *asked])
        offered = {name: kind_of(dtype) for name, dtype in accounts.schema.items()}
        return Reading(read, self._folder.users(), offered)

    def records(self, accounts: Sequence[str]) -> dict[str, Record]:
        """Read what those accounts have now; accounts that are gone are left out."""
        return _records_of(accounts, self._held(self._folder.accounts()))

    def write(self, batch: Sequence[Write]) -> list[Receipt]:
        """Write one batch: the whole file anew, in one step."""
        with self._folder.locked():
            return self._rewritten(batch) if self._changes is None else self._noted(batch, self._changes)

    def arrange(self, territories: Sequence[str], members: Sequence[Member]) -> list[Receipt]:
        """Do nothing: a territory of a file is what its column says."""
        return []

    def close(self) -> None:
        """Hold nothing open."""

    def _rewritten(self, batch: Sequence[Write]) -> list[Receipt]:
        """Change cells of the file of accounts."""
        try:
            seen = self._folder.accounts_path.stat()
        except OSError as error:
            raise CrmError(f"{self._folder.accounts_path.name} cannot be read: {error.strerror}") from None
        file = self._folder.accounts_file()
        receipts = self._looked(batch, self._folder.accounts_of(file))
        key, *columns = self._folder.places
        numbers, twice = _numbers(file, key)
        changes: dict[int, dict[str, str]] = {}
        for write in batch:
            if receipts[write.account].outcome is not Outcome.DONE:
                continue
            if write.account in twice:
                words = f"{file.name} has several accounts of that id"
                receipts[write.account] = Receipt(write.account, Outcome.FAILED, words)
                continue
            values = (write.after.owner or "", write.after.territory or "")
            changes[numbers[write.account]] = dict(zip(columns, values, strict=False))
        if changes:
            self._folder.rewrite(file, changes, seen)
        return [receipts[write.account] for write in batch]

    def _noted(self, batch: Sequence[Write], changes: ChangesFile) -> list[Receipt]:
        """Add to the file of changes what is not loaded yet; what was taken back leaves it."""
        accounts = self._folder.accounts()
        exported = _records_of([write.account for write in batch], self._folder.placed(accounts))
        pending = self._not_loaded(changes, accounts)
        receipts = self._looked(batch, accounts)
        for write in batch:
            if receipts[write.account].outcome is not Outcome.DONE:
                continue
            if (why := changes.refusal(write)) is not None:
                receipts[write.account] = Receipt(write.account, Outcome.FAILED, why)
                continue
            after = write.after if self._capabilities.territories else Record(write.after.owner, None)
            pending.pop(write.account, None)
            if exported[write.account] != after:
                pending[write.account] = Pending(exported[write.account], after)
        changes.save(pending)
        return [receipts[write.account] for write in batch]

    def _looked(self, batch: Sequence[Write], accounts: pl.DataFrame) -> dict[str, Receipt]:
        held = _records_of([write.account for write in batch], self._held(accounts))
        users = set(self._folder.users()["user"])
        knows = self._capabilities.territories
        return {w.account: looked(w, held.get(w.account), users, territories=knows) for w in batch}

    def _held(self, accounts: pl.DataFrame) -> pl.DataFrame:
        """Give what accounts have, with changes that are not loaded yet as made."""
        placed = self._folder.placed(accounts)
        pending = {} if self._changes is None else self._not_loaded(self._changes, accounts)
        if not pending:
            return placed
        made = pl.DataFrame(
            {
                "account": list(pending),
                "new_owner": [change.after.owner for change in pending.values()],
                "new_territory": [change.after.territory for change in pending.values()],
            },
            schema_overrides=dict.fromkeys(("account", "new_owner", "new_territory"), pl.String),
        ).with_columns(made=True)
        joined = placed.join(made, on="account", how="left", maintain_order="left")
        return joined.select(
            "account",
            *(
                pl.when(pl.col("made")).then(f"new_{place}").otherwise(place).alias(place)
                for place in ("owner", "territory")
            ),
            "version",
        )

    def _not_loaded(self, changes: ChangesFile, accounts: pl.DataFrame) -> dict[str, Pending]:
        """Give changes of accounts that still are as they were when the change was noted.

        Where an account is as the change wants it, that was loaded; where it is otherwise, somebody changed it since.
        """
        noted = changes.read()
        exported = _records_of(noted, self._folder.placed(accounts)) if noted else {}
        return {account: change for account, change in noted.items() if exported.get(account) == change.before}


def _records_of(accounts: Collection[str], placed: pl.DataFrame) -> dict[str, Record]:
    """Give what some accounts have, by their ids; those that are gone are left out."""
    return records(placed.filter(pl.col("account").is_in(list(accounts))))


def _numbers(file: CsvFile, key: str) -> tuple[dict[str, int], set[str]]:
    """Give the record of each account, and accounts that have several."""
    place = file.header.index(key)
    numbers = {row[place]: number for number, row in enumerate(file.rows) if number and row}
    counted_ids = Counter(row[place] for row in file.rows[1:] if row)
    return numbers, {account for account, count in counted_ids.items() if count > 1}
