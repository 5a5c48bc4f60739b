"""The settings of an encoder, as files and command lines give them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from live_sentiment.core.config import EncoderConfig


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("last", "last"),
        ("mix", "mix"),
        ([2], (2,)),
        (2, (2,)),
        ("2", (2,)),
        ("1,2", (1, 2)),
        ("[0, 4]", (0, 4)),
    ],
)
def test_layers_are_named_in_a_file_or_on_a_command_line(given: Any, meant: Any) -> None:
    config = EncoderConfig(name="whisper", layers=given)
    assert config.layers == meant
    assert EncoderConfig.model_validate(config.model_dump(mode="json")) == config


@pytest.mark.parametrize("given", [[], [1, 1], "first", [-1], None])
def test_layers_that_cannot_be_are_refused(given: Any) -> None:
    with pytest.raises(ValidationError):
        EncoderConfig(name="whisper", layers=given)


@pytest.mark.parametrize(
    "settings", [{"width": 6}, {"tune": "some"}, {"dropout": 1.0}, {"last_n": 0}, {"depths": 2}]
)
def test_values_that_make_no_network_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        EncoderConfig.model_validate({"name": "small-cnn", **settings})
