"""The command line as a whole: help without waiting, wrong use in one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from live_sentiment import __version__
from live_sentiment.console.main import build_parser, main


@pytest.mark.parametrize(
    ("arguments", "shows"),
    [(["--help"], "replay"), (["replay", "--help"], "--start"), (["train", "--help"], "voice")],
)
def test_help_loads_no_library(arguments: list[str], shows: str) -> None:
    code = (
        "import sys\n"
        "before = set(sys.modules)\n"  # of how Python was started and the package installed
        "from live_sentiment.console.main import main\n"
        f"try: main({arguments!r})\n"
        "except SystemExit: pass\n"
        "loaded = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "sys.exit(' '.join(loaded - {'live_sentiment'} - set(sys.stdlib_module_names)) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert shows in done.stdout


@pytest.mark.parametrize(
    "command",
    [[], ["run"], ["devices"], ["replay"], ["explain"], ["repair"], ["models"], ["bench"], ["train"]],
)
def test_every_command_explains_itself(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main([*command, "--help"])
    assert exit_info.value.code == 0
    assert "usage: live-sentiment" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"live-sentiment {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "--duration", "soon"], "is no time"),
        (["replay"], "CLIP"),
        (["replay", "a.mp4", "--speed", "fast"], "is no speed"),
        (["replay", "a.mp4", "--speed", "0"], "is no speed"),
        (["replay", "a.mp4", "--start", "1:2:3:4"], "is no time"),
        (["replay", "a.mp4", "--format", "xml"], "jsonl"),
        (["replay", "a.mp4", "--colour"], "--colour"),
        (["reply", "a.mp4"], "replay"),
        ([], "COMMAND"),
    ],
)
def test_wrong_use_is_exit_code_2(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main(arguments)
    assert exit_info.value.code == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--set", "window.hop=1"], "did you mean 'window.hop_s'?"),
        (["--set", "window"], "part.key=value"),
        (["--config", "/nowhere/settings.toml"], "cannot read the configuration /nowhere/settings.toml"),
        ([], "no such file"),
    ],
)
def test_errors_are_one_line_and_exit_code_2(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", "/nowhere/talk.mp4", *arguments]) == 2
    printed = capsys.readouterr().err
    assert says in printed
    assert printed.startswith("live-sentiment: ")
    assert printed.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["replay", "/nowhere/talk.mp4", "--format", "jsonl"], "--format is deprecated"),
        (
            ["compare", "--paper", "--data", ".", "--train", "training.epochs=3", "--output", "r.html"],
            "--train",
        ),
        (["compare", "--corpora", "x", "--data", ".", "--fresh", "--only", "faces"], "--only, --fresh"),
    ],
)
def test_an_option_without_effect_is_said_once(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    first, *_ = capsys.readouterr().err.splitlines()
    assert says in first
    assert "effect" in first


def test_debug_shows_the_traceback() -> None:
    with pytest.raises(Exception, match="nowhere"):
        main(["--debug", "replay", "/nowhere/talk.mp4"])


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("75", 75.0), ("75.5", 75.5), ("1:15", 75.0), ("0:01:15.5", 75.5), ("2:00:00", 7200.0)],
)
def test_times_are_seconds_or_clock_times(text: str, seconds: float) -> None:
    assert build_parser().parse_args(["replay", "a", "--start", text]).start == seconds


@pytest.mark.parametrize(("text", "value"), [("max", None), ("1", 1.0), ("0.5", 0.5), ("8", 8.0)])
def test_speeds(text: str, value: float | None) -> None:
    assert build_parser().parse_args(["replay", "a", "--speed", text]).speed == value


@pytest.mark.parametrize(
    "arguments",
    [
        ["report", ""],
        ["export", "", "--to", "csv"],
        ["repair", " "],
        ["export", ".", "--to", "csv", "--output", ""],
        ["replay", "clip.mp4", "--config", ""],
        ["models", "list", "--cache", ""],
        ["bench", "replay", ""],
        ["train", "face", "--data", "", "--output", "run"],
    ],
)
def test_an_empty_path_is_not_the_folder_one_is_in(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "timeline.jsonl").write_text("", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "is a variable of the shell unset?" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["timeline.jsonl"]
