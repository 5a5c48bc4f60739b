"""Which of the recogniser's words were really said.

Whisper writes something for every sound: phrases from video subtitles over silence and music, one phrase over
and over when it has lost the thread. A pass is believed only if it is sure enough of itself and does not
repeat itself, a word only if it lies in speech.
"""

from __future__ import annotations

from live_sentiment.perception.speech.recogniser import Hypothesis

NO_SPEECH = 0.6
LOW_LOG_PROBABILITY = -0.4
"""A pass is silence if it says so itself and its words are no more likely than this ..."""

LOWEST_LOG_PROBABILITY = -1.0
"""... and a guess, whatever it says, if they are less likely than this (Radford et al. 2022, section 4.5)."""

HIGHEST_COMPRESSION = 2.4
"""Text that compresses better is a loop (ibid.)."""


def is_plausible(hypothesis: Hypothesis) -> bool:
    """Whether a pass deserves belief as a whole."""
    silence = (
        hypothesis.no_speech_probability > NO_SPEECH and hypothesis.mean_log_probability < LOW_LOG_PROBABILITY
    )
    guess = hypothesis.mean_log_probability < LOWEST_LOG_PROBABILITY
    loop = hypothesis.compression_ratio > HIGHEST_COMPRESSION
    return not (silence or guess or loop)
