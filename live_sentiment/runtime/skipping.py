"""Speech that cannot be analysed in time is skipped to the next pause, never in pieces of a sentence."""

from __future__ import annotations

from live_sentiment.core.types import AudioBlock, SpeechActivity

PAUSE_S = 0.2
"""Less silence than this is a stop consonant."""
SURE_SPEECH = 0.5
"""Probability from which a chunk is speech, whatever the hysteresis: tells pauses from words."""
FORGET = 0.3
"""Weight of the newest pass in the expected duration of the next, where it was a shorter one."""
PASS_S = 0.01
"""Less is no pass over a model, and says nothing about how long one takes."""


class UtteranceSkipper:
    """Decides, block by block and in order, which speech is analysed and which is skipped.

    Skipping begins at the start of an utterance where half of the limit is used up already, and within one
    where the next pass would exceed the limit: then the rest of it is skipped. It ends in a pause, once
    hardly anything waits.

    Args:
        limit_s: how far behind the analysis may get, in seconds of media, the next pass included.
        longest_s: speech without any pause is skipped for so long at most.
    """

    def __init__(self, limit_s: float, longest_s: float) -> None:
        self._limit_s, self._longest_s = limit_s, longest_s
        self._pass_s = 0.0
        self._silence_s = PAUSE_S
        self._skipped_s = 0.0
        self.skipping = False
        """Whether the last block was skipped."""

    def skips(
        self, block: AudioBlock, activity: SpeechActivity, waiting_s: float, upstream_s: float = 0.0
    ) -> bool:
        """Whether to skip a block.

        Args:
            block: the next one; where it has no samples, nothing was captured for a while.
            activity: decided with it.
            waiting_s: sound that waits behind it.
            upstream_s: sound that is not there yet, though captured; that it is late is no reason to wait.
        """
        length_s = block.end_s - block.start_s
        begins = self._follow(activity)
        if not length_s:
            self._silence_s = PAUSE_S
        behind_s = length_s + waiting_s + upstream_s
        if self.skipping:
            self._skipped_s += length_s
            between = self._silence_s >= PAUSE_S or self._skipped_s >= self._longest_s
            self.skipping = not (between and waiting_s <= self._limit_s / 4)
        else:
            # A pass that alone takes most of the limit is tried all the same: the next may be quicker.
            expected_s = min(self._pass_s, self._limit_s / 2)
            self.skipping = behind_s + expected_s > self._limit_s or (begins and behind_s > self._limit_s / 2)
            self._skipped_s = 0.0
        return self.skipping

    def took(self, seconds: float) -> None:
        """Learn how long the analysis of a block took."""
        if seconds > PASS_S:
            self._pass_s = max(seconds, self._pass_s + FORGET * (seconds - self._pass_s))

    def _follow(self, activity: SpeechActivity) -> bool:
        """Follow pauses and speech; returns whether speech has begun behind a pause."""
        begins = False
        for probability in activity.probability:
            if probability < SURE_SPEECH:
                self._silence_s += activity.chunk_s
            else:
                begins |= self._silence_s >= PAUSE_S
                self._silence_s = 0.0
        return begins
