"""Tables in files as columns: ids stay text to the letter, numbers, dates and true or false are told from all cells."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

import polars as pl

from terraform_like.crm.columns import id_series
from terraform_like.crm.csv_file import CsvFile, read_csv
from terraform_like.crm.port import CrmError
from terraform_like.domain.kinds import Kind

_WHOLE = r"^-?(0|[1-9][0-9]{0,17})$"
_NUMBER = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


def is_parquet(name: str) -> bool:
    """Say whether a file is Parquet, by its name."""
    return name.lower().endswith(".parquet")


def read_table(path: Path, separator: str, encoding: str | None, ids: Collection[str]) -> pl.DataFrame:
    """Read a table; columns that are ids are text, and an empty cell is null.

    Raises
    ------
    CrmError
        When the file cannot be read, or is no table.
    """
    if not is_parquet(path.name):
        return typed(read_csv(path, separator, encoding), ids)
    try:
        table = pl.read_parquet(path)
    except OSError as error:
        raise CrmError(f"{path.name} cannot be read: {error.strerror or error}") from None
    except pl.exceptions.PolarsError as error:
        raise CrmError(f"{path.name} is no Parquet file: {str(error).splitlines()[0][:200]}") from None
    return table.with_columns(_ids(table[name]) for name in table.columns if _is_id(name, ids))


def _ids(column: pl.Series) -> pl.Series:
    """Give a column of ids as text; text and whole numbers are so without a value of Python each."""
    if column.dtype == pl.String or column.dtype.is_integer():
        return column.cast(pl.String).replace("", None)
    return id_series(column.name, column.to_list(), empty_is_null=True)


def typed(file: CsvFile, ids: Collection[str]) -> pl.DataFrame:
    """Give the columns of a CSV file, each as what all of its cells are."""
    columns = file.columns()
    return pl.DataFrame(
        [
            text if _is_id(name, ids) else _told(text)
            for name, cells in columns.items()
            for text in [pl.Series(name, cells, dtype=pl.String).replace("", None)]
        ]
    )


def kind_of(dtype: pl.DataType) -> Kind:
    """Give the kind of values of a column."""
    if dtype.is_integer():
        return Kind.WHOLE
    if dtype.is_numeric():
        return Kind.NUMBER
    kinds = {pl.String: Kind.TEXT, pl.Boolean: Kind.TRUTH, pl.Date: Kind.DAY, pl.Datetime: Kind.MOMENT}
    return kinds.get(dtype.base_type(), Kind.UNKNOWN)


def _is_id(name: str, ids: Collection[str]) -> bool:
    """Say whether a column is of ids: those that are mapped so, and by its name, `id` and `..._id` in any case."""
    return name in ids or re.search(r"(^|_)id$|[a-z]Id$", name, 0) is not None or name.lower() == "id"


def _told(text: pl.Series) -> pl.Series:
    cells = text.drop_nulls()
    if cells.is_empty():
        return text
    if cells.str.contains(_WHOLE).all():
        return text.cast(pl.Int64)
    if cells.str.contains(_NUMBER).all():
        return text.cast(pl.Float64)
    if cells.str.to_lowercase().is_in(["true", "false"]).all():
        return text.str.to_lowercase() == "true"
    days = text.str.to_date("%Y-%m-%d", strict=False) if cells.str.contains(_DAY).all() else None
    return days if days is not None and days.null_count() == text.null_count() else text
