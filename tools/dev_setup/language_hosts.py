"""Builds Pulumi's language hosts for YAML, Node.js and Go, and the program that generates SDKs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from dev_setup import engine, go
from dev_setup.common import REPOSITORY, cache_folder, created_atomically, digest_of
from dev_setup.signs_of_life import say

_MODULES = REPOSITORY / "tools" / "pulumi"


@dataclass(frozen=True)
class _Program:
    name: str
    modules: Path
    package: str


_HOSTS = (
    _Program(
        "pulumi-language-yaml",
        _MODULES / "language_yaml",
        "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
    ),
    _Program(
        "pulumi-language-nodejs",
        _MODULES / "language_nodejs",
        "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    ),
    _Program(
        "pulumi-language-go",
        _MODULES / "language_go",
        "github.com/pulumi/pulumi/sdk/v3/go/pulumi-language-go",
    ),
)
_GENERATOR = _Program("sdk_codegen", _MODULES / "sdk_codegen", ".")


def ensure() -> None:
    """Build the programs if they are missing. The official installer of the engine brings the hosts."""
    if executable_folder() is not None:
        return
    say("building Pulumi's language hosts for YAML, Node.js and Go; this takes some minutes, but only once")
    with created_atomically(_folder()) as building:
        for program in (_GENERATOR, *_missing_hosts()):
            go.build(program.modules, program.package, building / program.name, ("-ldflags", "-s -w"))
    say(f"the language hosts are in {_folder()}")


def executable_folder() -> Path | None:
    """Return the folder to put on PATH, or ``None`` if a program is missing."""
    names = [_GENERATOR.name, *(host.name for host in _missing_hosts())]
    return _folder() if all(os.access(_folder() / name, os.X_OK) for name in names) else None


def _missing_hosts() -> list[_Program]:
    """The hosts that are not beside the engine."""
    folder = engine.executable_folder()
    return [host for host in _HOSTS if folder is None or not os.access(folder / host.name, os.X_OK)]


def _folder() -> Path:
    sources = [program.modules / "go.sum" for program in (*_HOSTS, _GENERATOR)] + [_GENERATOR.modules / "main.go"]
    return cache_folder() / f"pulumi-languages-{digest_of(*(source.read_bytes() for source in sources))}"
