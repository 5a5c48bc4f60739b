"""Who made the models, and what their cards say."""

from __future__ import annotations

from typing import Any

from live_sentiment.report.models import cards_of, credits_of

Line = dict[str, Any]


def test_every_model_of_the_header_has_its_licence(lines: list[Line]) -> None:
    found = {(credit.part, credit.name): credit for credit in credits_of(lines[0])}
    assert found["speech to text", "whisper-tiny.en"].licence == "MIT"
    assert found["emotion of words", "all-minilm-l6-v2"].licence == "Apache-2.0"
    assert found["finding faces", "yunet-2023mar"].licence == "MIT"
    for part, name in (
        ("emotion of words", "text-emotion"),
        ("emotion of the voice", "voice-emotion"),
        ("emotion of the face", "face-expression"),
        ("fusion of the three", "fusion-pairs"),
    ):
        assert "non-commercial" in found[part, name].licence
    assert "1.17 billion sentence pairs" in found["emotion of words", "all-minilm-l6-v2"].origin


def test_a_model_from_elsewhere_is_named_and_nothing_is_made_up() -> None:
    credits = credits_of({"models": {"speech": "whisper-base.fr", "text": "bert-base + my-head 0123"}})
    assert [(credit.name, credit.licence) for credit in credits] == [
        ("whisper-base.fr", "not known here"),
        ("bert-base + my-head 0123", "not known here"),
    ]


def test_cards_are_those_of_the_weights_that_were_used(lines: list[Line]) -> None:
    cards = {card.name: card for card in cards_of(lines[0])}
    assert set(cards) == {"text-emotion", "voice-emotion", "face-expression", "fusion-pairs"}
    assert cards["text-emotion"].limits[0].startswith("English.")
    assert all(len(card.limits) >= 3 for card in cards.values())
    assert "## Trained on" in cards["voice-emotion"].text
    assert cards_of({"models": {"text": "my-head"}}) == ()
