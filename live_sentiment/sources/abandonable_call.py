"""A call that may never return, made on a thread that may be left behind."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class AbandonableCall(Generic[T]):
    """Calls `work` on a daemon thread of its own, which ends when the call does.

    Args:
        work: the call.
        undo: gets what an abandoned call has brought after all, so that nothing stays open.
    """

    def __init__(self, work: Callable[[], T], undo: Callable[[T], Any] = lambda _: None) -> None:
        self._work, self._undo = work, undo
        self._lock = threading.Lock()
        self._abandoned = False
        self._brought: list[T] = []
        self._error: BaseException | None = None
        self.done = threading.Event()
        """Set once the call has returned or raised."""
        threading.Thread(target=self._run, name="errand", daemon=True).start()

    def result(self) -> T:
        """What the call returned; only once it is done. Raises what it raised."""
        if self._error is not None:
            raise self._error
        return self._brought[0]

    def abandon(self) -> None:
        """Nobody will ask for the result any more."""
        with self._lock:
            self._abandoned = True
            brought = self._brought
        for result in brought:
            threading.Thread(target=self._take_back, args=(result,), name="errand", daemon=True).start()

    def _run(self) -> None:
        try:
            result = self._work()
        except BaseException as error:
            self._error = error
        else:
            with self._lock:
                self._brought = [result]
                abandoned = self._abandoned
            if abandoned:
                self._take_back(result)
        self.done.set()

    def _take_back(self, result: T) -> None:
        with contextlib.suppress(BaseException):  # nobody is left to be told
            self._undo(result)
