import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from live_sentiment.core.config import TextConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS, POLARITIES, Word
from live_sentiment.models.store.shipped import load_shipped, save_shipped
from live_sentiment.models.text_emotion import TextHead
from live_sentiment.models.text_encoder import TextEncoder
from tests.helpers.stages import text_stage
from tests.helpers.tiny_text import CPU, WIDTH, save_encoder, some_adapter

PRIOR = [0.4, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]


def spoken(text, first_s=0.0, probability=0.9):
    return [
        Word(word, first_s + 0.4 * n, first_s + 0.4 * n + 0.3, probability)
        for n, word in enumerate(text.split())
    ]


def save_head(path, encoder, **metadata):
    torch.manual_seed(0)
    head = TextHead(WIDTH, 8)
    described = {
        "modality": "text",
        "encoder": {"name": "tiny", "hidden_size": WIDTH, "sha256": encoder.sha256},
        "inner_size": 8,
        "emotion_prior": PRIOR,
        "emotion_temperature": 1.5,
        "polarity_prior": [0.3, 0.4, 0.3],
        "polarity_temperature": 2.0,
    }
    save_shipped(path, head.state_dict(), described | metadata)
    return head


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="module")
def head_file(folder, tmp_path_factory):
    file = tmp_path_factory.mktemp("head") / "head.safetensors"
    save_head(file, TextEncoder(folder, CPU))
    return file


@pytest.fixture(scope="module")
def analyzer(folder, head_file):
    return text_stage(TextConfig(encoder=str(folder), head=str(head_file)), folder)


def readings(output):
    return [
        (
            one.time_s,
            one.quality,
            one.details["utterance"],
            *(a.tobytes() for a in (one.embedding, one.emotions, one.polarity)),
        )
        for one in output.observations
    ]


def test_each_word_is_read_with_its_utterance_so_far(analyzer):
    analyzer.reset()
    words = spoken("I am happy. You go")
    output = analyzer(words)
    assert [one.details["utterance"] for one in output.observations] == [
        "I",
        "I am",
        "I am happy.",
        "You",
        "You go",
    ]
    assert [one.time_s for one in output.observations] == [word.end_s for word in words]
    assert output.watermark_s == words[-1].end_s
    assert {one.modality for one in output.observations} == {"text"}


def test_probabilities_are_the_heads_evidence_tempered_and_the_prior(analyzer, folder, head_file):
    analyzer.reset()
    (observation,) = analyzer(spoken("terrible")).observations
    encoder = TextEncoder(folder, CPU)
    head = TextHead(WIDTH, 8)
    head.load_state_dict(dict(load_shipped(str(head_file)).tensors))
    embedding = encoder.embed(encoder.tokens("terrible"))
    emotions, polarity = head(torch.from_numpy(embedding)[None])
    expected = torch.softmax(emotions[0] / 1.5 + torch.tensor(PRIOR).log(), dim=0)
    np.testing.assert_allclose(observation.emotions, expected.detach().numpy(), rtol=1e-5)
    expected = torch.softmax(polarity[0] / 2.0 + torch.tensor([0.3, 0.4, 0.3]).log(), dim=0)
    np.testing.assert_allclose(observation.polarity, expected.detach().numpy(), rtol=1e-5)
    assert np.array_equal(observation.embedding, embedding)


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_how_words_are_grouped_into_calls_changes_no_byte(analyzer, data):
    words = spoken("oh my god , what happened ? i hate this , it is terrible and i am so sad now")
    analyzer.reset()
    together = readings(analyzer(words))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(words)))))
    analyzer.reset()
    apart = []
    for first, last in zip([0, *cuts], [*cuts, len(words)], strict=True):
        apart += readings(analyzer(words[first:last]))
    assert apart == together


def test_no_words_give_no_observations_and_hold_the_watermark(analyzer):
    analyzer.reset()
    assert analyzer([]).observations == ()
    assert analyzer([]).watermark_s == 0.0
    analyzer(spoken("now"))
    assert analyzer([]).watermark_s == pytest.approx(0.3)


def test_reset_forgets_the_words(analyzer):
    analyzer.reset()
    analyzer(spoken("i am"))
    analyzer.reset()
    assert analyzer([]).watermark_s == 0.0
    assert analyzer(spoken("happy")).observations[0].details["utterance"] == "happy"


def test_quality_is_what_the_recogniser_thinks_of_its_words(analyzer):
    analyzer.reset()
    sure, unsure = spoken("i am", probability=1.0), spoken("happy", first_s=0.8, probability=0.1)
    qualities = [one.quality for one in analyzer([*sure, *unsure]).observations]
    assert qualities == pytest.approx([1.0, 1.0, 0.7])


@pytest.mark.parametrize("trained_with", [0, 2])
def test_context_is_read_and_not_shown_to_a_head_that_was_trained_with_it(folder, tmp_path, trained_with):
    file = tmp_path / "head.safetensors"
    save_head(file, TextEncoder(folder, CPU), context_utterances=trained_with)
    config = TextConfig(encoder=str(folder), head=str(file), context_utterances=1)
    last = text_stage(config, folder)(spoken("go home. this is terrible. now")).observations[-1]
    encoder = TextEncoder(folder, CPU)
    context = encoder.tokens("this is terrible.") if trained_with else ()
    assert last.details == {"utterance": "now"}
    assert np.array_equal(last.embedding, encoder.embed(encoder.tokens("now"), context))


def test_a_head_brings_its_changes_to_the_encoder(folder, tmp_path):
    plain, adapted = TextEncoder(folder, CPU), TextEncoder(folder, CPU)
    adapter = some_adapter()
    head = save_head(tmp_path / "head.safetensors", plain)
    described = load_shipped(str(tmp_path / "head.safetensors")).metadata | {"adapter_scale": 2.0}
    save_shipped(tmp_path / "head.safetensors", head.state_dict() | adapter.tensors(), described)
    analyzer = text_stage(TextConfig(head=str(tmp_path / "head.safetensors")), folder)
    (observation,) = analyzer(spoken("terrible")).observations
    adapted.adapt(adapter)
    assert np.array_equal(observation.embedding, adapted.embed(adapted.tokens("terrible")))
    assert not np.allclose(observation.embedding, plain.embed(plain.tokens("terrible")), atol=1e-2)


def test_a_talk_without_a_pause_is_read_in_a_bounded_window(analyzer):
    analyzer.reset()
    last = analyzer(spoken("we go home now and then " * 60)).observations[-1]
    assert 40 < len(last.details["utterance"].split()) <= 62


def test_the_expert_names_encoder_head_and_priors(analyzer, head_file):
    expert = analyzer.expert
    assert (expert.modality, expert.embedding_dim, expert.model) == ("text", WIDTH, "tiny + head")
    assert expert.sha256 == load_shipped(str(head_file)).sha256
    assert expert.emotion_prior.tolist() == pytest.approx(PRIOR)
    assert expert.polarity_prior.shape == (len(POLARITIES),)


def test_a_head_for_another_encoder_is_refused_with_the_way_out(head_file, tmp_path):
    other = save_encoder(tmp_path, seed=1, width=32)
    with pytest.raises(
        UsageError, match=r"fits the encoder 'tiny' \(width 16.*live-sentiment train text --encoder mine"
    ):
        text_stage(TextConfig(encoder="mine", head=str(head_file)), other)


def test_a_head_of_another_modality_is_refused(folder, tmp_path):
    file = tmp_path / "voice.safetensors"
    save_head(file, TextEncoder(folder, CPU), modality="voice")
    with pytest.raises(UsageError, match="is no text head"):
        text_stage(TextConfig(head=str(file)), folder)


@pytest.mark.models
@pytest.mark.parametrize(
    ("said", "emotions", "polarity"),
    [
        ("I am so happy for you.", {"joy"}, "positive"),
        ("i am so happy for you", {"joy"}, "positive"),
        ("This is terrible, I hate it.", {"anger", "disgust", "sadness"}, "negative"),
        ("this is terrible i hate it", {"anger", "disgust", "sadness"}, "negative"),
        ("The meeting is at nine.", {"neutral"}, "neutral"),
        ("bin blue at F two now", {"neutral"}, "neutral"),
        ("Leave me alone, you idiot!", {"anger"}, "negative"),
        ("What? I can't believe it!", {"surprise"}, "negative"),
    ],
)
def test_the_shipped_head_reads_everyday_sentences(model_store, said, emotions, polarity):
    config = TextConfig()
    analyzer = text_stage(config, model_store.path(config.encoder))
    last = analyzer(spoken(said)).observations[-1]
    assert EMOTIONS[int(last.emotions.argmax())] in emotions
    assert POLARITIES[int(last.polarity.argmax())] == polarity


@pytest.mark.models
def test_the_shipped_head_is_less_sure_of_half_a_sentence(model_store):
    config = TextConfig()
    analyzer = text_stage(config, model_store.path(config.encoder))
    for said in ("I am so happy for you.", "The meeting is at nine.", "That is disgusting."):
        analyzer.reset()
        first, *_, last = analyzer(spoken(said)).observations
        assert first.emotions.max() < last.emotions.max()
