"""Committed words in, one reading of the utterance so far per word out.

Latency: none of its own. A word is read when the transcriber commits it.
"""

from __future__ import annotations

from collections.abc import Sequence

from live_sentiment.core.config import TextConfig
from live_sentiment.core.types import Expert, Observation, StageOutput, Word
from live_sentiment.models.text_reader import TextReader
from live_sentiment.perception.text.utterance import UtteranceReader


class TextAnalyzer:
    """Reads words as they are committed; what it says depends on the words alone, however they were grouped.

    Every word is read with what came before it in its utterance, in an encoder pass of its own: in a batch,
    the last bits of a reading would depend on its neighbours.

    Args:
        config: how much context is read.
        reader: shared with other streams.
    """

    def __init__(self, config: TextConfig, reader: TextReader) -> None:
        self._read_text = reader
        self._context_utterances = min(config.context_utterances, reader.context_utterances)
        self.reset()

    @property
    def expert(self) -> Expert:
        """What fusion must know of encoder and head."""
        return self._read_text.expert

    def reset(self) -> None:
        """Forget the words so far."""
        self._reader = UtteranceReader(self._context_utterances, self._read_text.fits)
        self._watermark_s = 0.0

    def __call__(self, words: Sequence[Word]) -> StageOutput:
        """Read newly committed words, in time order.

        Observations carry, in `details`, the "utterance" that was read, without its context; their quality is
        the mean probability of its words.
        """
        observations = tuple(self._read(word) for word in words)
        if words:
            self._watermark_s = words[-1].end_s
        return StageOutput(observations, self._watermark_s)

    def _read(self, word: Word) -> Observation:
        self._reader.add(word)
        embedding, emotions, polarity = self._read_text(self._reader.utterance, self._reader.context)
        return Observation(
            modality="text",
            time_s=word.end_s,
            embedding=embedding,
            emotions=emotions,
            polarity=polarity,
            quality=self._reader.probability,
            details={"utterance": self._reader.utterance},
        )
