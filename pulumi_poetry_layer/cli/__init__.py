"""The command line: plan, build, inspect, verify and invoke layers without Pulumi.

Exit codes: 0 for success; 1 if the input is wrong or the build failed, with the message on standard error and nothing
written; 2 for wrong usage. With ``--json``, standard output is only JSON. Ctrl-C ends the process with the signal; a
shell reports that as 130.

Modules:

- ``program``: ``main``: from the arguments of the process to its exit code.
- ``parser``: the parser, with the options that all commands have, and what it says about wrong usage.
- ``values``: values of options that are wrong, and are reported together with everything else.
- ``commands``: one module for each command: its options, and what it does.
- ``request_options``: the options that decide what is in a layer, and the request that they make.
- ``console``: what commands print: results, notes, warnings and errors, with or without color.
- ``tables``: tables, drawn on a terminal and aligned elsewhere.
- ``guides``: trees with guides.
- ``requirement_lines``: what requires what, as a tree or as paths.
- ``package_tables``: the packages of a plan or a zip, and their sizes, as tables.
- ``live``: lines on a terminal that change while a build runs.
- ``output``: standard output and standard error, whatever state these are in.

May import ``layer`` and every room below it.
"""

from pulumi_poetry_layer.cli.program import main

__all__ = ["main"]
