"""A build with the real Poetry, the same on this host and in a container.

- ``install``: the steps of the build.
- ``pinned_lock``: a lock file that contains only the planned packages and files.
- ``index_access``: logins, certificates and sources that Poetry needs to reach the indexes.
- ``failures``: what an index has to do with an error of ``poetry install``.
- ``site_packages``: from the installed distributions to the members of the layer.
- ``shared_files``: files that several installed distributions contain.

May import ``wheels`` and the rooms below it.
"""
