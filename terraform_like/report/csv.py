"""Tables as CSV that a spreadsheet opens without running anything."""

from __future__ import annotations

import polars as pl

#: What makes a spreadsheet read a cell as a formula (OWASP, CSV injection).
_FORMULA = r"^[=+\-@\t\r]"


def csv_text(table: pl.DataFrame) -> str:
    """Give a table as CSV by RFC 4180 with LF, UTF-8; nulls are empty.

    A text that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    texts = [pl.col(name) for name, kind in table.schema.items() if kind == pl.String]
    safe = (pl.when(t.str.contains(_FORMULA)).then(pl.concat_str(pl.lit("'"), t)).otherwise(t) for t in texts)
    return table.with_columns(
        one.alias(text.meta.output_name()) for one, text in zip(safe, texts, strict=True)
    ).write_csv()
