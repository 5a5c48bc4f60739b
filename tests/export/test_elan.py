"""ELAN: the document keeps to the schema, and pympi reads the timeline's numbers back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from pympi.Elan import Eaf

from live_sentiment.core.types import EMOTIONS, POLARITIES
from live_sentiment.export.elan import write_eaf
from live_sentiment.export.recorded import open_recorded
from live_sentiment.recording.session_file import SessionRecord
from tests.helpers.eaf_rules import broken_rules
from tests.helpers.sessions import EVENTS, lines_of, silent, write_session


@pytest.fixture
def path(session, tmp_path):
    return write_eaf(session, tmp_path / "annotations.eaf", silent)


@pytest.fixture
def elan(path):
    return Eaf(path)


def test_it_keeps_to_the_schema(path):
    assert broken_rules(path) == []


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("<HEADER", "<TIER TIER_ID='x' LINGUISTIC_TYPE_REF='stretch'/><HEADER", "wrong order"),
        ('TIME_SLOT_REF1="ts0"', 'TIME_SLOT_REF1="ts9"', "refers to no TIME_SLOT_ID: ts9"),
        ('TIME_SLOT_REF2="ts2000"', 'TIME_SLOT_REF2="ts0"', "overlaps"),
        ('AUTHOR="', 'WRITER="', "needs AUTHOR"),
        ('TIME_VALUE="0"', 'TIME_VALUE="0.5"', "TIME_VALUE cannot be '0.5'"),
        ('TIER_ID="words"', 'TIER_ID="emotion"', "TIER_ID emotion is there twice"),
    ],
)
def test_the_rules_find_what_breaks_them(path, was, becomes, said):
    text = path.read_text("utf-8")
    assert was in text
    path.write_text(text.replace(was, becomes, 1), "utf-8")
    assert any(said in rule for rule in broken_rules(path))


def test_it_has_a_tier_for_everything(elan):
    assert list(elan.get_tier_names()) == [
        *("transcript", "words", "emotion", "polarity", "text", "voice", "vision"),
        *("turning points", "events", "emotion confidence", "emotion valence", "emotion arousal"),
    ]


def test_the_numbers_of_the_episodes_are_the_timelines(elan, session):
    episodes = lines_of(session, "episode")
    times = [(round(e["start"] * 1000), round(e["end"] * 1000)) for e in episodes]
    assert elan.get_annotation_data_for_tier("emotion") == [
        (*time, episode["emotion"]) for time, episode in zip(times, episodes, strict=True)
    ]
    for name in ("confidence", "valence", "arousal"):
        read = elan.get_ref_annotation_data_for_tier(f"emotion {name}")
        assert [(start, end, float(value)) for start, end, value, _ in read] == [
            (*time, episode[name]) for time, episode in zip(times, episodes, strict=True)
        ]


def test_words_and_cues_are_there(elan):
    assert elan.get_annotation_data_for_tier("words") == [
        *((100, 400, "Good"), (400, 912, "morning."), (3000, 3200, "Über")),
        *((3200, 3500, '"so"'), (3500, 3900, "<b>&")),
    ]
    assert elan.get_annotation_data_for_tier("transcript") == [
        (100, 912, "Good morning."),
        (3000, 3900, 'Über "so" <b>&'),
    ]


def test_stretches_say_what_was_there_and_why_not(elan):
    assert elan.get_annotation_data_for_tier("vision") == [
        (0, 2000, "present"),
        (2000, 3000, "absent: no face"),
        (3000, 6000, "present"),
    ]
    assert elan.get_annotation_data_for_tier("polarity") == [(0, 3500, "positive"), (3500, 6000, "negative")]


def test_moments_end_where_they_are(elan):
    assert elan.get_annotation_data_for_tier("turning points") == [(1250, 1500, "peak")]
    both = f"gap: {EVENTS[0].message}; marker: {EVENTS[1].message}"
    assert elan.get_annotation_data_for_tier("events") == [(250, 500, both), (4750, 5000, "gap: again")]


def test_the_vocabularies_are_closed(elan):
    for name, values in (("emotion", EMOTIONS), ("polarity", POLARITIES)):
        entries = elan.get_cv_entries(name)
        assert [value for texts, _ in entries.values() for value, _, _ in texts] == list(values)
        assert elan.get_parameters_for_linguistic_type(name)["CONTROLLED_VOCABULARY_REF"] == name


def test_models_and_source_are_properties(elan, session):
    properties = dict(elan.get_properties())
    assert properties["live-sentiment source"] == "talk.mp4"
    assert properties["live-sentiment vision"] == session.header["models"]["vision"]
    assert properties["live-sentiment timeline version"] == "1"


def test_media_are_linked_both_ways(tmp_path):
    film = tmp_path / "a film & more.mp4"
    film.write_bytes(b"film")
    session = open_recorded(write_session(tmp_path / "talk"), film)
    path = write_eaf(session, tmp_path / "talk" / "annotations.eaf", silent)
    assert broken_rules(path) == []
    (media,) = Eaf(path).get_linked_files()
    assert Path(unquote(urlsplit(media["MEDIA_URL"]).path)) == film
    assert (path.parent / unquote(media["RELATIVE_MEDIA_URL"])).resolve() == film
    assert media["MIME_TYPE"] == "video/mp4"


@pytest.mark.parametrize(("name", "mime_type"), [("media.mkv", "video/x-matroska"), ("a.wav", "audio/x-wav")])
def test_media_types_are_those_that_elan_knows(tmp_path, name, mime_type):
    (tmp_path / name).write_bytes(b"film")
    session = open_recorded(write_session(tmp_path / "talk"), tmp_path / name)
    (media,) = Eaf(write_eaf(session, tmp_path / "annotations.eaf", silent)).get_linked_files()
    assert media["MIME_TYPE"] == mime_type


def test_the_date_is_that_of_the_session(session, tmp_path):
    record = SessionRecord(started=datetime(2026, 11, 21, 14, 3, 7, 5000, tzinfo=UTC), state="complete")
    path = write_eaf(replace(session, record=record), tmp_path / "annotations.eaf", silent)
    assert broken_rules(path) == []
    assert Eaf(path).adocument["DATE"] == "2026-11-21T14:03:07+00:00"


def test_the_same_session_gives_the_same_bytes(session, path, tmp_path):
    assert write_eaf(session, tmp_path / "again.eaf", silent).read_bytes() == path.read_bytes()


def test_what_xml_cannot_hold_is_left_out(tmp_path):
    folder = write_session(tmp_path)
    text = (folder / "timeline.jsonl").read_text("utf-8").replace('"Über"', r'"\u0007Über\ufffe"')
    (folder / "timeline.jsonl").write_text(text, "utf-8")
    words = Eaf(write_eaf(open_recorded(folder), tmp_path / "a.eaf", silent)).get_annotation_data_for_tier(
        "words"
    )
    assert words[2][2] == "Über"


def test_an_empty_session_is_a_valid_document(tmp_path):
    folder = write_session(tmp_path)
    header = (folder / "timeline.jsonl").read_text("utf-8").split("\n", 1)[0]
    (folder / "timeline.jsonl").write_text(header + "\n", "utf-8")
    assert broken_rules(write_eaf(open_recorded(folder), tmp_path / "a.eaf", silent)) == []
