"""The recogniser on real speech: what it hears, when, and what the spliced encoding changes."""

from fractions import Fraction
from pathlib import Path

import av
import av.filter
import numpy as np
import pytest
from faster_whisper.audio import decode_audio, pad_or_trim

from live_sentiment.core.config import ModelsConfig, SpeechConfig
from live_sentiment.core.errors import RunError, UsageError
from live_sentiment.models.store.store import ModelStore
from live_sentiment.models.transcriber import Hypothesis, Recogniser
from live_sentiment.models.transcriber_loading import load_recogniser
from live_sentiment.perception.speech.plausible import is_plausible
from live_sentiment.perception.speech.wer import word_error_rate
from tests.helpers.places import MEDIA, needs_media

pytestmark = pytest.mark.models

RATE = 16_000
ADDRESS = MEDIA / "address_20s_450p25.mp4"
OPENING = (
    "speak with you about the battle we're waging against an oil spill that is assaulting our shores "
    "and our citizens"
)
"""What is said in the first six seconds of the address, by whisper-base with a beam of 5."""


@pytest.fixture(scope="module")
def model(model_store: ModelStore) -> Path:
    return model_store.path("whisper-tiny.en")


@pytest.fixture(scope="module")
def recogniser(model_store: ModelStore) -> Recogniser:
    return load_recogniser(SpeechConfig(), model_store)


@pytest.fixture(scope="module")
def opening() -> np.ndarray:
    return decode_audio(str(ADDRESS))[: int(6.3 * RATE)]


def quicker(sound: np.ndarray, factor: float) -> np.ndarray:
    """The same words at the same pitch in less time."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(format="flt", sample_rate=RATE, layout="mono", time_base=Fraction(1, RATE))
    tempo, sink = graph.add("atempo", str(factor)), graph.add("abuffersink")
    source.link_to(tempo)
    tempo.link_to(sink)
    graph.configure()
    frame = av.AudioFrame.from_ndarray(sound[None], format="flt", layout="mono")
    frame.sample_rate, frame.pts = RATE, 0
    graph.push(frame)
    graph.push(None)
    pieces = []
    while True:
        try:
            pieces.append(graph.pull().to_ndarray().ravel())
        except (av.error.EOFError, BlockingIOError):
            return np.concatenate(pieces).astype(np.float32)


def text(hypothesis: Hypothesis) -> str:
    return " ".join(word.text for word in hypothesis.words)


@needs_media
@pytest.mark.media
@pytest.mark.parametrize("encoding", ["spliced", "padded"])
def test_both_encodings_hear_what_is_said(model: Path, opening: np.ndarray, encoding: str) -> None:
    hypothesis = Recogniser(model, encoding=encoding).recognise(opening)
    assert word_error_rate([(OPENING, text(hypothesis))]) <= 0.05
    assert is_plausible(hypothesis)


def test_fast_speech_is_heard_to_its_end(recogniser: Recogniser) -> None:
    """The demo at 1.8 times its speed: 4.5 words a second, 5.5 tokens."""
    demo = decode_audio(str(Path(__file__).parents[2] / "recordings" / "demo.mp4"))
    heard = recogniser.recognise(quicker(demo, 1.8)[: 8 * RATE])
    assert len(heard.words) >= 36
    assert heard.words[-1].end_s > 7.3


@needs_media
@pytest.mark.media
def test_the_same_sound_gives_the_same_words_whatever_was_heard_between(
    recogniser: Recogniser, opening: np.ndarray
) -> None:
    first = recogniser.recognise(opening)
    recogniser.recognise(opening[: 2 * RATE])
    assert recogniser.recognise(opening) == first


@needs_media
@pytest.mark.media
def test_words_lie_within_the_sound_in_order_with_punctuation_attached(
    recogniser: Recogniser, opening: np.ndarray
) -> None:
    words = recogniser.recognise(opening).words
    assert all(0.0 <= word.start_s <= word.end_s <= 6.3 for word in words)
    assert [word.start_s for word in words] == sorted(word.start_s for word in words)
    assert all(word.text.strip() == word.text and word.text[0].isalnum() for word in words)
    assert words[-1].text == "citizens."
    assert 0.9 < words[4].probability <= 1.0


@needs_media
@pytest.mark.media
def test_faster_whispers_own_transcribe_works_on_the_spliced_encoding(
    recogniser: Recogniser, opening: np.ndarray
) -> None:
    segments, _ = recogniser.transcribe(opening, beam_size=1, temperature=0.0, max_new_tokens=100)
    assert word_error_rate([(OPENING, " ".join(segment.text for segment in segments))]) <= 0.05


@needs_media
@pytest.mark.media
def test_padding_with_zeros_does_not_change_the_spliced_encoding(
    recogniser: Recogniser, opening: np.ndarray
) -> None:
    features = recogniser.feature_extractor(opening)[:, :-1]
    bare, padded = (np.array(recogniser.encode(given)) for given in (features, pad_or_trim(features)))
    assert bare.shape == (1, 1500, 384)
    np.testing.assert_array_equal(bare, padded)


@needs_media
@pytest.mark.media
def test_behind_the_sound_the_encoding_is_that_of_silence(
    recogniser: Recogniser, opening: np.ndarray
) -> None:
    silence = np.array(recogniser.encode(recogniser.feature_extractor(np.zeros(RATE, np.float32))[:, :-1]))
    spliced = np.array(recogniser.encode(recogniser.feature_extractor(opening)[:, :-1]))
    np.testing.assert_array_equal(spliced[:, 400:], silence[:, 400:])
    assert not np.array_equal(spliced[:, :315], silence[:, :315])


NOISE = np.random.default_rng(0).normal(0, 0.05, 5 * RATE).astype(np.float32)
TONE = (0.2 * np.sin(2 * np.pi * 220 * np.arange(5 * RATE) / RATE)).astype(np.float32)


@pytest.mark.parametrize(
    "sound", [np.zeros(5 * RATE, np.float32), NOISE, TONE], ids=["silence", "noise", "tone"]
)
def test_what_it_makes_of_no_speech_is_not_believed(recogniser: Recogniser, sound: np.ndarray) -> None:
    hypothesis = recogniser.recognise(sound)
    assert not hypothesis.words or not is_plausible(hypothesis)


@pytest.mark.parametrize("length", [0, 1, 400, 30 * RATE])
def test_any_length_up_to_thirty_seconds_is_taken(recogniser: Recogniser, length: int) -> None:
    assert isinstance(recogniser.recognise(np.zeros(length, np.float32)), Hypothesis)


def test_more_than_thirty_seconds_are_refused(recogniser: Recogniser) -> None:
    with pytest.raises(ValueError, match="30 s at most"):
        recogniser.recognise(np.zeros(31 * RATE, np.float32))


def test_a_local_folder_is_loaded_as_it_is(model: Path, model_store: ModelStore) -> None:
    load_recogniser(SpeechConfig(model=str(model)), model_store).recognise(np.zeros(RATE, np.float32))


def test_a_size_comes_from_the_hubs_cache_without_the_network(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = tmp_path / "hub"
    repository = hub / "models--Systran--faster-whisper-tiny"
    snapshot = repository / "snapshots" / "0123456789abcdef"
    snapshot.mkdir(parents=True)
    for file in model.iterdir():
        (snapshot / file.name).symlink_to(file)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0123456789abcdef")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(hub))
    monkeypatch.setattr("huggingface_hub._snapshot_download.constants.HF_HUB_CACHE", str(hub))
    store = ModelStore(ModelsConfig(cache=tmp_path / "cache", offline=True))
    load_recogniser(SpeechConfig(model="tiny"), store).recognise(np.zeros(RATE, np.float32))


def test_a_size_that_is_not_in_the_cache_is_not_asked_for_offline(tmp_path: Path) -> None:
    store = ModelStore(ModelsConfig(cache=tmp_path, offline=True))
    with pytest.raises(RunError, match="small"):
        load_recogniser(SpeechConfig(model="small"), store)


def test_an_unknown_size_names_those_there_are(tmp_path: Path) -> None:
    store = ModelStore(ModelsConfig(cache=tmp_path, offline=True))
    with pytest.raises(UsageError, match=r"smallish.*tiny\.en"):
        load_recogniser(SpeechConfig(model="smallish"), store)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    store = ModelStore(ModelsConfig(cache=tmp_path, offline=True))
    with pytest.raises(UsageError, match="no CTranslate2 Whisper model"):
        load_recogniser(SpeechConfig(model=str(tmp_path)), store)


def test_an_english_model_refuses_another_language(model_store: ModelStore) -> None:
    with pytest.raises(UsageError, match="knows English only"):
        load_recogniser(SpeechConfig(language="de"), model_store)


def test_a_language_that_whisper_does_not_know_is_refused(model_store: ModelStore) -> None:
    with pytest.raises(UsageError, match="no language 'xx'"):
        load_recogniser(SpeechConfig(model="whisper-base", language="xx"), model_store)
