#!/bin/sh
# Says plainly that Node is missing or too old, where npm would fail in its own words.
set -eu
if ! command -v node > /dev/null || ! command -v npm > /dev/null; then
    echo "The web part needs Node 20 or newer with npm, and none was found. Install it and try again." >&2
    exit 1
fi
if ! node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)'; then
    echo "The web part needs Node 20 or newer; this is $(node --version)." >&2
    exit 1
fi
