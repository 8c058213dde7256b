"""Bytecode: compiled modules (``.pyc`` files) for the Python of the target, so that functions start faster.

- ``rules``: which files are compiled, and the names of what they become.
- ``compiler``: the Python that compiles, and how it is found.
- ``compile_sources``: the program that it runs.
- ``release_file``: the file that says which Python has compiled.
- ``layer_files``: adds the compiled modules to the files of a layer.

May import ``archive``, ``plan`` and the rooms below them. docs/bytecode.md says why it works the way it does.
"""
