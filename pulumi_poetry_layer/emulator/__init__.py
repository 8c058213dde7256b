"""A Lambda on this machine, made of AWS's own parts: the runtime interface emulator and the runtime client.

Modules:

- ``interpreter``: the Python that the function runs on, and the shared libraries that it needs.
- ``runtime_client``: installs the runtime client and the AWS SDK, which a runtime has besides Python.
- ``sandbox``: the file system and the environment variables that a function sees (pure).
- ``answers``: what a function answers (pure).
- ``function``: starts a function, invokes it over HTTP and ends it.

Needs Linux with user namespaces. May import ``verify`` and every room below it.
"""
