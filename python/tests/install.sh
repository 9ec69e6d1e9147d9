#!/usr/bin/env bash
# usage: install.sh <python> <folder>: installs the package into a virtual environment in the folder. Needs no network.
set -euo pipefail
python=$1 folder=$2
package=$(dirname "$(dirname "$(realpath "$0")")")

rm -rf "$folder"
mkdir -p "$folder"
# A copy, because the build leaves files beside the sources. The license is a link out of the folder.
cp -rL "$package" "$folder/source"
"$python" -m venv --system-site-packages "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-index --no-deps --no-build-isolation "$folder/source"
"$folder/venv/bin/hocket" choose --help >/dev/null
