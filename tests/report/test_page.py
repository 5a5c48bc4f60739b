"""The page as a file: what is in it, and what is said when it cannot be written."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import av
import pytest

from live_sentiment.core.errors import UsageError
from live_sentiment.export.recorded import open_recorded
from live_sentiment.report import media as media_module
from live_sentiment.report.page import write_report

Line = dict[str, Any]
MakeSession = Callable[..., Path]


class Text(HTMLParser):
    """Collects what is read on the page, and the scripts by their id."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.read: list[str] = []
        self.scripts: dict[str | None, str] = {}
        self._in: str | None = None
        self._id: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "style"}:
            self._in, self._id = tag, dict(attrs).get("id")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._in:
            self._in = None

    def handle_data(self, data: str) -> None:
        if self._in == "script":
            self.scripts[self._id] = data
        elif self._in is None:
            self.read.append(data)

    def __str__(self) -> str:
        return " ".join(" ".join(self.read).split())


def report(folder: Path, *, embed: bool = False) -> Text:
    path = write_report(open_recorded(folder), folder / "report.html", embed=embed)
    return Text(path.read_text(encoding="utf-8"))


def test_the_summary_holds_what_the_timeline_says(make_session: MakeSession) -> None:
    page = str(report(make_session()))
    for text in (
        "Mostly joy 50 % of the time",
        "Talking 14 s 29 words",
        "Face seen 12 s 86 % of the time",
        "0:04.0 ▲ peak, −0.50 → +0.50 wonderful",
        "0:03.0 0:05.0 face no face",
        "camera lost: vision is absent from here on",
        "It reads expression, not minds.",
        "whisper-tiny.en MIT",
        "Limits of voice-emotion, and its card",
    ):
        assert text in page


def test_what_it_cannot_tell_is_what_the_readme_says(make_session: MakeSession) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    section = " ".join(readme.split("## What it cannot tell")[1].split("\n## ")[0].split())
    page = str(report(make_session()))
    for sentence in (
        "It reads expression, not minds.",
        "A smile is not happiness, a flat voice is not sadness, and people show the same feeling differently "
        "across cultures, ages, neurotypes and situations.",
        "Valence and arousal are derived from the emotion probabilities by published coordinates, not "
        "measured.",
    ):
        assert sentence in section
        assert sentence in page


def test_words_and_names_cannot_break_out(
    make_session: MakeSession,
    make_header: Callable[..., Line],
    make_point: Callable[..., Line],
    make_word: Callable[..., Line],
    hostile: str,
) -> None:
    words = (make_word(hostile, 0.0, 0.2),)
    lines = [make_header(name=hostile), make_point(0.25, words=words)]
    lines[0]["models"] = {"text": hostile}
    lines[1]["presence"]["vision"] = {"present": False, "reason": hostile}
    page = report(make_session(lines, clip=False))
    assert str(page).count(hostile) >= 4
    data = json.loads(page.scripts["session"])
    assert data["absences"][0]["reason"] == hostile
    assert set(page.scripts) == {"session", None}


def test_it_may_load_nothing(make_session: MakeSession) -> None:
    folder = make_session()
    report(folder)
    html = (folder / "report.html").read_text(encoding="utf-8")
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert "unsafe" not in policy
    assert "http" not in policy
    assert re.findall(r'\b(?:src|href)="([^"]*)"', html) == ["#timeline", "./demo.mp4"]


def test_the_same_session_gives_the_same_bytes(make_session: MakeSession) -> None:
    folder = make_session()
    report(folder)
    first = (folder / "report.html").read_bytes()
    report(folder)
    assert (folder / "report.html").read_bytes() == first


def test_a_video_is_linked_relative_to_the_page(make_session: MakeSession, tmp_path: Path) -> None:
    folder = make_session()
    clip = folder / "demo.mp4"
    odd = tmp_path / "a: b" / "100 % ü#1.mp4"
    odd.parent.mkdir()
    clip.rename(odd)
    path = write_report(open_recorded(folder, odd), tmp_path / "report.html")
    html = path.read_text(encoding="utf-8")
    assert 'src="./a%3A%20b/100%20%25%20%C3%BC%231.mp4"' in html


def test_an_embedded_video_is_there_to_the_last_byte(make_session: MakeSession) -> None:
    folder = make_session()
    page = report(folder, embed=True)
    assert base64.b64decode(page.scripts["embedded-media"]) == (folder / "demo.mp4").read_bytes()


def test_the_recording_of_a_live_session_is_embedded_as_mp4(make_session: MakeSession) -> None:
    folder = make_session()
    recording = folder / "recording.mkv"
    with av.open(str(folder / "demo.mp4")) as clip, av.open(str(recording), "w") as made:
        stream = made.add_stream_from_template(clip.streams.video[0])
        for packet in clip.demux(clip.streams.video[0]):
            if packet.pts is not None:
                packet.stream = stream
                made.mux(packet)
    path = write_report(open_recorded(folder, recording), folder / "report.html", embed=True)
    html = path.read_text(encoding="utf-8")
    assert 'data-type="video/mp4"' in html
    assert base64.b64decode(Text(html).scripts["embedded-media"])[4:8] == b"ftyp"


def test_sound_alone_gets_a_player_for_sound(
    make_session: MakeSession, lines: list[Line], make_header: Callable[..., Line]
) -> None:
    folder = make_session([make_header(video=None, name="talk.wav"), *lines[1:]], clip=False)
    (folder / "talk.wav").write_bytes(b"RIFF")
    report(folder)
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert "<audio id=" in html
    assert "<video" not in html


def test_without_a_video_it_says_so_and_has_no_player(make_session: MakeSession) -> None:
    page = report(make_session(clip=False))
    assert "No picture or sound of this session lies with its results." in str(page)


def test_a_video_too_large_to_embed_is_refused_before_anything_is_written(
    make_session: MakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_session()
    monkeypatch.setattr(media_module, "EMBED_LIMIT_BYTES", 1000)
    with pytest.raises(UsageError, match="Leave out --embed"):
        report(folder, embed=True)
    assert {path.name for path in folder.iterdir()} == {"timeline.jsonl", "demo.mp4"}


def test_nothing_to_embed_and_nothing_to_tell_are_errors(
    make_session: MakeSession, make_header: Callable[..., Line]
) -> None:
    with pytest.raises(UsageError, match="--media FILE"):
        report(make_session(clip=False), embed=True)
    with pytest.raises(UsageError, match="holds no results"):
        report(make_session([make_header()], name="empty"))
