"""Selects packages from lock files of versions 1.1 and 2.0, which do not list groups and markers. Pure.

Poetry's installer solves the dependencies again for such a lock file, with the locked packages as the only candidates.
These modules do the same.

- ``resolve``: project and lock file → the packages that Poetry would install. Start here.
- ``candidates``: the locked packages that are candidates on the target.
- ``solver``: chooses one version of each package, with ``resolvelib``.
"""
