"""Which utterances of a session are explained, when, and by what."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from live_sentiment.core.types import EMOTIONS, Affect, Observation, Presence, StageOutput, Window, Word
from live_sentiment.explain.utterances import LONGEST, Explainer, Explanation

HOP_S, LENGTH_S = 0.25, 4.0
JOY = EMOTIONS.index("joy")


def said(text: str, first_s: float = 0.1, each_s: float = 0.4) -> list[Word]:
    return [
        Word(word, first_s + each_s * n, first_s + each_s * n + 0.3, 0.9)
        for n, word in enumerate(text.split())
    ]


class Glad:
    """A text stage: joy from the word "glad" on, until it is told to forget."""

    def reset(self) -> None:
        self._said: list[str] = []

    def __call__(self, words: Sequence[Word]) -> StageOutput:
        self._said += [word.text for word in words]
        emotions = np.full(7, 0.1, np.float32)
        emotions[JOY] = 0.4 if any("glad" in word for word in self._said) else 0.1
        utterance = " ".join(self._said)
        polarity = np.full(3, 1 / 3, np.float32)
        one = Observation(
            "text",
            words[-1].end_s,
            np.zeros(2, np.float32),
            emotions / emotions.sum(),
            polarity,
            details={"utterance": utterance},
        )
        return StageOutput((one,), words[-1].end_s)


def fused(window: Window, person: int | None) -> Affect | None:
    if not window.words and "text" not in window.observations:
        return None
    read = window.observations.get("text", ())
    emotions = read[-1].emotions if read else np.full(7, 1 / 7, np.float32)
    return Affect(np.full(3, 1 / 3, np.float32), emotions, 0.0, 0.0, 0.0, 0.0, {}, {"text": 0.2})


def explained(words: Sequence[Word]) -> tuple[list[Explanation], list[float]]:
    """What comes of the windows of these words, and the window at which each utterance came."""
    found: list[Explanation] = []
    at_s: list[float] = []
    now_s = 0.0

    def take(one: Explanation) -> None:
        found.append(one)
        at_s.append(now_s)

    explainer = Explainer(fused, Glad(), None, take)
    presence = {name: Presence(True) for name in ("text", "voice", "vision")}
    for index in range(1, round((words[-1].end_s + 2) / HOP_S)):
        now_s = index * HOP_S
        within = tuple(word for word in words if now_s - LENGTH_S < word.end_s <= now_s)
        for final in (False, True):
            window = Window(index, now_s - LENGTH_S, now_s, {}, within, 1.0, presence, final)
            affect = fused(window, None)
            passed = explainer(window, None)
            assert (passed is None) == (affect is None)
    explainer.finish()
    return found, at_s


def texts(found: Sequence[Explanation]) -> list[str]:
    return [one.fields()["text"] for one in found]


def test_sentences_and_pauses_part_utterances() -> None:
    words = [*said("so it is. i am glad"), *said("you came", first_s=6.0)]
    found, at_s = explained(words)
    assert texts(found) == ["so it is.", "i am glad", "you came"]
    assert [(one.start_s, one.end_s) for one in found][1] == pytest.approx((1.3, 2.4))
    assert at_s[:2] == [1.75, 6.5]  # where the first word behind it is known


def test_two_utterances_of_one_hop_are_two() -> None:
    found, _ = explained(said("no. yes. so glad", each_s=0.05, first_s=0.0))
    assert texts(found) == ["no.", "yes.", "so glad"]


def test_only_the_words_of_the_utterance_are_asked_about_and_those_before_are_read() -> None:
    found, _ = explained(said("glad! are you"))
    first, second = found
    assert (first.words.emotion, [one.word.text for one in first.words.words]) == ("joy", ["glad!"])
    # This stage forgets nothing at the end of a sentence: what follows is as joyful, whatever it says.
    assert (second.words.emotion, [one.effect for one in second.words.words]) == ("joy", [0, 0])


def test_the_word_that_moves_it_has_the_effect() -> None:
    (found,), _ = explained(said("i am glad today"))
    by_word = {one["text"]: one["effect"] for one in found.fields()["words"]}
    assert by_word == {"i": 0, "am": 0, "glad": pytest.approx(0.4 - 1 / 7, abs=1e-3), "today": 0}
    assert found.modalities == {"text": 0.2}
    assert found.voice is None


def test_a_talk_without_a_pause_comes_in_pieces() -> None:
    found, _ = explained(said("and " * (LONGEST + 3)))
    assert [len(one.words.words) for one in found] == [LONGEST, 3]
