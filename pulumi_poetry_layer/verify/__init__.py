"""Whether a layer would load on its Lambda, without running it.

Modules:

- ``layer_content``: what the checks need to know of a layer: its files, native files and requirements.
- ``findings``: all checks of a layer, and what they found.
- ``libraries``: shared libraries that native files need, and those that a runtime has.
- ``modules``: modules for another Python, and modules that hide those of the runtime.
- ``requirements``: distributions that others need and that the layer does not have.

``layer_content`` reads files; the other modules are pure. May import ``wheels`` and every room below it.
"""
