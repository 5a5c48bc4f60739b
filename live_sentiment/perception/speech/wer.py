"""Word error rate, and the rules by which two spellings of a text count as the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

UNITS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    *("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def normalise(text: str) -> list[str]:
    """The words of a text as they are compared.

    Lower case, no punctuation but an apostrophe within a word, digits apart from letters, numbers below a
    hundred spelt out. Letters of the alphabet are words of one letter.

    >>> normalise("Bin blue: at F2, now!")
    ['bin', 'blue', 'at', 'f', 'two', 'now']
    """
    plain = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    tokens = re.findall(r"\d+|[^\W\d_]+(?:'[^\W\d_]+)*", plain)
    return [word for token in tokens for word in (_spelt(token) if token.isdecimal() else [token])]


def word_errors(reference: Sequence[str], heard: Sequence[str]) -> int:
    """Fewest substitutions, insertions and deletions that turn one into the other (Levenshtein 1966)."""
    row = list(range(len(heard) + 1))
    for position, expected in enumerate(reference, start=1):
        diagonal, row[0] = row[0], position
        for column, word in enumerate(heard, start=1):
            cheapest = min(diagonal + (word != expected), row[column] + 1, row[column - 1] + 1)
            diagonal, row[column] = row[column], cheapest
    return row[-1]


def word_error_rate(pairs: Iterable[tuple[str, str]]) -> float:
    """Errors per reference word, over all (reference, heard) texts together; above 1 where much is invented.

    Raises:
        ValueError: the references hold no word at all.
    """
    errors = words = 0
    for reference, heard in pairs:
        expected = normalise(reference)
        errors += word_errors(expected, normalise(heard))
        words += len(expected)
    if not words:
        raise ValueError("the references hold no words")
    return errors / words


def _spelt(digits: str) -> list[str]:
    number = int(digits)
    if number < len(UNITS):
        return [UNITS[number]]
    if number < 100:
        tens, units = divmod(number, 10)
        return [TENS[tens - 2], *([UNITS[units]] if units else [])]
    return [digits]
