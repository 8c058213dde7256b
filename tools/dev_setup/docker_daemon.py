"""Provides a Docker daemon: a running one, else the one of Debian, started without changes to the host's network."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from dev_setup.common import SetupError, apt_install, locked, may_apt
from dev_setup.signs_of_life import say

_RUN = Path("/run/pulumi-poetry-layer-docker")
_PID_FILE = _RUN / "dockerd.pid"
_CONTAINERD_PID_FILE = _RUN / "exec" / "containerd" / "containerd.pid"
_LOG = _RUN / "dockerd.log"
_DEFAULT_HOST = "unix:///var/run/docker.sock"
_PACKAGES = {"dockerd": "docker.io", "docker": "docker.io", "iptables": "iptables"}
_ANSWER_SECONDS = 10
_START_SECONDS = 60


def ensure() -> bool:
    """Start a daemon if none answers. Return ``False`` if there is none and none can be started.

    Raises:
        SetupError: The daemon of Debian does not start. The message has the end of its log.
    """
    if answers():
        return True
    host = os.environ.get("DOCKER_HOST") or _DEFAULT_HOST
    if not may_apt() or not host.startswith("unix://"):
        say(f"no Docker daemon answers on {host}; start one to run the tests of the container builder")
        return False
    missing = {package for program, package in _PACKAGES.items() if shutil.which(program) is None}
    if missing:
        apt_install(*sorted(missing))
    _start(host)
    return True


def answers() -> bool:
    """Whether a daemon answers on ``DOCKER_HOST``, or on the default socket."""
    if shutil.which("docker") is None:
        return False
    command = ["docker", "version", "--format", "{{.Server.Version}}"]
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=_ANSWER_SECONDS).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def _start(host: str) -> None:
    """Start a daemon that continues to run after this process.

    It has no bridge, and does not change iptables or IP forwarding. Containers use the network of the host.
    """
    (_RUN / "exec").mkdir(parents=True, exist_ok=True)
    with locked(_RUN / "lock"):
        if answers():
            return
        _clear_stale_pid_files()
        Path(host.removeprefix("unix://")).parent.mkdir(parents=True, exist_ok=True)
        where = ["-H", host, "--exec-root", _RUN / "exec", "--pidfile", _PID_FILE]
        network = ["--bridge", "none", "--iptables=false", "--ip6tables=false", "--ip-forward=false"]
        with _LOG.open("ab") as log:
            daemon = subprocess.Popen(
                [str(part) for part in ("dockerd", *where, *network)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        _await(daemon, host)


def _await(daemon: subprocess.Popen[bytes], host: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and daemon.poll() is None:
        if answers():
            say(f"dockerd (process {daemon.pid}) answers on {host}; its log is {_LOG}")
            return
        time.sleep(0.2)
    tail = "\n".join(_LOG.read_text(encoding="utf-8", errors="replace").splitlines()[-10:])
    raise SetupError(f"dockerd did not start; the end of {_LOG}:\n{tail}")


def _clear_stale_pid_files() -> None:
    """Remove the PID files of a killed daemon. If another process has the PID now, no daemon would start."""
    for pid_file, program in ((_PID_FILE, "dockerd"), (_CONTAINERD_PID_FILE, "containerd")):
        if pid_file.exists() and not _is_running(pid_file.read_text(encoding="utf-8").strip(), program):
            pid_file.unlink()


def _is_running(pid: str, program: str) -> bool:
    try:
        return Path(f"/proc/{pid}/exe").readlink().name.startswith(program)
    except OSError:
        return False
