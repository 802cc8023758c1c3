"""The words of sales territories as values: no I/O and no solver below this folder."""
