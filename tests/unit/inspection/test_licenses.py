"""The licenses of distributions and of a layer."""

from __future__ import annotations

import pytest

from pulumi_poetry_layer.inspection.licenses import LONGEST_INFO, license_info, license_of
from pulumi_poetry_layer.wheels.metadata import parse_headers

BSD = "Classifier: License :: OSI Approved :: BSD License\n"
MIT = "Classifier: License :: OSI Approved :: MIT License\n"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ("License-Expression: mit or apache-2.0\nLicense: GPL\n", "MIT OR Apache-2.0"),
        ("License-Expression: ours\n", "ours"),
        (f"License: bsd-3-clause\n{BSD}", "BSD-3-Clause"),
        (f"License: BSD\n{BSD}", "BSD License"),
        (f"License: New BSD License\n{BSD}", "BSD-3-Clause"),
        (f"{MIT}{BSD}{MIT}", "MIT AND BSD License"),
        ("License: Apache License, Version 2.0\nClassifier: License :: OSI Approved\n", "Apache-2.0"),
        ("License: A license of our own\n", "A license of our own"),
        ("License: This is\n        the whole text\n", None),
        (f"License: {'x' * 101}\n", None),
        ("License: UNKNOWN\n", None),
        ("Classifier: Topic :: Utilities\n", None),
        ("", None),
    ],
)
def test_license_of_a_distribution(headers: str, expected: str | None) -> None:
    """Otherwise the same license has several names, or a package has one that its authors did not choose."""
    assert license_of(parse_headers(headers)) == expected


@pytest.mark.parametrize(
    ("licenses", "expected"),
    [
        (["MIT", "BSD License", "MIT", "Apache-2.0 AND MIT"], "Apache-2.0, BSD License, MIT"),
        (["mpl", "ISC", None, None], "ISC, mpl, unknown"),
        (["MIT OR Apache-2.0", "MIT AND (ISC OR 0BSD)"], "MIT AND (ISC OR 0BSD), MIT OR Apache-2.0"),
        (["A\tlicense\n\x1b[1m of  ours é"], "A license [1m of ours"),
        ([None], None),
        ([], None),
    ],
)
def test_licenses_of_a_layer_in_one_line(licenses: list[str | None], expected: str | None) -> None:
    """Otherwise a license is missing in AWS or there twice, or AWS refuses its characters."""
    assert license_info(licenses) == expected
    assert license_info(reversed(licenses)) == expected


def test_long_list_of_licenses_is_shortened_for_aws() -> None:
    """Otherwise AWS refuses the layer after it was built."""
    text = license_info(f"License {number:03} of ours" for number in range(100))
    assert text is not None
    assert len(text) <= LONGEST_INFO
    assert text.startswith("License 000 of ours, License 001 of ours, ")
    listed = text.count("of ours")
    assert text.endswith(f", and {100 - listed} more")
    assert license_info(["x" * 600]) == "1 license"
    assert license_info(["x" * 600, "y" * 600]) == "2 licenses"
