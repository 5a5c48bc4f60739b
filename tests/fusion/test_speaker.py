from collections.abc import Callable

import numpy as np
import pytest

from live_sentiment.core.types import EMOTIONS, Observation, Window
from live_sentiment.fusion.speaker import SpeakerSelector, people

Make = Callable[..., Observation]
MakeWindow = Callable[..., Window]
Face = Callable[..., list[Observation]]


@pytest.fixture
def face(observation: Make) -> Face:
    def make(person: int, motion: float = 0.0, side_px: float = 50.0) -> list[Observation]:
        details = {"box": (10.0, 10.0, side_px, side_px), "mouth_motion": motion}
        return [
            observation("vision", person=person, time_s=float(time), details=details) for time in (1, 2, 3)
        ]

    return make


def test_no_face_is_nobody(window: MakeWindow, observation: Make) -> None:
    assert SpeakerSelector().select(window(observation("voice"))) is None


def test_who_moves_the_mouth_while_there_is_voice_speaks(window: MakeWindow, face: Face) -> None:
    seen = window(*face(1, motion=0.1, side_px=200), *face(2, motion=0.4), activity=0.8)
    assert SpeakerSelector().select(seen) == 2


def test_without_voice_the_largest_face_counts_not_the_mouth(window: MakeWindow, face: Face) -> None:
    seen = window(*face(1, motion=0.1, side_px=200), *face(2, motion=0.4), activity=0.0)
    assert SpeakerSelector().select(seen) == 1


def test_a_voice_with_every_mouth_still_is_left_to_the_largest_face(window: MakeWindow, face: Face) -> None:
    assert SpeakerSelector().select(window(*face(1, motion=0.009), *face(2, side_px=90), activity=1.0)) == 2


def test_the_choice_does_not_flicker_between_equals(window: MakeWindow, face: Face) -> None:
    selector = SpeakerSelector()
    chosen = {
        selector.select(window(*face(1, motion=0.30 + wobble), *face(2, motion=0.30 - wobble)))
        for wobble in (0.02, -0.02, 0.03, -0.03, 0.01)
    }
    assert chosen == {1}


@pytest.mark.parametrize("activity", [0.0, 1.0], ids=["silence", "voice"])
def test_who_has_left_while_another_is_in_view_is_not_chosen_any_more(
    window: MakeWindow, face: Face, activity: float
) -> None:
    selector = SpeakerSelector()
    before = face(1, motion=0.4, side_px=90)
    assert selector.select(window(*before, activity=activity)) == 1
    assert selector.select(window(*before[:2], *face(2)[2:], activity=activity)) == 2
    assert selector.select(window(*before, activity=activity)) == 1


def test_a_clear_change_of_speaker_is_followed_and_kept_through_the_pause(
    window: MakeWindow, face: Face
) -> None:
    selector = SpeakerSelector()
    assert selector.select(window(*face(1, motion=0.4, side_px=90), *face(2, motion=0.1))) == 1
    assert selector.select(window(*face(1, motion=0.1, side_px=90), *face(2, motion=0.4))) == 2
    assert selector.select(window(*face(1, side_px=90), *face(2), activity=0.0)) == 2


def test_a_person_who_left_is_given_up(window: MakeWindow, face: Face) -> None:
    selector = SpeakerSelector()
    selector.select(window(*face(1, motion=0.4), *face(2)))
    assert selector.select(window(*face(2), activity=0.0)) == 2


def test_peeking_changes_nothing(window: MakeWindow, face: Face) -> None:
    selector = SpeakerSelector()
    selector.select(window(*face(1, motion=0.4), *face(2, motion=0.1)))
    assert selector.peek(window(*face(1, motion=0.1), *face(2, motion=0.4))) == 2
    assert selector.select(window(*face(1), *face(2), activity=0.0)) == 1
    selector.reset()
    assert selector.select(window(*face(1), *face(2, side_px=90), activity=0.0)) == 2


def test_everybody_is_listed_with_the_mean_of_their_own_faces(window: MakeWindow, observation: Make) -> None:
    box = (5.0, 6.0, 70.0, 80.0)
    seen = window(
        observation("vision", "joy", 0.9, person=3, time_s=1.0, quality=0.1),
        observation("vision", "anger", 0.9, person=3, time_s=2.0, quality=0.9, details={"box": box}),
        observation("vision", "sadness", 0.9, person=1, time_s=2.0, quality=0.0),
    )
    first, third = people(seen, 3)
    assert (first.person, first.speaking) == (1, False)
    assert (third.person, third.speaking, third.box) == (3, True, box)
    assert EMOTIONS[int(first.emotions.argmax())] == "sadness"
    assert EMOTIONS[int(third.emotions.argmax())] == "anger"
    np.testing.assert_allclose([first.emotions.sum(), third.emotions.sum()], 1, rtol=1e-6)
