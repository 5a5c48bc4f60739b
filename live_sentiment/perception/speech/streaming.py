"""Speech to text while it is spoken: partial words at once, committed words a pass or two later.

The recogniser hears a buffer that grows while somebody speaks, once every `hop_s` on a fixed grid of session
time. The buffer starts a little before the voice and is cut behind committed words; when the voice stops, one
last pass commits what is left. Silence is never transcribed.

Latency: in running speech a word is committed by the second pass that hears it to its end, after one to two
hops if the passes agree; at the end of an utterance END_SILENCE_S after the voice activity ends.
"""

from __future__ import annotations

import math

from live_sentiment.core.config import SpeechConfig
from live_sentiment.core.types import SAMPLE_RATE_HZ, AudioBlock, SpeechActivity, Transcript, Word
from live_sentiment.models.transcriber import Recogniser
from live_sentiment.perception.speech.plausible import said
from live_sentiment.perception.speech.recent import RecentSound, RecentSpeech
from live_sentiment.perception.speech.stabilise import LocalAgreement
from live_sentiment.perception.speech.understood import Understanding
from live_sentiment.perception.voice.continuous import ContinuousSound

LEAD_S = 0.3
"""Sound before the voice activity that is heard too: soft first consonants."""

END_SILENCE_S = 0.5
"""Silence that ends an utterance; the detector itself holds on for a while (`voice.min_silence_s`). The last
pass hears it too: words cut short behind their end are misheard."""

SHORTEST_PASS_S = 0.5
"""Less sound than this is not worth a pass while more may follow."""

SPEECH_SLACK_S = 0.1
"""How far a word may reach out of speech."""

SURE_SPEECH = 0.5
"""Probability from which a chunk is speech, whatever the hysteresis: tells pauses from words."""

SHORTEST_PAUSE_S = 0.2
"""Less is a stop consonant."""

SENTENCE_END = tuple(".?!。？！")

TRIM_SHARE = 2 / 3
"""Part of `buffer_s` from which the buffer is cut at the end of a committed sentence."""


class StreamingTranscriber:
    """Sound and its voice activity in, words out.

    Results depend on the sound and the activity alone, not on the blocks they come in. Times follow the
    stamps of the blocks; missing sound is silence.
    """

    def __init__(self, config: SpeechConfig, recogniser: Recogniser) -> None:
        self.recogniser = recogniser
        """Of every pass; another one takes effect with the next."""
        self.beam = config.beam
        """Hypotheses that a pass keeps while decoding; likewise."""
        self._hop = _samples(config.hop_s)
        self._longest = _samples(config.buffer_s)
        self.reset()

    def set_hop_s(self, hop_s: float) -> None:
        """One pass every so many seconds from now on, at most half the buffer; from any thread."""
        self._hop = _samples(hop_s)

    def reset(self) -> None:
        """Forget the session so far; the next block may start at any time."""
        self._understanding = Understanding()
        self.break_off()

    def break_off(self) -> None:
        """Forget the sound so far, where what follows it is skipped; the next block may start at any time."""
        self._clock = ContinuousSound()
        self._sound = RecentSound()
        self._active = RecentSpeech()
        self._speech = RecentSpeech(bridge=_samples(SHORTEST_PAUSE_S))
        self._agreement = LocalAgreement()
        self._open = False
        """Whether an utterance is under way."""
        self._begin = 0
        """First sample of the buffer; all before it is settled."""
        self._heard = 0
        """End of the sound that the last pass heard."""
        self._speech_end = 0
        self._known = 0
        """Sample up to which the activity is known."""
        self._in_buffer: list[Word] = []
        """Committed words that the buffer still holds."""
        self._committed: list[Word] = []
        """Committed since the last result."""
        self._understood: list[tuple[float, bool]] = []
        """Changes since the last result."""
        self._passed = False
        self._watermark_s = -math.inf

    def __call__(self, block: AudioBlock, activity: SpeechActivity) -> Transcript | None:
        """Hear a block, and the activity decided since the last one, which may lag behind the sound.

        Returns None if there is nothing new: no pass was due and the watermark did not move. In silence the
        watermark runs LEAD_S behind the activity; while somebody speaks it is the end of the last committed
        word.
        """
        stretch = self._clock(block)
        self._sound.append(self._clock.count - len(stretch.samples), stretch.samples)
        self._follow(activity)
        return self._result()

    def finish(self, activity: SpeechActivity | None = None) -> Transcript:
        """End the stream: take the detector's last decisions, commit all words, and release the watermark."""
        if activity is not None:
            self._follow(activity)
        if self._open:
            self._close(max(self._known, self._clock.count))
        self._begin = max(self._begin, self._known, self._clock.count)
        return self._transcript(max(self._watermark_s, self._time_s(self._begin)))

    def _follow(self, activity: SpeechActivity) -> None:
        origin = self._clock.number(activity.start_s)
        chunk = _samples(activity.chunk_s)
        for index, (active, probability) in enumerate(
            zip(activity.active, activity.probability, strict=True)
        ):
            start, end = origin + index * chunk, origin + (index + 1) * chunk
            if probability >= SURE_SPEECH:
                self._speech.append(start, end)
            self._take_chunk(start, end, bool(active))

    def _take_chunk(self, start: int, end: int, active: bool) -> None:
        self._known = end
        if active:
            if not self._open:
                self._open = True
                self._begin = max(self._begin, start - _samples(LEAD_S))
                self._heard = self._begin
            self._active.append(start, end)
            self._speech_end = end
            if self._understanding.speech((end - start) / SAMPLE_RATE_HZ):
                self._understood.append((self._time_s(end), self._understanding.understood))
        if not self._open:
            self._begin = max(self._begin, end - _samples(LEAD_S))
        elif end - self._speech_end >= _samples(END_SILENCE_S):
            self._close(end)
        elif self._is_due(start, end):
            self._pass(end)
            self._trim(end)
        self._sound.forget(self._begin)
        self._active.forget(self._begin)
        self._speech.forget(self._begin)

    def _is_due(self, start: int, end: int) -> bool:
        """Whether a point of the grid lies in the chunk, with new speech behind the last pass."""
        crossed = self._grid(end) > self._grid(start)
        return crossed and self._speech_end > self._heard and end - self._begin >= _samples(SHORTEST_PASS_S)

    def _grid(self, sample: int) -> int:
        return round(self._clock.time_s(sample) * SAMPLE_RATE_HZ) // self._hop

    def _pass(self, end: int) -> None:
        words = said(self.recogniser.recognise(self._sound.between(self._begin, end), beam=self.beam))
        self._heard = end
        self._passed = True
        placed = [placed for word in words if (placed := self._place(word)) is not None]
        self._commit(self._agreement.insert(placed, self._time_s(end)))

    def _place(self, word: Word) -> Word | None:
        """The word in session time; None if it lies in silence.

        The alignment gives a pause to one of the words beside it: what lies in speech is the word.
        """
        stretch = self._begin + _samples(word.start_s), self._begin + _samples(word.end_s)
        slack = _samples(SPEECH_SLACK_S)
        part = self._speech.clip(*stretch, slack) or self._active.clip(*stretch, slack)
        if part is None:
            return None
        start, end = part
        return Word(word.text, self._time_s(max(start, self._begin)), self._time_s(end), word.probability)

    def _commit(self, words: tuple[Word, ...]) -> None:
        self._committed += words
        self._in_buffer += words
        if self._understanding.words(words):
            # Not before the watermark: windows up to it may be out.
            since_s = max(words[0].start_s, self._watermark_s)
            self._understood.append((since_s, self._understanding.understood))

    def _trim(self, end: int) -> None:
        """Cut the buffer behind committed words, at the latest before it outgrows its bound."""
        if end - self._begin > TRIM_SHARE * self._longest:
            sentences = [word for word in self._in_buffer if word.text.endswith(SENTENCE_END)]
            if sentences:
                self._cut(self._clock.number(sentences[-1].end_s))
        if end - self._begin + self._hop > self._longest and self._in_buffer:
            self._cut(self._clock.number(self._in_buffer[-1].end_s))
        if end - self._begin + self._hop > self._longest:
            # The passes never agree: believe the last one rather than fall behind.
            self._commit(self._agreement.settle(self._time_s(end - self._hop)))
            self._cut(end - self._hop)

    def _cut(self, sample: int) -> None:
        self._begin = max(self._begin, min(sample, self._known))
        time_s = self._time_s(self._begin)
        self._in_buffer = [word for word in self._in_buffer if word.end_s > time_s]

    def _close(self, end: int) -> None:
        """End the utterance: commit what is left of it."""
        if self._heard < self._speech_end:
            self._pass(min(end, self._speech_end + _samples(END_SILENCE_S)))
        self._commit(self._agreement.end())
        self._open = False
        self._in_buffer = []
        self._begin = max(self._begin, end - _samples(LEAD_S))

    def _result(self) -> Transcript | None:
        ends_s = [word.end_s for word in self._in_buffer[-1:]]
        watermark_s = max(self._watermark_s, self._time_s(self._begin), *ends_s)
        if not self._passed and watermark_s == self._watermark_s:
            return None
        return self._transcript(watermark_s)

    def _transcript(self, watermark_s: float) -> Transcript:
        committed, self._committed, self._passed = tuple(self._committed), [], False
        understood, self._understood = tuple(self._understood), []
        self._watermark_s = watermark_s
        return Transcript(committed, self._agreement.partial, watermark_s, understood)

    def _time_s(self, sample: int) -> float:
        return round(self._clock.time_s(sample), 3)


def _samples(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE_HZ)
