"""Tests of looking up logins and certificates in the places, and in the order, that Poetry uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import null
from keyring.credentials import Credential, SimpleCredential
from keyring.errors import KeyringLocked

from pulumi_poetry_layer.builders.builder import given_credentials
from pulumi_poetry_layer.errors import InputError
from pulumi_poetry_layer.host.variables import variable_name, variable_names
from pulumi_poetry_layer.index import credentials
from pulumi_poetry_layer.index.credentials import Credentials, url_with_login
from pulumi_poetry_layer.index.poetry_config import Certificates, read_configuration
from pulumi_poetry_layer.index.sources import Address, PackageSource

INDEX = PackageSource("my-index", Address.of("https://host.invalid/simple"))
VARIABLES = {"POETRY_HTTP_BASIC_MY_INDEX_USERNAME": "env", "POETRY_HTTP_BASIC_MY_INDEX_PASSWORD": "env-password"}


class Keyring(KeyringBackend):
    """A keyring in memory: (service, user name) → password."""

    priority = 1.0
    entries: Mapping[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def get_credential(self, service: str, username: str | None) -> Credential | None:
        for (found, name), password in self.entries.items():
            if found == service and username in (None, name):
                return SimpleCredential(name, password)
        return None

    def set_password(self, *_: str) -> None:
        raise AssertionError("logins are never written")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty home folder, and no keyring."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    before = keyring.get_keyring()
    keyring.set_keyring(null.Keyring())  # type: ignore[no-untyped-call]
    yield tmp_path
    keyring.set_keyring(before)


def use_keyring(**entries: str) -> None:
    """Use a keyring with these entries: ``service|user name`` → password."""
    Keyring.entries = {(key.partition("|")[0], key.partition("|")[2]): value for key, value in entries.items()}
    keyring.set_keyring(Keyring())  # type: ignore[no-untyped-call]


def login(
    home: Path,
    variables: Mapping[str, str] = MappingProxyType({}),
    given: Mapping[str, tuple[str, str]] = MappingProxyType({}),
    source: PackageSource = INDEX,
) -> tuple[str, str] | None:
    """The user name and password that are found for a source."""
    variables = {"POETRY_CONFIG_DIR": str(home / "poetry"), **variables}
    found = Credentials.of_host(home / "project", given, variables).login(source)
    return (found.username, found.password) if found else None


def write(path: Path, text: str) -> None:
    """Write a file in the user's home."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_first_place_with_a_login_wins(home: Path) -> None:
    """A password that is set for this run would be ignored in favor of one that was stored years ago."""
    write(home / ".netrc", "machine host.invalid login netrc password netrc-password\n")
    assert login(home) == ("netrc", "netrc-password")

    use_keyring(**{"poetry-repository-my-index|ring": "ring-password", "host.invalid|other": "other-password"})
    assert login(home) == ("other", "other-password")
    assert login(home, {"POETRY_KEYRING_ENABLED": "false"}) == ("netrc", "netrc-password")

    write(home / "poetry" / "config.toml", '[http-basic.my-index]\nusername = "ring"\n')
    assert login(home) == ("ring", "ring-password")

    write(home / "poetry" / "auth.toml", '[http-basic.my-index]\nusername = "auth"\npassword = "auth-password"\n')
    assert login(home) == ("auth", "auth-password")

    write(home / "project" / "poetry.toml", '[http-basic.my-index]\nusername = "local"\n')
    assert login(home) == ("local", "auth-password")

    assert login(home, VARIABLES) == ("env", "env-password")

    with_login = PackageSource("my-index", Address.of("https://url:url-password@host.invalid/simple"))
    assert login(home, VARIABLES, source=with_login) == ("url", "url-password")

    given = {"My-Index": ("given", "given-password")}
    assert login(home, VARIABLES, given, with_login) == ("given", "given-password")


def test_no_login_is_found_if_none_is_configured(home: Path) -> None:
    """A login would be sent to an index that needs none."""
    assert login(home) is None


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"PASSWORD": "token"}, ("", "token")),
        ({"USERNAME": "token"}, ("token", "")),
        ({"USERNAME": "", "PASSWORD": "token"}, ("", "token")),
        ({"USERNAME": "token", "PASSWORD": ""}, ("token", "")),
    ],
)
def test_login_may_have_only_a_user_name_or_only_a_password(
    home: Path, variables: dict[str, str], expected: tuple[str, str]
) -> None:
    """Indexes that take a token as the user name, or as the password without a user name, could not be used."""
    named = {f"POETRY_HTTP_BASIC_MY_INDEX_{name}": value for name, value in variables.items()}

    assert login(home, named) == expected


def test_password_for_user_name_in_url_comes_from_the_keyring(home: Path) -> None:
    """`https://aws@…`, as in the documentation of CodeArtifact, would not work."""
    source = PackageSource("my-index", Address.of("https://aws@host.invalid/simple"))

    assert login(home, source=source) == ("aws", "")
    use_keyring(**{"poetry-repository-my-index|aws": "ring-password"})
    assert login(home, source=source) == ("aws", "ring-password")


def test_password_without_user_name_is_found_in_the_keyring(home: Path) -> None:
    """A token that `poetry config http-basic.my-index "" token` stored would not be found."""
    use_keyring(**{"poetry-repository-my-index|__poetry_source_empty_username__": "token"})

    assert login(home) == ("", "token")


def test_keyring_that_is_locked_is_as_none(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build in CI, where nobody can unlock it, would fail although the index asks for no login."""

    def locked(*_: object) -> None:
        raise KeyringLocked

    use_keyring(**{"poetry-repository-my-index|aws": "ring-password"})
    monkeypatch.setattr(Keyring, "get_password", locked)
    assert login(home) is None
    assert login(home, {"POETRY_HTTP_BASIC_MY_INDEX_USERNAME": "env"}) == ("env", "")


def test_keyring_library_is_optional(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Private indexes would need the extra `keyring` also where the login is elsewhere."""
    use_keyring(**{"poetry-repository-my-index|__poetry_source_empty_username__": "token"})
    monkeypatch.setattr(credentials, "keyring_is_installed", lambda: False)
    assert login(home) is None


def test_invalid_netrc_file_is_ignored(home: Path) -> None:
    """An invalid line for another host would make every build fail; Poetry ignores the file too."""
    write(home / ".netrc", "machine\n")
    assert login(home) is None


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("my-index", ["POETRY_HTTP_BASIC_MY_INDEX"]),
        ("My_Index2", ["POETRY_HTTP_BASIC_MY_INDEX2"]),
        ("my.index", ["POETRY_HTTP_BASIC_MY.INDEX", "POETRY_HTTP_BASIC_MY_INDEX"]),
    ],
)
def test_names_of_variables_are_those_of_poetry(source: str, names: list[str]) -> None:
    """A variable that works for `poetry install` would not work here."""
    assert variable_names("http-basic", source) == names
    assert variable_name("http-basic", source) == names[-1]


def test_variables_for_a_child_process_contain_all_logins(home: Path) -> None:
    """Poetry, above all in a container, would not get a login from auth.toml, the keyring or netrc."""
    dotted = PackageSource("my.index", Address.of("https://host.invalid/simple"))
    credentials = Credentials.of_host(
        home, {"my.index": ("u", "p")}, {"POETRY_PYPI_MIRROR_URL": "https://m:mp@mirror.invalid/simple/"}
    )

    assert credentials.variables([dotted]) == {
        "POETRY_HTTP_BASIC_MY.INDEX_USERNAME": "u",
        "POETRY_HTTP_BASIC_MY.INDEX_PASSWORD": "p",
        "POETRY_HTTP_BASIC_MY_INDEX_USERNAME": "u",
        "POETRY_HTTP_BASIC_MY_INDEX_PASSWORD": "p",
        "POETRY_HTTP_BASIC_PYPI_USERNAME": "m",
        "POETRY_HTTP_BASIC_PYPI_PASSWORD": "mp",
        "POETRY_PYPI_MIRROR_URL": "https://mirror.invalid/simple",
    }


def test_mirror_of_pypi_is_read_from_poetrys_config_file(home: Path) -> None:
    """`[plugins.pypi_mirror]` would work for `poetry install`, but not here."""
    write(home / "poetry" / "config.toml", '[plugins.pypi_mirror]\nurl = "https://mirror.invalid/simple/"\n')
    mirror = Credentials.of_host(home, {}, {"POETRY_CONFIG_DIR": str(home / "poetry")}).mirror()

    assert mirror
    assert mirror.address.url == "https://mirror.invalid/simple"


def test_certificates_are_read_from_variables_and_config_files(home: Path) -> None:
    """`poetry config certificates.…` would work for `poetry install`, but not here."""
    bundle = home / "company.pem"
    bundle.touch()
    write(home / "poetry" / "config.toml", f'[certificates.my-index]\ncert = "{bundle}"\nclient-cert = "{bundle}"\n')
    folder = {"POETRY_CONFIG_DIR": str(home / "poetry")}

    assert read_configuration(folder, home).certificates("my-index") == Certificates(True, str(bundle), str(bundle))
    off = {**folder, "POETRY_CERTIFICATES_MY_INDEX_CERT": "False"}
    assert read_configuration(off, home).certificates("my-index") == Certificates(False, None, str(bundle))
    assert read_configuration(folder, home).certificates("other") == Certificates()


def test_error_for_missing_certificate_file_names_the_variable(home: Path) -> None:
    """A user would read that a file is missing, but not which setting has its path."""
    configuration = read_configuration({"POETRY_CERTIFICATES_MY_INDEX_CERT": "/nowhere/a.pem"}, home)

    with pytest.raises(InputError, match=r"/nowhere/a\.pem.*'my-index'") as caught:
        configuration.certificates("my-index")
    assert "POETRY_CERTIFICATES_MY_INDEX_CERT" in str(caught.value.hint)


def test_error_for_invalid_config_file_does_not_show_its_content(home: Path) -> None:
    """A user would see a traceback, or a password would appear in a log."""
    write(home / "poetry" / "auth.toml", '[http-basic.my-index]\npassword = "hunter22\n')

    with pytest.raises(InputError, match="not valid TOML") as caught:
        login(home)
    assert "auth.toml" in str(caught.value.where)
    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize("wrong", ["user:password", ("user",), ("user", None), ("a", "b", "c")])
def test_credentials_that_are_not_a_pair_of_strings_are_refused_without_showing_them(wrong: object) -> None:
    """A traceback would show the password."""
    with pytest.raises(InputError, match="pair of strings") as caught:
        given_credentials({"inner": wrong})  # type: ignore[dict-item]
    assert "user:password" not in str(caught.value)
    assert "credentials['inner']" in str(caught.value)


def test_login_in_url_is_percent_encoded(home: Path) -> None:
    """A password that contains "/" or "@" would be read as part of the host."""
    found = Credentials.of_host(home, {"my-index": ("a@b", "c/d:e")}, {}).login(INDEX)

    assert url_with_login(INDEX, found) == "https://a%40b:c%2Fd%3Ae@host.invalid/simple"
    assert url_with_login(INDEX, None) == "https://host.invalid/simple"
    assert "c/d" not in repr(found)


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 5000 + "]" * 5000, "a." * 5000 + "b = 1", "a = " + "9" * 5000], ids=range(3)
)
def test_configuration_that_python_cannot_read_is_refused(tmp_path: Path, text: str) -> None:
    """A poetry.toml could end a preview with a traceback."""
    write(tmp_path / "poetry.toml", text)

    with pytest.raises(InputError, match="not valid TOML"):
        read_configuration({}, tmp_path)
