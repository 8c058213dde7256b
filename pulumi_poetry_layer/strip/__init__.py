"""Leaves files out of a layer that its function does not need: tests, type stubs, and sources of native modules.

- ``kinds``: the kinds of files, and which files of a distribution may be of a kind.
- ``references``: what a Python module imports, and which files it names.
- ``needed``: which of these files the distribution needs itself.
- ``layer_files``: the files of a distribution without the others, with a RECORD that lists what is left.

May import ``archive``, ``plan`` and the rooms below it. docs/size.md describes the rules.
"""
