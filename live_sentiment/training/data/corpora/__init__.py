"""Loaders of labelled corpora, as released and as kept by others: `read_corpus("ravdess", folder)`."""

from live_sentiment.training.data.corpora.registry import CORPORA, describe, read_corpus

__all__ = ["CORPORA", "describe", "read_corpus"]
