#!/usr/bin/env bash
# usage: install.sh <python> <folder>: installs the package into a virtual environment in the folder. Needs no network.
set -euo pipefail
python=$1 folder=$2
package=$(dirname "$(dirname "$(realpath "$0")")")

rm -rf "$folder"
mkdir -p "$folder"
"$python" -m venv --system-site-packages "$folder/venv"
# What is built is the source distribution, outside of the repository. It is made from a copy, because that leaves files
# beside the sources. The license is a link out of the folder.
mkdir "$folder/repository"
cp -rL "$package" "$folder/repository/python"
for part in src include cmake; do ln -s "$(dirname "$package")/$part" "$folder/repository/$part"; done
(cd "$folder/repository/python" && "$folder/venv/bin/python" setup.py --quiet sdist --dist-dir "$folder" 2>"$folder/sdist.log") ||
    { cat "$folder/sdist.log" >&2; exit 1; }
rm -r "$folder/repository"
"$folder/venv/bin/pip" install --quiet --no-index --no-deps --no-build-isolation "$folder"/hocket-*.tar.gz
"$folder/venv/bin/python" -c 'import hocket, asyncio; hocket.run(asyncio.sleep(0))'
"$folder/venv/bin/hocket" choose --help >/dev/null
