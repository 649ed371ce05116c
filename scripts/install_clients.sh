#!/usr/bin/env bash
# The published clients that the tests run are old and clash with our own packages and with each other, so each gets a
# place of its own in .clients, by version and hash.
set -eu
cd "$(dirname "$0")/.."
locks="$PWD/requirements/clients"
place="$PWD/.clients"
python="${1:-.venv/bin/python}"

cannot() {
    echo "The published clients could not be installed: $1 did not give what requirements/clients pins." >&2
    echo "The tests in server/tests/clients need them, so nothing is skipped. See that it can be reached, and run" >&2
    echo "make clients again." >&2
    exit 1
}

python_clients() {
    "$python" -m venv --clear "$place/python"
    local pip=("$place/python/bin/python" -m pip --disable-pip-version-check --no-input install --quiet
        --no-build-isolation --require-hashes)
    "${pip[@]}" -r "$locks/tools.txt" && "${pip[@]}" -r "$locks/together.txt" || return 1
    # Three packages are all imported as helpscout.
    for name in python-helpscout-v2 helpscout-wrapper; do
        rm -rf "${place:?}/$name"
        "${pip[@]}" --no-deps --target "$place/$name" -r "$locks/$name.txt" || return 1
    done
}

node_clients() {
    mkdir -p "$place/node"
    cp "$locks/package.json" "$locks/package-lock.json" "$locks/.npmrc" "$place/node"
    (cd "$place/node" && npm ci --loglevel=error) || return 1
    n8n_node
}

# The package of all n8n nodes needs hundreds of others; the one node needs three, so only its files are unpacked.
n8n_node() {
    local name wanted archive seen
    read -r name wanted < "$locks/n8n-nodes-base.txt"
    archive="$(cd "$place" && npm pack --silent "$name")" || return 1
    seen="sha512-$(openssl dgst -sha512 -binary "$place/$archive" | openssl base64 -A)"
    [ "$seen" = "$wanted" ] || { echo "$archive is not the file that was pinned." >&2; return 1; }
    mkdir -p "$place/node/node_modules/n8n-nodes-base"
    tar -xzf "$place/$archive" -C "$place/node/node_modules/n8n-nodes-base" --strip-components=1 \
        package/package.json package/dist/nodes/HelpScout package/dist/utils/ISOCountryCodes.js
    rm "$place/$archive"
}

scripts/check_node.sh
mkdir -p "$place"
python_clients & python_side=$!
node_clients & node_side=$!
wait "$python_side" || { wait "$node_side" || true; cannot "the Python registry"; }
wait "$node_side" || cannot "the npm registry"
