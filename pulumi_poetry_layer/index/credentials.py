"""The login of the current user for an index. All builders use it, and it is looked up where Poetry looks.

The first place that has a login wins:

1. ``credentials=`` of a builder; under Pulumi the stack's configuration, ``poetry-layer:httpBasic.<name>.password``.
2. The login in the index's own address in pyproject.toml, if it has a password.
3. Poetry's settings ``http-basic.<name>``: ``POETRY_HTTP_BASIC_<NAME>_USERNAME`` and ``…_PASSWORD``, then poetry.toml,
   auth.toml and config.toml. User name and password may come from different places.
4. The keyring: the entry that ``poetry config http-basic.<name>`` made, then entries for the index's URL and host.
5. A user name without a password, from the settings or from the address.
6. netrc.

2 to 4 are the rules of Poetry's ``PasswordManager`` and ``Authenticator``. 6 is a rule of the HTTP library. A login is
never written to disk. It goes into the header of a request, or into the environment of a child process.
"""

from __future__ import annotations

import netrc
import os
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from pulumi_poetry_layer.errors import InputError
from pulumi_poetry_layer.host.files import expand_home
from pulumi_poetry_layer.host.variables import MIRROR_VARIABLE, variable_names
from pulumi_poetry_layer.index.poetry_config import read_configuration
from pulumi_poetry_layer.index.sources import PYPI, Address, Login, PackageSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pulumi_poetry_layer.index.poetry_config import PoetryConfiguration

_NO_USERNAME = "__poetry_source_empty_username__"
"""The user name under which Poetry keeps a password without a user name in the keyring."""


class Credentials:
    """The logins of one user for the sources of one project.

    Args:
        configuration: Poetry's configuration.
        given: the ``credentials`` of the builder: source name → (user name, password).
        keyring: looks up a source and a user name in the keyring; None if the keyring is not used.
    """

    def __init__(
        self,
        configuration: PoetryConfiguration,
        given: Mapping[str, tuple[str, str]] = MappingProxyType({}),
        keyring: Callable[[PackageSource, str | None], Login | None] | None = None,
    ) -> None:
        self.configuration = configuration
        self._given = {name.lower(): login for name, login in given.items()}
        self._keyring = keyring if configuration.uses_keyring else None
        self._lock = Lock()
        self._found: dict[PackageSource, Login | None] = {}

    @classmethod
    def of_host(
        cls, project_dir: Path, given: Mapping[str, tuple[str, str]], variables: Mapping[str, str] | None = None
    ) -> Credentials:
        """The logins of the current user on this host.

        Args:
            project_dir: the folder of pyproject.toml.
            given: the ``credentials`` of the builder.
            variables: environment variables; None means those of this process.

        Raises:
            InputError: a configuration file of Poetry is not valid TOML.
        """
        configuration = read_configuration(os.environ if variables is None else variables, project_dir)
        return cls(configuration, given, _keyring_login)

    def login(self, source: PackageSource) -> Login | None:
        """The login for a source. It is looked up only once, because a keyring may prompt the user each time."""
        with self._lock:
            if source not in self._found:
                self._found[source] = self._look_up(source)
            return self._found[source]

    def mirror(self) -> PackageSource | None:
        """The mirror of PyPI, named ``PyPI`` as in Poetry; None if no mirror is configured.

        Raises:
            InputError: the configured address is not valid.
        """
        url = self.configuration.mirror
        try:
            return PackageSource(PYPI, Address.of(url.rstrip("/"))) if url else None
        except ValueError as error:
            hint = "set it to the address of the simple API of an index, such as https://mirror.example/simple"
            raise InputError(f"is not a valid address: {error}", where=MIRROR_VARIABLE, hint=hint) from None

    def variables(self, sources: Iterable[PackageSource]) -> dict[str, str]:
        """Poetry's environment variables with the logins for these sources and for the mirror of PyPI."""
        variables: dict[str, str] = {}
        mirror = self.mirror()
        for source in [*sources, *([mirror] if mirror else [])]:
            if login := self.login(source):
                for key, value in (("username", login.username), ("password", login.password)):
                    variables |= dict.fromkeys(variable_names("http-basic", source.name, key), value)
        if mirror:
            variables[MIRROR_VARIABLE] = mirror.address.url
        return variables

    def _look_up(self, source: PackageSource) -> Login | None:
        in_address = source.address.login
        if (given := self._given.get(source.name.lower())) is not None:
            return Login(*given, "credentials of the builder, or the stack's configuration")
        if in_address and in_address.password:
            return in_address
        username, password = (self._setting(source.name, key) for key in ("username", "password"))
        if password is not None:
            return Login(username or "", password, f"the setting http-basic.{source.name} of Poetry")
        known = username or (in_address.username if in_address else None)
        if self._keyring and (found := self._keyring(source, known)):
            return found
        if username:
            return Login(username, "", f"the setting http-basic.{source.name} of Poetry")
        return in_address or _netrc_login(source.address.url, self.configuration.variables)

    def _setting(self, name: str, key: str) -> str | None:
        value = self.configuration.get("http-basic", name, key) if name else None
        return None if value is None else str(value)


def url_with_login(source: PackageSource, login: Login | None) -> str:
    """The URL of an index with a login in it, to be put into the environment of a program that needs it that way."""
    if login is None:
        return source.address.url
    parts = urlsplit(source.address.url)
    information = ":".join(quote(part, safe="") for part in (login.username, login.password))
    return parts._replace(netloc=f"{information}@{parts.netloc}").geturl()


def _netrc_login(url: str, variables: Mapping[str, str]) -> Login | None:
    """The netrc entry for a host, looked up in the files that the HTTP library reads; invalid files are ignored."""
    configured = variables.get("NETRC")
    candidates = [configured] if configured else [os.path.join("~", name) for name in (".netrc", "_netrc")]  # noqa: PTH118
    for candidate in candidates:
        path = expand_home(candidate)
        if os.path.isfile(path):  # noqa: PTH113 - the method of Path raises an error in a folder of another user
            try:
                found = netrc.netrc(path).authenticators(urlsplit(url).hostname or "")
            except (netrc.NetrcParseError, OSError):
                return None
            return Login(found[0] or found[1] or "", found[2] or "", f"netrc ({candidate})") if found else None
    return None


def keyring_is_installed() -> bool:
    """Whether the ``keyring`` library is installed (the extra ``keyring`` of this package)."""
    return find_spec("keyring") is not None


def _keyring_login(source: PackageSource, username: str | None) -> Login | None:
    """The login for a source in the keyring; None if there is no keyring, or if it is locked."""
    if not keyring_is_installed():
        return None
    import keyring

    try:
        backends = [keyring.get_keyring()]
        if backends[0].name.startswith("chainer"):
            backends = list(keyring.backend.get_all_keyring())
        if not any(_is_safe(backend.name) for backend in backends):
            return None
        password = keyring.get_password(f"poetry-repository-{source.name}", username or _NO_USERNAME)
        if password is not None:
            return Login(username or "", password, "the keyring")
        for service in (source.address.url, urlsplit(source.address.url).netloc):
            if found := keyring.get_credential(service, username):
                return Login(found.username, found.password, "the keyring")
    except Exception:  # backends are other people's code, and a variable of the user chooses one
        return None
    return None


def _is_safe(backend: str) -> bool:
    """Whether Poetry would use this keyring backend. It does not use plain text files and dummy backends."""
    return backend.split(" ")[0] not in {"chainer", "fail", "null"} and "plaintext" not in backend.lower()
