"""Selects packages from lock files of versions 1.1 and 2.0, which do not list groups and markers. Pure.

Poetry's installer solves the dependencies again for such a lock file, with the locked packages as the only candidates.
These modules do the same.

- ``installation``: project and lock file → the packages that Poetry would install. Start here.
- ``version_solver``: chooses one version of each package (PubGrub, in Poetry's order).
- ``partial_solution``: the decisions and derivations of the solver so far.
- ``requirements``: the words of the solver: nodes, requirements, terms, incompatibilities.
- ``locked_packages``: the locked packages as candidates for the target, and their requirements.
- ``origins``: finds the locked source of a git, URL or path dependency.
- ``failures``: the error for locked packages that do not fit together.

May import ``plan.dependency_graph``, ``poetry``, ``errors``, ``masking`` and ``names`` only.
"""
