"""Of many files some fail: the others go on, and at the end one table says which, and why."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

from live_sentiment.console.failures import interrupt_code, reader_is_gone, told
from live_sentiment.terminal.printable import printable


class FailedFiles:
    """The files of a run that failed.

    Args:
        alone: the run has one file only; then its error is that of the command.
        debug: print each traceback at once.
    """

    exit_code = 0
    """Of the run so far: 1 as soon as any has failed."""

    def __init__(self, *, alone: bool, debug: bool) -> None:
        self._alone, self._debug = alone, debug
        self._failed: list[tuple[str, str]] = []

    def add(self, file: str | Path, error: Exception) -> None:
        """Note that a file failed.

        Raises:
            Exception: the error, if it ends the run all the same: there is no other file, a person wants the
                end, or nobody reads the results.
        """
        if self._alone or interrupt_code(error) is not None or reader_is_gone(error):
            raise error
        if self._debug:
            traceback.print_exception(error)
        name = printable(str(file))
        self._failed.append((name, told(error).removeprefix(f"{name} ").removesuffix(f": {name}")))
        self.exit_code = 1

    def tell(self) -> None:
        """Print the table to standard error, unless there is nothing to tell."""
        if not self._failed:
            return
        width = min(max(len(file) for file, _ in self._failed), 40)
        lines = [f"  {file.ljust(width)}  {why}" for file, why in self._failed]
        print("\n".join(["live-sentiment: not analysed:", *lines]), file=sys.stderr, flush=True)
