from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from live_sentiment.export.moments import HISTORY_S, Face, Moment, Moments, captions
from live_sentiment.export.overlay import Overlay
from live_sentiment.export.palette import DARK, LIGHT, Palette
from live_sentiment.export.pen import Pen, bgr
from live_sentiment.export.recorded import RecordedSession
from live_sentiment.sinks.lines import Fields
from live_sentiment.terminal.theme import EMOTION_COLOURS
from tests.helpers.sessions import lines_of

NOTHING = Moment(0.0, None, (), (), ())


def picture(width: int = 640, height: int = 480) -> np.ndarray:
    return np.random.default_rng(3).integers(90, 110, (height, width, 3)).astype(np.uint8)


def moment_at(session: RecordedSession, time_s: float) -> Moment:
    return Moments(session.points(), session.words).at(time_s)


def blank(width: int = 400, height: int = 100) -> Pen:
    return Pen(np.zeros((height, width, 3), np.uint8))


@pytest.mark.parametrize("size", [(640, 360), (640, 480), (1080, 1920), (3840, 2160), (641, 479)])
def test_sizes_follow_the_height(size: tuple[int, int]) -> None:
    width, height = Overlay(*size).size
    assert width % 2 == height % 2 == 0
    assert width - size[0] in {0, 1}
    strip = (height - size[1]) / min(size[1], size[0] * 0.75)
    assert strip == pytest.approx(10.5 / 26, abs=0.01)


def test_small_pictures_are_enlarged_until_text_is_legible() -> None:
    width, height = Overlay(64, 48).size
    assert (width, height > 384) == (512, True)


def test_without_results_the_picture_is_untouched() -> None:
    image = picture()
    drawn = Overlay(640, 480).draw(image, NOTHING)
    assert np.array_equal(drawn[:480], image)


def test_the_face_is_framed_and_not_covered(session: RecordedSession) -> None:
    image = picture()
    box = (200.0, 100.0, 160.0, 200.0)
    face = Face(box, "anger", 0.62, speaking=True)
    drawn = Overlay(640, 480).draw(image, Moment(0.0, None, (), (face,), ()))
    colour = np.array(bgr(EMOTION_COLOURS["anger"]))
    for row, column in ((200, 200), (200, 360), (300, 280), (100, 280)):
        assert np.array_equal(drawn[row, column], colour)
    assert np.array_equal(drawn[104:297, 204:357], image[104:297, 204:357])
    label = drawn[70:97, 200:300]
    assert (label == colour).all(axis=2).mean() > 0.3, "a label in the colour of the emotion"
    assert (label == np.array(bgr(DARK.ground))).all(axis=2).any(), "with text"
    assert np.array_equal(drawn[310:480], image[310:480])


def test_a_label_at_the_upper_edge_goes_below_the_box() -> None:
    image = picture()
    drawn = Overlay(640, 480).draw(
        image, Moment(0.0, None, (), (Face((600.0, 2.0, 60.0, 80.0), "joy", 0.5, True),), ())
    )
    assert np.array_equal(drawn[8:78, 606:636], image[8:78, 606:636])
    colour = np.array(bgr(EMOTION_COLOURS["joy"]))
    assert (drawn[86:105, 540:640] == colour).all(axis=2).sum() > 300


def test_the_bars_are_as_long_as_the_probabilities(session: RecordedSession) -> None:
    overlay, image = Overlay(640, 480), picture()
    lengths = {}
    for name, time_s in (("joy", 1.0), ("anger", 4.0)):
        strip = overlay.draw(image, moment_at(session, time_s))[520:, :230]
        for emotion in ("joy", "anger"):
            found = (strip == np.array(bgr(EMOTION_COLOURS[emotion]))).all(axis=2)
            lengths[name, emotion] = int(found.sum(axis=1).max())
    # 0.7 where it leads, else 0.05.
    assert lengths["joy", "joy"] / lengths["joy", "anger"] == pytest.approx(14, rel=0.2)
    assert lengths["anger", "anger"] == lengths["joy", "joy"]


def test_the_plot_ends_now_and_begins_when_the_session_does(session: RecordedSession) -> None:
    overlay = Overlay(640, 480)
    ribbons = []
    for time_s in (2.0, 6.0):
        plot = overlay.draw(picture(), moment_at(session, time_s))[-45:, 380:]
        joy = (plot == np.array(bgr(EMOTION_COLOURS["joy"]))).all(axis=2).any(axis=0)
        anger = (plot == np.array(bgr(EMOTION_COLOURS["anger"]))).all(axis=2).any(axis=0)
        ribbons.append((np.flatnonzero(joy), np.flatnonzero(anger)))
    (early, none), (joy, anger) = ribbons
    assert len(none) == 0
    assert early[-1] == anger[-1], "now is at the right edge"
    assert joy[-1] < anger[0]
    scale = (anger[-1] - joy[0]) / 5.75
    assert scale == pytest.approx((640 - 380) / 20, rel=0.25)


def test_words_are_shown_as_they_are_said(session: RecordedSession) -> None:
    overlay, image, bands = Overlay(640, 480), picture(), []
    moments = Moments(session.points(), session.words)
    for time_s in (0.05, 0.2, 0.5, 2.9, 3.8):
        moment = moments.at(time_s)
        drawn = overlay.draw(image, moment)
        bands.append(
            (" ".join(word["text"] for word in moment.caption), int((drawn[480:514] > 128).any(2).sum()))
        )
    assert [text for text, _ in bands] == ["", "Good", "Good morning.", "", 'Über "so" <b>&']
    widths = [lit for _, lit in bands]
    assert widths[0] == widths[3] == 0 < widths[1] < widths[2]


def test_a_caption_too_long_for_the_picture_is_cut_and_says_so(session: RecordedSession) -> None:
    words = [{"text": "w" * 200, "start": 0.0, "end": 1.0}]
    moment = Moments(session.points(), words).at(0.5)
    band = Overlay(640, 480).draw(picture(), moment)[480:514]
    assert (band[:, :8] > 128).sum() == (band[:, -8:] > 128).sum() == 0
    assert (band > 128).sum() > 1000


def test_boxes_move_between_the_points_that_state_them() -> None:
    lines = [point_with((0.0, 0.0, 10.0, 10.0), 1.0), point_with((20.0, 40.0, 20.0, 10.0), 1.25)]
    moments = Moments(lines, ())
    assert moments.at(0.9).faces == ()
    assert moments.at(1.0).faces[0].box == (0.0, 0.0, 10.0, 10.0)
    assert moments.at(1.125).faces[0].box == (10.0, 20.0, 15.0, 10.0)
    assert moments.at(1.25).faces[0].box == (20.0, 40.0, 20.0, 10.0)


def test_a_face_that_has_gone_keeps_a_thin_box_without_a_label() -> None:
    boxes = [(100.0 + min(n, 4), 100.0, 100.0, 100.0) for n in range(16)]
    moments = Moments([point_with(box, n / 4) for n, box in enumerate(boxes)], ())
    held = [moments.at(n / 4).faces[0].held for n in range(16)]
    assert held == [False] * 8 + [True] * 8
    overlay, image = Overlay(640, 480), picture()
    changed = []
    for gone in (False, True):
        face = Face((200.0, 100.0, 160.0, 200.0), "anger", 0.62, True, gone)
        drawn = overlay.draw(image, Moment(0.0, None, (), (face,), ()))[:480]
        changed.append((drawn != image).any(axis=2))
    assert changed[1][200, 200]
    assert not changed[1][:98].any()
    assert changed[1].sum() < changed[0].sum() / 2


def test_others_than_the_speaker_have_the_emotion_of_their_own_face(session: RecordedSession) -> None:
    speaker, other = moment_at(session, 5.5).faces
    assert (speaker.emotion, speaker.speaking) == ("anger", True)
    assert (other.emotion, other.speaking) == ("joy", False)


def test_no_more_of_a_timeline_is_held_than_is_shown() -> None:
    read = 0

    def day() -> Iterator[Fields]:
        nonlocal read
        for index in range(24 * 3600 * 4):
            read += 1
            yield point_with((0.0, 0.0, 1.0, 1.0), index / 4)

    moments = Moments(day(), ())
    for second in range(120):
        moment = moments.at(float(second))
        assert len(moment.history) <= (HISTORY_S + 2) * 4
        assert read <= second * 4 + 2


def test_captions_lose_no_word(session: RecordedSession) -> None:
    said = [word for line in lines_of(session, "point") for word in line["words"]]
    assert [word for caption in captions(said) for word in caption] == said


@pytest.mark.parametrize("text", ["ä", "é", "ß", "Ł", "Ж", "λ", "你", "−", "…"])
def test_text_is_written_in_unicode(text: str) -> None:
    unknown, known = blank(), blank()
    unknown.text("?", (10, 50), 30, "#ffffff")
    known.text(text, (10, 50), 30, "#ffffff")
    assert known.image.any()
    assert not np.array_equal(known.image, unknown.image)


def test_text_stands_left_of_between_or_right_of_its_place() -> None:
    lit = {}
    for align in ("left", "middle", "right"):
        pen = blank()
        width = pen.text("joy 72 %", (200, 50), 24, "#ffffff", align=align)
        columns = np.flatnonzero(pen.image.any(axis=(0, 2)))
        lit[align] = columns[0], columns[-1]
        assert columns[-1] - columns[0] == pytest.approx(width, abs=4)
    assert lit["left"][0] >= 199
    assert lit["right"][1] <= 201
    assert sum(lit["middle"]) / 2 == pytest.approx(200, abs=3)


def test_control_codes_are_not_drawn() -> None:
    pen = blank()
    assert pen.text("a\nb", (5, 50), 20, "#ffffff") > 0
    assert not pen.image[70:].any()


def test_what_does_not_fit_is_shortened() -> None:
    pen = blank()
    short = pen.fitted("a rather long name of a file.mp4", 20, 150)
    assert short.endswith("…")
    assert pen.width(short, 20) <= 150
    assert pen.fitted("short", 20, 150) == "short"


@pytest.mark.parametrize("palette", [DARK, LIGHT])
def test_text_can_be_read_on_its_ground(palette: Palette) -> None:
    for colour in (palette.text, palette.quiet, palette.valence, palette.arousal):
        assert contrast(colour, palette.ground) >= 4.5
    assert contrast(palette.faint, palette.ground) >= 3


def contrast(one: str, other: str) -> float:
    """WCAG 2, relative luminance."""

    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def point_with(box: tuple[float, ...], time_s: float) -> Fields:
    person = {"person": 1, "speaking": True, "box": list(box), "emotions": {}}
    return {"time": time_s, "emotion": "joy", "confidence": {"emotion": 0.7}, "people": [person]}
