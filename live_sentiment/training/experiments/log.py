"""What a training says of itself: a line of JSON at each look, and the same for TensorBoard."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from live_sentiment.core.errors import UsageError
from live_sentiment.sinks.atomic import replace_file


class RunLog:
    """`log.jsonl` and `tensorboard/` of a run's folder; holds no times, so that equal runs log equal lines.

    Args:
        folder: of the run.
        step: the last step that was done; lines of later ones, written before an interruption, are dropped.
        write: False where another process of the same training writes.

    Raises:
        UsageError: TensorBoard is not installed.
    """

    def __init__(self, folder: Path, step: int, *, write: bool = True) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise UsageError("training needs TensorBoard: pip install 'live-sentiment[train]'") from error
        self._file: TextIO | None = None
        if not write:
            return
        path = folder / "log.jsonl"
        kept = b""
        if path.is_file():
            lines = path.read_bytes().splitlines(keepends=True)
            kept = b"".join(line for line in lines if _step(line) <= step)
        replace_file(path, kept)
        self._file = path.open("a", encoding="utf-8")
        self._board = SummaryWriter(str(folder / "tensorboard"), purge_step=step + 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._board.close()

    def write(self, kind: str, step: int, values: Mapping[str, Any]) -> None:
        """Add a line of this kind ("train", "validation"), and its numbers as curves `kind/name`."""
        if self._file is None:
            return
        self._file.write(json.dumps({"kind": kind, "step": step, **values}) + "\n")
        self._file.flush()
        for name, value in values.items():
            if isinstance(value, float):
                self._board.add_scalar(f"{kind}/{name}", value, step)


def _step(line: bytes) -> float:
    """The step that a line is of; infinite for half a line."""
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return float("inf")
