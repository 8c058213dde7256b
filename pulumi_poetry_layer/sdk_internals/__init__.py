"""All private names of Pulumi's SDK that this package uses, because the SDK has no public way.

Modules:

- ``construction``: constructs a component in a plugin, with what the SDK leaves out.
- ``early_registration``: sends the first layer to the engine while the program is still running.
- ``program_folder``: the folder of the running program, which only the start of the program knows.
- ``tracebacks``: how the process of a dynamic provider sends an error to the engine.
- ``transforms``: whether a program has resource transforms.

A release of the SDK that does not have one of these names changes how something reads or looks; it does not fail.
``tests/e2e/test_sdk_releases.py`` checks all of them on the oldest release that pyproject.toml allows; the other
end-to-end tests use the newest.

May import ``errors`` and ``printable``. This file imports nothing.
"""
