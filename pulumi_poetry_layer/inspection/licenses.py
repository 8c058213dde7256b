"""The licenses of distributions, as their METADATA says, and all licenses of a layer in one line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from email.message import Message

LONGEST_INFO = 512
"""Characters; the limit of AWS: https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html"""

_CLASSIFIER = "License :: "
_LONGEST_NAME = 100
_UNKNOWN = "unknown"

_SPDX = {
    "apache 2": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license 2.0": "Apache-2.0",
    "bsd 2-clause": "BSD-2-Clause",
    "bsd 2-clause license": "BSD-2-Clause",
    "bsd 3-clause": "BSD-3-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "gnu affero general public license v3": "AGPL-3.0-only",
    "gnu general public license v2 (gplv2)": "GPL-2.0-only",
    "gnu general public license v2 or later (gplv2+)": "GPL-2.0-or-later",
    "gnu general public license v3 (gplv3)": "GPL-3.0-only",
    "gnu general public license v3 or later (gplv3+)": "GPL-3.0-or-later",
    "gnu lesser general public license v2 or later (lgplv2+)": "LGPL-2.0-or-later",
    "gnu lesser general public license v3 (lgplv3)": "LGPL-3.0-only",
    "gnu lesser general public license v3 or later (lgplv3+)": "LGPL-3.0-or-later",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mit no attribution license (mit-0)": "MIT-0",
    "modified bsd license": "BSD-3-Clause",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "new bsd license": "BSD-3-Clause",
    "python software foundation license": "PSF-2.0",
    "the mit license": "MIT",
    "the unlicense (unlicense)": "Unlicense",
    "zope public license": "ZPL-2.1",
}
"""SPDX identifiers of names that can only mean one license; of the classifiers, those that say the version."""


def license_of(headers: Message) -> str | None:
    """The license in METADATA, as an SPDX expression if it can be one, else as a name; None if it has neither.

    The first of these that is there: ``License-Expression``, a ``License`` that is an SPDX expression, the classifiers,
    a ``License`` of one short line.
    https://packaging.python.org/en/latest/specifications/core-metadata/#license-expression
    """
    if expression := str(headers.get("License-Expression") or "").strip():
        return _normalized(expression)
    text = str(headers.get("License") or "").strip()  # many projects have the whole text of the license here
    is_name = len(text) <= _LONGEST_NAME and len(text.splitlines()) == 1 and text.casefold() != _UNKNOWN
    name = text if is_name else None
    if name and (spdx := _spdx(name)):
        return spdx
    return " AND ".join(dict.fromkeys(_of_classifiers(headers))) or name


def _of_classifiers(headers: Message) -> Iterator[str]:
    for classifier in map(str, headers.get_all("Classifier", [])):
        name = classifier.rpartition(" :: ")[2].strip()
        if classifier.startswith(_CLASSIFIER) and name != "OSI Approved":  # which is no license
            yield _normalized(name)


def _normalized(license_name: str) -> str:
    return _spdx(license_name) or license_name


def _spdx(license_name: str) -> str | None:
    """A license as an SPDX expression; None if it is not one and has no certain identifier."""
    try:
        return str(canonicalize_license_expression(license_name))
    except InvalidLicenseExpression:
        return _SPDX.get(license_name.casefold())


def license_info(licenses: Iterable[str | None]) -> str | None:
    """All licenses of a layer in one line, for AWS, such as ``Apache-2.0, BSD License, MIT``; None if none is known.

    Each license is there once, in the order of the alphabet. ``unknown`` stands for packages that do not say theirs.
    What would be too long for AWS is counted: ``…, and 3 more``.

    Args:
        licenses: the license of each package, as :func:`license_of` returns it.
    """
    listed = list(licenses)
    names = {part for text in listed if text for part in _parts(text)}
    if not names:
        return None
    ordered = sorted(names, key=lambda name: (name.casefold(), name))
    return _shortened([*ordered, *([_UNKNOWN] if None in listed else [])])


def _parts(text: str) -> list[str]:
    """The licenses that a package has all at once. A choice of licenses stays together."""
    printable = " ".join(re.sub(r"[^\x20-\x7e]", " ", text).split())
    is_choice = "(" in printable or re.search(r"\bOR\b", printable)
    return [part for part in ([printable] if is_choice else re.split(r" AND ", printable)) if part]


def _shortened(names: Collection[str]) -> str:
    ordered = list(names)
    for count in range(len(ordered), 0, -1):
        rest = len(ordered) - count
        text = ", ".join(ordered[:count]) + (f", and {rest} more" if rest else "")
        if len(text) <= LONGEST_INFO:
            return text
    return "1 license" if len(ordered) == 1 else f"{len(ordered)} licenses"
