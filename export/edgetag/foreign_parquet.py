"""Parquet files of others: a damaged one is an error like any other.

Polars meets some damage with a panic, which is no `Exception` and prints a page to stderr.
"""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from edgetag.native_output import quiet_stderr


def read_foreign_parquet(path: Path, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """Return a table, or some columns of it.

    Raises:
        PolarsError: It is no Parquet file, or damaged.
        OSError: It is not there, or may not be read.
    """
    try:
        with quiet_stderr():
            chosen = None if columns is None else list(columns)
            return pl.read_parquet(path, columns=chosen, glob=False)
    except pl.exceptions.PanicException as error:
        raise pl.exceptions.ComputeError(f"damaged: {error}") from None
