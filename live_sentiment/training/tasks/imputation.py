"""Training the imputers, and measuring them against masking: the same fuser, the same windows.

Masking is the default everywhere; an imputer is kept only where this table says that it wins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import mean, stdev

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from live_sentiment.core.config import LearntConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.core.markdown import row
from live_sentiment.core.types import MODALITIES, POLARITIES
from live_sentiment.fusion.batch import SUBSETS, FusionBatch, ModalitySequence, subset_masks
from live_sentiment.fusion.fuser import Fuser, FusionOutput
from live_sentiment.training.comparison.fixed_fit import FixedRecipe, Scaling, feature_batch, fit_fixed
from live_sentiment.training.data.fusion_windows import Windows, select
from live_sentiment.training.data.samples import Corpus
from live_sentiment.training.evaluation import metrics
from live_sentiment.training.loop import Descent
from live_sentiment.training.tasks.imputers import (
    IMPUTERS,
    LATENT,
    ConditionalGan,
    ConditionalVae,
    Imputer,
    ImputingFuser,
    Regressor,
)

MASKING = "masking"
ALL = "mean of all"

INCOMPLETE = tuple(subset for subset in SUBSETS if 0 < len(subset) < len(MODALITIES))
"""The subsets in which something is missing and something is there."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How an imputer is trained; the same for all three, fixed before any of them was measured."""

    steps: int = 1500
    batch: int = 128
    learning_rate: float = 1e-3
    """Of AdamW; falls to zero along a cosine."""
    weight_decay: float = 0.01
    kl_weight: float = 0.05
    """Of the divergence in nats beside the mean squared error summed over LATENT dimensions."""
    adversarial_weight: float = 0.05
    """Of the discriminator's opinion beside the mean squared error, as in GAIN (Yoon et al. 2018)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way of dealing with missing modalities, on one subset of those that are there, one seed."""

    method: str
    """MASKING, or one of IMPUTERS."""
    present: str
    """The modalities that are there: "text + voice"."""
    accuracy: float
    weighted_f1: float
    calibration_error: float
    seed: int

    def as_row(self) -> dict[str, str | float]:
        """As JSON has it."""
        return asdict(self)


Learn = Callable[[Tensor, Tensor], None]
"""One step on vectors (B, D), of which the modalities present, (B, 3), are shown."""
Judge = Callable[[FusionOutput], tuple[Tensor, Tensor]]
"""From what a fuser says of N windows to probabilities (N, C) and true classes (N,), -1 where unknown."""


def fit_imputer(name: str, windows: FusionBatch, recipe: Recipe, seed: int) -> Imputer:
    """Train an imputer on those of the windows that hold all three modalities; one seed gives one result.

    In each step a random subset, not empty and not whole, is shown, and the error counts on the rest.

    Raises:
        UsageError: no window is whole.
    """
    whole = select(windows, windows.present.all(dim=1))
    if not len(whole):
        raise UsageError("imputation learns from windows with words, voice and face, of which there are none")
    dims = {modality: whole.sequences[modality].embeddings.shape[2] for modality in MODALITIES}
    partial = subset_masks()[[SUBSETS.index(subset) for subset in INCOMPLETE]]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        imputer = IMPUTERS[name](dims)
        imputer.set_scale(whole)
        vectors = imputer.standardised(whole)
        learn = _LEARNERS[name](imputer, recipe)
        for _ in range(recipe.steps):
            truth = vectors[torch.randint(len(vectors), (recipe.batch,))]
            learn(truth, partial[torch.randint(len(partial), (recipe.batch,))])
    return imputer.eval()


def measure_imputation(
    fuser: Fuser, imputers: Mapping[str, Imputer], windows: FusionBatch, judge: Judge, seed: int
) -> list[Outcome]:
    """One fuser with each way of dealing with what is missing, for each of INCOMPLETE.

    Only windows that hold all three are measured, the same ones throughout.
    """
    fusers = {MASKING: fuser} | {name: ImputingFuser(fuser, one).eval() for name, one in imputers.items()}
    outcomes = []
    for subset in INCOMPLETE:
        keep = subset_masks()[SUBSETS.index(subset)][None]
        there = " + ".join(name for name in MODALITIES if name in subset)
        for method, one in fusers.items():
            with torch.inference_mode():
                probabilities, true = judge(one(windows.keeping(keep)))
            known = true >= 0
            p, t = probabilities[known].double().numpy(), true[known].numpy()
            confusion = metrics.confusion_matrix(t, p.argmax(axis=1), p.shape[1])
            outcomes.append(
                Outcome(
                    method,
                    there,
                    float(metrics.accuracy(confusion)),
                    float(metrics.weighted_f1(confusion)),
                    float(metrics.expected_calibration_error(p, t)),
                    seed,
                )
            )
    return outcomes


def compare_on_features(
    corpus: Corpus,
    config: LearntConfig,
    fuser_recipe: FixedRecipe,
    seeds: Sequence[int],
    *,
    recipe: Recipe | None = None,
    done: Callable[[int], None] = lambda seed: None,
) -> list[Outcome]:
    """On a corpus that comes as features with a binary polarity, such as CMU-MOSI in the ACL 2017 split.

    The fuser learns from every training window twice, once whole and once with modalities left out, so that
    masking is what it knows; it is the same for all methods of a seed. Nothing is chosen on test data.
    """
    train, test = corpus.of("train").samples, corpus.of("test").samples
    scaling = Scaling.of(train)
    known, asked = feature_batch(train, scaling), feature_batch(test, scaling)
    polarity = torch.from_numpy(np.stack([one.polarity for one in train if one.polarity is not None]))
    true = torch.from_numpy(np.stack([one.polarity for one in test if one.polarity is not None])).argmax(1)
    binary = torch.tensor([POLARITIES.index("negative"), POLARITIES.index("positive")])

    def judge(output: FusionOutput) -> tuple[Tensor, Tensor]:
        return output.polarity_logits[:, binary].softmax(dim=1), (true == binary[1]).long()

    outcomes = []
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed)
        rows = torch.randint(1, len(SUBSETS), (len(known),), generator=generator)
        both = stacked(known, known.keeping(subset_masks()[rows]))
        fuser = fit_fixed(both, polarity.repeat(2, 1), config, fuser_recipe, seed)
        imputers = {name: fit_imputer(name, known, recipe or Recipe(), seed) for name in IMPUTERS}
        outcomes += measure_imputation(fuser, imputers, asked, judge, seed)
        done(seed)
    return outcomes


def compare_on_windows(
    fuser: Fuser, train: Windows, test: Windows, seeds: Sequence[int], recipe: Recipe | None = None
) -> list[Outcome]:
    """A trained fuser on labelled windows, by emotions: the synthetic pairs, for one.

    Test windows without all three modalities are left out.
    """
    whole = test.batch.present.all(dim=1)
    asked, true = select(test.batch, whole), test.emotions[whole]

    def judge(output: FusionOutput) -> tuple[Tensor, Tensor]:
        return output.emotion_logits.softmax(dim=1), true

    outcomes = []
    for seed in seeds:
        imputers = {name: fit_imputer(name, train.batch, recipe or Recipe(), seed) for name in IMPUTERS}
        outcomes += measure_imputation(fuser, imputers, asked, judge, seed)
    return outcomes


def winner(outcomes: Sequence[Outcome]) -> str:
    """The method with the best accuracy over all subsets and seeds; masking unless one beats it clearly.

    Clearly: by more than the standard error of the difference to masking, seed by seed.
    """
    by_seed: dict[str, dict[int, float]] = {}
    for method in {one.method for one in outcomes}:
        own = [one for one in outcomes if one.method == method]
        by_seed[method] = {
            seed: mean(one.accuracy for one in own if one.seed == seed) for seed in {one.seed for one in own}
        }
    best, lead = MASKING, 0.0
    for method in sorted(by_seed.keys() - {MASKING}):
        gains = [by_seed[method][seed] - masked for seed, masked in by_seed[MASKING].items()]
        error = stdev(gains) / len(gains) ** 0.5 if len(gains) > 1 else 0.0
        if mean(gains) > max(lead, error):
            best, lead = method, mean(gains)
    return best


def imputation_table(outcomes: Sequence[Outcome]) -> str:
    """Markdown: accuracy in %, mean ± standard deviation over the seeds, a row for each subset."""
    methods = list(dict.fromkeys(one.method for one in outcomes))
    lines = [row(["present", *methods]), "|---" * (len(methods) + 1) + "|"]
    for present in [*dict.fromkeys(one.present for one in outcomes), ALL]:
        cells = []
        for method in methods:
            own = [
                one for one in outcomes if one.method == method and present in (one.present, "mean of all")
            ]
            seeds = [mean(one.accuracy for one in own if one.seed == seed) for seed in {o.seed for o in own}]
            spread = f" ± {100 * stdev(seeds):.1f}" if len(seeds) > 1 else ""
            cells.append(f"{100 * mean(seeds):.1f}{spread}")
        lines.append(row([present, *cells]))
    return "\n".join(lines)


def stacked(first: FusionBatch, second: FusionBatch) -> FusionBatch:
    """The windows of two batches with the same steps, one after the other."""
    return FusionBatch(
        {
            name: ModalitySequence(
                *(
                    torch.cat(pair)
                    for pair in zip(
                        first.sequences[name].fields(), second.sequences[name].fields(), strict=True
                    )
                )
            )
            for name in MODALITIES
        }
    )


def _error(made: Tensor, truth: Tensor, hidden: Tensor) -> Tensor:
    """Mean squared error over the entries that were hidden."""
    return (made - truth)[hidden].square().mean()


def _learn_regressor(imputer: Regressor, recipe: Recipe) -> Learn:
    descend = Descent.along_cosine(imputer, recipe, recipe.steps)

    def learn(truth: Tensor, present: Tensor) -> None:
        made = imputer.complete(imputer.condition(truth, present))
        descend(_error(made, truth, ~imputer.spread(present)))

    return learn


def _learn_vae(imputer: ConditionalVae, recipe: Recipe) -> Learn:
    """The evidence lower bound, with the error in place of the logarithm of a Gaussian."""
    descend = Descent.along_cosine(imputer, recipe, recipe.steps)

    def learn(truth: Tensor, present: Tensor) -> None:
        _, made, divergence = imputer.encode(truth, imputer.condition(truth, present))
        error = _error(made, truth, ~imputer.spread(present))
        descend(error + recipe.kl_weight * divergence.mean() / LATENT)

    return learn


def _learn_gan(imputer: ConditionalGan, recipe: Recipe) -> Learn:
    """Discriminator and generator in turn; the latter also by the squared error."""
    improve_generator = Descent.along_cosine(imputer.generator, recipe, recipe.steps)
    improve_discriminator = Descent.along_cosine(imputer.discriminator, recipe, recipe.steps)
    judged = functional.binary_cross_entropy_with_logits

    def learn(truth: Tensor, present: Tensor) -> None:
        hidden = ~imputer.spread(present)
        condition = imputer.condition(truth, present)
        made = imputer.generate(condition, torch.randn(len(truth), LATENT))
        completed = torch.where(hidden, made, truth)
        real, fake = imputer.judge(truth, condition), imputer.judge(completed.detach(), condition)
        ones, zeros = torch.ones_like(real), torch.zeros_like(fake)
        improve_discriminator(judged(real, ones) + judged(fake, zeros))
        fooled = judged(imputer.judge(completed, condition), ones)
        improve_generator(_error(made, truth, hidden) + recipe.adversarial_weight * fooled)

    return learn


_LEARNERS: Mapping[str, Callable[..., Learn]] = {
    "regressor": _learn_regressor,
    "vae": _learn_vae,
    "gan": _learn_gan,
}
