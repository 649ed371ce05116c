#!/bin/sh
# Shows in a long output where one step ends and the next begins.
if [ -t 1 ]; then printf '\n\033[1m== %s\033[0m\n' "$1"; else printf '\n== %s\n' "$1"; fi
