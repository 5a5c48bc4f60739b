"""What training changed in an encoder, and only that: to save beside the name and hash of the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import Tensor, nn

from live_sentiment.core.errors import UsageError
from live_sentiment.models.encoders.encoder import Encoder


def trainable_state(encoder: Encoder) -> dict[str, Tensor]:
    """Copies of the parameters that training changes, with the statistics and words that go with them.

    Low-rank additions are kept as they are, A and B; nothing of a frozen encoder.
    """
    state = encoder.state_dict()
    return {name: state[name].detach().cpu().clone() for name in sorted(encoder.trained)}


def load_trained(encoder: Encoder, state: Mapping[str, Tensor]) -> None:
    """Put back what `trainable_state` gave, into an encoder built from the same settings.

    Raises:
        UsageError: the state belongs to an encoder of other settings.
    """
    if set(state) != encoder.trained:
        odd = sorted(set(state) ^ encoder.trained)
        raise UsageError(
            f"the trained weights do not fit the encoder {encoder.config.name} with its settings: "
            f"{len(odd)} tensors differ, the first is {odd[0]}"
        )
    try:
        encoder.load_state_dict(state, strict=False)
    except RuntimeError as error:
        raise UsageError(
            f"the trained weights do not fit the encoder {encoder.config.name} with its settings: {error}"
        ) from error


def changing(encoder: Encoder) -> frozenset[str]:
    """Names of all that training will change: what takes a gradient, and buffers that move along with it."""
    kept = set(encoder.state_dict())
    return frozenset(name for name in _changing(encoder) if name in kept)


def _changing(encoder: nn.Module) -> Iterator[str]:
    for path, module in encoder.named_modules():
        prefix = f"{path}." if path else ""
        own = dict(module.named_parameters(recurse=False))
        learning = [name for name, parameter in own.items() if parameter.requires_grad]
        yield from (prefix + name for name in learning)
        if learning:
            yield from (prefix + name for name, _ in module.named_buffers(recurse=False))
