import numpy as np
import pytest
import torch

from live_sentiment.models.text_adapter import split_adapter
from live_sentiment.models.text_encoder import TextEncoder
from tests.helpers.tiny_text import CPU, load_encoder, save_encoder, some_adapter


def test_a_change_is_the_scaled_product_of_its_factors():
    adapter = some_adapter()
    for name, change in adapter.changes():
        assert torch.equal(change, 2.0 * adapter.up[name].float() @ adapter.down[name].float())
        assert torch.linalg.matrix_rank(change) == 3


def test_a_file_holds_head_and_adapter_side_by_side():
    adapter = some_adapter()
    own, again = split_adapter({"inner.0.weight": torch.ones(2)} | adapter.tensors(), 2.0)
    assert set(own) == {"inner.0.weight"}
    assert again.sha256 == adapter.sha256
    assert split_adapter(own, 1.0) == (own, None)


def test_an_encoder_of_transformers_is_changed_as_our_own_is(tmp_path):
    fast = load_encoder(tmp_path)
    config = tmp_path / "config.json"
    # Another name for the same function, which only transformers knows.
    config.write_text(config.read_text().replace('"gelu"', '"gelu_python"'))
    slow = TextEncoder(tmp_path, CPU)
    for encoder in (fast, slow):
        encoder.adapt(some_adapter())
    tokens = fast.tokens("i am so happy")
    np.testing.assert_allclose(fast.embed(tokens), slow.embed(tokens), atol=1e-5)


def test_what_an_adapted_encoder_computes_is_told_apart_and_can_be_had_without(tmp_path):
    encoder = load_encoder(tmp_path)
    before, plain = encoder.version, encoder.embed(encoder.tokens("now"))
    encoder.adapt(some_adapter())
    assert encoder.sha256 == before != encoder.version
    assert not np.allclose(encoder.embed(encoder.tokens("now")), plain, atol=1e-2)
    assert np.array_equal(encoder.again().embed(encoder.tokens("now")), plain)
    with pytest.raises(ValueError, match="was adapted before"):
        encoder.adapt(some_adapter())


@pytest.mark.parametrize(
    ("kind", "layer"),
    [
        ("bert", "encoder.layer.7.attention.self.query"),
        ("bert", "encoder.layer.0.intermediate.dense"),
        ("distilbert", "encoder.layer.0.attention.self.query"),
    ],
)
def test_an_adapter_for_other_layers_is_refused(tmp_path, kind, layer):
    encoder = TextEncoder(save_encoder(tmp_path, kind=kind), CPU)
    with pytest.raises(ValueError, match="other layers than this encoder has"):
        encoder.adapt(some_adapter(layer))


def test_context_is_read_and_no_part_of_the_mean(tmp_path):
    encoder = load_encoder(tmp_path)
    tokens, context = encoder.tokens("now"), encoder.tokens("i hate it")
    ids, skipped = encoder.joined(tokens, context)
    assert ids == [*context, *tokens[1:]]
    assert ids[skipped + 1 :] == tokens[1:]
    states = encoder._upper(torch.tensor([ids]), None)[0]
    expected = torch.cat([states[:1], states[skipped + 1 :]]).mean(dim=0).numpy()
    np.testing.assert_allclose(encoder.embed(tokens, context), expected, atol=1e-6)
    assert not np.allclose(encoder.embed(tokens, context), encoder.embed(tokens), atol=1e-2)


def test_a_batch_is_read_in_context_as_one_text_is(tmp_path):
    encoder = load_encoder(tmp_path)
    texts, contexts = ["now", "i am so happy", "go"], ["i hate it", "", "oh my god what happened"]
    expected = [
        encoder.embed(encoder.tokens(text), encoder.tokens(context) if context else ())
        for text, context in zip(texts, contexts, strict=True)
    ]
    np.testing.assert_allclose(encoder.embed_batch(texts, contexts), np.stack(expected), atol=1e-5)


def test_of_a_long_context_the_end_is_read_and_a_long_text_leaves_it_no_room(tmp_path):
    encoder = load_encoder(tmp_path)
    context = encoder.tokens("we go home now and then " * 9)
    tokens = encoder.tokens("now")
    ids, skipped = encoder.joined(tokens, context)
    assert skipped == 33
    assert ids[1:33] == context[-33:-1]
    long = encoder.tokens("we " * 100)
    assert encoder.joined(long, context) == (long[: encoder.max_tokens], 0)
    nearly = encoder.tokens("we " * (encoder.max_tokens - 6))
    assert len(encoder.joined(nearly, context)[0]) == encoder.max_tokens
