"""Every message is as the schema says, and the schema says what the timeline's says of the same things."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import numpy as np
import pytest

from live_sentiment.console.schema import schema
from live_sentiment.core.types import Event, Transcript
from live_sentiment.serve.messages import (
    Message,
    bye_message,
    end_message,
    event_message,
    hello_message,
    lost_message,
    point_message,
    segment_message,
    words_message,
)
from live_sentiment.sinks.fields import point_fields
from live_sentiment.timeline.episodes import Episode
from live_sentiment.timeline.turning import TurningPoint
from tests.helpers.live_clients import RUNNING
from tests.helpers.story import ABSENT, person, point, word

LIVE = schema("live")
VALIDATOR = jsonschema.Draft202012Validator(LIVE)

WORDS = (word("Größe", 0.9), word("“so”\n", 1.2))
MESSAGES = [
    hello_message(RUNNING),
    hello_message(replace(RUNNING, source="caf\udce9.mp4")),
    point_message(point(1.0, words=WORDS, people=(person(), person(2, speaking=False)))),
    point_message(point(1.25, presence=ABSENT, final=False)),
    words_message(Transcript(WORDS, WORDS, 1.5)),
    words_message(Transcript((), (), 0.0)),
    segment_message(Episode(0.0, 2.0, "joy", 0.6, 0.1, -0.1)),
    segment_message(TurningPoint(1.0, "peak", 0.5, -0.2, WORDS)),
    event_message(Event(1.0, "camera-lost", "the camera was lost")),
    lost_message(3, 12),
    end_message(12.5, complete=False),
    bye_message("behind"),
    bye_message("closing"),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.type)
def test_every_message_is_one_line_of_json_that_fits_the_schema(message: Message) -> None:
    assert "\n" not in message.text
    assert message.text.isascii()
    sent = json.loads(message.text)
    assert sent == message.fields
    VALIDATOR.validate(sent)


def test_every_type_in_the_schema_is_shown_here() -> None:
    types = {reference["$ref"].rpartition("/")[2] for reference in LIVE["oneOf"]}
    assert types == {message.type for message in MESSAGES}


def test_only_what_is_soon_outdated_may_be_left_out() -> None:
    passing = [message for message in MESSAGES if message.passing]
    assert [(m.type, m.time_s) for m in passing] == [("point", 1.25), ("words", 0.0)]
    assert [message.type for message in MESSAGES if message.last] == ["end", "bye", "bye"]


def test_a_point_has_the_fields_of_the_timeline_and_whether_it_is_final() -> None:
    tick = point(1.0, words=WORDS)
    assert point_message(tick).fields == {**point_fields(tick), "final": True}


def test_a_point_is_that_of_the_timeline_and_says_whether_it_is_final() -> None:
    live, timeline = LIVE["$defs"]["point"], schema("timeline")["$defs"]["point"]
    assert live["properties"] == {**timeline["properties"], "final": live["properties"]["final"]}
    assert live["required"] == [*timeline["required"], "final"]
    assert live["additionalProperties"] is False
    jsonschema.Draft202012Validator.check_schema(LIVE)


def test_what_is_no_number_is_not_sent() -> None:
    tick = point(1.0)
    broken = replace(tick, affect=replace(tick.affect, valence=float(np.nan)))
    with pytest.raises(ValueError, match="not JSON compliant"):
        _ = point_message(broken).text
