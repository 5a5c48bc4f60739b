"""Vision networks that halve the picture stage by stage, read by an average over the last map in use."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from live_sentiment.core.config import EncoderConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.models.encoders.pictures import PictureEncoder
from live_sentiment.models.encoders.source import Source
from live_sentiment.models.encoders.tuning import tune


class StagedEncoder(PictureEncoder):
    """A stem, the stages in use, and an average over the map.

    Args:
        config: `layers` may name one stage, counted from 1: the later ones are left out.
        source: the pretrained weights; None where the network starts from scratch.
        stem: pictures to the first map.
        stages: maps to smaller maps.
        widths: channels behind each stage.

    Raises:
        UsageError: there is no such stage, or several are to be read.
    """

    def __init__(
        self,
        config: EncoderConfig,
        source: Source | None,
        stem: nn.Module,
        stages: Sequence[nn.Module],
        widths: Sequence[int],
    ) -> None:
        super().__init__(config, source)
        count = _stages_in_use(config, len(stages))
        self.network = nn.ModuleDict({"stem": stem, "stages": nn.ModuleList(stages[:count])})
        self.dim = widths[count - 1]
        settings = config if source else config.model_copy(update={"tune": "full"})
        tune(self.network, stages[:count], count, settings)

    def embed(self, pictures: Tensor) -> Tensor:
        """See `PictureEncoder`."""
        maps: Tensor = self.network["stem"](pictures)
        for stage in self.network["stages"].children():
            maps = stage(maps)
        return maps.mean(dim=(2, 3))


def _stages_in_use(config: EncoderConfig, count: int) -> int:
    if config.layers == "last":
        return count
    if isinstance(config.layers, tuple) and len(config.layers) == 1 and 1 <= config.layers[0] <= count:
        return config.layers[0]
    raise UsageError(
        f"the encoder {config.name} has stages of different widths: layers is 'last' or one of 1 to {count}"
    )
