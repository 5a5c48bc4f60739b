"""How much of a pretrained network is trained: nothing, its last layers, all, or low-rank additions.

E. Hu et al. 2022, "LoRA: low-rank adaptation of large language models": each linear map W becomes W + 2·B·A,
with A and B of the given rank, B starting at zero; W itself stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from torch import nn

from live_sentiment.core.config import EncoderConfig
from live_sentiment.core.errors import UsageError


def tune(
    network: nn.Module,
    blocks: Iterable[nn.Module],
    in_use: int,
    config: EncoderConfig,
    *,
    unused: Sequence[str] = (),
    lora_excludes: Sequence[str] = (),
) -> None:
    """Mark what training changes, and put the low-rank additions in.

    Args:
        network: the pretrained network.
        blocks: its blocks in order.
        in_use: how many of them the embeddings depend on.
        config: `tune`, `last_n` and `lora_rank`.
        unused: beginnings of the names of parameters that the encoder's embedding does not depend on.
        lora_excludes: endings of the names of maps that cannot take an addition.

    Raises:
        UsageError: more layers are to be trained than there are, or peft is missing.
    """
    network.requires_grad_(False)
    blocks, idle = list(blocks)[:in_use], list(blocks)[in_use:]
    needed = {"last": config.last_n, "lora": 1}.get(config.tune or "", 0)
    if needed > in_use:
        raise UsageError(
            f"encoder {config.name}: tune={config.tune!r} trains {needed} layers, but {in_use} are in use"
        )
    if config.tune == "full":
        for name, parameter in network.named_parameters():
            parameter.requires_grad_(not name.startswith(tuple(unused)))
        for block in idle:
            block.requires_grad_(False)
    elif config.tune == "last":
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
