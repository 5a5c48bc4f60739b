"""`live-sentiment report`, as a user types it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from live_sentiment.console.main import main

DEMO = Path(__file__).parents[2] / "recordings" / "demo.mp4"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a replay, with one point."""
    made = tmp_path / "demo"
    made.mkdir()
    shares = {"text": 0.5, "voice": 0.25, "vision": 0.25}
    emotions = dict.fromkeys(("joy", "sadness", "anger", "fear", "disgust", "surprise"), 0.1) | {
        "neutral": 0.4
    }
    lines = [
        {
            "type": "header",
            "schema": "live-sentiment/timeline",
            "version": 1,
            "source": {"name": "demo.mp4", "video": "h264"},
        },
        {
            "type": "point",
            "time": 0.25,
            "emotion": "neutral",
            "emotions": emotions,
            "polarity": {"negative": 0.3, "neutral": 0.4, "positive": 0.3},
            "valence": 0.0,
            "arousal": 0.0,
            "confidence": {"emotion": 0.4, "polarity": 0.4, "valence_sd": 0.1, "arousal_sd": 0.1},
            "shares": shares,
            "effects": shares,
            "presence": {modality: {"present": True, "reason": None} for modality in shares},
            "words": [],
            "people": [],
        },
        {"type": "end", "time": 0.25, "complete": True},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (made / "timeline.jsonl").write_text(text, encoding="utf-8")
    return made


def test_the_page_lies_with_the_results(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(DEMO, folder)
    assert main(["report", str(folder)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"{folder / 'report.html'}  0.2 MB")
    assert err == ""
    assert "<title>demo.mp4" in (folder / "report.html").read_text(encoding="utf-8")


def test_another_place_and_the_timeline_file(folder: Path, tmp_path: Path) -> None:
    timeline = str(folder / "timeline.jsonl")
    assert main(["report", timeline, "--media", str(DEMO), "--output", str(tmp_path / "page.html")]) == 0
    assert (tmp_path / "page.html").is_file()
    assert main(["report", timeline, "--media", str(DEMO), "--output", str(tmp_path)]) == 0
    assert (tmp_path / "report.html").is_file()


def test_without_the_video_it_says_how_to_name_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["report", str(folder)]) == 0
    assert "--media FILE adds it" in capsys.readouterr().err


def test_a_session_that_was_killed_is_reported_with_the_way_to_repair_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    timeline = folder / "timeline.jsonl"
    whole = timeline.read_bytes()
    timeline.write_bytes(whole[: whole.rfind(b'{"type": "end"') + 9])
    assert main(["report", str(folder)]) == 0
    assert f"`live-sentiment repair {folder}` closes its files" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["nowhere"], "no such file or folder"),
        ([str(DEMO)], "is not yet analysed: `live-sentiment replay"),
        ([str(DEMO.parent)], "holds no timeline.jsonl"),
        (["{folder}", "--media", "nothing.mp4"], "no such file: nothing.mp4"),
        (["{folder}", "--output", "no/such/folder/page.html"], "cannot write no/such/folder/page.html"),
    ],
)
def test_wrong_use_is_one_clear_line(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    assert main(["report", *(argument.format(folder=folder) for argument in arguments)]) == 2
    out, err = capsys.readouterr()
    assert complaint in err
    assert out == ""
    assert "Traceback" not in err


def test_a_newer_timeline_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    timeline = folder / "timeline.jsonl"
    timeline.write_text(
        timeline.read_text(encoding="utf-8").replace('"version": 1', '"version": 9'), encoding="utf-8"
    )
    assert main(["report", str(folder)]) == 2
    assert "update live-sentiment" in capsys.readouterr().err


def test_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["report", "--help"])
    assert "live-sentiment report recordings/" in capsys.readouterr().out
