"""What live speech does to a sentence: no reliable punctuation or case, and half of it not said yet.

A variant keeps the label of the whole utterance. What a head can learn from "I am so" is then how people go
on after it, and where that is open its probabilities stay near the prior.
"""

from __future__ import annotations

import hashlib
import random
import re

WRITTEN, PLAIN, BEGINNING = range(3)
"""Which of `variants` is which."""


def plain(text: str) -> str:
    """The words alone: lower case and no punctuation but apostrophes within words.

    >>> plain("Oh my God! It's - HIM?")
    "oh my god it's him"
    """
    return " ".join(re.findall(r"\w+(?:['’]\w+)*", text.lower())) or text


def variants(text: str) -> tuple[str, str, str]:
    """The text as written, its plain form, and a beginning of it, plain in half of the cases.

    What is drawn depends on the text alone, so that embeddings kept by text serve every seed and every run.
    """
    return text, plain(text), _beginning(text, _draw(text))


def in_form(text: str, form: int, draw: random.Random) -> str:
    """The text in one of its forms, its beginning newly drawn."""
    return (text, plain(text), _beginning(text, draw))[form]


def in_same_form(context: str, text: str) -> str:
    """What was said before a text, plain where the text is."""
    return plain(context) if context and text == plain(text) else context


def drawn_variant(text: str) -> str:
    """One of `variants`, for corpora with texts enough."""
    return _draw(text).choice(variants(text))


def _draw(text: str) -> random.Random:
    return random.Random(hashlib.sha256(text.encode()).digest())


def _beginning(text: str, draw: random.Random) -> str:
    words = text.split()
    if len(words) < 2:
        return text
    # The last word heard has nothing behind it yet, so its punctuation goes.
    beginning = " ".join(words[: draw.randrange(1, len(words))]).rstrip(".,!?;:") or text
    return plain(beginning) if draw.random() < 0.5 else beginning
