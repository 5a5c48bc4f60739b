"""What a person is told of an exception, whatever it is: one line, and an exit code."""

from __future__ import annotations

import errno
import select
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from live_sentiment.console.process import INTERRUPTED
from live_sentiment.core.errors import EndedBySignal, LiveSentimentError, describe, one_line

_PACKAGE = Path(__file__).parents[1]


def told(error: BaseException) -> str:
    """What happened, on one line; where, and what to do, if it is none of the errors raised on purpose."""
    if isinstance(error, LiveSentimentError):
        return one_line(str(error))
    return f"{describe(error)} ({_where(error)}); run again with --debug to see where it comes from"


def exit_code(error: BaseException) -> int:
    """Of a command that ends with this error."""
    return error.exit_code if isinstance(error, LiveSentimentError) else 1


def interrupt_code(error: BaseException) -> int | None:
    """Exit code where a signal is behind an error: extension modules and imports turn it into others."""
    for cause in _causes(error):
        if isinstance(cause, KeyboardInterrupt):
            return INTERRUPTED
        if isinstance(cause, EndedBySignal):
            return int(str(cause.code))
    return None


def reader_is_gone(error: BaseException) -> bool:
    """Whether it says that nobody reads this process's output any more."""
    broken = any(isinstance(cause, BrokenPipeError) for cause in _causes(error))
    return broken and any(_is_broken(stream) for stream in (sys.stdout, sys.stderr))


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__


def _is_broken(stream: object) -> bool:
    """A network connection breaks with the same error; only the pipe itself knows."""
    try:
        number = stream.fileno()  # type: ignore[attr-defined]
        watched = select.poll()
        watched.register(number, select.POLLOUT)
        return any(event & select.POLLERR for _, event in watched.poll(0))
    except AttributeError:  # no poll() here: Windows
        return True
    except (OSError, ValueError) as trouble:
        return isinstance(trouble, OSError) and trouble.errno == errno.EPIPE


def _where(error: BaseException) -> str:
    """The line of this program that was reached last."""
    place = "before any line of this program"
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if file.is_relative_to(_PACKAGE):
            place = f"{file.relative_to(_PACKAGE.parent).as_posix()}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
