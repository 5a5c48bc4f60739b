"""A thread with one owner, who starts it, learns whatever ended it, and waits for its end within a bound."""

from __future__ import annotations

import threading
from collections.abc import Callable

from live_sentiment.core.clock import Clock, MonotonicClock
from live_sentiment.core.errors import EndedBySignal


class Worker:
    """Runs `work` once on a daemon thread: one that hangs in a driver keeps no process from ending.

    Args:
        name: of the thread.
        work: what it does.
        on_failure: is told, on that thread, whatever `work` raised: SystemExit and KeyboardInterrupt as well,
            which would end the thread without a word.
        clock: waits for its end.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], object],
        *,
        on_failure: Callable[[BaseException], None] = lambda error: None,
        clock: Clock | None = None,
    ) -> None:
        self._work, self._on_failure = work, on_failure
        self._clock = clock or MonotonicClock()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.error: BaseException | None = None
        """What ended it; None where it ended by itself or has not ended."""

    @property
    def started(self) -> bool:
        """Whether it was started, and did start: a system may have no thread left."""
        return self._thread.ident is not None

    def start(self) -> None:
        """Begin.

        Raises:
            RuntimeError: the system has no thread left.
        """
        self._thread.start()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait for its end, for so long at most. Returns whether it has ended, or never began."""
        return not self.started or self._clock.join(self._thread, timeout_s)

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:
            self.error = error
            self._on_failure(error)


def is_interrupt(error: BaseException) -> bool:
    """Whether a person or the system asks for the end; elsewhere than on the main thread nobody can."""
    return (
        isinstance(error, KeyboardInterrupt | EndedBySignal)
        and threading.current_thread() is threading.main_thread()
    )


def described(error: BaseException) -> str:
    """An error for people: its class and what it says; it may come from anywhere, and even fail to say it."""
    try:
        return repr(error)
    except Exception:
        return type(error).__name__
