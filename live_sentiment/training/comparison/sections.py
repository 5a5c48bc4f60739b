"""The sections of the paper's page: what each measures, cell by cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import ModuleType

from live_sentiment.training import loop
from live_sentiment.training.augment import acoustic_conditions, acoustic_environments
from live_sentiment.training.comparison import fixed_fit, mosi_features, mosi_text, pairs, shipped_experts
from live_sentiment.training.comparison.cells import Figures
from live_sentiment.training.comparison.context import (
    Context,
    fingerprint_of_code,
    fingerprint_of_files,
    settings,
)
from live_sentiment.training.comparison.mosi_features import count_cells, measure_mosi_features
from live_sentiment.training.comparison.mosi_text import measure_mosi_text
from live_sentiment.training.comparison.pairs import load_pairs, measure_imputation, measure_pairs
from live_sentiment.training.comparison.shipped_experts import measure_faces, measure_meld
from live_sentiment.training.comparison.voices import load_voices, measure_voices
from live_sentiment.training.data import pairing, voice_sessions, voice_windows
from live_sentiment.training.data.corpora import read_corpus
from live_sentiment.training.data.features import fingerprint
from live_sentiment.training.data.samples import Split
from live_sentiment.training.evaluation import fusion_evaluation, voice_evaluation
from live_sentiment.training.tasks import imputation, imputers, voice_head
from live_sentiment.training.tasks.imputation import Outcome
from live_sentiment.training.tasks.voice_head import Schedule

IMPUTED_CORE = "concat"
"""The fuser that imputation is compared under."""

Section = Callable[[Context], Figures]
PARTS: tuple[Split, Split] = ("train", "test")
FUSER_CODE: tuple[str | ModuleType, ...] = (
    "fusion/cores",
    *(f"fusion/{name}.py" for name in ("batch", "fuser", "learnt", "product_of_experts")),
    fixed_fit,
    loop,
)
"""What decides how a fuser is trained on features."""


def mosi_fusers(context: Context) -> Figures:
    """CMU-MOSI, ACL 2017 split: every row's figures for every seed."""
    corpus = read_corpus("mosi-acl17", context.task.data / "multimodal")
    seeds = range(context.task.seeds)
    done, bar = 0, context.bar("CMU-MOSI, features")

    def step(name: str) -> None:
        nonlocal done
        done += 1
        bar(done, count_cells(seeds))

    rows = measure_mosi_features(
        corpus, context.cells, seeds, fingerprint_of_code(*FUSER_CODE, mosi_features), step
    )
    samples = {split: len(corpus.of(split).samples) for split in PARTS}
    return {"rows": rows, "samples": samples}


def mosi_words(context: Context) -> Figures:
    """CMU-MOSI, standard split, words alone."""
    corpus = read_corpus("mosi", context.task.data / "multimodal")
    key = {
        "data": fingerprint(corpus, "text"),
        "weights": context.weights("text"),
        "settings": settings(context.config, ["perception.text"]),
        "code": fingerprint_of_code("perception/text", "models/text_*.py", mosi_text),
    }
    bar = context.bar("CMU-MOSI, words", len(corpus.samples))
    return context.cells.get(
        "mosi words", key, lambda: measure_mosi_text(corpus, context.config, context.store, bar)
    )


def meld(context: Context) -> Figures:
    """MELD's test split, words alone."""
    key = {
        "data": fingerprint_of_files(context.task.data / "text" / "meld"),
        "weights": context.weights("text"),
        "settings": settings(context.config, ["perception.text"]),
        "code": fingerprint_of_code("perception/text", "models/text_*.py", shipped_experts),
    }
    bar = context.bar("MELD, words")
    return context.cells.get(
        "meld", key, lambda: measure_meld(context.task.data, context.config, context.store, bar)
    )


def voices(context: Context) -> Figures:
    """UAR of every acted corpus in leave-actors-out folds, for every seed."""
    bar = context.bar("voices, embedded")
    corpora = load_voices(context.task.data, context.config, context.store, context.cache, bar)
    found: Figures = {}
    schedule = Schedule()
    code = fingerprint_of_code(
        "perception/voice",
        "models/voice_*.py",
        "models/ctranslate2_reader.py",
        loop,
        voice_evaluation,
        voice_head,
        acoustic_conditions,
        voice_sessions,
        acoustic_environments,
        voice_windows,
    )
    for name, known in corpora.items():
        for seed in range(context.task.voice_seeds):
            key = {
                "corpus": name,
                "data": fingerprint_of_files(context.task.data / "voice"),
                "settings": settings(context.config, ["perception.voice"]),
                "seed": seed,
                "code": code,
            }
            bar = context.bar(f"voices, {name}, seed {seed}")
            figures = context.cells.get(
                f"voices {name} {seed}",
                key,
                lambda known=known, seed=seed, bar=bar: measure_voices(known, seed, schedule, bar),  # type: ignore[misc]
            )
            found.setdefault(name, []).append(figures)
    return found


def faces(context: Context) -> Figures:
    """FERPlus and FER2013, the shipped network."""
    key = {
        "data": fingerprint_of_files(context.task.data / "face"),
        "weights": context.weights("face"),
        "code": fingerprint_of_code("perception/face", "models/face_*.py", shipped_experts),
    }
    bar = context.bar("faces")
    return context.cells.get(
        "faces", key, lambda: measure_faces(context.task.data, context.config, context.store, bar)
    )


def synthetic(context: Context) -> Figures:
    """The shipped fusers on synthetic pairs, for every draw."""
    source = load_pairs(context.task.data, context.config, context.store, context.cache, context.bars)
    key = _key_of_pairs(context)
    bar = context.bar("synthetic pairs", context.task.pair_seeds)
    runs = []
    for seed in range(context.task.pair_seeds):
        runs.append(
            context.cells.get(
                f"pairs {seed}",
                key | {"seed": seed},
                lambda seed=seed: measure_pairs(source, seed),  # type: ignore[misc]
            )
        )
        bar(seed + 1, context.task.pair_seeds)
    return {"in_use": context.config.fusion.fuser, "sources": source.sources, "runs": runs}


def imputing(context: Context) -> Figures:
    """Imputation of a missing modality against masking it, on CMU-MOSI's features, for every seed."""
    corpus = read_corpus("mosi-acl17", context.task.data / "multimodal")
    config = mosi_features.ARCHITECTURE.model_copy(update={"core": IMPUTED_CORE})
    key = {
        "data": mosi_features.fingerprint(corpus),
        "architecture": config.model_dump(),
        "code": fingerprint_of_code(*FUSER_CODE, imputation, imputers),
    }

    def measured(seed: int) -> Sequence[Outcome]:
        return imputation.compare_on_features(corpus, config, mosi_features.RECIPE, [seed])

    return {"outcomes": _outcomes(context, "imputation", key, measured), "core": IMPUTED_CORE}


def imputing_pairs(context: Context) -> Figures:
    """The same under the fuser in use, on synthetic pairs."""
    source = load_pairs(context.task.data, context.config, context.store, context.cache, context.bars)
    fuser = context.config.fusion.fuser
    key = _key_of_pairs(context) | {
        "fuser": fuser,
        "imputation": fingerprint_of_code(imputation, imputers),
    }
    measured = partial(measure_imputation, source, fuser)
    return {"outcomes": _outcomes(context, "imputation pairs", key, measured), "fuser": fuser}


def _outcomes(
    context: Context, name: str, key: Figures, measure: Callable[[int], Sequence[Outcome]]
) -> list[dict[str, str | float]]:
    """Rows of what imputation came to, for every seed, each in a cell of its own."""
    bar = context.bar(name, context.task.imputation_seeds)
    rows: list[dict[str, str | float]] = []
    for seed in range(context.task.imputation_seeds):
        rows += context.cells.get(
            f"{name} {seed}",
            key | {"seed": seed},
            lambda seed=seed: {"outcomes": [one.as_row() for one in measure(seed)]},  # type: ignore[misc]
        )["outcomes"]
        bar(seed + 1, context.task.imputation_seeds)
    return rows


def _key_of_pairs(context: Context) -> Figures:
    return {
        "data": [fingerprint_of_files(context.task.data / name) for name in ("text", "voice", "face")],
        "weights": [context.weights(part) for part in ("text", "voice", "face", "fusion")],
        "settings": settings(context.config, ["perception", "fusion"]),
        "code": fingerprint_of_code(
            "fusion", "models/fusion.py", "models/face_*.py", pairs, pairing, fusion_evaluation
        ),
    }


SECTIONS: Mapping[str, Section] = {
    "mosi_fusers": mosi_fusers,
    "mosi_words": mosi_words,
    "meld": meld,
    "voices": voices,
    "faces": faces,
    "synthetic": synthetic,
    "imputing": imputing,
    "imputing_pairs": imputing_pairs,
}
"""In the order of the page."""
