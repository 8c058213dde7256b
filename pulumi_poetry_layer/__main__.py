"""``python -m pulumi_poetry_layer`` is the command line."""

import gc
import sys


def run() -> int:
    """Run the command line as a process of its own, which is to start and to end quickly; return its exit code.

    Modules are no garbage: they are imported without a search for reference cycles, and at the end, when all files are
    closed, they are not searched either. That is an eighth of a small build.
    """
    gc.disable()
    from pulumi_poetry_layer.cli import main

    gc.freeze()
    gc.enable()
    exit_code = main()
    gc.freeze()
    return exit_code


if __name__ == "__main__":
    sys.exit(run())
