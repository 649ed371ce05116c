#!/usr/bin/env bash
# The browser tests run on the system's Chromium: Playwright's own download is large and not always reachable.
set -eu
for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if path="$(command -v "$name")"; then
        echo "$path"
        exit 0
    fi
done
if "$(dirname "$0")/apt_install.sh" chromium; then
    command -v chromium
else
    echo "No Chromium was found, and it can't be installed from here (no apt-get, or neither root nor sudo without a password)." >&2
    echo "Install Chromium or Google Chrome and run make test again." >&2
    exit 1
fi
