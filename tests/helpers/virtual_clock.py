"""A clock whose time passes only while everyone waits."""

from __future__ import annotations

import math
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_POLL_S = 0.01
"""Real time after which the clock looks for what nobody tells it: an event set, the end of a thread."""


class VirtualClock:
    """A clock for tests, whose time passes only while everyone waits: a long session takes no time.

    Time goes to the moment for which the first of the sleepers waits, when every thread that takes part is in
    `sleep`, `wait` or `join`, no event to wake by is set and no predicate true. Then that one sleeper goes
    on, alone; of several due at once the first by name. So the times at which things happen are the same in
    every run, however the threads are scheduled.

    Which threads take part:

    - every thread started since the clock was made, from its start to its end;
    - an older one, such as that of the test, inside `with clock.taking_part()`, and elsewhere only while it
      waits: there, what it does between two waits takes part in no order;
    - whoever waits in any other way than through the clock is busy, and time stands still.

    With one thread there is no one else to wait for, and `sleep` returns at once:

    >>> clock = VirtualClock()
    >>> clock.advance(2.5)
    >>> clock.sleep(1.0, threading.Event())
    False
    >>> clock.now_s()
    3.5
    """

    def __init__(self, now_s: float = 0.0) -> None:
        self._now_s = now_s
        # May be taken by who holds the lock of a condition; hence no such lock is ever taken inside it.
        self._lock = threading.Lock()
        self._older = weakref.WeakSet(threading.enumerate())
        self._joined: set[threading.Thread] = set()
        self._waiting: dict[threading.Thread, _Waiting] = {}
        self._changes = 0

    def now_s(self) -> float:
        """The sum of all that has passed."""
        with self._lock:
            return self._now_s

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass, whoever waits: for tests of one thread, or as the cost of a work.

        Raises:
            ValueError: time would go back.
        """
        if seconds < 0:
            raise ValueError(f"a clock does not go back, and {seconds} s is negative")
        with self._lock:
            self._now_s += seconds

    @contextmanager
    def taking_part(self) -> Iterator[None]:
        """Inside, time waits for the calling thread too, though it is older than the clock."""
        thread = threading.current_thread()
        with self._lock:
            self._joined.add(thread)
        try:
            yield
        finally:
            with self._lock:
                self._joined.discard(thread)

    def sleep(self, seconds: float, wake: threading.Event) -> bool:
        """Wait until `seconds` have passed, or `wake` is set. Returns whether `wake` is set."""
        if wake.is_set() or seconds <= 0:
            return wake.is_set()
        go = threading.Event()

        def runs() -> bool:
            if wake.is_set():
                go.set()
            return go.is_set()

        self._enter(_Waiting(runs, go, self.now_s() + seconds))
        try:
            self._pass_time()
            while not go.wait(_POLL_S) and not wake.is_set():
                self._pass_time()
        finally:
            self._leave()
        return wake.is_set()

    def wait(self, condition: threading.Condition, predicate: Callable[[], object]) -> None:
        """Wait on a condition, whose lock the caller holds once, until `predicate` is true.

        Other threads evaluate the predicate as well, holding the lock.
        """
        if predicate():
            return

        def runs() -> bool:
            with condition:
                if predicate():
                    condition.notify_all()
                    return True
                return False

        self._enter(_Waiting(runs))
        try:
            while not predicate():
                # Time is let pass without any lock held, for that takes the locks of all who wait.
                condition.release()
                try:
                    self._pass_time()
                finally:
                    condition.acquire()
                if not predicate():
                    condition.wait(_POLL_S)
        finally:
            self._leave()

    def join(self, thread: threading.Thread, timeout_s: float | None = None) -> bool:
        """Wait until a thread has ended, for so long at most. Returns whether it has."""
        go = threading.Event()
        due_s = math.inf if timeout_s is None else self.now_s() + timeout_s
        # `is_alive` still says yes while somebody else is just learning of the thread's end.
        self._enter(_Waiting(lambda: go.is_set() or thread not in threading.enumerate(), go, due_s))
        try:
            while thread.is_alive() and not go.is_set():
                self._pass_time()
                thread.join(_POLL_S)
        finally:
            self._leave()
        return not thread.is_alive()

    def _enter(self, waiting: _Waiting) -> None:
        with self._lock:
            self._waiting[threading.current_thread()] = waiting
            self._changes += 1

    def _leave(self) -> None:
        with self._lock:
            del self._waiting[threading.current_thread()]
            self._changes += 1

    def _pass_time(self) -> None:
        """If nobody has anything left to do, let time pass until somebody has."""
        with self._lock:
            if not self._everyone_waits():
                return
            changes, waiting = self._changes, list(self._waiting.values())
        # Who has reason to go on, and has not begun to, does not wait any more. To ask is to tell it.
        running = [one for one in waiting if one.runs()]
        if running:
            return
        with self._lock:
            # Whoever has done anything in the meantime will come by here itself.
            if changes != self._changes or not self._everyone_waits():
                return
            sleepers = [(one.due_s, thread.name) for thread, one in self._waiting.items()]
            due_s, name = min(sleepers)
            if due_s == math.inf:
                return
            self._now_s = max(self._now_s, due_s)
            self._changes += 1
            first = next(
                one for thread, one in self._waiting.items() if (one.due_s, thread.name) == (due_s, name)
            )
            first.go.set()

    def _everyone_waits(self) -> bool:
        alive = threading.enumerate()
        part = {thread for thread in alive if thread in self._joined or thread not in self._older}
        return part <= self._waiting.keys()


@dataclass(frozen=True, slots=True)
class _Waiting:
    """What a thread waits for."""

    runs: Callable[[], bool]
    """Whether it has reason to go on; if so, it is told. Takes the lock of its condition."""
    go: threading.Event = field(default_factory=threading.Event)
    """Set when its time has come."""
    due_s: float = math.inf
