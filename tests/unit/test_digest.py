"""The digest that needs no OpenSSL is the same digest."""

from __future__ import annotations

import hashlib
import importlib
import sys

import pytest

from pulumi_poetry_layer import digest


@pytest.mark.parametrize("missing", [[], ["_sha2"], ["_sha2", "_sha256"]], ids=" ".join)
def test_texts_have_their_sha256(missing: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Fingerprints would differ between two Pythons, and every layer would be published anew."""
    for name in missing:
        monkeypatch.setitem(sys.modules, name, None)
    sha256_hex = importlib.reload(digest).sha256_hex
    monkeypatch.undo()
    importlib.reload(digest)

    assert sha256_hex("a", "ä", "") == hashlib.sha256("aä".encode()).hexdigest()
    assert digest.sha256_of_much().hexdigest() == sha256_hex()
