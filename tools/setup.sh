#!/bin/sh
# Finds a Python that can make virtual environments, and runs tools/setup.py with it.
# If there is none and this is root on Debian, it installs python3-venv.
set -eu

tools=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

# Calls a function with each Python that may be here, until it succeeds.
first() {
    try=$1
    if [ -n "${PYTHON:-}" ]; then
        set -- "$PYTHON"
    else
        set -- python3 python python3.15 python3.14 python3.13 python3.12 python3.11 python3.10
    fi
    for candidate; do
        if "$try" "$candidate"; then return; fi
    done
    return 1
}

usable() {
    "$1" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1 && command -v "$1"
}

described() {
    "$1" -c 'if True:
        import sys
        try:
            import ensurepip, venv
            lacks = ""
        except ImportError:
            lacks = ", without venv or ensurepip"
        print("  %s is Python %d.%d%s" % ((sys.executable,) + sys.version_info[:2] + (lacks,)))' 2>/dev/null
    return 1
}

explain() {
    echo "setup: this needs Python 3.10 or newer, with its modules venv and ensurepip. Here:"
    { first described || true; } | sort -u | grep . || echo "  ${PYTHON:-python3} is no Python that runs"
    echo "Install one (Debian, Ubuntu: sudo apt-get install python3-venv; macOS: brew install python), or name one"
    echo "that is not on PATH: PYTHON=/path/to/python3 make demo"
}

python=$(first usable) || true
if [ -z "$python" ] && [ -z "${PYTHON:-}" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "setup: no Python 3.10 or newer with venv and ensurepip; installing python3-venv with apt-get" >&2
    apt-get update -q >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends python3-venv >&2
    python=$(first usable) || true
fi

if [ -z "$python" ]; then
    explain >&2
    exit 1
fi

exec "$python" "$tools/setup.py" "$@"
