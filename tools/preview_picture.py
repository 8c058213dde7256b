"""Take the picture of a preview that is in the README: docs/images/preview.svg.

``make setup``, ``eval "$(tools/setup.sh env)"``, then ``python tools/preview_picture.py``. It deploys a program with
one layer to a local AWS, changes a dependency, and draws what ``pulumi preview`` prints. The engine is real.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from demo import Demo
from demo_surroundings import environment, prepare
from moto.server import ThreadedMotoServer
from pypi_simple import PYPI_SIMPLE_ENDPOINT
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

REPOSITORY = Path(__file__).resolve().parents[1]
PICTURE = REPOSITORY / "docs" / "images" / "preview.svg"
COLUMNS = 116

_COLORS = [(36, 41, 47), (176, 24, 36), (17, 99, 41), (125, 78, 0), (9, 80, 174), (130, 30, 160), (20, 110, 120)]
THEME = TerminalTheme((255, 255, 255), _COLORS[0], [*_COLORS, (87, 96, 106)])
"""Dark colors on white: those of a terminal cannot be read on the white background of a page."""

PROGRAM = """\
import pulumi
from pulumi_poetry_layer import PoetryLayer

deps = PoetryLayer("deps", project_dir="service", runtime="python3.13", architecture="arm64")
pulumi.export("layer", deps.arn)
"""
SETTINGS = "name: api\nruntime: python\n"
PYPROJECT = """\
[project]
name = "service"
version = "0.1.0"
requires-python = ">=3.13"
dependencies = ["requests (==2.31.0)", "pydantic (>=2,<3)"]

[tool.poetry]
package-mode = false
"""


class Session(Demo):
    """A program and its project on the local AWS, whose commands are recorded instead of printed."""

    def __init__(self, endpoint: str, folder: Path) -> None:
        super().__init__(endpoint)
        self.environment = {
            **environment(os.environ, folder / "surroundings", PYPI_SIMPLE_ENDPOINT),
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_REGION": "eu-west-1",
            "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",  # an editable installation of this package makes Pulumi warn
        }
        self.folder = folder / "program"
        (self.folder / "service").mkdir(parents=True)
        (self.folder / "__main__.py").write_text(PROGRAM)
        (self.folder / "Pulumi.yaml").write_text(SETTINGS)
        (self.folder / "service" / "pyproject.toml").write_text(PYPROJECT)

    def record(self, *command: str, folder: str = ".") -> str:
        """Run a command and return what it prints, with its colors.

        Raises:
            SystemExit: it failed.
        """
        done = subprocess.run(
            command, cwd=self.folder / folder, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"preview_picture: `{' '.join(command)}` failed:\n{done.stdout}{done.stderr}")
        return done.stdout


def main() -> None:
    """Deploy, change, preview, draw."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    folder = Path(tempfile.mkdtemp(prefix="preview-"))
    try:
        prepare(folder / "surroundings")
        host, port = server.get_host_and_port()
        text = changed_preview(Session(f"http://{host}:{port}", folder))
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    PICTURE.write_text(drawn(text), encoding="utf-8")
    print(text)


def changed_preview(session: Session) -> str:
    """What a preview prints after a change of one dependency."""
    session.record("poetry", "lock", folder="service")
    session.record("pulumi", "stack", "init", "prod")
    session.record("pulumi", "up", "--yes", "--skip-preview", "--non-interactive")
    session.record("poetry", "add", "--lock", "requests@2.32.5", folder="service")
    return session.record("pulumi", "preview", "--color", "always", "--non-interactive", "--suppress-progress")


def drawn(text: str) -> str:
    """The text of a terminal as an SVG picture."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text("$ pulumi preview", style="bold"))
    for line in text.splitlines():
        if line.strip() and " running " not in line:  # the last line of the stack repeats it
            console.print(Text.from_ansi(line), no_wrap=True, crop=True)
    picture = console.export_svg(title="pulumi preview", theme=THEME)
    return re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)  # fonts of another site


if __name__ == "__main__":
    main()
