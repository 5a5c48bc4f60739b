"""Every setting, one class per part; read from TOML, with `part.key=value` overrides on top.

>>> load_config(overrides=["window.hop_s=0.5"]).window.hop_s
0.5
"""

from __future__ import annotations

import difflib
import reprlib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from live_sentiment.core.errors import UsageError
from live_sentiment.core.profiles import PROFILES
from live_sentiment.core.types import MODALITIES, Modality

Seconds = Annotated[float, Field(gt=0, le=3600)]
Hop = Annotated[float, Field(ge=0.02, le=60)]
"""Seconds from one result to the next: shorter ones say nothing new and fill files."""
Fraction = Annotated[float, Field(ge=0, le=1)]
Threads = Annotated[int, Field(ge=1, le=1024)]
LONGEST_FILE, LONGEST_LINE = 1_000_000, 4096
"""Bytes of a TOML file and of a line: a key of many parts takes memory by the square of their number."""


def _can_be_a_file(name: T) -> T:
    """Refuses here what every call of the system would refuse somewhere else."""
    text = str(name)
    longest = max((len(part.encode("utf-8", "replace")) for part in Path(text).parts), default=0)
    if not text.strip() or "\0" in text or longest > 255:
        raise ValueError("must be a name or path that a file can have")
    return name


T = TypeVar("T", str, Path)
Name = Annotated[str, AfterValidator(_can_be_a_file)]
"""Of something that is shipped, of the store, of a hub, or the path of a file or folder."""
Folder = Annotated[Path, AfterValidator(_can_be_a_file)]

CoreName: TypeAlias = Literal[
    "concat",
    "sum",
    "mean",
    "product",
    "weighted",
    "attention-pooling",
    "cross-attention",
    "shared-space",
    "meta-space",
    "recurrent",
]
"""The architectures of the learnt fusers; `live_sentiment.fusion.cores` has one file for each."""
HeadName: TypeAlias = Literal["emotions", "polarity", "valence_arousal", "score"]


class Part(BaseModel):
    """A group of settings; unknown keys are refused and values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


P = TypeVar("P", bound=Part)


class ComputeConfig(Part):
    """Where the work is done. `live_sentiment.models.compute` applies it, in one place."""

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where torch computes; auto is CUDA where there is one, else MPS, else the CPU. The speech recogniser
    computes on the same CUDA device, or on the CPU."""
    torch_threads: Threads = 1
    """CPU threads of torch."""
    opencv_threads: Threads = 1
    """CPU threads of OpenCV."""
    speech_threads: Threads = 1
    """CPU threads of one pass of the speech recogniser (CTranslate2)."""
    onnx_threads: Threads = 1
    """CPU threads of the voice activity network (ONNX Runtime)."""


class ModelsConfig(Part):
    """Where models may come from."""

    cache: Folder | None = None
    """Cache folder; where it is not set, $LIVE_SENTIMENT_CACHE, or else the user's cache folder of the
    system."""
    folder: Folder | None = None
    """A local folder that is searched before the network: FOLDER/<model name>/<file>."""
    offline: bool = False
    """Never open a socket."""


class WindowConfig(Part):
    """The sliding window of the aligner."""

    length_s: Annotated[float, Field(ge=0.1, le=60)] = 4.0
    """Length of a window: how far back the evidence of one result reaches."""
    hop_s: Hop = 0.25
    """Time from one window, and so from one result, to the next."""


class FaceConfig(Part):
    """Finding, following and reading faces."""

    rate_hz: Annotated[float, Field(ge=0.1, le=240)] = 12.5
    """Frames looked at per second of video; the others are decoded and passed over."""
    detect_every: Annotated[int, Field(ge=1, le=1000)] = 3
    """The detector runs on every n-th frame looked at; the tracker carries the boxes between."""
    detect_size_px: Annotated[int, Field(ge=64, le=4096)] = 320
    """Longer side of the picture given to the detector."""
    detect_score: Fraction = 0.6
    """Faces of a lower detector confidence are not used."""
    max_people: Annotated[int, Field(ge=1, le=100)] = 4
    """Faces in a frame whose expression is read, the largest first."""
    encoder: Name = "face-expression"
    """Name of a shipped expression network, or a path to a .safetensors file that `train face` wrote."""


class VoiceConfig(Part):
    """Voice activity, acoustic encoder and prosody."""

    hop_s: Hop = 0.5
    """One acoustic embedding each hop in which there is speech."""
    context_s: Annotated[float, Field(ge=0.2, le=30)] = 4.0
    """Sound that one embedding looks at."""
    speech_on: Fraction = 0.5
    """Speech starts above this probability."""
    speech_off: Fraction = 0.35
    """Speech ends below this probability, which must not exceed `speech_on`."""
    min_speech_s: Annotated[float, Field(gt=0, le=10)] = 0.1
    """Shorter speech is not taken for speech, and a hop with less of it is not read."""
    min_silence_s: Annotated[float, Field(gt=0, le=10)] = 0.3
    """Silence that ends speech; shorter pauses count as part of it."""
    enough_speech_s: Seconds = 0.5
    """Speech in `context_s` from which on the voice is read; must not exceed it."""
    head: Name = "voice-emotion"
    """Name of a shipped head, or a path to one that `train voice` wrote."""

    @field_validator("speech_off")
    @classmethod
    def _below_speech_on(cls, speech_off: float, others: ValidationInfo) -> float:
        if speech_off > others.data.get("speech_on", 1.0):
            raise ValueError("speech_off must not exceed speech_on")
        return speech_off

    @field_validator("enough_speech_s")
    @classmethod
    def _within_context(cls, enough_speech_s: float, others: ValidationInfo) -> float:
        if enough_speech_s > others.data.get("context_s", enough_speech_s):
            raise ValueError("enough_speech_s must not exceed context_s: no voice would ever be read")
        return enough_speech_s


class SpeechConfig(Part):
    """Speech to text."""

    model: Name = "whisper-tiny.en"
    """A model of the store, any faster-whisper size (from a hub), or a local folder."""
    language: str = "en"
    """Code of the language that is spoken; the model must know it."""
    hop_s: Annotated[float, Field(ge=0.1, le=14)] = 1.0
    """New sound between two passes of the recogniser."""
    buffer_s: Annotated[float, Field(gt=0, le=28, validate_default=True)] = 12.0
    """Longest stretch of sound that one pass looks at: at least two hops, and within Whisper's 30 s."""
    beam: Annotated[int, Field(ge=1, le=20)] = 1
    """Width of the recogniser's beam search; 1 is greedy."""
    encoding: Literal["spliced", "padded"] = "spliced"
    """Encode only the sound there is and splice encoded silence behind it, or pad to 30 s as Whisper does."""

    @field_validator("buffer_s")
    @classmethod
    def _holds_two_hops(cls, buffer_s: float, others: ValidationInfo) -> float:
        hop_s = others.data.get("hop_s", 0.0)
        if buffer_s < 2 * hop_s:
            raise ValueError(f"must hold two hops ({hop_s:g} s each)")
        return buffer_s


class TextConfig(Part):
    """Words to meaning."""

    encoder: Name = "all-minilm-l6-v2"
    """A model of the store, a local folder, or any name that transformers loads from a hub."""
    head: Name = "text-emotion"
    """Name of a shipped head, or a path to one that `train text` wrote."""
    context_utterances: Annotated[int, Field(ge=0, le=100)] = 0
    """Preceding utterances given to the encoder as context; the shipped head knows up to two, and none."""


class EncoderConfig(Part):
    """An encoder of an experiment; `live_sentiment.models.encoders.registry` has the names."""

    name: Name
    """transformer, word-lstm, word-attention; whisper, wav2vec2, mel-cnn, mel-lstm; face-expression, resnet,
    vit, small-cnn."""
    source: Name | None = None
    """Pretrained weights: a model of the store, a folder, or a name on a model hub. None: the encoder's own
    default, or from scratch where it has none."""
    layers: Literal["last", "mix"] | tuple[Annotated[int, Field(ge=0)], ...] = "last"
    """What of a pretrained network is read: its output, a learnt mix of all layers, or the mean of the layers
    named (0 is what the first one is given); what lies above them is left out."""
    tune: Literal["frozen", "last", "full", "lora"] | None = None
    """What is trained: nothing, the last `last_n` of the layers in use, all, or low-rank additions to all.
    None: nothing of a pretrained encoder, all of one from scratch."""
    last_n: Annotated[int, Field(ge=1, le=1000)] = 1
    lora_rank: Annotated[int, Field(ge=1, le=4096)] = 8
    """Rank of the additions; their scale is 2 (alpha is twice the rank)."""
    width: Annotated[int, Field(ge=4, le=16_384, multiple_of=4)] = 128
    """Size of the embedding of a network from scratch; ResNet has its own."""
    depth: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Layers of a network from scratch: 1 of an LSTM, 3 of a CNN, 4 of ViT, 18 (or 50) of ResNet."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Within a network from scratch."""
    max_tokens: Annotated[int, Field(ge=4, le=100_000)] = 96
    """Longest text; the rest is not read."""
    max_words: Annotated[int, Field(ge=1, le=10_000_000)] = 10_000
    """Largest vocabulary of a word embedding: the words that the training texts use most."""
    size_px: Annotated[int, Field(ge=16, le=4096)] | None = None
    """Side of the picture that a network from scratch sees: 64 of a CNN, 112 of ResNet and ViT."""

    @field_validator("layers", mode="before")
    @classmethod
    def _listed(cls, layers: Any) -> Any:
        """Lets a command line say 2, or 1,2."""
        if isinstance(layers, int):
            return (layers,)
        if isinstance(layers, str) and layers not in {"last", "mix"}:
            return tuple(layers.strip("[]").split(","))
        return layers

    @field_validator("layers")
    @classmethod
    def _names_layers(cls, layers: str | tuple[int, ...]) -> str | tuple[int, ...]:
        if isinstance(layers, tuple) and (not layers or len(set(layers)) < len(layers)):
            raise ValueError("must be 'last', 'mix' or different layers by number")
        return layers


class PerceptionConfig(Part):
    """The stages that look, listen and read."""

    face: FaceConfig = FaceConfig()
    voice: VoiceConfig = VoiceConfig()
    speech: SpeechConfig = SpeechConfig()
    text: TextConfig = TextConfig()


class LearntConfig(Part):
    """Architecture of a learnt fuser: projections to tokens of one width, a core between them, heads on it.

    It is saved with the weights, so a session names only the core and the file.
    """

    core: CoreName = "cross-attention"
    modalities: Annotated[tuple[Modality, ...], Field(min_length=1)] = MODALITIES
    """What it reads; whatever else a session has is passed over."""
    width: Annotated[int, Field(ge=1, le=16_384)] = 64
    """Of a token."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
    use_opinions: bool = True
    """Whether a token holds its expert's probabilities beside the embedding."""
    hidden: tuple[Annotated[int, Field(ge=1, le=65_536)], ...] = ()
    """Widths of ReLU layers between the core and the heads."""
    heads: Annotated[tuple[HeadName, ...], Field(min_length=1)] = ("emotions", "polarity")
    """What is learnt; of emotions, polarity, valence and arousal the others are derived from it."""
    attention_heads: Annotated[int, Field(ge=1, le=1024)] = 4
    """Of cross-attention, and of the shared space's self-attention; they divide the width."""
    joint: Literal["mlp", "self-attention"] = "mlp"
    """What joins the modalities in the shared space."""
    alignment: Literal["none", "bce", "infonce", "both"] = "both"
    """Auxiliary loss by which the shared space brings together what belongs together."""
    spaces: Annotated[int, Field(ge=1, le=1000)] = 4
    """How many shared spaces the meta-space mixes."""


class FusionConfig(Part):
    """How the modalities become one result."""

    fuser: Literal["product-of-experts", CoreName] = "product-of-experts"
    """The product of experts, or the core of a learnt fuser that the weights hold."""
    weights: Name = "fusion-pairs"
    """Shipped weights of the fusers, or a path to those that `train` wrote."""


class TimelineConfig(Part):
    """Smoothing and segmentation."""

    affect_filter: Literal["none", "ema", "one-euro", "kalman"] = "ema"
    """Filter of valence and arousal; with that of the emotions they go together at every moment."""
    emotion_filter: Literal["none", "ema", "hmm"] = "ema"
    """Filter of the emotion and polarity probabilities."""
    time_constant_s: Seconds = 0.75
    """How long the past weighs: the EMA's time constant; the others derive their speed from it."""
    switch_margin: Fraction = 0.1
    """A new leading emotion must be this much more probable than the present one."""
    min_episode_s: Seconds = 1.0
    """Shorter stretches of one emotion belong to the episode around them."""
    turning_point: Fraction = 0.25
    """Change of valence that makes a turning point."""


class CameraConfig(Part):
    """The camera of a live session."""

    rate_hz: Annotated[float, Field(ge=0.1, le=1000)] = 30.0
    """Frames per second asked of the device; it may give others."""
    width_px: Annotated[int, Field(ge=16, le=16_384)] = 640
    """Width asked of the device; it may give another."""
    height_px: Annotated[int, Field(ge=16, le=16_384)] = 480
    """Height asked of the device; it may give another."""
    lost_after_s: Seconds = 2.0
    """Without a frame for so long, the camera counts as lost."""
    frozen_after_s: Seconds = 5.0
    """With the very same picture for so long, it counts as frozen: a sensor's noise never repeats."""
    delay_s: Annotated[float, Field(ge=0, le=60)] = 0.0
    """How much older a picture is than the moment it was grabbed, where that was measured."""


class MicrophoneConfig(Part):
    """The microphone of a live session."""

    block_s: Annotated[float, Field(ge=0.001, le=1)] = 0.032
    """Sound that the device hands over at a time."""
    lost_after_s: Seconds = 1.5
    """Without sound from the device for so long, it counts as lost."""
    buffer_s: Annotated[float, Field(ge=0.1, le=600)] = 10.0
    """Sound that may wait between the device and its reader."""


class OverloadConfig(Part):
    """What a live session does when the analysis cannot keep up."""

    backlog_s: Seconds = 3.0
    """The most that may wait in all stages together, in seconds of media."""
    step_down_s: Seconds = 1.5
    """Above this lag for `patience_s`, quality goes down a step."""
    step_up_s: Seconds = 0.8
    """Below this lag for `recovery_s`, quality goes up a step; must lie below `step_down_s`."""
    patience_s: Seconds = 2.0
    """How long the lag must be high before quality goes down."""
    recovery_s: Seconds = 15.0
    """How long the lag must be low before quality goes up; longer where that led straight back down. Also how
    long nothing must have been skipped until an overload is reported as over."""

    @field_validator("step_up_s")
    @classmethod
    def _below_step_down(cls, step_up_s: float, others: ValidationInfo) -> float:
        if step_up_s >= others.data.get("step_down_s", float("inf")):
            raise ValueError("step_up_s must lie below step_down_s")
        return step_up_s


class ServeConfig(Part):
    """The server of live results."""

    connections: Annotated[int, Field(ge=1, le=10_000)] = 64
    """Connections at a time, of clients and of who only asks for a page; fewer where the system's limit of
    open files would leave the session too little."""


class WatchdogConfig(Part):
    """When a stage (a model, a driver below it) is taken to hang."""

    live_s: Seconds = 10.0
    """A call of a live session that takes longer: its modality is absent until the call returns."""
    file_s: Seconds = 300.0
    """Likewise of a file, where it is absent from there on; far beyond what a slow computer takes."""


class RecordingConfig(Part):
    """What a live session keeps."""

    folder: Folder = Path("recordings")
    """A folder for each session is made in it, named after its local time."""
    crf: Annotated[int, Field(ge=0, le=51)] = 20
    """Quality of the recorded picture as H.264 has it: lower is better and larger."""


class Config(Part):
    """The whole."""

    compute: ComputeConfig = ComputeConfig()
    models: ModelsConfig = ModelsConfig()
    camera: CameraConfig = CameraConfig()
    microphone: MicrophoneConfig = MicrophoneConfig()
    overload: OverloadConfig = OverloadConfig()
    watchdog: WatchdogConfig = WatchdogConfig()
    recording: RecordingConfig = RecordingConfig()
    serve: ServeConfig = ServeConfig()
    window: WindowConfig = WindowConfig()
    perception: PerceptionConfig = PerceptionConfig()
    fusion: FusionConfig = FusionConfig()
    timeline: TimelineConfig = TimelineConfig()


def load_config(
    *, file: Path | None = None, profile: str = "balanced", overrides: Iterable[str] = ()
) -> Config:
    """Build the configuration: defaults, then the profile, then the TOML file, then `part.key=value` strings.

    Raises:
        UsageError: unreadable file, unknown key (the nearest known one is named) or a value out of range.
    """
    if profile not in PROFILES:
        raise UsageError(f"unknown profile {profile!r}; choose one of {', '.join(PROFILES)}")
    tree: dict[str, Any] = {}
    for key, value in PROFILES[profile].items():
        put(tree, key, value)
    if file is not None:
        merge(tree, read_toml(file))
    for override in overrides:
        put(tree, *parse_override(override))
    return validated(Config, tree)


def validated(part: type[P], tree: Mapping[str, Any]) -> P:
    """The settings of one class from nested mappings.

    Raises:
        UsageError: unknown key (the nearest known one is named) or a value out of range.
    """
    try:
        return part.model_validate(tree)
    except ValidationError as error:
        raise UsageError(_explain(error, part)) from error


def known_keys(part: type[BaseModel] = Config, prefix: str = "") -> list[str]:
    """Every dotted key that a configuration may set."""
    keys: list[str] = []
    for name, field in part.model_fields.items():
        # Of "this part or none" the keys are the part's.
        choices = (field.annotation, *get_args(field.annotation))
        inner = [one for one in choices if isinstance(one, type) and issubclass(one, BaseModel)]
        if inner:
            keys += known_keys(inner[0], f"{prefix}{name}.")
        else:
            keys.append(prefix + name)
    return keys


def read_toml(file: Path) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises:
        UsageError: it cannot be read, or is no TOML.
    """
    try:
        with file.open("rb") as stream:
            data = stream.read(LONGEST_FILE + 1)
        if len(data) > LONGEST_FILE or any(len(line) > LONGEST_LINE for line in data.splitlines()):
            raise UsageError(f"{file} is too large, or one of its lines too long, to be a configuration")
        return tomllib.loads(data.decode())
    except OSError as error:
        raise UsageError(f"cannot read the configuration {file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} is not valid TOML: {error}") from error
    except RecursionError as error:
        raise UsageError(f"{file} is nested too deeply to be a configuration") from error


def parse_override(override: str) -> tuple[str, str]:
    """Key and value of `part.key=value`.

    Raises:
        UsageError: it is not written so.
    """
    key, separator, text = override.partition("=")
    if not separator or not key:
        raise UsageError(f"--set takes part.key=value, not {override!r}")
    return key.strip(), text.strip()


def put(tree: dict[str, Any], dotted: str, value: Any) -> None:
    """Set `part.key` in nested mappings.

    Raises:
        UsageError: the part is a value.
    """
    *path, last = dotted.split(".")
    for depth, name in enumerate(path, start=1):
        below = tree.setdefault(name, {})
        if not isinstance(below, dict):
            raise UsageError(f"{'.'.join(path[:depth])} is a value, so {dotted} cannot be set")
        tree = below
    tree[last] = value


def merge(tree: dict[str, Any], over: Mapping[str, Any]) -> None:
    """Lay one nested mapping over another."""
    for key, value in over.items():
        if isinstance(value, Mapping) and isinstance(tree.get(key), dict):
            merge(tree[key], value)
        else:
            tree[key] = value


def _explain(error: ValidationError, whole: type[BaseModel]) -> str:
    first = error.errors()[0]
    key = ".".join(str(step) for step in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"unknown configuration key {key!r}{_nearest(key, whole)}"
    return f"configuration key {key!r}: {first['msg']}, not {reprlib.repr(first['input'])}"


def _nearest(key: str, whole: type[BaseModel]) -> str:
    known = known_keys(whole)
    parts = {name.rsplit(".", depth)[0] for name in known for depth in range(1, name.count(".") + 1)}
    close = difflib.get_close_matches(key, [*known, *sorted(parts)], n=1, cutoff=0.6)
    if not close:
        last = key.rsplit(".", 1)[-1]
        close = [name for name in known if name.rsplit(".", 1)[-1] == last][:1]
    return f"; did you mean {close[0]!r}?" if close else f"; the parts are {', '.join(whole.model_fields)}"
