"""The Pulumi programs of the tutorial, the how-to pages and the FAQ declare what they say, with Pulumi's mocks."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pulumi
import pytest
from docs_site.code_blocks import Block, blocks
from samples import PROJECTS

LAYER = "aws:lambda/layerVersion:LayerVersion"
PROGRAMS = [
    block
    for block in blocks("python")
    if block.page.startswith(("docs/howto/", "docs/faq", "docs/tutorial")) and "import pulumi\n" in block.text
]
FOLDERS = ("service", "services/orders", "services/invoices", "infra/service", "infra/packages")
"""Where the programs, which are in ``infra``, look for projects."""


class Recorder(pulumi.runtime.Mocks):
    """Records the type of every resource."""

    def __init__(self) -> None:
        self.types: list[str] = []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.types.append(args.typ)
        return f"{args.name}-id", {**args.inputs, "arn": f"arn:{args.name}", "outputs": {"layer": "arn:shared"}}

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"no call is expected: {args.token}")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the projects that the programs name; the folder of the program is the current one."""
    for name in FOLDERS:
        shutil.copytree(PROJECTS / "base", tmp_path / name)
        (tmp_path / name / "src").mkdir()
    (tmp_path / "infra" / "src").mkdir()
    monkeypatch.chdir(tmp_path / "infra")
    return tmp_path


@pytest.mark.parametrize("block", PROGRAMS, ids=str)
def test_program_declares_its_resources(block: Block, checkout: Path) -> None:
    """Otherwise a copied program ends with an error of Pulumi or of this package."""
    mocks = Recorder()
    pulumi.runtime.set_mocks(mocks, project="orders", stack="prod")
    pulumi.runtime.set_all_config({"orders:roleArn": "arn:aws:iam::123456789012:role/orders"})
    text = block.text
    if "bytecode=True" in text:  # needs a Python of the runtime's version, and this one is there
        text = text.replace("python3.13", "python{}.{}".format(*sys.version_info[:2]))

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def run() -> None:
        exec(compile(text, str(block), "exec", dont_inherit=True), {"__name__": "__main__"})  # noqa: S102

    try:
        run()
    finally:
        pulumi.runtime.settings.reset_options()

    assert (LAYER in mocks.types) == ("PoetryLayer" in text)
    assert mocks.types


def test_there_are_programs() -> None:
    """Otherwise the test above would try nothing after the pages were moved."""
    assert len(PROGRAMS) >= 12
