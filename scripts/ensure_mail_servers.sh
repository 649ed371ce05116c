#!/usr/bin/env bash
# Tests of mail run against real servers, private ones in temporary folders: Dovecot (IMAP, LMTP) and Postfix.
set -eu
PATH="$PATH:/usr/sbin:/usr/local/sbin"
missing=""
command -v dovecot > /dev/null && [ -e /usr/lib/dovecot/imap ] || missing="$missing dovecot-imapd"
[ -e /usr/lib/dovecot/lmtp ] || missing="$missing dovecot-lmtpd"
[ -e /usr/lib/postfix/sbin/master ] || missing="$missing postfix"
if [ -z "$missing" ]; then
    command -v dovecot postfix
    exit 0
fi
# Only the programs are wanted: nothing of the packages may start by itself.
policy=/usr/sbin/policy-rc.d
as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo -n"
if [ ! -e "$policy" ] && printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" > /dev/null 2>&1; then
    trap '$as_root rm -f "$policy"' EXIT
    $as_root chmod +x "$policy"
fi
# shellcheck disable=SC2086 - a list of words
if "$(dirname "$0")/apt_install.sh" $missing; then
    command -v dovecot postfix
else
    echo "Missing, and not to be installed from here (no apt-get, or neither root nor sudo without a password):$missing" >&2
    echo "The tests that need them are skipped, with that reason. Install them and run make test again for all tests." >&2
fi
