"""What the page says of a session in which something went wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from live_sentiment.export.recorded import open_recorded
from live_sentiment.report.quality import remarks

Line = dict[str, Any]


def record(**parts: Any) -> Line:
    return {
        "schema": "live-sentiment/session",
        "version": 1,
        "started": "2026-11-21T14:03:07.000+01:00",
        "state": "complete",
        "duration": 14.5,
        **parts,
    }


def test_a_good_session_has_no_remarks(make_session: Callable[..., Path]) -> None:
    assert remarks(open_recorded(make_session())) == ()


def test_a_killed_session_says_so(make_session: Callable[..., Path], lines: list[Line]) -> None:
    (remark,) = remarks(open_recorded(make_session(lines[:-1])))
    assert remark.startswith("The session did not come to its end: results reach up to 0:14.5")


def test_everything_that_was_lost_is_said(make_session: Callable[..., Path]) -> None:
    folder = make_session()
    gaps = [
        {"start": 3.0, "end": 5.0, "reason": "camera lost"},
        {"start": 9.0, "end": None, "reason": "camera frozen"},
    ]
    camera = {"device": "camera", "name": "USB <cam>", "dropped": {"overrun": 12}, "gaps": gaps}
    written = record(
        devices=[camera],
        analysis={"dropped": {"frames too old": 7}},
        recording={"faces_blurred": True, "stopped": "the disk is nearly full", "dropped": {"stopped": 4}},
    )
    (folder / "session.json").write_text(json.dumps(written), encoding="utf-8")
    assert remarks(open_recorded(folder)) == (
        "The camera “USB <cam>” lost 12 (overrun).",
        "The camera gave nothing from 0:03.0 to 0:05.0: camera lost.",
        "The camera gave nothing from 0:09.0 to the end: camera frozen.",
        "The computer could not keep up with everything that was captured; not analysed: 7 (frames too old).",
        "Recording of picture and sound stopped early: the disk is nearly full.",
        "Captured, but missing from the recording: 4 (stopped).",
        "Faces were hidden in the recorded picture; the analysis saw them.",
    )
