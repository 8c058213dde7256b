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
    "sphinx_argparse_cli",
    "docs_site.contents",
    "docs_site.docstrings",
    "docs_site.repository_links",
]
exclude_patterns = ["images"]
nitpicky = True
smartquotes_action = "D"  # dashes only: quotes are shown as they are, as in code
nitpick_ignore_regex = [  # no inventory of another site is fetched, so that the build needs no network
    ("py:.*", r"(pulumi|aws)\..+"),
    ("py:class", r"(pathlib\.)?Path|os\.PathLike|Enum"),
    ("py:class", "ArchitectureName|RuntimeName|Key|LayerArguments"),  # aliases; the page about Python explains them
]

myst_enable_extensions = ["deflist", "attrs_inline"]
myst_heading_anchors = 4  # the anchors of GitHub

autoclass_content = "both"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_use_ivar = True
autodoc_preserve_defaults = True

linkcheck_ignore = [rf"{repository_url}/(blob|tree)/main/"]  # files of the repository: the build looks for them
linkcheck_anchors_ignore_for_url = [r"https://github\.com/"]  # its pages get their anchors from a script
linkcheck_timeout = 30
linkcheck_retries = 2

html_baseurl = "https://pulumi-poetry-layer.github.io/pulumi-poetry-layer/"
html_favicon = "images/icon.svg"
html_static_path = ["site.css"]
html_css_files = ["site.css"]
html_theme = "furo"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "source_repository": repository_url,
    "source_branch": "main",
    "source_directory": "docs/",
}
