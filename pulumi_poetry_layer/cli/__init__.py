"""The command line: plan, build, inspect, verify and invoke layers without Pulumi.

Exit codes: 0 for success; 1 if the input is wrong or the build failed, with the message on standard error and nothing
written; 2 for wrong usage. With ``--json``, standard output is only JSON. Ctrl-C ends the process with the signal; a
shell reports that as 130.

Modules:

- ``commands``: what each command does.
- ``options``: the options, and the request that they make.
- ``output``: standard output and standard error.

May import ``layer`` and every room below it.
"""

from pulumi_poetry_layer.cli.commands import main

__all__ = ["main"]
