"""What is in a layer zip, also in one that another tool has made, and how two of them differ.

Modules:

- ``layer_zip``: opens a zip within bounds, and says what a file is that is not a layer.
- ``kinds``: what a file is that is not a layer, by its first bytes or by the names in the zip.
- ``contents``: the files of a layer, and the distributions that they belong to.
- ``licenses``: the licenses of the distributions, and all of them in one line.
- ``bytecode``: whether Python would use the compiled modules of a layer.
- ``fits``: the runtimes and architectures that a layer is for.
- ``doubts``: what may be wrong with a layer, or makes it larger than necessary.
- ``comparison``: what changed from one layer to another.
- ``file_tree``: the files of one layer or of two, as the page contains them.
- ``page``: the page that shows a layer in a browser.

``layer_zip`` and ``contents`` read the zip; the other modules are pure. ``page_parts/`` contains what the page is made
of. May import ``verify``, ``size`` and every room below them.
"""
