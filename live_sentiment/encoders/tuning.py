"""How much of a pretrained network is trained: nothing, its last layers, all, or low-rank additions.

E. Hu et al. 2022, "LoRA: low-rank adaptation of large language models": each linear map W becomes W + 2·B·A,
with A and B of the given rank, B starting at zero; W itself stays.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from live_sentiment.config import EncoderConfig
from live_sentiment.errors import UsageError


def tune(
    network: nn.Module,
    blocks: Sequence[nn.Module],
    config: EncoderConfig,
    *,
    unused: Sequence[str] = (),
    lora_excludes: Sequence[str] = (),
) -> None:
    """Mark what training changes, and put the low-rank additions in.

    Args:
        network: the pretrained network.
        blocks: its blocks in use, in order.
        config: `tune`, `last_n` and `lora_rank`.
        unused: beginnings of the names of parameters that the encoder's embedding does not depend on.
        lora_excludes: endings of the names of maps that cannot take an addition.

    Raises:
        UsageError: more layers are to be trained than there are, or peft is missing.
    """
    network.requires_grad_(False)
    if config.tune == "full":
        for name, parameter in network.named_parameters():
            parameter.requires_grad_(not name.startswith(tuple(unused)))
    elif config.tune == "last":
        if config.last_n > len(blocks):
            raise UsageError(
                f"encoder {config.name}: last_n={config.last_n}, but only {len(blocks)} layers are in use"
            )
        for block in blocks[-config.last_n :]:
            block.requires_grad_(True)
    elif config.tune == "lora":
        _add_lora(network, blocks, config.lora_rank, tuple(lora_excludes))


def _add_lora(network: nn.Module, blocks: Sequence[nn.Module], rank: int, excludes: tuple[str, ...]) -> None:
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ImportError as error:
        raise UsageError(
            "low-rank tuning needs peft, which is not installed; run pip install 'live-sentiment[train]'"
        ) from error
    within = {id(module) for block in blocks for module in block.modules()}
    targets = [
        name
        for name, module in network.named_modules()
        if id(module) in within and isinstance(module, nn.Linear | nn.Conv2d) and not name.endswith(excludes)
    ]
    config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=targets)
    inject_adapter_in_model(config, network)
