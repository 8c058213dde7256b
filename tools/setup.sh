#!/bin/sh
# Finds a Python that can make virtual environments and hands over to tools/setup.py.
# As root on Debian, where there is none, python3-venv comes from apt-get.
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
    echo "setup: no Python 3.10 or newer with venv and pip; apt-get installs python3-venv" >&2
    apt-get update -q >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends python3-venv >&2
    python=$(find_python) || true
fi

if [ -z "$python" ]; then
    echo "setup: needs Python 3.10 or newer with venv and pip on PATH (Debian: apt-get install python3-venv)," \
        "or its path in PYTHON" >&2
    exit 1
fi

exec "$python" "$tools/setup.py" "$@"
