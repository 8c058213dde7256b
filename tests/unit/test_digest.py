"""The digest that needs no OpenSSL is the same digest."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import pytest

CODE = """
import sys
sys.modules.update(dict.fromkeys({missing}))
from pulumi_poetry_layer.digest import sha256_hex, sha256_of_much
assert sha256_of_much().hexdigest() == sha256_hex()
print(sha256_hex('a', '\\u00e4', ''))
"""


@pytest.mark.parametrize("missing", [[], ["_sha2"], ["_sha2", "_sha256"]], ids=" ".join)
def test_texts_have_their_sha256(missing: list[str]) -> None:
    """Fingerprints would differ between two Pythons, and every layer would be published anew."""
    code = CODE.format(missing=missing)
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert told.strip() == hashlib.sha256("aä".encode()).hexdigest()
