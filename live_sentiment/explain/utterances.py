"""A session's utterances explained, one after the other, while it is analysed.

An utterance is explained by the final window in which its last word was said: the fused result before
smoothing, of all that was said, heard and seen in the seconds up to then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from live_sentiment.core.types import Affect, Modality, Observation, Window, Word
from live_sentiment.explain.readers import HeardVoice, KeptVoice
from live_sentiment.explain.voice import ProsodyEffect, VoiceEffects, usual_voice, voice_effects
from live_sentiment.explain.words import LOOKBACK_S, TextStage, WordEffects, word_effects
from live_sentiment.fusion.tolerant import Fuse
from live_sentiment.perception.text.utterance import begins_utterance

LONGEST = 40
"""Words; a talk without a pause is explained in pieces."""
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Explanation:
    """What was said in one utterance, how it was read, and why."""

    start_s: float
    end_s: float
    modalities: Mapping[Modality, float]
    """What each present one adds to the probability of the leading emotion: Shapley values."""
    words: WordEffects
    voice: VoiceEffects | None
    """None where nobody was heard, or too little before to know what is usual."""

    def fields(self) -> dict[str, Any]:
        """As plain data, for `--json`."""
        voice = None if self.voice is None else [*map(_trait_fields, self.voice.traits)]
        return {
            "start": round(self.start_s, 3),
            "end": round(self.end_s, 3),
            "text": " ".join(one.word.text for one in self.words.words),
            "emotion": self.words.emotion,
            "probability": round(self.words.probability, _DIGITS),
            "polarity": round(self.words.polarity, _DIGITS),
            "effects": {name: round(effect, _DIGITS) for name, effect in self.modalities.items()},
            "words": [
                {
                    "text": one.word.text,
                    "start": round(one.word.start_s, 3),
                    "end": round(one.word.end_s, 3),
                    "effect": round(one.effect, _DIGITS),
                    "polarity": round(one.polarity, _DIGITS),
                }
                for one in self.words.words
            ],
            "voice": voice,
        }


@dataclass(frozen=True, slots=True)
class _Moment:
    """The final window that an utterance has reached."""

    window: Window
    person: int | None
    affect: Affect
    heard: HeardVoice | None


class Explainer:
    """In the place of a session's fusion: passes windows on to it, and explains what was said in final ones.

    Args:
        fusion: the session's own.
        read: a text stage of its own.
        voice: the session's voice reader; None leaves the voice unexplained.
        on_explained: called with each utterance, in time order, from the analysis thread.
    """

    def __init__(
        self,
        fusion: Fuse,
        read: TextStage,
        voice: KeptVoice | None,
        on_explained: Callable[[Explanation], None],
    ) -> None:
        self._fusion, self._read, self._voice = fusion, read, voice
        self._on_explained = on_explained
        self._until_s = float("-inf")
        self._words: list[Word] = []
        self._voices: list[Observation] = []
        self._utterance: list[Word] = []
        self._moment: _Moment | None = None

    def __call__(self, window: Window, person: int | None) -> Affect | None:
        """The fusion's own result."""
        affect = self._fusion(window, person)
        if window.final and affect is not None:
            self._follow(window, person, affect)
        return affect

    def finish(self) -> None:
        """Explain the utterance that is being spoken: the session is over, or another one begins."""
        if self._moment is not None:
            self._on_explained(self._explain(self._utterance, self._moment))
        self._utterance, self._moment = [], None

    def _follow(self, window: Window, person: int | None, affect: Affect) -> None:
        observations = window.observations.get("voice", ())
        heard = None if self._voice is None else self._voice.heard(observations)
        self._voices += [one for one in observations if one.time_s > self._until_s]
        for word in window.words:
            if word.end_s <= self._until_s:
                continue
            so_far = self._utterance
            if so_far and (begins_utterance(word, so_far[-1]) or len(so_far) >= LONGEST):
                self.finish()
            self._words.append(word)
            self._utterance.append(word)
            self._moment = _Moment(window, person, affect, heard)
        self._until_s = window.end_s

    def _explain(self, utterance: list[Word], at: _Moment) -> Explanation:
        def fuse(window: Window) -> Affect | None:
            return self._fusion(window, at.person)

        window, first = at.window, utterance[0]
        words = word_effects(
            window,
            [word for word in self._words if word.end_s <= utterance[-1].end_s],
            self._read,
            fuse,
            LOOKBACK_S + max(0.0, window.start_s - first.end_s),
            first_s=first.end_s,
        )
        if words is None:
            raise ValueError(f"the window that ends at {window.end_s} s was fused, and is not any more")
        usual = usual_voice(self._voices, window.start_s)
        voice = None
        if at.heard is not None and usual is not None:
            voice = voice_effects(window, at.heard.windows, usual, at.heard, fuse)
        return Explanation(first.start_s, utterance[-1].end_s, at.affect.effects, words, voice)


def _trait_fields(one: ProsodyEffect) -> dict[str, Any]:
    return {
        "trait": one.trait,
        "now": round(one.now, 3),
        "usual": round(one.usual, 3),
        "contrast": round(one.contrast, 3),
        "effect": round(one.effect, _DIGITS),
    }
