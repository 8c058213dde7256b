"""The size of a layer: Lambda's limits, and how large a layer will be before it is built.

Modules:

- ``limits``: Lambda's limits, and the error for a layer over one of them.
- ``savings``: what leaving packages or files out would bring, as a table.
- ``expected``: the size of a layer that is not built yet, from the wheel cache and from a lookup of other sizes.
- ``index_sizes``: that lookup: asks the indexes of the project, and caches the answers.
- ``wheel_directory``: the size of a wheel's files, read from the last bytes of the wheel.
- ``compiled_modules``: an estimate of how much compiled modules add.

May import ``builders`` and every room below it.
"""
