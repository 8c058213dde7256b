"""Reads pyproject.toml and poetry.lock the way Poetry does. Pure: takes text and touches no file.

- ``pyproject``: the text of pyproject.toml → ``Project``: groups, extras, content hash.
- ``layer_defaults``: ``[tool.poetry-layer]``, what applies to a layer that has no such argument.
- ``lockfile``: the text of poetry.lock (lock versions 1.x and 2.x) → ``LockFile`` with its packages.
- ``locked``: the small types for locked files and their sources.
- ``lock_values``: checks the texts of a lock file that become file names, addresses or arguments.
- ``dependencies``: dependencies as both files write them.
- ``direct_references``: requirements that name an address, such as ``name @ git+https://…``.
- ``constraints``: Poetry's version constraints, such as ``^1.2``.
- ``pip_specifiers``: such constraints in the form that pip understands.
- ``version_sets``, ``version_spans``, ``releases``: the arithmetic of versions behind them.
- ``enrichment``: adds the details in ``[tool.poetry]`` to standard dependencies.
- ``applicability``: where a dependency applies: on a target, or in any case at all.
- ``markers``: environment markers, evaluated for a target.
- ``toml_tables``: TOML tables that report errors with the file and the key.

May import ``errors``, ``masking`` and ``names`` only.
"""
