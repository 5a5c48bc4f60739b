from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from matplotlib.colors import to_hex

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS
from live_sentiment.export import FORMATS
from live_sentiment.export.columns import MOST_COLUMNS, columns_of
from live_sentiment.export.palette import DARK, LIGHT
from live_sentiment.export.plot import DPI, HEIGHT_IN, WIDTH_IN, figure_of, write_dark_png, write_png
from live_sentiment.export.recorded import RecordedSession
from live_sentiment.recording.session_file import SessionRecord
from live_sentiment.sinks.lines import Fields
from live_sentiment.terminal.theme import EMOTION_COLOURS, MODALITY_COLOURS
from tests.helpers.sessions import EPISODES, EVENTS, TURNING, lines_of, silent


def plotted(session: RecordedSession) -> dict[str, Any]:
    """The rows of the figure by name."""
    columns = columns_of(session.points(), session.point_count)
    figure = figure_of(session, columns, LIGHT)
    rows = {axes.get_label(): axes for axes in figure.axes}
    rows["figure"] = figure
    return rows


def texts(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_the_curves_are_the_numbers_of_the_timeline(session: RecordedSession) -> None:
    points = lines_of(session, "point")
    curves = {line.get_label(): line for line in plotted(session)["affect"].lines}
    for name in ("valence", "arousal"):
        assert list(curves[name].get_xdata()) == [point["time"] for point in points]
        assert list(curves[name].get_ydata()) == [point[name] for point in points]
    assert to_hex(curves["valence"].get_color()) == LIGHT.valence


def test_bands_reach_one_standard_deviation(session: RecordedSession) -> None:
    # Of valence: the second band.
    band = plotted(session)["affect"].collections[1].get_paths()[0].vertices
    first = lines_of(session, "point")[0]
    here = band[np.isclose(band[:, 0], first["time"]), 1]
    sd = first["confidence"]["valence_sd"]
    assert (here.min(), here.max()) == pytest.approx((first["valence"] - sd, first["valence"] + sd))


def test_emotions_are_stacked_in_the_colours_of_the_dashboard(session: RecordedSession) -> None:
    layers = plotted(session)["emotions"].collections
    assert [to_hex(layer.get_facecolor()[0]) for layer in layers] == [EMOTION_COLOURS[e] for e in EMOTIONS]
    top = layers[-1].get_paths()[0].vertices
    assert top[:, 1].max() == pytest.approx(1.0, abs=0.001)


def test_episodes_lie_where_they_were(session: RecordedSession) -> None:
    spans = plotted(session)["episodes"].patches
    assert [(span.get_x(), span.get_x() + span.get_width()) for span in spans] == [
        pytest.approx((episode.start_s, episode.end_s)) for episode in EPISODES
    ]
    assert [to_hex(span.get_facecolor()) for span in spans] == [EMOTION_COLOURS[e.emotion] for e in EPISODES]
    assert texts(plotted(session)["episodes"]) == ["joy", "anger"]


def test_an_absent_modality_leaves_a_hole(session: RecordedSession) -> None:
    layers = plotted(session)["modalities"].collections
    shares, presence = layers[4], layers[5]
    assert to_hex(shares.get_facecolor()[0]) == MODALITY_COLOURS["vision"]
    covered = [(path.vertices[:, 0].min(), path.vertices[:, 0].max()) for path in presence.get_paths()]
    assert covered == [pytest.approx((0.25, 2.0)), pytest.approx((3.25, 6.0))]


def test_events_and_markers_are_told_apart_and_say_what_happened(session: RecordedSession) -> None:
    axes = plotted(session)["affect"]
    lines = [line for line in axes.lines if list(line.get_ydata()) == [0, 1] and line.get_xdata()[0] != 0]
    assert sorted(line.get_xdata()[0] for line in lines) == sorted(event.time_s for event in EVENTS)
    assert {line.get_linestyle() for line in lines} == {"-", "--"}
    assert "no picture for 0.3 s" in texts(axes)
    assert any(text.startswith("again") for text in texts(axes))


def test_turning_points_are_marked(session: RecordedSession) -> None:
    (mark,) = [line for line in plotted(session)["affect"].lines if line.get_marker() == "^"]
    assert mark.get_xdata()[0] == TURNING.time_s
    assert mark.get_ydata()[0] == pytest.approx(TURNING.valence, abs=1e-4)


def test_words_are_there_where_all_of_them_fit(session: RecordedSession) -> None:
    assert texts(plotted(session)["words"]) == ["Good morning.", 'Über "so" <b>&']
    words = [{"text": "a long word", "start": n / 100, "end": n / 100 + 0.005} for n in range(600)]
    assert "words" not in plotted(replace(session, words=tuple(words)))


def test_words_do_not_run_into_each_other(session: RecordedSession) -> None:
    said = "It was a dark and stormy night. The rain fell in torrents. Yes."
    words = [
        {"text": text, "start": 1.0 + n * 0.25, "end": 1.2 + n * 0.25} for n, text in enumerate(said.split())
    ]
    rows = plotted(replace(session, words=tuple(words)))
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    renderer = FigureCanvasAgg(rows["figure"]).get_renderer()
    boxes = [text.get_window_extent(renderer) for text in rows["words"].texts]
    assert len(boxes) == 3
    assert not any(a.overlaps(b) for n, a in enumerate(boxes) for b in boxes[:n])


@pytest.mark.parametrize("length_s", [10.0, 6.0, 75.0, 1000.0, 7200.0, 4 * 3600.0])
def test_the_axis_of_time_has_a_readable_number_of_labels(session: RecordedSession, length_s: float) -> None:
    rows = plotted(replace(session, end_s=length_s))
    last = rows.get("words", rows["modalities"])
    shown = [label.get_text() for label in last.get_xticklabels()]
    assert 4 <= len(shown) <= 13
    assert len(set(shown)) == len(shown)


def test_two_hours_are_averaged() -> None:
    count = 28_800
    columns = columns_of(long_story(count), count)
    assert len(columns.time_s) <= MOST_COLUMNS
    assert (np.diff(columns.time_s) > 0).all()
    assert columns.time_s[-1] == pytest.approx(count / 4, abs=10)
    assert columns.valence.mean() == pytest.approx(0.5)
    assert columns.present[:, 0] == pytest.approx(0.5, abs=0.02)
    assert columns.emotions.sum(axis=1) == pytest.approx(1.0)


def long_story(count: int) -> Iterator[Fields]:
    for index in range(count):
        yield {
            "time": (index + 1) / 4,
            "valence": float(index % 2),
            "arousal": 0.0,
            "confidence": {"valence_sd": 0.1, "arousal_sd": 0.1},
            "emotions": dict.fromkeys(EMOTIONS, 1 / 7),
            "shares": {"voice": 1.0},
            "presence": {
                "text": {"present": index % 2 == 0},
                "voice": {"present": True},
                "vision": {"present": False},
            },
        }


@pytest.mark.parametrize(("write", "ground"), [(write_png, LIGHT.ground), (write_dark_png, DARK.ground)])
def test_the_file_is_a_page_on_its_ground(
    session: RecordedSession, tmp_path: Path, write: Any, ground: str
) -> None:
    told: list[float] = []
    image = cv2.imread(str(write(session, tmp_path / "plot.png", told.append)))
    assert image.shape == (round(HEIGHT_IN * DPI), round(WIDTH_IN * DPI), 3)
    assert to_hex(image[2, 2, ::-1] / 255) == ground
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_names_may_hold_anything(session: RecordedSession, tmp_path: Path) -> None:
    named = replace(session, header={**session.header, "source": {"name": r"Gespräch $\frac$ 你好 שלום.mp4"}})
    image = cv2.imread(str(write_png(named, tmp_path / "plot.png", silent)))
    assert image[:100].std() > 5
    assert plotted(named)["figure"].texts[0].get_text().endswith("שלום.mp4")


def test_a_live_session_says_when_it_was(session: RecordedSession) -> None:
    record = SessionRecord(started=datetime(2026, 11, 21, 14, 3, tzinfo=UTC), state="complete")
    assert any(
        "2026-11-21 14:03" in text for text in texts(plotted(replace(session, record=record))["figure"])
    )


def test_without_points_there_is_nothing_to_plot(session: RecordedSession, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing to plot"):
        write_png(replace(session, point_count=0), tmp_path / "plot.png", silent)
    assert not (tmp_path / "plot.png").exists()


def test_they_are_among_the_exports() -> None:
    assert FORMATS["png"].load() is write_png
    assert FORMATS["png-dark"].load() is write_dark_png
