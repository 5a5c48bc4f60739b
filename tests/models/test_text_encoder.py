import shutil

import numpy as np
import pytest
import torch
from huggingface_hub import constants
from transformers import AutoModel

from live_sentiment.core.errors import UsageError
from live_sentiment.models.text_encoder import TextEncoder
from tests.helpers.tiny_text import CPU, WIDTH, save_encoder


@pytest.fixture(scope="module", params=["bert", "distilbert"])
def folder(request, tmp_path_factory):
    return save_encoder(tmp_path_factory.mktemp("encoder"), kind=request.param)


def test_the_embedding_is_the_mean_over_tokens_and_upper_layers(folder):
    encoder = TextEncoder(folder, CPU)
    tokens = encoder.tokens("I am so happy")
    model = AutoModel.from_pretrained(folder).eval()
    states = model(torch.tensor([tokens]), output_hidden_states=True).hidden_states
    expected = torch.stack(states[1:]).mean(dim=0)[0].mean(dim=0).detach().numpy()
    assert encoder.hidden_size == WIDTH
    np.testing.assert_allclose(encoder.embed(tokens), expected, atol=1e-5)


def test_a_text_is_read_whole_whatever_its_tokenizer_was_saved_to_cut_and_pad(folder):
    encoder = TextEncoder(folder, CPU)
    assert encoder.tokens("now") == [2, encoder.tokens("now")[1], 3]
    assert len(encoder.tokens("now " * 20)) == 22


def test_a_batch_gives_the_embeddings_of_its_texts(folder):
    encoder = TextEncoder(folder, CPU)
    texts = ["oh my god", "this is terrible , i hate it", "now"]
    alone = np.stack([encoder.embed(encoder.tokens(text)) for text in texts])
    np.testing.assert_allclose(encoder.embed_batch(texts), alone, atol=1e-5)


def test_no_text_is_longer_than_the_model_has_positions(tmp_path):
    encoder = TextEncoder(save_encoder(tmp_path, positions=12), CPU)
    assert encoder.max_tokens == 10
    long = encoder.tokens("now " * 50)
    assert np.array_equal(encoder.embed(long), encoder.embed(long[:10]))


def test_a_tokenizer_without_its_fast_file_loads_through_transformers(tmp_path):
    folder = save_encoder(tmp_path / "encoder")
    fast = TextEncoder(folder, CPU)
    vocabulary = sorted(fast_vocabulary(folder).items(), key=lambda item: item[1])
    (folder / "vocab.txt").write_text("\n".join(piece for piece, _ in vocabulary))
    (folder / "tokenizer.json").unlink()
    slow = TextEncoder(folder, CPU)
    assert slow.tokens("Oh my god, what happened?") == fast.tokens("Oh my god, what happened?")


def fast_vocabulary(folder):
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab()


def test_equal_weights_have_equal_hashes_and_others_not(tmp_path):
    first, again, other = (
        TextEncoder(save_encoder(tmp_path / name, seed=seed), CPU)
        for name, seed in (("first", 0), ("again", 0), ("other", 1))
    )
    assert first.sha256 == again.sha256 != other.sha256


def test_a_repository_of_a_hub_is_found_among_the_downloaded(tmp_path, monkeypatch):
    revision = 40 * "a"
    repository = tmp_path / "hub" / "models--someone--tiny"
    save_encoder(repository / "snapshots" / revision)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(revision)
    monkeypatch.setenv("LIVE_SENTIMENT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    assert TextEncoder("someone/tiny", CPU, offline=True).hidden_size == WIDTH
    with pytest.raises(UsageError, match="no text encoder 'someone/other'"):
        TextEncoder("someone/other", CPU, offline=True)


def test_a_folder_that_is_no_encoder_is_refused_with_its_reason(tmp_path):
    folder = save_encoder(tmp_path / "encoder")
    shutil.move(folder / "config.json", tmp_path)
    with pytest.raises(UsageError, match=r"cannot load the text encoder .*config\.json"):
        TextEncoder(folder, CPU)
    shutil.move(tmp_path / "config.json", folder)
    shutil.move(folder / "model.safetensors", folder / "pytorch_model.bin")
    with pytest.raises(UsageError, match=r"no model\.safetensors"):
        TextEncoder(folder, CPU)
    (folder / "model.safetensors").write_bytes(b"not a tensor in sight")
    with pytest.raises(UsageError, match="cannot load the text encoder"):
        TextEncoder(folder, CPU)


def test_a_broken_tokenizer_is_refused_with_its_reason(tmp_path):
    folder = save_encoder(tmp_path)
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(UsageError, match="cannot load the text encoder"):
        TextEncoder(folder, CPU)
