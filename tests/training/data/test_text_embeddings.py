import numpy as np
import pytest
from rich.progress import Progress

from live_sentiment.training.data import text_embeddings
from live_sentiment.training.data.text_embeddings import embed_texts
from tests.helpers.tiny_text import load_encoder, some_adapter

TEXTS = [f"{'now ' * (n % 7)}we go home at {n}" for n in range(50)]


@pytest.fixture
def encoder(tmp_path):
    return load_encoder(tmp_path / "encoder")


@pytest.fixture(autouse=True)
def small_files(monkeypatch):
    monkeypatch.setattr(text_embeddings, "SHARD", 16)
    monkeypatch.setattr(text_embeddings, "BATCH", 5)


def embed(encoder, cache, texts=TEXTS, **options):
    with Progress(disable=True) as progress:
        return embed_texts(encoder, texts, cache, progress, "texts", **options)


def test_rows_are_the_embeddings_of_their_texts(encoder, tmp_path):
    rows = embed(encoder, tmp_path / "cache")
    expected = np.stack([encoder.embed(encoder.tokens(text)) for text in TEXTS])
    np.testing.assert_allclose(rows, expected, atol=1e-5)


def test_what_was_embedded_is_not_embedded_again(encoder, tmp_path, monkeypatch):
    first = embed(encoder, tmp_path / "cache")
    monkeypatch.setattr(encoder, "embed_batch", lambda texts, contexts: pytest.fail("embedded again"))
    assert np.array_equal(embed(encoder, tmp_path / "cache"), first)


def test_an_interrupted_run_goes_on_where_it_stopped(encoder, tmp_path, monkeypatch):
    batches = []
    whole = encoder.embed_batch

    def stop_in_the_third_file(texts, contexts):
        batches.append(texts)
        if len(batches) == 10:
            raise KeyboardInterrupt
        return whole(texts, contexts)

    monkeypatch.setattr(encoder, "embed_batch", stop_in_the_third_file)
    with pytest.raises(KeyboardInterrupt):
        embed(encoder, tmp_path / "cache")
    embed(encoder, tmp_path / "cache")
    assert sum(len(batch) for batch in batches[10:]) == len(TEXTS) - 2 * 16


def test_another_encoder_another_precision_or_another_text_is_embedded_anew(encoder, tmp_path):
    cache = tmp_path / "cache"
    first = embed(encoder, cache)
    other = embed(load_encoder(tmp_path / "other", seed=1), cache)
    rough = embed(encoder, cache, bfloat16=True)
    changed = embed(encoder, cache, ["not now", *TEXTS[1:]])
    assert not np.allclose(first, other, atol=1e-3)
    assert not np.array_equal(first, rough)
    np.testing.assert_allclose(first, rough, atol=0.1)
    assert np.flatnonzero((first != changed).any(axis=1)).tolist() == [0]


def test_a_context_and_an_adapter_change_what_is_kept(encoder, tmp_path):
    cache = tmp_path / "cache"
    alone = embed(encoder, cache)
    contexts = ["oh my god" if n % 2 else "" for n in range(len(TEXTS))]
    in_context = embed(encoder, cache, contexts=contexts)
    assert np.flatnonzero((abs(alone - in_context) > 1e-3).any(axis=1)).tolist() == list(range(1, 50, 2))
    encoder.adapt(some_adapter())
    assert not np.allclose(embed(encoder, cache), alone, atol=1e-2)


def test_no_texts_are_no_rows(encoder, tmp_path):
    assert embed(encoder, tmp_path / "cache", []).shape == (0, encoder.hidden_size)
