"""``python -m pulumi_poetry_layer`` is the command line."""

import atexit
import gc
import os
import sys


def run() -> int:
    """Run the command line as a process of its own, which is to start and to end quickly; return its exit code.

    Modules are no garbage: they are imported without a search for reference cycles, and when threads have ended and
    all files are closed, the process ends without taking the interpreter apart. That is a sixth of a small build.
    """
    gc.disable()
    from pulumi_poetry_layer.cli import main

    gc.freeze()
    gc.enable()
    try:
        exit_code = main()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        atexit.register(_end_by_interrupt)
        return 130
    atexit.register(os._exit, exit_code)
    return exit_code


def _end_by_interrupt() -> None:
    """End by the signal itself where there are signals, so that a shell's script ends too.

    https://www.cons.org/cracauer/sigint.html
    """
    if os.name == "posix":
        import signal

        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    sys.exit(run())
