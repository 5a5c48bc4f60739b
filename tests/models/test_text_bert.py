import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import BertModel

from live_sentiment.models.text_bert import Bert, is_plain_bert
from tests.helpers.tiny_text import CPU, save_encoder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_encoder(tmp_path_factory.mktemp("bert"))


def load(folder):
    config = json.loads((folder / "config.json").read_text())
    return Bert(config, folder / "model.safetensors", CPU)


def test_every_hidden_state_is_that_of_transformers(folder):
    ids = torch.randint(4, 60, (2, 9), generator=torch.Generator().manual_seed(1))
    theirs = BertModel.from_pretrained(folder).eval()(ids, output_hidden_states=True).hidden_states
    ours = load(folder)(ids)
    assert len(ours) == len(theirs) == 3
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)


def test_padding_is_not_looked_at(folder):
    ids = torch.tensor([[5, 6, 7, 0, 0]])
    mask = torch.tensor([[True, True, True, False, False]])
    padded = load(folder)(ids, mask)[-1][:, :3]
    torch.testing.assert_close(padded, load(folder)(ids[:, :3])[-1], atol=1e-5, rtol=1e-5)


def test_checkpoints_with_the_names_of_the_first_release_load(folder, tmp_path):
    renamed = {
        "bert."
        + key.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        ): tensor
        for key, tensor in load_file(folder / "model.safetensors").items()
    }
    save_file(renamed, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text((folder / "config.json").read_text())
    ids = torch.tensor([[2, 8, 9, 3]])
    assert torch.equal(load(tmp_path)(ids)[-1], load(folder)(ids)[-1])


@pytest.mark.parametrize(
    "other",
    [
        {"model_type": "roberta"},
        {"hidden_act": "relu"},
        {"position_embedding_type": "relative_key"},
        {"is_decoder": True},
    ],
)
def test_what_it_would_compute_otherwise_is_left_to_transformers(folder, other):
    config = json.loads((folder / "config.json").read_text())
    assert is_plain_bert(config)
    assert not is_plain_bert(config | other)
