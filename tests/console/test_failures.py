"""One line for every exception, and no traceback but with --debug."""

from __future__ import annotations

import errno
import sys
from pathlib import Path

import pytest

from live_sentiment.console import schema
from live_sentiment.console.failures import told
from live_sentiment.console.main import main
from live_sentiment.core.errors import EndedBySignal, RunError, UsageError, describe


class _BareError(BaseException):
    """Neither Exception nor any that the interpreter knows."""


ERRORS = [
    (ValueError("two\nlines"), 1, "ValueError: two lines"),
    (KeyError("place"), 1, "KeyError: 'place'"),
    (AssertionError(), 1, "AssertionError"),
    (OSError(errno.ENOSPC, "No space left on device", "/data/a"), 1, "No space left on device: /data/a"),
    (OSError("of its own kind"), 1, "OSError: of its own kind"),
    (MemoryError(), 1, "not enough memory"),
    (RecursionError("maximum recursion depth exceeded"), 1, "nested too deeply"),
    (UnicodeEncodeError("ascii", "é", 0, 1, "ordinal not in range"), 1, "UnicodeEncodeError"),
    (UsageError("no such \x1b[2Jfile"), 2, "no such �[2Jfile"),
    (RunError("the disk is full"), 1, "the disk is full"),
    (BrokenPipeError(errno.EPIPE, "Broken pipe"), 1, "Broken pipe"),
    (_BareError("odd"), 1, "_BareError: odd"),
]


@pytest.mark.parametrize(("error", "code", "says"), ERRORS, ids=lambda value: type(value).__name__)
def test_whatever_a_command_raises_is_one_line(
    error: BaseException,
    code: int,
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object) -> int:
        raise error

    monkeypatch.setattr(schema, "run", fail)
    assert main(["schema"]) == code
    printed = capsys.readouterr().err
    assert printed.startswith("live-sentiment: ")
    assert says in printed
    assert printed.count("\n") == 1
    on_purpose = isinstance(error, UsageError | RunError)
    assert ("--debug" in printed) != on_purpose
    with pytest.raises(type(error)):
        main(["schema", "--debug"])


def test_the_line_names_where_in_the_program_it_was(tmp_path: Path) -> None:
    from live_sentiment.sources.media.sound import mono_weights

    with pytest.raises(TypeError) as caught:
        mono_weights(7)  # type: ignore[arg-type]
    assert "(live_sentiment/sources/media/sound.py:" in told(caught.value)


@pytest.mark.parametrize(("interrupt", "code"), [(KeyboardInterrupt(), 130), (EndedBySignal(129), 129)])
def test_an_interrupt_that_a_library_turned_into_another_error_is_an_interrupt(
    interrupt: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> int:
        try:
            raise interrupt
        except type(interrupt) as error:
            raise ImportError("numpy._core.multiarray failed to import") from error

    monkeypatch.setattr(schema, "run", fail)
    assert main(["schema"]) == code
    assert capsys.readouterr().err == "live-sentiment: interrupted\n"


def test_an_exit_stays_an_exit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "run", lambda options: sys.exit(7))
    with pytest.raises(SystemExit) as caught:
        main(["schema"])
    assert caught.value.code == 7


@pytest.mark.parametrize("text", ["a = " + "[" * 50_000, "a = " + "{b=" * 50_000, "[" + "a." * 50_000 + "a]"])
def test_a_configuration_that_is_nested_without_end_is_one_line(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "deep.toml"
    file.write_text(text)
    assert main(["replay", "talk.mp4", "--config", str(file)]) == 2
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert len(printed) < 300


def test_names_are_told_without_control_codes() -> None:
    error = FileNotFoundError(errno.ENOENT, "No such file", "\x1b]0;x\x07.mp4")
    assert describe(error) == "No such file: �]0;x�.mp4"
