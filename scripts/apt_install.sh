#!/bin/sh
# Installs Debian packages where that can be done without asking anybody; fails otherwise.
set -eu
command -v apt-get > /dev/null || exit 1
if [ "$(id -u)" = 0 ]; then
    as_root=""
elif command -v sudo > /dev/null && sudo -n true 2> /dev/null; then
    as_root="sudo -n"
else
    exit 1
fi
$as_root apt-get update -qq
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
