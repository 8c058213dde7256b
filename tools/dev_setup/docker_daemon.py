"""A Docker daemon: the one that answers, else Debian's, started here without touching the host's network."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from dev_setup.common import SetupError, apt_install, locked, may_apt, say

_RUN = Path("/run/pulumi-poetry-layer-docker")
_PID_FILE = _RUN / "dockerd.pid"
_CONTAINERD_PID_FILE = _RUN / "exec" / "containerd" / "containerd.pid"
_LOG = _RUN / "dockerd.log"
_DEFAULT_HOST = "unix:///var/run/docker.sock"
_PACKAGES = {"dockerd": "docker.io", "docker": "docker.io", "iptables": "iptables"}
_ANSWER_SECONDS = 10
_START_SECONDS = 60


def ensure() -> bool:
    """Have a daemon that answers; ``False`` where there is none and none can be started.

    Raises:
        SetupError: When Debian's daemon does not come up; with the end of its log.
    """
    if answers():
        return True
    host = os.environ.get("DOCKER_HOST") or _DEFAULT_HOST
    if not may_apt() or not host.startswith("unix://"):
        say(f"no Docker daemon answers on {host}; the tests of the container builder need one")
        return False
    missing = {package for program, package in _PACKAGES.items() if shutil.which(program) is None}
    if missing:
        apt_install(*sorted(missing))
    _start(host)
    return True


def answers() -> bool:
    """Whether a daemon answers on ``DOCKER_HOST``, or where the client looks without it."""
    if shutil.which("docker") is None:
        return False
    command = ["docker", "version", "--format", "{{.Server.Version}}"]
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=_ANSWER_SECONDS).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def _start(host: str) -> None:
    """Start a daemon that outlives this process.

    It gets no bridge and changes neither iptables nor IP forwarding: containers use the host's network.
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
            say(f"dockerd {daemon.pid} answers on {host}; its log is {_LOG}")
            return
        time.sleep(0.2)
    tail = "\n".join(_LOG.read_text(encoding="utf-8", errors="replace").splitlines()[-10:])
    raise SetupError(f"dockerd did not come up; the end of {_LOG}:\n{tail}")


def _clear_stale_pid_files() -> None:
    """Remove what a killed daemon left; it keeps the next one from starting when the number lives on."""
    for pid_file, program in ((_PID_FILE, "dockerd"), (_CONTAINERD_PID_FILE, "containerd")):
        if pid_file.exists() and not _runs(pid_file.read_text(encoding="utf-8").strip(), program):
            pid_file.unlink()


def _runs(pid: str, program: str) -> bool:
    try:
        return Path(f"/proc/{pid}/exe").readlink().name.startswith(program)
    except OSError:
        return False
