#!/bin/sh
# Finds a Python that can make virtual environments, and runs tools/setup.py with it.
# If there is none and this is root on Debian, it installs python3-venv.
set -eu

tools=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

find_python() {
    for candidate in "${PYTHON:-python3}" python3 python python3.15 python3.14 python3.13 python3.12 python3.11 python3.10; do
        if "$candidate" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

if ! python=$(find_python) && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "setup: no Python 3.10 or newer with venv and pip; installing python3-venv with apt-get" >&2
    apt-get update -q >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends python3-venv >&2
    python=$(find_python) || true
fi

if [ -z "$python" ]; then
    echo "setup: no Python 3.10 or newer with venv and pip on PATH; install one (Debian: apt-get install python3-venv)," \
        "or set PYTHON to its path" >&2
    exit 1
fi

exec "$python" "$tools/setup.py" "$@"
