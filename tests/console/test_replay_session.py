"""`live-sentiment replay` of a session's folder: what it stands for, and where its results go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from live_sentiment.console import viewer
from live_sentiment.console.main import main
from live_sentiment.runtime import file_session, stages
from live_sentiment.runtime.file_session import Outcome
from live_sentiment.runtime.playback import Story
from live_sentiment.runtime.snapshot import Snapshot
from live_sentiment.sinks.summary import Summarizer
from live_sentiment.terminal import dashboard
from tests.helpers import media_factory as factory


class FakeReplay:
    """A replay without an analysis."""

    made: list[FakeReplay] = []  # noqa: RUF012 (a test looks at all of them)

    def __init__(self, path: Path, config: Any, stages: Any, folder: Path, **options: Any) -> None:
        FakeReplay.made.append(self)
        self.path, self.folder, self.options = path, folder, options
        self.outputs = (folder / "timeline.jsonl",)

    def run(self) -> Outcome:
        return Outcome(self.path, "the name", Summarizer().summary(), self.outputs, 1.0, 0.1, 0, 0)

    def snapshot(self) -> Snapshot:
        return Snapshot("the name", "finished")


@pytest.fixture
def session(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings" / "2026-11-21_14-03-07"
    folder.mkdir(parents=True)
    (folder / "session.json").write_text("{}")
    factory.write_media(folder / "media.mkv", sound=factory.tone(0.2), audio_codec="pcm_s16le")
    return folder


@pytest.fixture(autouse=True)
def fake_replay(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeReplay.made = []
    monkeypatch.setattr(file_session, "FileSession", FakeReplay)
    monkeypatch.setattr(stages, "load_stages", lambda config, store: None)


def test_its_results_are_named_after_the_session(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(session), "--output", str(tmp_path / "out")]) == 0
    (made,) = FakeReplay.made
    assert made.path == session / "media.mkv"
    assert made.folder == tmp_path / "out" / "2026-11-21_14-03-07"
    assert made.options["sinks"] == [], "in a pipe nobody looks at it"
    assert capsys.readouterr().out.splitlines()[-1].endswith("2026-11-21_14-03-07/timeline.jsonl")


def test_sessions_of_one_name_and_clips_are_told_apart(session: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere" / session.name
    other.parent.mkdir()
    other.mkdir()
    for name in ("session.json", "media.mkv"):
        (other / name).write_bytes((session / name).read_bytes())
    clip = tmp_path / "media.mkv"
    clip.write_bytes((session / "media.mkv").read_bytes())
    assert main(["replay", str(session), str(other), str(clip), "--output", str(tmp_path / "out")]) == 0
    assert [made.folder.name for made in FakeReplay.made] == [session.name, f"{session.name}-2", "media"]


@pytest.mark.parametrize(
    ("arguments", "interactive", "looks"),
    [
        ([], True, [(0.0, 1.0)]),
        (["--start", "5", "--speed", "4"], True, [(5.0, 4.0)]),
        ([], False, []),
        (["--no-dashboard"], True, []),
        (["{session}"], True, []),
    ],
    ids=["a session", "from within", "in a pipe", "not shown", "named twice"],
)
def test_one_session_on_a_terminal_is_looked_at(
    session: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    interactive: bool,
    looks: list[tuple[float, float]],
) -> None:
    looked: list[tuple[float, float]] = []

    def view(replay: Any, story: Story, start_s: float, speed: float, screen: Any) -> Any:
        looked.append((start_s, speed))
        return dashboard.Dashboard(replay.snapshot, screen)

    monkeypatch.chdir(session.parent)
    monkeypatch.setattr("sys.stdin", type("Terminal", (), {"isatty": lambda self: interactive})())
    monkeypatch.setattr(dashboard, "can_draw", lambda console: interactive)
    monkeypatch.setattr(viewer, "viewed", view)
    named = [argument.format(session=session) for argument in arguments]
    assert main(["replay", str(session), *named]) == 0
    assert looked == looks
    assert [type(sink) for sink in FakeReplay.made[0].options["sinks"]] == [Story] * len(looks)
