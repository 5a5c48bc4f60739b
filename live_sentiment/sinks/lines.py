"""What a line of the timeline must be before anything is made of it: types and ranges.

timeline.schema.json says what the program writes. This is what a reader needs, which is a little less: fields
of later versions are passed over.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

Fields: TypeAlias = dict[str, Any]
"""A line of the timeline, or a word of it, with the fields that docs/timeline.md explains."""

LONGEST_S = 4e6
"""46 days, which is as many milliseconds as 32 bits hold; a later time is a wrong one."""
EARLY_S, LATE_S = 600.0, 60.0
"""A word ends at most so long before and after the point that holds it; as a rule, just before it."""

_Seconds = Annotated[float, Field(ge=0, le=LONGEST_S)]
_Window = Annotated[float, Field(gt=0, le=3600)]
_Probability = Annotated[float, Field(ge=0, le=1)]
_Affect = Annotated[float, Field(ge=-1, le=1)]
_Deviation = Annotated[float, Field(ge=0, le=3)]
_Pixels = Annotated[float, Field(ge=-1e6, le=1e6)]
_Short = Annotated[str, Field(max_length=1_000)]
_Long = Annotated[str, Field(max_length=10_000)]
_Emotion: TypeAlias = Literal["neutral", "joy", "sadness", "anger", "fear", "disgust", "surprise"]


class DamagedLineError(ValueError):
    """A line that cannot be used; says why, for people."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, allow_inf_nan=False)


class _Stretch(_Part):
    start: _Seconds
    end: _Seconds

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.end < self.start:
            raise ValueError("ends before it starts")
        return self


class _Word(_Stretch):
    text: _Short
    probability: _Probability


class _Emotions(_Part):
    neutral: _Probability
    joy: _Probability
    sadness: _Probability
    anger: _Probability
    fear: _Probability
    disgust: _Probability
    surprise: _Probability


class _Polarity(_Part):
    negative: _Probability
    neutral: _Probability
    positive: _Probability


class _Confidence(_Part):
    emotion: _Probability
    polarity: _Probability
    valence_sd: _Deviation
    arousal_sd: _Deviation


class _Shares(_Part):
    text: _Probability = 0.0
    voice: _Probability = 0.0
    vision: _Probability = 0.0


class _Effects(_Part):
    text: _Affect = 0.0
    voice: _Affect = 0.0
    vision: _Affect = 0.0


class _Presence(_Part):
    present: bool
    reason: _Short | None


class _Presences(_Part):
    text: _Presence
    voice: _Presence
    vision: _Presence


class _Person(_Part):
    person: Annotated[int, Field(ge=1, lt=2**31)]
    speaking: bool
    box: Annotated[list[_Pixels], Field(min_length=4, max_length=4)]
    emotions: _Emotions


class _Point(_Part):
    type: Literal["point"]
    time: _Seconds
    emotion: _Emotion
    emotions: _Emotions
    polarity: _Polarity
    valence: _Affect
    arousal: _Affect
    confidence: _Confidence
    shares: _Shares
    effects: _Effects
    presence: _Presences
    words: list[_Word]
    people: list[_Person]

    @model_validator(mode="after")
    def _words_are_of_its_time(self) -> Self:
        if not all(-EARLY_S <= word.end - self.time <= LATE_S for word in self.words):
            raise ValueError("its words are of another time")
        return self


class _Episode(_Stretch):
    type: Literal["episode"]
    emotion: _Emotion
    confidence: _Probability
    valence: _Affect
    arousal: _Affect


class _TurningPoint(_Part):
    type: Literal["turning_point"]
    time: _Seconds
    kind: Literal["peak", "trough"]
    valence: _Affect
    previous_valence: _Affect
    words: list[_Word]


class _Event(_Part):
    type: Literal["event"]
    time: _Seconds
    kind: Annotated[str, Field(max_length=100)]
    message: _Long


class _End(_Part):
    type: Literal["end"]
    complete: bool


class _Source(_Part):
    name: _Short | None = None
    duration: _Seconds | None = None
    start: _Seconds | None = None
    end: _Seconds | None = None


class _WindowSettings(_Part):
    hop_s: _Window | None = None
    length_s: _Window | None = None


class _FusionSettings(_Part):
    weights: _Short | None = None


_OBJECT: TypeAdapter[Fields] = TypeAdapter(dict[str, Any])
_LINE: TypeAdapter[Any] = TypeAdapter(
    Annotated[_Point | _Episode | _TurningPoint | _Event | _End, Field(discriminator="type")]
)
_HEADER_PARTS: tuple[tuple[str, TypeAdapter[Any]], ...] = (
    ("source", TypeAdapter(_Source)),
    ("models", TypeAdapter(dict[str, _Short])),
    ("settings", _OBJECT),
    ("settings.window", TypeAdapter(_WindowSettings)),
    ("settings.fusion", TypeAdapter(_FusionSettings)),
)


def parse(line: bytes) -> Fields:
    """A line as plain fields, not checked any further.

    Raises:
        DamagedLineError: it is no JSON object, is nested too deeply, or holds what no text may.
    """
    try:
        return _OBJECT.validate_json(line)
    except ValidationError as error:
        raise DamagedLineError("is no JSON object") from error  # what pydantic says quotes it


def check(fields: Fields) -> None:
    """Make sure that the fields of any line but the first can be used.

    Raises:
        DamagedLineError: it is of no known type, or a field is missing, of another type or out of its range.
    """
    try:
        _LINE.validate_python(fields)
    except ValidationError as error:
        raise DamagedLineError(_first(error, skip=1)) from error  # the type stands first


def mend_header(fields: Fields) -> tuple[str, ...]:
    """Take out of a header, which may hold anything, the parts that cannot be used; says which and why."""
    wrong = []
    for path, adapter in _HEADER_PARTS:
        *above, name = path.split(".")
        holder = fields.get(above[0], {}) if above else fields
        try:
            if name in holder:
                adapter.validate_python(holder[name], strict=True)
        except ValidationError as error:
            del holder[name]
            wrong.append(f"{path}: {_first(error)}")
    return tuple(wrong)


def _first(error: ValidationError, skip: int = 0) -> str:
    """Where the first fault is and what it is. What stands there may be anything and is not quoted."""
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"].startswith("union_tag"):
        return "is of no known type"
    place = ".".join(str(step) for step in first["loc"][skip:])
    message = first["msg"].removeprefix("Value error, ")
    return f"{place}: {message}" if place else message
