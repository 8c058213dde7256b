"""Run one program. Print its exit code, the seconds it took, those of the processors, and its peak memory in bytes.

``measure.py`` starts this script as a small process, so it imports as little as possible.

Usage: launcher.py TIME_LIMIT LOG PROGRAM [ARGUMENT ...]
"""

import os
import sys
import time


def main(time_limit: str, log: str, *command: str) -> None:
    """Run the program, and kill it if it takes longer than the time limit (seconds)."""
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    actions = [(os.POSIX_SPAWN_DUP2, output, 1), (os.POSIX_SPAWN_DUP2, output, 2)]
    started = time.perf_counter()
    process = os.posix_spawnp(command[0], command, os.environ, file_actions=actions)
    while True:
        ended, status, usage = os.wait4(process, os.WNOHANG)
        seconds = time.perf_counter() - started
        if ended:
            break
        if seconds > float(time_limit):
            os.kill(process, 9)
        time.sleep(0.0005)
    processor = usage.ru_utime + usage.ru_stime
    print(os.waitstatus_to_exitcode(status), seconds, processor, usage.ru_maxrss * 1024)


main(*sys.argv[1:])
