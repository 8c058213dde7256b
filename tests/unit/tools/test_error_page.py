"""docs/error-messages.md explains each message of the error tree, in the words of the source."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from docs_site.message_texts import all_messages, has_words

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "error-messages.md").read_text("utf-8")
ENTRY = re.compile(r"^- (?P<fence>`+)(?P<text>.+?)(?P=fence)(?P<explained>\\\n  \S.*)?$", re.MULTILINE)
HEADING = re.compile(r"^#{2,3} .*\n", re.MULTILINE)

COUNTS = {"… problems"}
"""What is only about other messages."""

PASSED_ON = {
    ("archive/duplicates.py", "_segment_blocks"),
    ("archive/layout.py", "name_problems"),
    ("archive/members.py", "open_segment"),
    ("archive/members.py", "segment_error"),
    ("archive/segments.py", "_read_directory"),
    ("archive/segments.py", "blocks"),
    ("archive/segments.py", "finish"),
    ("builders/container/image.py", "_pull"),  # what Docker says
    ("builders/poetry/failures.py", "explain_failure"),
    ("cli/commands/invoke.py", "run"),  # what the function says
    ("cli/parser.py", "error"),  # what argparse says
    ("cli/parser.py", "parse"),
    ("cli/program.py", "_run"),
    ("cli/values.py", "read_or_keep"),
    ("cli/values.py", "take_wrong_values"),
    ("errors.py", "__init__"),
    ("errors.py", "_merged"),
    ("errors.py", "raise_problems"),
    ("host/failures.py", "host_error"),  # what the system says
    ("host/process.py", "run"),  # what another program says
    ("index/diagnosis.py", "_status_error"),
    ("index/diagnosis.py", "download_error"),
    ("index/failures.py", "index_error"),
    ("inspection/layer_zip.py", "refuse_other_zips"),
    ("kept_versions.py", "_error"),
    ("layer/zip_target.py", "_only_fit"),
    ("matrix.py", "_planned"),
    ("plan/build_constraints.py", "build_constraints"),  # what the parser of requirements says
    ("plan/planner.py", "_problem"),
    ("plan/python_patch.py", "python_problems"),  # what the parser of constraints says
    ("poetry/layer_defaults.py", "_size"),
    ("poetry/lock_values.py", "check"),
    ("poetry/toml_tables.py", "problem"),
    ("verify/findings.py", "error"),
    ("wheels/cache.py", "find"),
    ("wheels/from_source.py", "check_out"),
    ("wheels/member.py", "_error"),
    ("wheels/reader.py", "_files"),
}
"""Functions that pass on a text: one that the package makes elsewhere and that is counted there, or as noted."""


def listed() -> list[str]:
    """The messages on the page."""
    return [entry["text"].strip() for entry in ENTRY.finditer(PAGE)]


def test_each_message_is_explained() -> None:
    """Otherwise someone with an error searches the page for it, and finds nothing."""
    messages = {message.text for message in all_messages() if has_words(message.text)} - COUNTS
    missing = sorted(messages - set(listed()))
    gone = sorted(set(listed()) - messages)
    advice = [f"{text!r}, maybe instead of {difflib.get_close_matches(text, gone, n=1)}" for text in missing]
    assert not missing, f"add to docs/error-messages.md: {'; '.join(advice)}"
    assert not gone, f"remove from docs/error-messages.md: {gone}"
    assert len(messages) > 240


def test_each_message_is_listed_once() -> None:
    """Otherwise two explanations contradict each other one day."""
    assert sorted(set(listed())) == sorted(listed())


def test_each_entry_has_an_explanation() -> None:
    """A message without cause and cure is no help. Messages of one kind share the text below their heading."""
    for section in HEADING.split(PAGE)[1:]:
        start = section.lstrip()
        alone = [entry["text"] for entry in ENTRY.finditer(section) if not entry["explained"]]
        assert not alone or (len(start.partition("\n")[0]) > 100 and not start.startswith("- ")), alone


def test_a_message_that_is_passed_on_is_known() -> None:
    """Otherwise a message that is put together in a new way is on no list."""
    found = {(message.module, message.function) for message in all_messages() if not has_words(message.text)}
    assert found == PASSED_ON
