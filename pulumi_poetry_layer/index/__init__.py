"""Package indexes: the index that a package comes from, the login for it, and the HTTP client.

* ``sources``: the ``[[tool.poetry.source]]`` tables of pyproject.toml, and the source of a locked package (pure).
* ``poetry_config``: Poetry's settings, from environment variables and TOML files.
* ``credentials``: the login for a source, looked up in the order that Poetry uses.
* ``access``: the indexes of a project, each with its login and its certificates.
* ``client``: finds locked files on their index and downloads them.
* ``http``: sends requests, with limits of time and size and further attempts.
* ``limits``: how long to wait for an index, and how much to accept from it.
* ``watch``: ends a request from another thread, whatever it waits for.
* ``diagnosis``: what an error of the HTTP library means.
* ``pages``: reads the pages of an index (PEP 503 and PEP 691).
* ``tls``: the certificates of connections.
* ``failures``: the error messages for an index that does not deliver a file (pure).

No other room uses the network. This room may import ``host``, ``poetry``, ``errors``, ``masking`` and ``names``.
"""
