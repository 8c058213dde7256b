"""Provides the build images of the Lambda runtimes: pulls them, or makes stand-ins for them from Debian packages.

If the image registry cannot be reached, ``debootstrap`` makes an image, which gets the name of the real one. This runs
no program of the image, so it also works for another architecture.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev_setup.common import SetupError, apt_install, may_apt, run
from dev_setup.signs_of_life import say

REPOSITORY = "public.ecr.aws/sam/build-"
STAND_IN_LABEL = "pulumi-poetry-layer.stand-in"

_CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
_REACH_SECONDS = 5
_PULL_SECONDS = 900
_PYTHON = ("python3", "python3-venv", "python3-pip", "ca-certificates")
_COMPILER = ("gcc", "libc6-dev", "python3-dev", "git")
_BINFMT = Path("/proc/sys/fs/binfmt_misc")
_HANDLER = Path("/usr/lib/binfmt.d/qemu-aarch64.conf")
_LAMBDA_ARCHITECTURES = {"amd64": "x86_64", "arm64": "arm64"}


@dataclass(frozen=True)
class BuildImage:
    """A build image.

    Attributes:
        runtime: The Lambda runtime.
        suite: The Debian release with the same version of Python.
        architecture: The architecture of the image, as Docker names it.
        packages: The Debian packages in the stand-in.
    """

    runtime: str
    suite: str
    architecture: str = "amd64"
    packages: tuple[str, ...] = _PYTHON + _COMPILER

    @property
    def reference(self) -> str:
        """Name of the real image."""
        return f"{REPOSITORY}{self.runtime}:latest-{_LAMBDA_ARCHITECTURES[self.architecture]}"


NATIVE = (BuildImage("python3.11", "bookworm"), BuildImage("python3.13", "trixie"))
EMULATED = BuildImage("python3.11", "bookworm", "arm64", _PYTHON)


def ensure() -> None:
    """Provide the images, and emulation for the one with another architecture, as far as this machine allows it."""
    _emulate()
    for image in [image for image in (*NATIVE, EMULATED) if not _exists(image.reference)]:
        if not (_pull(image) or _make(image)):
            say(f"{image.reference} cannot be pulled; run the setup as root on Debian to make a stand-in for it")


def _exists(reference: str) -> bool:
    command = ["docker", "image", "inspect", reference]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _pull(image: BuildImage) -> bool:
    """Pull the real image. Return ``False`` if that fails."""
    if not _registry_answers(image.reference.partition("/")[0]):
        return False
    say(f"pulling {image.reference}")
    command = ["docker", "pull", "--quiet", "--platform", f"linux/{image.architecture}", image.reference]
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=_PULL_SECONDS).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def _registry_answers(registry: str) -> bool:
    try:
        urllib.request.urlopen(f"https://{registry}/v2/", timeout=_REACH_SECONDS).close()
    except urllib.error.HTTPError as error:
        return error.code == 401  # "authenticate": https://distribution.github.io/distribution/spec/api/
    except OSError:
        return False
    return True


def _make(image: BuildImage) -> bool:
    """Make an image from Debian packages. Return ``False`` if this user may not do that."""
    if not may_apt():
        return False
    if shutil.which("debootstrap") is None:
        apt_install("debootstrap")
    started = time.monotonic()
    say(f"making a stand-in for {image.reference} from Debian {image.suite}")
    with tempfile.TemporaryDirectory(prefix="build-image-", dir="/var/tmp") as temporary:
        root = Path(temporary) / "root"
        _unpack(image, root)
        _finish(root)
        _load(image, root, Path(temporary) / "image")
    say(f"finished in {time.monotonic() - started:.0f} s")
    return True


def _unpack(image: BuildImage, root: Path) -> None:
    """Unpack the packages without configuring them, because their scripts only run on the architecture of the image."""
    include = f"--include={','.join(image.packages)}"
    architecture = f"--arch={image.architecture}"
    run(["debootstrap", "--foreign", "--variant=minbase", architecture, include, image.suite, root])
    for package in sorted((root / "var/cache/apt/archives").glob("*.deb")):
        unpack = 'dpkg-deb --fsys-tarfile "$0" | tar -x -C "$1" --keep-directory-symlink'
        run(["sh", "-c", unpack, package, root])
        package.unlink()
    shutil.rmtree(root / "debootstrap")


def _finish(root: Path) -> None:
    """Do the part of the packages' scripts that builds need."""
    for name in ("passwd", "group"):
        shutil.copyfile(root / f"usr/share/base-passwd/{name}.master", root / "etc" / name)
    (root / "usr/bin/python").symlink_to("python3")
    if (root / "usr/bin/gcc").exists():
        (root / "usr/bin/cc").symlink_to("gcc")
    for marker in (root / "usr/lib").glob("python3*/EXTERNALLY-MANAGED"):
        marker.unlink()  # with it, pip refuses to install outside of a virtual environment (PEP 668)
    shutil.copyfile(_CA_BUNDLE, root / _CA_BUNDLE.relative_to("/"))


def _load(image: BuildImage, root: Path, folder: Path) -> None:
    """Load the root file system into the daemon as an image.

    Not with ``docker import``, because older releases set the architecture of the daemon for every image.
    https://github.com/moby/docker-image-spec/blob/main/spec.md
    """
    folder.mkdir()
    layer = folder / "layer.tar"
    run(["tar", "-C", root, "--numeric-owner", "-cf", layer, "."])
    with layer.open("rb") as file:
        digest = hashlib.sha256()
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    config = json.dumps(_config(image, digest.hexdigest())).encode()
    name = f"{hashlib.sha256(config).hexdigest()}.json"
    (folder / name).write_bytes(config)
    manifest = [{"Config": name, "RepoTags": [image.reference], "Layers": [layer.name]}]
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    run(["sh", "-c", 'tar -C "$0" -c . | docker load', folder])


def _config(image: BuildImage, layer: str) -> dict[str, Any]:
    bundle = str(_CA_BUNDLE)
    variables = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
        "SSL_CERT_FILE": bundle,  # the bundle of this machine, which may have more CA certificates than Debian's
        "REQUESTS_CA_BUNDLE": bundle,
        "PIP_CERT": bundle,
    }
    return {
        "architecture": image.architecture,
        "os": "linux",
        "config": {
            "Env": [f"{name}={value}" for name, value in variables.items()],
            "Cmd": ["/bin/bash"],
            "WorkingDir": "/var/task",
            "Labels": {STAND_IN_LABEL: "true"},
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer}"]},
        "history": [{"created_by": f"debootstrap {image.suite}"}],
    }


def _emulate() -> None:
    """Enable programs for arm64 with qemu, if this machine allows it."""
    if (_BINFMT / "qemu-aarch64").exists() or not may_apt():
        return
    if not _HANDLER.exists():
        apt_install("qemu-user-static")
    try:
        if not (_BINFMT / "register").exists():
            run(["mount", "-t", "binfmt_misc", "binfmt_misc", _BINFMT])
        (_BINFMT / "register").write_text(_HANDLER.read_text(encoding="utf-8"), encoding="utf-8")
    except (SetupError, OSError) as error:
        say(f"programs for arm64 cannot run on this machine: {error}")
