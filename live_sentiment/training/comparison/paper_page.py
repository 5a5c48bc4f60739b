"""The paper's page in Markdown, from the figures of its sections."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from live_sentiment.core.markdown import prose
from live_sentiment.training.comparison.cells import Figures
from live_sentiment.training.comparison.paper_experts import (
    faces_section,
    meld_section,
    mosi_words_section,
    voices_section,
)
from live_sentiment.training.comparison.paper_fusion import (
    imputing_pairs_section,
    imputing_section,
    mosi_fusers_section,
    synthetic_section,
)

RENDERERS: Mapping[str, Callable[[Figures], str]] = {
    "mosi_fusers": mosi_fusers_section,
    "mosi_words": mosi_words_section,
    "meld": meld_section,
    "voices": voices_section,
    "faces": faces_section,
    "synthetic": synthetic_section,
    "imputing": imputing_section,
    "imputing_pairs": imputing_pairs_section,
}

_TEXTS = prose(__package__, "paper")

LEAD = "<!-- written from `live-sentiment evaluate timeline`; `compare --paper` keeps it -->\n"
LEAD_ENDS = "<!-- end of what is kept -->\n\n"


def lead_of(page: str) -> str:
    """What a page begins with that is not of this command: from LEAD to LEAD_ENDS, or nothing."""
    if LEAD not in page or LEAD_ENDS not in page:
        return ""
    return page[page.index(LEAD) : page.index(LEAD_ENDS)] + LEAD_ENDS


def paper_page(found: Mapping[str, Figures], facts: Mapping[str, str], lead: str = "") -> str:
    """The whole page, below what is to lead it."""
    parts = [_TEXTS["head"].format(**facts, lead=lead)]
    titles = prose(__package__, "paper", "titles")
    for name, figures in found.items():
        body = (
            f"Not measured: {figures['not_measured']}."
            if "not_measured" in figures
            else RENDERERS[name](figures)
        )
        parts.append(f"## {titles[name]}\n\n{body}\n")
    return "\n".join(parts)
