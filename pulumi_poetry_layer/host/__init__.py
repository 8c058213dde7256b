"""The machine that builds: files, programs, environment variables, the cache and the build log.

* ``files``: writes files atomically, and computes the SHA-256 of a file.
* ``leftovers``: removes temporary files and folders of processes that were killed.
* ``process``: runs programs, and masks secrets in their output. The only module that starts subprocesses.
* ``interpreters``: finds the Pythons of this machine.
* ``variables``: names of environment variables, and the table of which programs may see which variables (pure).
* ``cache``: the cache folder of this package.
* ``cleanup``: removes temporary files and ends programs when a signal ends this process.
* ``locks``: locks between processes.
* ``failures``: what to do about a full disk, missing permissions and resource limits.
* ``build_log``: passes the output and the warnings of a running build on, line by line.
* ``progress``: reports what a long build is doing.
* ``output``: prints lines to streams that may be closed, full or unable to encode a character.

This room may import ``errors``, ``masking`` and ``names``.
"""
