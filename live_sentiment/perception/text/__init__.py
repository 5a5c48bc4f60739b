"""Words to meaning: the utterance so far, read by a transformer encoder, word by word."""

from live_sentiment.perception.text.analyze import TextAnalyzer

__all__ = ["TextAnalyzer"]
