"""Acted speech whose file names say everything: RAVDESS, Berlin EmoDB, nEMO.

The sentences are few, fixed and the same for every emotion, so that they are not given as text.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

from live_sentiment.training.data.corpora.finding import find, finished, labelled, missing_note, no_corpus
from live_sentiment.training.data.labels import emotion
from live_sentiment.training.data.samples import Corpus, Sample, Span
from live_sentiment.training.data.voice_corpora import RAVDESS_LABELS, Clip, list_clips

RAVDESS_ACTORS = 24
RAVDESS_CLIPS_OF_AN_ACTOR = 60
"""Spoken takes: 4 of neutral and 8 of each of the other seven emotions."""

_RAVDESS_EXPECTED = (
    "Actor_01/03-01-01-01-01-01-01.wav (sound), Actor_01/01-01-01-01-01-01-01.mp4 (sound and picture), or an "
    "index.csv with file, label and speaker"
)
_EMODB_EXPECTED = "wav/03a01Fa.wav and the like, or an index.csv with file, label and speaker"
_NEMO_EXPECTED = "samples/SB0_happiness_12.wav and the like, or an index.csv with file, label and speaker"


def read_emodb(folder: Path) -> Corpus:
    """Berlin EmoDB (Burkhardt et al. 2005): German, ten speakers, ten sentences, boredom left out.

    Raises:
        UsageError: it is not there.
    """
    return _listed("EmoDB", folder, _EMODB_EXPECTED, "not verified: research use")


def read_nemo(folder: Path) -> Corpus:
    """nEMO (Christop 2024): Polish, nine actors, six emotions, disgust not among them.

    Raises:
        UsageError: it is not there.
    """
    return _listed("nEMO", folder, _NEMO_EXPECTED, "CC BY-NC-SA 4.0")


def read_ravdess(folder: Path) -> Corpus:
    """RAVDESS (Livingstone & Russo 2018), speech: 24 actors, two sentences, eight emotions; calm is neutral.

    One sample per take. The sound comes from the release with sound alone (03), else from the one with both
    (01); the picture from the latter, else from the one with pictures alone (02). Song is left out.

    Raises:
        UsageError: it is not there.
    """
    if _listing(folder, "ravdess"):
        return _listed("RAVDESS", folder, _RAVDESS_EXPECTED, "CC BY-NC-SA 4.0")
    place = find(folder, ("ravdess", "audio", "video"), lambda path: any(_takes(path)))
    if place is None:
        raise no_corpus("RAVDESS", folder, _RAVDESS_EXPECTED)
    files: dict[str, dict[str, Path]] = defaultdict(dict)
    sung = set()
    for file in _takes(place):
        form, channel, take = file.stem[:2], file.stem[3:5], file.stem[6:]
        if channel == "01":
            files[take][form] = file
        else:
            sung.add(take)
    samples = []
    for take, of in sorted(files.items()):
        sound, video = of.get("03") or of.get("01"), of.get("01") or of.get("02")
        label, actor = RAVDESS_LABELS[int(take[:2]) - 1], take[-2:]
        samples.append(
            Sample(
                key=take,
                speaker=f"ravdess-{actor}",
                sound=None if sound is None else Span(sound),
                video=None if video is None else Span(video),
                emotions=emotion(label),
            )
        )
    dropped = {"song": len(sung)} if sung else {}
    corpus = Corpus("RAVDESS", "CC BY-NC-SA 4.0", samples, dropped, _ravdess_notes(samples))
    return finished(corpus, _RAVDESS_EXPECTED)


def _takes(folder: Path) -> list[Path]:
    return sorted(folder.rglob("0[123]-0[12]-0[1-8]-0[12]-0[12]-0[12]-[0-9][0-9].*"))


def _ravdess_notes(samples: list[Sample]) -> tuple[str, ...]:
    of_actor = Counter(sample.speaker for sample in samples)
    everyone = [f"ravdess-{number:02d}" for number in range(1, RAVDESS_ACTORS + 1)]
    absent = [actor.replace("ravdess-", "Actor_") for actor in everyone if actor not in of_actor]
    missing = [
        f"{RAVDESS_CLIPS_OF_AN_ACTOR - count} of {actor}"
        for actor, count in sorted(of_actor.items(), key=str)
        if count < RAVDESS_CLIPS_OF_AN_ACTOR
    ]
    notes = missing_note("RAVDESS", "actors", absent, RAVDESS_ACTORS, "Actor_01 to Actor_24")
    if missing:
        notes += (f"RAVDESS: takes are missing: {', '.join(missing)}",)
    return notes


def _listing(folder: Path, corpus: str) -> Path | None:
    """The folder whose index.csv lists the corpus."""
    places = [folder, folder / "voice", folder.parent]
    indexed = [place for place in places if (place / "index.csv").is_file()]
    return next((p for p in indexed if any(clip.corpus == corpus for clip in list_clips(p))), None)


def _listed(title: str, folder: Path, expected: str, licence: str) -> Corpus:
    """The clips that an index lists, or whose names are those of the corpus."""
    name = title.lower()
    place = _listing(folder, name) or find(folder, (name,), lambda path: bool(_clips(path, name)))
    if place is None:
        raise no_corpus(title, folder, expected)
    clips = _clips(place, name)
    there = [clip for clip in clips if clip.file.is_file()]
    missing = [str(clip.file) for clip in clips if not clip.file.is_file()]
    samples, dropped = labelled(
        (
            Sample(
                key=clip.file.stem,
                speaker=clip.speaker,
                sound=Span(clip.file),
                emotions=emotion(clip.label),
            ),
            clip.label,
        )
        for clip in there
    )
    notes = missing_note(title, "clips", missing, len(clips), "the files that index.csv names")
    return finished(Corpus(title, licence, samples, dropped, notes), expected)


def _clips(folder: Path, name: str) -> list[Clip]:
    return [clip for clip in list_clips(folder) if clip.corpus == name]
