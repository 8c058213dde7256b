"""Tests of which programs may see which environment variables, and of the kinds of their values."""

from __future__ import annotations

import pytest

from pulumi_poetry_layer.host.variables import Audience, VariableKind, seen_by, variable_kind

POETRY, BUILDS, CONTAINER = Audience.POETRY, Audience.BUILDS, Audience.CONTAINER
HOST, ALL = POETRY | BUILDS, POETRY | BUILDS | CONTAINER
TEXT, SECRET, ADDRESS, BUNDLE, KEY = VariableKind


@pytest.mark.parametrize(
    ("name", "audience", "kind"),
    [
        ("POETRY_HTTP_BASIC_INNER_USERNAME", POETRY | CONTAINER, SECRET),
        ("POETRY_HTTP_BASIC_INNER_PASSWORD", POETRY | CONTAINER, SECRET),
        ("POETRY_PYPI_TOKEN_INNER", POETRY | CONTAINER, SECRET),
        ("POETRY_REPOSITORIES_INNER_URL", POETRY | CONTAINER, ADDRESS),
        ("POETRY_PYPI_MIRROR_URL", POETRY | CONTAINER, ADDRESS),
        ("POETRY_CERTIFICATES_INNER_CERT", ALL, BUNDLE),
        ("POETRY_CERTIFICATES_INNER_CLIENT_CERT", ALL, KEY),
        ("POETRY_REQUESTS_TIMEOUT", ALL, TEXT),
        ("SSL_CERT_FILE", ALL, BUNDLE),
        ("REQUESTS_CA_BUNDLE", ALL, BUNDLE),
        ("HTTPS_PROXY", ALL, ADDRESS),
        ("no_proxy", ALL, ADDRESS),
        ("PIP_INDEX_URL", BUILDS | CONTAINER, ADDRESS),
        ("PIP_EXTRA_INDEX_URL", BUILDS | CONTAINER, ADDRESS),
        ("PIP_TRUSTED_HOST", BUILDS | CONTAINER, TEXT),
        ("PIP_CERT", BUILDS | CONTAINER, BUNDLE),
        ("PIP_CLIENT_CERT", BUILDS | CONTAINER, KEY),
        ("PIP_FIND_LINKS", BUILDS, TEXT),
        ("PULUMI_CONFIG", Audience.NOBODY, TEXT),
        ("PULUMI_CONFIG_PASSPHRASE", Audience.NOBODY, SECRET),
        ("PULUMI_ACCESS_TOKEN", Audience.NOBODY, SECRET),
        ("PULUMI_BACKEND_URL", Audience.NOBODY, ADDRESS),
        ("GIT_DIR", Audience.NOBODY, TEXT),
        ("GIT_SSH_COMMAND", HOST, TEXT),
        ("POETRY_VIRTUALENVS_PATH", BUILDS, TEXT),
        ("POETRY_DYNAMIC_VERSIONING_BYPASS", BUILDS, TEXT),
        ("PYTHONPATH", BUILDS, TEXT),
        ("VIRTUAL_ENV", BUILDS, TEXT),
        ("UV_INDEX_INNER_PASSWORD", BUILDS, SECRET),
        ("AWS_SECRET_ACCESS_KEY", HOST, SECRET),
        ("MYSQL_CLIENT_CERT", HOST, TEXT),
        ("DATABASE_URL", HOST, ADDRESS),
        ("PATH", HOST, TEXT),
        ("a\nb", HOST, TEXT),
    ],
)
def test_variable_is_seen_only_by_programs_that_need_it(name: str, audience: Audience, kind: VariableKind) -> None:
    """A build backend could read passwords, a container secrets of this host, or Poetry settings of this user."""
    seen = [one for one in (POETRY, BUILDS, CONTAINER) if seen_by(one, {name: "value"}) == {name: "value"}]

    assert seen == [one for one in (POETRY, BUILDS, CONTAINER) if one in audience]
    assert variable_kind(name) is kind
