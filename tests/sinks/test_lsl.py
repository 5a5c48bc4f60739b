"""Lab Streaming Layer against an inlet of pylsl's own."""

from __future__ import annotations

import builtins
import json
import math
import os
import uuid
from pathlib import Path
from typing import Any

import pytest

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS, POLARITIES, Event, Presence, Transcript
from live_sentiment.sinks.async_sink import AsyncSink
from live_sentiment.sinks.lsl import FINAL, MARKERS, PROVISIONAL, LslTransport
from live_sentiment.timeline.episodes import Episode
from tests.helpers.outlets import WAIT_S, told_and_written
from tests.helpers.story import PRESENT, point, word

try:
    import pylsl

    # Read by liblsl at its first use, and inherited by every process of the tests.
    os.environ["LSLAPICFG"] = str(Path(__file__).with_name("lsl_api.cfg"))
except (ImportError, RuntimeError) as error:
    pytest.skip(f"pylsl or its liblsl cannot be had: {error}", allow_module_level=True)

LABELS = [
    "valence",
    "arousal",
    *(f"polarity/{name}" for name in POLARITIES),
    *(f"emotions/{name}" for name in EMOTIONS),
    *(f"confidence/{name}" for name in ("emotion", "polarity", "valence_sd", "arousal_sd")),
    *(f"shares/{name}" for name in ("text", "voice", "vision")),
]


@pytest.fixture
def name() -> str:
    """No other stream on this machine has it."""
    return f"test-{uuid.uuid4().hex}"


def inlet_of(name: str, kind: str) -> Any:
    """An inlet that is connected: what is sent from now on reaches it."""
    (found,) = pylsl.resolve_bypred(f"name='{name}' and type='{kind}'", minimum=1, timeout=WAIT_S)
    inlet = pylsl.StreamInlet(found)
    inlet.open_stream(timeout=WAIT_S)
    return inlet


def pulled(inlet: Any, count: int) -> tuple[list[list[Any]], list[float]]:
    """So many samples with their times."""
    samples, times = [], []
    while len(samples) < count:
        sample, at_s = inlet.pull_sample(timeout=WAIT_S)
        assert sample is not None, f"only {len(samples)} of {count} samples came"
        samples.append(sample)
        times.append(at_s)
    return samples, times


def zero_of(inlet: Any) -> float:
    return float(inlet.info(timeout=WAIT_S).desc().child("session").child_value("zero"))


def test_an_inlet_gets_the_times_and_values_of_the_timeline(name: str, tmp_path: Path) -> None:
    outlet = AsyncSink(LslTransport(name, 0.25), "LSL")
    outlet.begin(lambda: 0.0, lambda kind, message: pytest.fail(message))
    finals, markers = inlet_of(name, FINAL), inlet_of(f"{name}-markers", MARKERS)
    zero_s = zero_of(finals)
    timeline = told_and_written(tmp_path, outlet)
    points = timeline.points
    assert len(points) >= 14
    samples, times = pulled(finals, len(points))
    assert [round(at_s - zero_s, 3) for at_s in times] == [line["time"] for line in points]
    for sample, line in zip(samples, points, strict=True):
        named = dict(zip(LABELS, sample, strict=True))
        for label, value in named.items():
            told = line
            for step in label.split("/"):
                told = told.get(step, math.nan)
            assert value == pytest.approx(told, abs=1e-6, nan_ok=True), label
    written = [word for line in points for word in line["words"]]
    said, said_at = pulled(markers, len(written))
    assert [json.loads(text) for (text,) in said] == [{"type": "word", **word} for word in written]
    assert [round(at_s - zero_s, 3) for at_s in said_at] == [word["start"] for word in written]


def test_session_zero_is_that_of_the_session_on_lsls_own_clock(name: str) -> None:
    transport = LslTransport(name, 0.25)
    before_s = pylsl.local_clock()
    transport.begin(lambda: 100.0, pytest.fail)
    after_s = pylsl.local_clock()
    assert before_s - 100.0 - 1e-6 <= zero_of(inlet_of(name, FINAL)) <= after_s - 100.0 + 1e-6
    transport.close(complete=True)


def test_the_description_names_every_channel_with_its_unit(name: str) -> None:
    transport = LslTransport(name, 0.25)
    transport.begin(lambda: 0.0, pytest.fail)
    info = inlet_of(name, FINAL).info(timeout=WAIT_S)
    channel, seen = info.desc().child("channels").child("channel"), []
    while not channel.empty():
        seen.append((channel.child_value("label"), channel.child_value("unit")))
        channel = channel.next_sibling("channel")
    assert [label for label, _ in seen] == LABELS
    assert dict(seen)["valence"] == "-1..1"
    assert dict(seen)["emotions/joy"] == "probability"
    assert (info.nominal_srate(), info.channel_count()) == (4.0, len(LABELS))
    transport.close(complete=True)


def test_provisional_points_have_a_stream_of_their_own_and_absence_is_nan(name: str) -> None:
    transport = LslTransport(name, 0.25)
    transport.begin(lambda: 0.0, pytest.fail)
    inlet = inlet_of(f"{name}-provisional", PROVISIONAL)
    told = point(1.0, final=False, presence={**PRESENT, "voice": Presence(False, "no speech")})
    del told.affect.shares["voice"]  # type: ignore[attr-defined]
    transport.point(told)
    ((*_, text, voice, vision),), _ = pulled(inlet, 1)
    assert (text, vision) == (0.25, 0.5)
    assert math.isnan(voice)
    transport.close(complete=True)


def test_markers_stand_where_things_happened(name: str) -> None:
    transport = LslTransport(name, 0.25)
    transport.begin(lambda: 0.0, pytest.fail)
    inlet = inlet_of(f"{name}-markers", MARKERS)
    transport.event(Event(2.5, "gap", "a gap"))
    transport.words(Transcript((word("naïve", 3.0, start_s=2.75),), (word("guess", 3.5),), 3.0))
    transport.segment(Episode(1.0, 2.5, "joy", 0.75, 0.5, 0.25))
    samples, times = pulled(inlet, 3)
    zero_s = zero_of(inlet)
    assert [json.loads(text)["type"] for (text,) in samples] == ["event", "word", "episode"]
    assert json.loads(samples[1][0])["text"] == "naïve"
    assert [at_s - zero_s for at_s in times] == pytest.approx([2.5, 2.75, 1.0], abs=1e-5)
    transport.close(complete=True)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ImportError("pylsl"), r"pip install 'live-sentiment\[lsl\]'"),
        (RuntimeError("LSL binary library file was not found."), "finds no liblsl"),
    ],
)
def test_without_the_library_it_is_said_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any) -> Any:
        if name == "pylsl":
            raise error
        return real(name, *args)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match=said):
        LslTransport("x", 0.25)
