"""What the schema EAFv3.0 asks of an annotation document: order, attributes, types and references.

The published schema itself is not part of this project, and asks more of elements that ours do not have.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

XSI = "{http://www.w3.org/2001/XMLSchema-instance}noNamespaceSchemaLocation"

CHILDREN = {
    "ANNOTATION_DOCUMENT": (
        *("LICENSE", "HEADER", "TIME_ORDER", "TIER", "LINGUISTIC_TYPE", "LOCALE", "LANGUAGE"),
        *("CONSTRAINT", "CONTROLLED_VOCABULARY", "LEXICON_REF", "REF_LINK_SET", "EXTERNAL_REF"),
    ),
    "HEADER": ("MEDIA_DESCRIPTOR", "LINKED_FILE_DESCRIPTOR", "PROPERTY"),
    "TIME_ORDER": ("TIME_SLOT",),
    "TIER": ("ANNOTATION",),
    "ANNOTATION": ("ALIGNABLE_ANNOTATION", "REF_ANNOTATION"),
    "ALIGNABLE_ANNOTATION": ("ANNOTATION_VALUE",),
    "REF_ANNOTATION": ("ANNOTATION_VALUE",),
    "CONTROLLED_VOCABULARY": ("DESCRIPTION", "CV_ENTRY_ML"),
    "CV_ENTRY_ML": ("CVE_VALUE",),
}
"""Elements and, in their order, what may stand in them; all others hold text only."""

EXACTLY_ONE = {
    "ANNOTATION_DOCUMENT": ("HEADER", "TIME_ORDER"),
    "ALIGNABLE_ANNOTATION": ("ANNOTATION_VALUE",),
    "REF_ANNOTATION": ("ANNOTATION_VALUE",),
}


def text(value: str) -> bool:
    return True


def identifier(value: str) -> bool:
    return re.fullmatch(r"[A-Za-z_][\w.-]*", value) is not None


def whole(value: str) -> bool:
    return value.isdecimal() and int(value) < 2**32


def flag(value: str) -> bool:
    return value in {"true", "false", "1", "0"}


def moment(value: str) -> bool:
    return re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?", value
    ) is not None and bool(datetime.fromisoformat(value))


def address(value: str) -> bool:
    urlsplit(value)
    return re.search(r'[\s<>"{}|\\^`]', value) is None


Rule = tuple[bool, Callable[[str], bool]]
NEEDED, MAY = True, False
ATTRIBUTES: dict[str, dict[str, Rule]] = {
    "ANNOTATION_DOCUMENT": {
        "DATE": (NEEDED, moment),
        "AUTHOR": (NEEDED, text),
        "VERSION": (NEEDED, text),
        "FORMAT": (MAY, text),
        XSI: (MAY, address),
    },
    "HEADER": {"MEDIA_FILE": (MAY, text), "TIME_UNITS": (MAY, lambda value: value == "milliseconds")},
    "MEDIA_DESCRIPTOR": {
        "MEDIA_URL": (NEEDED, address),
        "RELATIVE_MEDIA_URL": (MAY, address),
        "MIME_TYPE": (NEEDED, text),
    },
    "PROPERTY": {"NAME": (MAY, text)},
    "TIME_SLOT": {"TIME_SLOT_ID": (NEEDED, identifier), "TIME_VALUE": (MAY, whole)},
    "TIER": {"TIER_ID": (NEEDED, text), "LINGUISTIC_TYPE_REF": (NEEDED, text), "PARENT_REF": (MAY, text)},
    "ALIGNABLE_ANNOTATION": {
        "ANNOTATION_ID": (NEEDED, identifier),
        "TIME_SLOT_REF1": (NEEDED, identifier),
        "TIME_SLOT_REF2": (NEEDED, identifier),
    },
    "REF_ANNOTATION": {"ANNOTATION_ID": (NEEDED, identifier), "ANNOTATION_REF": (NEEDED, identifier)},
    "LINGUISTIC_TYPE": {
        "LINGUISTIC_TYPE_ID": (NEEDED, text),
        "TIME_ALIGNABLE": (MAY, flag),
        "CONSTRAINTS": (MAY, identifier),
        "GRAPHIC_REFERENCES": (MAY, flag),
        "CONTROLLED_VOCABULARY_REF": (MAY, text),
    },
    "LANGUAGE": {"LANG_ID": (NEEDED, identifier), "LANG_DEF": (MAY, text), "LANG_LABEL": (MAY, text)},
    "CONSTRAINT": {"STEREOTYPE": (NEEDED, identifier), "DESCRIPTION": (MAY, text)},
    "CONTROLLED_VOCABULARY": {"CV_ID": (NEEDED, text)},
    "CV_ENTRY_ML": {"CVE_ID": (NEEDED, text)},
    "CVE_VALUE": {"LANG_REF": (NEEDED, identifier)},
}
IDS = ("TIME_SLOT_ID", "ANNOTATION_ID", "LANG_ID", "STEREOTYPE")
"""Unique in the whole document."""
KEYS = {
    "TIME_SLOT_REF1": "TIME_SLOT_ID",
    "TIME_SLOT_REF2": "TIME_SLOT_ID",
    "ANNOTATION_REF": "ANNOTATION_ID",
    "LINGUISTIC_TYPE_REF": "LINGUISTIC_TYPE_ID",
    "PARENT_REF": "TIER_ID",
    "CONSTRAINTS": "STEREOTYPE",
    "CONTROLLED_VOCABULARY_REF": "CV_ID",
    "LANG_REF": "LANG_ID",
}
"""References, and what they refer to; the latter are unique among their like."""


def broken_rules(path: Path) -> list[str]:
    """Every rule that the document breaks, in words; ELAN's own (order and overlap of annotations) too."""
    root = ElementTree.parse(path).getroot()
    broken = [] if root.tag == "ANNOTATION_DOCUMENT" else [f"the root is {root.tag}"]
    for element in root.iter():
        broken += [f"{element.tag}: {rule}" for rule in (*_children(element), *_attributes(element))]
    broken += _references(root)
    # Times are read only where every slot and reference is as it should be.
    return broken or _times(root)


def _children(element: ElementTree.Element) -> list[str]:
    allowed = CHILDREN.get(element.tag, ())
    tags = [child.tag for child in element]
    broken = [f"{tag} may not stand here" for tag in tags if tag not in allowed]
    places = [allowed.index(tag) for tag in tags if tag in allowed]
    if places != sorted(places):
        broken.append(f"wrong order: {tags}")
    broken += [f"needs one {tag}" for tag in EXACTLY_ONE.get(element.tag, ()) if tags.count(tag) != 1]
    if element.tag == "ANNOTATION" and len(tags) != 1:
        broken.append("holds one annotation")
    return broken


def _attributes(element: ElementTree.Element) -> list[str]:
    rules = ATTRIBUTES.get(element.tag, {})
    broken = [f"no {name} is known" for name in element.attrib if name not in rules]
    for name, (needed, valid) in rules.items():
        value = element.get(name)
        if value is None and needed:
            broken.append(f"needs {name}")
        elif value is not None and not valid(value):
            broken.append(f"{name} cannot be {value!r}")
    return broken


def _references(root: ElementTree.Element) -> list[str]:
    values = {
        name: [e.get(name) for e in root.iter() if name in e.attrib] for name in {*IDS, *KEYS, *KEYS.values()}
    }
    everywhere = [value for name in IDS for value in values[name]]
    broken = [f"{value} is there twice" for value in set(everywhere) if everywhere.count(value) > 1]
    for name in set(KEYS.values()):
        broken += [f"{name} {v} is there twice" for v in set(values[name]) if values[name].count(v) > 1]
    for name, key in KEYS.items():
        broken += [
            f"{name} refers to no {key}: {value}" for value in values[name] if value not in values[key]
        ]
    return broken


def _times(root: ElementTree.Element) -> list[str]:
    slots = {s.get("TIME_SLOT_ID"): int(s.get("TIME_VALUE", "0")) for s in root.iter("TIME_SLOT")}
    broken = [] if list(slots.values()) == sorted(slots.values()) else ["time slots are not in order"]
    for tier in root.iter("TIER"):
        before_ms = 0
        for annotation in tier.iter("ALIGNABLE_ANNOTATION"):
            start_ms, end_ms = (slots[annotation.get(f"TIME_SLOT_REF{end}")] for end in (1, 2))
            if not before_ms <= start_ms < end_ms:
                broken.append(f"{tier.get('TIER_ID')} overlaps at {start_ms} ms")
            before_ms = end_ms
    return broken
