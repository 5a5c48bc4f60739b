"""The dashboard by what it shows: text content, and the same information without colour."""

from __future__ import annotations

import io
import os
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console, RenderableType

from live_sentiment.core.errors import EndedBySignal
from live_sentiment.core.types import Event, Modality, Presence, TimelinePoint
from live_sentiment.runtime.snapshot import Picture, Snapshot, State, StreamHealth
from live_sentiment.terminal.dashboard import Dashboard, render
from live_sentiment.terminal.theme import EMOTION_COLOURS
from live_sentiment.terminal.view import View
from live_sentiment.terminal.words import words
from tests.helpers.story import ABSENT, PRESENT, person, point, word

STARTING = Snapshot("clip.mp4", "starting")
NO_SOUND: dict[Modality, Presence] = {
    "text": Presence(False, "no audio track"),
    "voice": Presence(False, "no audio track"),
    "vision": Presence(True),
}
COLOUR = re.compile(r"\x1b\[(?:[0-9;]+;)?[39][0-8][;m]")
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def told(
    until_s: float, emotion: str = "joy", *, presence: dict[Modality, Presence] | None = None
) -> tuple[TimelinePoint, ...]:
    """Final points from the start to `until_s`: first neutral, from the middle on the emotion."""
    ticks = range(1, int(until_s * 4) + 1)
    return tuple(
        point(
            tick / 4,
            emotion if tick / 4 > until_s / 2 else "neutral",
            valence=0.5 if tick / 4 > until_s / 2 else 0.0,
            presence=presence,
        )
        for tick in ticks
    )


def running(until_s: float = 12.0, state: State = "running", **changes: object) -> Snapshot:
    preview = tuple(point(until_s + n / 4, "joy", valence=0.5, final=False) for n in range(1, 9))
    snapshot = Snapshot(
        source="clip.mp4",
        state=state,
        position_s=until_s + 2,
        duration_s=20.0,
        elapsed_s=4.0,
        real_time_factor=0.25,
        latest=preview[-1],
        finals=told(until_s),
        provisionals=preview,
        words=(word("we", 1.0), word("are", 1.2), word("happy.", 1.6, probability=0.3)),
        partial_words=(word("and", 2.0),),
        events=(Event(3.0, "gap", "0.4 s of sound are missing"),),
        streams=(StreamHealth("frames", 3, 0.12), StreamHealth("sound", 1, 0.5, {"oldest": 2})),
        models={"speech": "whisper-tiny.en"},
        device="cpu",
        outputs=(Path("out/timeline.jsonl"),),
    )
    return replace(snapshot, **changes)  # type: ignore[arg-type]


def finished(**changes: object) -> Snapshot:
    finals = told(20.0)
    return running(20.0, state="finished", finals=finals, provisionals=(), latest=finals[-1], **changes)


def shown(renderable: RenderableType, width: int = 80, height: int = 24, **options: object) -> str:
    console = Console(
        record=True, width=width, height=height, file=io.StringIO(), force_terminal=True, **options
    )  # type: ignore[arg-type]
    console.print(renderable)
    return console.export_text(clear=False)


def text_of(snapshot: Snapshot, width: int = 80, height: int = 24) -> str:
    return shown(render(snapshot, width, height), width, height)


def line_with(text: str, start: str) -> str:
    return next(line for line in text.splitlines() if start in line)


@pytest.mark.parametrize(
    "snapshot",
    [STARTING, running(), finished(), running(state="failed", failure="x" * 300), running(3000.0)],
    ids=["starting", "running", "finished", "failed", "long"],
)
@pytest.mark.parametrize("size", [(80, 24), (100, 30), (119, 24), (120, 24), (160, 50), (250, 80)])
def test_every_state_fills_exactly_the_terminal(snapshot, size):
    width, height = size
    lines = text_of(snapshot, width, height).splitlines()
    assert len(lines) == height
    brief = bool(snapshot.models) and width < 120 and height < 30
    for line in lines[2 : height - brief]:
        assert len(line) == width
        assert line[0] in "╭│╰"
        assert line[-1] in "╮│╯"
    assert all(len(line) <= width for line in lines)


def test_starting_says_what_it_waits_for():
    text = text_of(STARTING)
    assert "loading the models" in text
    assert "nothing said yet" in text
    assert "starting" in text.splitlines()[0]
    assert "waiting for the first result" in text_of(replace(STARTING, state="running"))


def test_running_shows_source_progress_and_time_left():
    head, progress = text_of(running()).splitlines()[:2]
    assert "clip.mp4" in head
    assert head.rstrip().endswith("running")
    for figure in ("0:14 / 0:20", "70 %", "2 s left", "RTF 0.25 (4.0×)"):
        assert figure in progress
    full, rest = progress.count("━"), progress.count("─")
    assert full / (full + rest) == pytest.approx(0.7, abs=0.03)


def test_an_excerpt_has_its_own_progress():
    snapshot = running(start_s=10.0, position_s=15.0)
    assert "50 %" in text_of(snapshot).splitlines()[1]


def test_a_source_without_end_has_no_percentage():
    progress = text_of(running(duration_s=None)).splitlines()[1]
    assert "%" not in progress
    assert "left" not in progress
    assert "0:14" in progress


def test_now_shows_emotions_affect_and_shares():
    text = text_of(running())
    assert "at 14.00 s · preview" in text
    assert re.search(r"joy +70 % +positive +60 %", text)
    assert re.search(r"joy +━+╸?─+ 70 %", text)
    assert re.search(r"anger +[━╸]╸?─+ +5 %", text)
    assert "valence ↔ +.50 ±.35  arousal ↕ −.25 ±.35" in text
    assert text.count("●") == 1
    assert re.search(r"vision +━+╸?─+ +\+20 +50 %", text)
    assert re.search(r"text +━+╸?─+ +−10 +25 %", text)


def test_several_faces_are_counted():
    latest = point(1.0, people=(person(1), person(2, speaking=False)))
    assert "2 faces" in text_of(running(latest=latest))
    assert "faces" not in text_of(running())


def test_no_face_is_said_and_not_drawn_as_zero():
    presence = {**PRESENT, "vision": ABSENT["vision"]}
    finals = told(12.0, presence=presence)
    text = text_of(running(finals=finals, provisionals=(), latest=finals[-1]))
    assert "absent: no face" in line_with(text, "vision   absent")
    ribbon = next(line for line in text.splitlines() if " vision ·" in line)
    assert "▔" not in ribbon
    assert "▔" in next(line for line in text.splitlines() if " voice ▔" in line)


def test_picture_only():
    finals = told(12.0, presence=NO_SOUND)
    text = text_of(running(finals=finals, provisionals=(), latest=finals[-1], words=(), partial_words=()))
    assert "text     absent: no audio track" in text
    assert "voice    absent: no audio track" in text
    assert "nothing said yet" in text


def test_nobody_there_is_a_gap_not_a_feeling():
    finals = told(12.0, presence=ABSENT)
    text = text_of(running(finals=finals, provisionals=(), latest=finals[-1]))
    assert "nobody seen or heard" in text
    assert not re.search("[\u2801-\u28ff]", text)
    assert "▎" not in text


def test_the_curve_rises_where_valence_does():
    text = text_of(finished(), 160, 40)
    panel = [line[52:] for line in text.splitlines()]
    rows = [line for line in panel if re.search("[\u2801-\u28ff]", line)]
    columns = [[m.start() for m in re.finditer("[\u2801-\u28ff]", row)] for row in rows]
    assert max(columns[-1]) < max(columns[0])
    assert min(columns[0]) == pytest.approx((min(columns[-1]) + max(columns[0])) / 2, abs=3)


def test_the_ribbon_names_emotions_without_colour():
    ribbon = line_with(text_of(finished(), 160, 40), "emotion ▎")
    assert re.search(r"▎neutral ━+▎joy ━+", ribbon)


def test_narrow_stretches_of_the_ribbon_keep_what_fits():
    finals = tuple(point(n / 4, "sadness" if n % 9 == 0 else "joy") for n in range(1, 241))
    ribbon = line_with(text_of(running(60.0, finals=finals, provisionals=(), duration_s=900.0)), "emotion ▎")
    assert "▎" in ribbon
    assert "sadness" not in ribbon


def test_a_long_source_rolls_and_a_short_one_stands():
    axis = text_of(running(90.0, duration_s=600.0, latest=point(90.0)), 160, 40)
    assert "1:15" in axis
    assert "0:15" not in line_with(axis, "1:15").split("│")[-2]
    assert "0:15" in text_of(running())


def test_markers_and_events_stand_where_they_happened():
    events = (Event(10.0, "marker", "note"), Event(10.0, "gap", "x"), Event(3.0, "gap", "y"))
    text = text_of(finished(events=events), 160, 40)
    marks = line_with(text, " marks ")
    start, end = line_with(text, "emotion ▎").index("▎"), marks.rindex("│")
    width = end - 1 - start
    assert (marks.index("◆") - start) / width == pytest.approx(0.5, abs=0.02)
    assert (marks.index("▵") - start) / width == pytest.approx(3 / 20, abs=0.02)
    assert marks.count("▵") == 1, "a marker hides what else happened then"


def test_events_of_another_time_are_not_on_the_timeline():
    events = (Event(1.0, "marker", "old"), Event(100.0, "marker", "of a time to come"))
    text = text_of(running(90.0, duration_s=600.0, latest=point(90.0), events=events), 160, 40)
    assert "◆" not in text


def spoken(effects: dict[Modality, float], presence: dict[Modality, Presence] | None = None) -> list[str]:
    """Styles of two words, said at a point with these effects and in the midst of a minute."""
    made = point(1.0, "anger", presence=presence)
    spoke = replace(made, affect=replace(made.affect, effects=effects))
    finals = (point(0.5), spoke, point(1.5))
    shown = running(finals=finals, words=(word("no!", 1.0), word("well", 1.4)), partial_words=())
    (line,) = words(shown, 40, 3)
    return [str(span.style).strip() for span in line.spans]


def test_words_stand_out_where_text_led():
    strong = f"bold {EMOTION_COLOURS['anger']}"
    assert spoken({"text": 0.3, "voice": 0.1, "vision": -0.4}) == [strong]
    assert spoken({"text": 0.3, "voice": 0.4}) == [], "the voice moved it more"
    assert spoken({"text": 0.01}) == [], "hardly moved at all"
    assert spoken({"text": 0.3}, presence=ABSENT) == []


def test_words_are_shown_with_the_guess_behind_them():
    assert "we are happy. … and" in text_of(running())


def test_the_newest_words_stay_in_sight():
    words = tuple(word(f"word{n}", n / 2) for n in range(500))
    text = text_of(running(words=words))
    assert "word499" in text
    assert "word0 " not in text


def test_a_word_longer_than_the_line_is_cut():
    text = text_of(running(words=(word("a" * 200, 1.0),), partial_words=()))
    assert "a" * 60 in text
    assert "…" in line_with(text, "a" * 60)


def test_events_failures_and_lost_items_are_told():
    text = text_of(running(), 160, 40)
    assert "0:03    0.4 s of sound are missing" in text
    assert "frames 3 0.1 s" in text
    assert "lost 2 (2 oldest)" in text
    assert "models  speech whisper-tiny.en" in text
    assert "cpu  running" in text.splitlines()[0]
    assert "out/timeline.jsonl" in text
    failed = text_of(running(state="failed", failure="no space left for out/timeline.jsonl"))
    assert "no space left for out/timeline.jsonl" in failed
    assert "no events" in text_of(STARTING)


def test_finished_is_complete():
    head, progress, title = text_of(finished()).splitlines()[:3]
    assert head.rstrip().endswith("finished")
    assert "100 %" in progress
    assert "left" not in progress
    assert "at 20.00 s ─" in title


@pytest.mark.parametrize("size", [(79, 24), (80, 23), (40, 10), (20, 3)])
def test_small_terminals_get_one_line(size):
    width, height = size
    (line,) = text_of(running(), width, height).splitlines()
    assert len(line) <= width
    assert line.startswith("joy 70 %  positive")


def test_one_line_of_every_state():
    assert text_of(STARTING, 60, 10).startswith("starting  0:00  clip.mp4")
    assert text_of(running(state="failed", failure="disk full"), 60, 10).strip() == "disk full"
    nobody = point(1.0, presence=ABSENT)
    assert text_of(running(latest=nobody), 60, 10).startswith("nobody seen or heard  0:14 70 %")


def test_control_codes_from_outside_never_reach_the_terminal():
    nasty = "a\x1b]0;x\x07\nb.mp4"
    snapshot = running(source=nasty, events=(Event(0.0, "x", nasty),), outputs=(Path(nasty),))
    for size in ((80, 24), (160, 40), (60, 10)):
        text = text_of(snapshot, *size)
        assert "\x1b]" not in text
        assert "\x07" not in text
    assert len(text_of(snapshot).splitlines()) == 24


def test_an_hour_is_drawn_from_no_more_than_a_minute():
    """A huge history gives the very same picture as the last minute of it."""
    everything = told(600.0)
    recent = tuple(p for p in everything if p.time_s > 540.0)
    one, other = (
        text_of(running(finals=finals, provisionals=(), latest=finals[-1], duration_s=3600.0))
        for finals in (everything, recent)
    )
    assert one == other


def test_no_color_shows_the_same_text_without_colours(monkeypatch):
    coloured = terminal()
    monkeypatch.setenv("NO_COLOR", "1")
    plain = terminal()
    for console in (coloured, plain):
        console.print(render(running(), 100, 30))
    assert COLOUR.search(output(coloured))
    assert not COLOUR.search(output(plain))
    assert ESCAPE.sub("", output(plain)) == ESCAPE.sub("", output(coloured))


def test_the_picture_exports_as_svg():
    console = Console(record=True, width=100, height=30, file=io.StringIO(), force_terminal=True)
    console.print(render(running(), 100, 30))
    svg = console.export_svg(title="live-sentiment")
    assert svg.startswith("<svg")
    assert "clip.mp4" in svg
    assert "preview" in svg


def terminal(**options: object) -> Console:
    settings = {"force_terminal": True, "width": 100, "height": 30, "color_system": "truecolor", **options}
    return Console(file=io.StringIO(), **settings)  # type: ignore[arg-type]


def output(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_on_a_terminal_it_leaves_a_last_full_frame_behind():
    snapshots: Iterator[Snapshot] = iter([STARTING])
    console = terminal()
    with Dashboard(lambda: next(snapshots, finished()), console):
        pass
    _, _, after = output(console).rpartition("\x1b[?1049l")
    assert "\x1b[?25h" in output(console)
    assert "finished" in after
    assert "we " in after


def test_a_failing_run_leaves_the_terminal_as_it_was():
    console = terminal()
    with pytest.raises(RuntimeError), Dashboard(lambda: running(state="failed", failure="oh no"), console):
        raise RuntimeError
    _, _, after = output(console).rpartition("\x1b[?1049l")
    assert "oh no" in after


def test_a_signal_while_the_last_frame_is_made_still_ends_the_program():
    def read() -> Snapshot:
        if threading.current_thread() is threading.main_thread():
            raise EndedBySignal(143)
        return running()

    with pytest.raises(EndedBySignal), Dashboard(read, terminal()):
        pass


def test_in_a_pipe_there_are_few_plain_lines():
    console = terminal(force_terminal=False)
    current = [STARTING]
    with Dashboard(lambda: current[-1], console):
        current.append(running())
        current.append(finished())
    assert output(console).splitlines() == [
        "0:03 0.4 s of sound are missing",
        "clip.mp4: finished, RTF 0.25 (4.0×)",
    ]


def test_a_key_is_answered_at_once_and_v_shows_the_picture(monkeypatch):
    monkeypatch.setattr("live_sentiment.terminal.dashboard.REFRESH_HZ", 0.001)
    view, console = View(), terminal()
    picture = Picture(np.zeros((48, 64, 3), np.uint8), 1.0)
    with Dashboard(lambda: running(picture=picture), console, view=view) as dashboard:
        wait_for(console, "valence and emotion")
        assert "▀" not in output(console)
        view.toggle_picture()
        dashboard.refresh()
        wait_for(console, "▀▀▀")


def test_a_stopped_process_gives_the_screen_back_and_takes_it_again(monkeypatch):
    monkeypatch.setattr("live_sentiment.terminal.dashboard.REFRESH_HZ", 0.001)
    console = terminal()
    with Dashboard(running, console) as dashboard:
        wait_for(console, "clip.mp4")
        dashboard.leave_screen()
        gone = len(output(console))
        assert output(console).endswith("\x1b[?1049l\x1b[?25h")
        dashboard.refresh()
        dashboard.leave_screen()
        assert len(output(console)) == gone, "nothing is drawn on a screen that is not ours"
        dashboard.take_screen()
        wait_for(console, "clip.mp4", gone)
    dashboard.take_screen()
    assert output(console).count("\x1b[?1049h") == output(console).count("\x1b[?1049l") == 2


def wait_for(console: Console, text: str, start: int = 0) -> None:
    """Until the dashboard's thread has shown it."""
    while text not in output(console)[start:]:
        os.sched_yield()


def test_a_dumb_terminal_gets_plain_lines(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    console = terminal(color_system=None)
    with Dashboard(finished, console):
        pass
    assert "\x1b" not in output(console)
    assert "clip.mp4: finished" in output(console)


def test_a_log_in_another_encoding_is_no_obstacle():
    raw = io.BytesIO()
    console = Console(file=io.TextIOWrapper(raw, encoding="ascii", write_through=True), force_terminal=True)
    with Dashboard(finished, console):
        pass
    assert b"clip.mp4: finished, RTF 0.25 (4.0?)" in raw.getvalue()
    assert b"\x1b" not in raw.getvalue()
