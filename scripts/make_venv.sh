#!/usr/bin/env bash
# Makes the Python environment with the newest suitable Python, since python3 itself may be too old for Waypost.
set -eu
venv="$1"
wanted='import sys; raise SystemExit(sys.version_info < (3, 11))'

[ -x "$venv/bin/python" ] && "$venv/bin/python" -m pip --version > /dev/null 2>&1 && "$venv/bin/python" -c "$wanted" && exit 0

for python in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if command -v "$python" > /dev/null && "$python" -c "$wanted" 2> /dev/null; then
        found="$python"
        break
    fi
done
if [ -z "${found:-}" ]; then
    echo "Waypost needs Python 3.11 or newer, and none was found. Install one, or name it: make run PYTHON=/path/to/python3" >&2
    exit 1
fi

if ! "$found" -c 'import ensurepip, venv' 2> /dev/null; then
    # Debian and Ubuntu ship venv as a package of its own.
    package="$("$found" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
    if ! "$(dirname "$0")/apt_install.sh" "$package"; then
        echo "$found has no venv module. Install the package $package (or python3-venv) and try again." >&2
        exit 1
    fi
fi
"$found" -m venv --clear "$venv"
