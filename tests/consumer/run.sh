#!/usr/bin/env bash
# usage: run.sh find_package|pkg_config|add_subdirectory HOCKET_BUILD_DIR
# Builds and runs the consumer beside this script in one of the three ways in which hocket can be used.
set -euo pipefail
way=$1 build=$2
: "${CXX:=c++}" "${CMAKE:=cmake}"
consumer=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/hocket-consumer.XXXXXX")
trap 'rm -rf "$work"' EXIT

# Installed in one place and moved to another: no path of the build may be left inside.
install_and_move() {
    "$CMAKE" --install "$build" --prefix "$work/staged" >/dev/null
    mv "$work/staged" "$work/prefix"
    if grep -rIlF -e "$build" -e "$work/staged" "$work/prefix"; then
        echo "the files above name the folder they were built or first installed in" >&2
        exit 1
    fi
}

configure_and_build() {
    "$CMAKE" -S "$consumer" -B "$work/build" -DCMAKE_CXX_COMPILER="$CXX" "$@"
    "$CMAKE" --build "$work/build" --parallel 2
}

case $way in
find_package)
    install_and_move
    configure_and_build -DCMAKE_PREFIX_PATH="$work/prefix"
    ;;
pkg_config)
    install_and_move
    PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name hocket.pc)")
    export PKG_CONFIG_PATH
    mkdir "$work/build"
    # The shared library, where that is what was built, is not in a folder the loader knows.
    read -ra flags <<<"$(pkg-config --cflags --libs hocket) -Wl,-rpath,$(pkg-config --variable=libdir hocket)"
    "$CXX" -std=c++20 "$consumer/main.cpp" "${flags[@]}" -o "$work/build/consumer"
    ;;
add_subdirectory)
    # The whole library once more, so quickly: in a few large pieces, not optimised.
    configure_and_build -DHOCKET_SOURCE="${HOCKET_SOURCE:?the folder of hocket\'s sources}" \
        -DHOCKET_UNITY=ON -DCMAKE_BUILD_TYPE=Debug
    ;;
*)
    sed -n 2p "$0" >&2
    exit 2
    ;;
esac

"$work/build/consumer"
