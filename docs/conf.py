"""How Sphinx builds the documentation site: ``make docs``."""

from __future__ import annotations

import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "tools")]

project = "pulumi_poetry_layer"
author = "The pulumi_poetry_layer developers"
html_title = project
repository_url = "https://github.com/pulumi-poetry-layer/pulumi-poetry-layer"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "docs_site.contents",
    "docs_site.repository_links",
]
exclude_patterns = ["images"]
nitpicky = True

myst_enable_extensions = ["deflist", "attrs_inline"]
myst_heading_anchors = 4  # the anchors of GitHub

html_theme = "furo"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "source_repository": repository_url,
    "source_branch": "main",
    "source_directory": "docs/",
}
