"""How long to wait for an index, and how much to accept from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_poetry_layer.host.variables import TIMEOUT_VARIABLE, seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

REQUEST_TIMEOUT_VARIABLE = "PULUMI_POETRY_LAYER_FILE_TIMEOUT"
"""How long one page or file may take, in seconds, with all attempts."""

TOTAL_TIMEOUT_VARIABLE = "PULUMI_POETRY_LAYER_DOWNLOAD_TIMEOUT"
"""How long all pages and files of a build may take, in seconds."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits for the answers of indexes; times in seconds, sizes in bytes.

    Attributes:
        silence: how long to wait for a server that sends nothing.
        request: how long one page or file may take, with all attempts.
        total: how long all pages and files of a build may take.
        page: size of a project's page, decompressed.
        file: size of a file, if the index does not give one.
        slow: a server that sends less than ``slow_size`` in this time is too slow.
        slow_size: see ``slow``.
        attempts: how often a request is sent that fails because of the network or a busy server.
        first_pause: how long to wait before the second attempt; doubled before each further attempt.
        longest_pause: how long to wait at most if the server asks for a pause.
    """

    silence: float = 15.0  # the same as Poetry's
    request: float = 1800.0
    total: float = 7200.0
    page: int = 64 << 20
    file: int = 1 << 30
    slow: float = 30.0
    slow_size: int = 30_000
    attempts: int = 5
    first_pause: float = 0.5
    longest_pause: float = 60.0

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> Limits:
        """The limits that environment variables set.

        Raises:
            InputError: a variable is not a number of seconds.
        """
        return cls(
            silence=seconds(variables, TIMEOUT_VARIABLE, cls.silence),
            request=seconds(variables, REQUEST_TIMEOUT_VARIABLE, cls.request),
            total=seconds(variables, TOTAL_TIMEOUT_VARIABLE, cls.total),
        )
