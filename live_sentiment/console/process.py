"""What a whole process needs so that nothing it prints can break it, or break the screen.

This is for the program, not for `main` called from another one: it changes the streams and hooks of Python.
"""

from __future__ import annotations

import atexit
import codecs
import contextlib
import io
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from live_sentiment.core.errors import EndedBySignal, RunError

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""

AGAIN_S = 5.0
"""Signals within this are one: `timeout` and a closing terminal send two, and files are being finished."""

LEAST_COLUMNS = 20
"""A `COLUMNS` below this is no terminal's width: tables in it would be blank."""

_ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]

_PLAIN = {
    **dict.fromkeys("━═█▇▆▅", "="),
    **dict.fromkeys("─╸╺╶╴▁▂▃▄", "-"),
    **dict.fromkeys("│┃║", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯┏┓┗┛", "+"),
    **dict.fromkeys("→▶►", ">"),
    **dict.fromkeys("←◀", "<"),
    **dict.fromkeys("“”", '"'),
    **dict.fromkeys("‘’", "'"),
    **dict.fromkeys("●•·", "*"),
    **dict.fromkeys("−–—", "-"),
    "▲": "^",
    "▼": "v",
    "×": "x",
    "…": ".",
    "±": "~",
}
"""What stands for a character that the terminal's encoding does not have; one cell for one cell."""


@contextlib.contextmanager
def prepared() -> Iterator[Callable[[int], int]]:
    """Prepare the process; at the end of the block everything printed is out, and signals end it at once.

    Within the block SIGTERM and SIGHUP are exceptions, as Ctrl-C is, so that files are finished. The block is
    given a function that it passes its exit code through.
    """
    codes: list[int] = []
    # Registered first, so that it runs last.
    atexit.register(_keep_code, codes)
    codecs.register_error("plain", _plain)
    sys.stdout = _naming(sys.stdout)
    sys.stdin, sys.stdout, sys.stderr = map(_opened, (sys.stdin, sys.stdout, sys.stderr), "rww")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="plain")
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) < LEAST_COLUMNS:
        del os.environ["COLUMNS"]
    if "--debug" not in sys.argv:
        warnings.formatwarning = _warning  # type: ignore[assignment]
        threading.excepthook = _thread_failed
        sys.unraisablehook = _unraisable

    def leaving_with(code: int) -> int:
        codes.append(code)
        return code

    heard = _signals_raised()
    try:
        yield leaving_with
    except EndedBySignal:  # before the command could say so
        sys.stderr.write("live-sentiment: interrupted\n")
        raise
    finally:
        for number in heard:
            signal.signal(number, signal.SIG_DFL)
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        for stream in (sys.stdout, sys.stderr):
            _let_go(stream)


def _signals_raised() -> list[signal.Signals]:
    """Let the signals that would kill the process raise `EndedBySignal`; returns which.

    One that is ignored stays so: whoever starts a program with `nohup` wants it to outlive the terminal.
    """
    heard_s: float | None = None

    def hear(number: int, frame: FrameType | None) -> None:
        nonlocal heard_s
        now_s = time.monotonic()
        if heard_s is None or now_s - heard_s > AGAIN_S:
            heard_s = now_s
            raise EndedBySignal(128 + number)

    heard = [number for number in _ENDING if signal.getsignal(number) == signal.SIG_DFL]
    for number in heard:
        signal.signal(number, hear)
    return heard


def _keep_code(codes: list[int]) -> None:
    """Ctrl-C within an `exec`, as `dataclass` has one, would make the interpreter kill itself at its end.

    See `unhandled_keyboard_interrupt` in CPython's pythonrun.c.
    """
    if codes == [INTERRUPTED]:
        os._exit(INTERRUPTED)


def _opened(stream: Any, mode: str) -> Any:
    """A stream that the process was started without leads nowhere, and its number goes to no other file."""
    return open(os.devnull, mode) if stream is None else stream  # noqa: PTH123 (a stream for ever)


class _StandardOutput(io.FileIO):
    """Says of itself that it cannot be written, where a file would have a name to be known by."""

    def write(self, data: Any, /) -> int:
        """Write some of it.

        Raises:
            RunError: a full disk, or whatever else takes no more.
        """
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise RunError(f"cannot write to standard output: {error.strerror}") from error


def _naming(stream: Any) -> Any:
    """Standard output with errors that name it; as it is where it is not a file to the system."""
    if os.name == "nt" or not isinstance(stream, io.TextIOWrapper):
        return stream
    raw = _StandardOutput(stream.fileno(), "w", closefd=False)
    return io.TextIOWrapper(
        raw if stream.write_through else io.BufferedWriter(raw),
        encoding=stream.encoding,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _plain(error: UnicodeError) -> tuple[str, int]:
    """Encoding a character that is not there never fails: it is replaced."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    return "".join(_PLAIN.get(character, "?") for character in lost), error.end


def _let_go(stream: Any) -> None:
    """Flush; what cannot be written is dropped, as the interpreter would complain of it at its end."""
    try:
        stream.flush()
    except (OSError, ValueError, RunError):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _warning(message: Warning | str, *_: object) -> str:
    """A library's warning on one line, without the code it comes from."""
    from live_sentiment.core.errors import one_line

    return f"live-sentiment: warning: {one_line(str(message))}\n"


def _thread_failed(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_value is not None:
        _complain(f"the thread {failed.thread.name if failed.thread else '?'!r} failed", failed.exc_value)


def _unraisable(failed: Any) -> None:
    quiet = isinstance(failed.exc_value, KeyboardInterrupt | EndedBySignal | BrokenPipeError)
    if failed.exc_value is not None and not quiet:
        _complain("something failed while it was cleared away", failed.exc_value)


def _complain(what: str, error: BaseException) -> None:
    from live_sentiment.console.failures import told

    with contextlib.suppress(Exception):
        print(f"live-sentiment: {what}: {told(error)}", file=sys.stderr, flush=True)
