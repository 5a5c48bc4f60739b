"""The vocabulary of the word networks."""

from __future__ import annotations

import pytest
import torch

from live_sentiment.core.config import EncoderConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.models.encoders.encoder import pad
from live_sentiment.models.encoders.word_attention import WordAttention
from live_sentiment.models.encoders.words import PADDING, UNKNOWN, WordTable, split_words

TEXTS = ["good day , good night", "a good day ’ tis", "bad day"]


def test_words_are_lower_case_and_marks_count() -> None:
    assert split_words("Don’t STOP... now!") == ["don't", "stop", ".", ".", ".", "now", "!"]


def test_the_most_used_words_come_first_and_rare_ones_stay_unknown() -> None:
    table = WordTable(4, max_words=10)
    table.learn(TEXTS)
    assert table.numbers("day good night never") == [2, 3, UNKNOWN, UNKNOWN]
    small = WordTable(4, max_words=1)
    small.learn(TEXTS)
    assert small.numbers("day good") == [2, UNKNOWN]


def test_an_encoder_without_words_says_so() -> None:
    with pytest.raises(ValueError, match="learn_words"):
        WordAttention(EncoderConfig(name="word-attention")).prepare("good day")
    with pytest.raises(UsageError, match="twice"):
        WordTable(4, 10).learn(["every word once"])


def test_padding_is_no_word_and_never_learns() -> None:
    table = WordTable(4, 10)
    table.learn(TEXTS)
    table(torch.tensor([[2, 3, PADDING]])).sum().backward()
    assert table.weight.grad is not None
    assert not bool(table.weight.grad[PADDING].any())
    assert bool(table.weight.grad[2].all())


def test_attention_pooling_is_its_formula() -> None:
    encoder = WordAttention(EncoderConfig(name="word-attention", width=8)).eval()
    encoder.learn_words(TEXTS)
    with torch.no_grad():
        encoder.attention.copy_(torch.randn(8))
        found = encoder(*pad([encoder.prepare("good day bad")])).embeddings[0, 0]
        x = encoder.table.weight[encoder.prepare("good day bad")]
        weights = torch.exp(x @ encoder.attention)
        expected = (weights[:, None] * x).sum(0) / weights.sum()
    torch.testing.assert_close(found, expected)


def test_what_is_too_long_is_cut() -> None:
    encoder = WordAttention(EncoderConfig(name="word-attention", max_tokens=5))
    encoder.learn_words(TEXTS)
    assert len(encoder.prepare("good day " * 10)) == 5 == encoder.max_length
