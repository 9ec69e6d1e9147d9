#!/usr/bin/env bash
# usage: run.sh find_package|pkg_config|add_subdirectory|opencl|cluster|components HOCKET_BUILD_DIR
# Builds and runs the program beside this script, which README.md quotes, in one of the three ways that README.md describes.
# The name of a component is the first way for the program in the folder of this name, which uses the component. `components`
# is the first way for the programs in the folder of this name: one for each of those that the variable COMPONENTS lists.
set -euo pipefail
way=$1 build=$2
: "${CXX:=c++}" "${CMAKE:=cmake}"
work=$(mktemp -d "${TMPDIR:-/tmp}/hocket-consumer.XXXXXX")
trap 'rm -rf "$work"' EXIT
folder=$(dirname "$0")
if [[ -d $folder/$way ]]; then folder+=/$way; fi
cp "$folder"/{*.cpp,CMakeLists.txt} "$work"
cd "$work"

# Installs into one folder and moves it to another: the installed files must not contain paths of the build.
install_and_move() {
    "$CMAKE" --install "$build" --prefix "$work/staged" >/dev/null
    mv staged prefix
    if grep -rIlF -e "$build" -e "$work/staged" prefix; then
        echo "the files above name the folder they were built or first installed in" >&2
        exit 1
    fi
}

configure_and_build() {
    "$CMAKE" -B build -DCMAKE_CXX_COMPILER="$CXX" "$@"
    "$CMAKE" --build build --parallel 2
}

# The installed headers of the components need none of the libraries behind them.
check_headers() {
    local private='/(boost|curl|wslay|hiredis|postgresql)/|/(libpq-fe|sqlite3)[.]h'
    if ! cat build/CMakeFiles/*.dir/*.d >dependencies || grep -E "$private" dependencies; then
        echo 'the public headers include those above, or it is not known what they include' >&2
        exit 1
    fi
}

programs=program
case $way in
find_package | opencl | cluster)
    install_and_move
    configure_and_build -DCMAKE_PREFIX_PATH="$work/prefix"
    ;;
components)
    install_and_move
    if refusal=$("$CMAKE" -B build -DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_PREFIX_PATH="$work/prefix" -DCOMPONENTS=xml 2>&1) ||
        [[ $(tr -s ' \n' ' ' <<<"$refusal") != *"hocket was built without the component 'xml'"* ]]; then
        printf 'a component that is not there must be refused by its name:\n%s\n' "$refusal" >&2
        exit 1
    fi
    programs=${COMPONENTS:?the components, separated by blanks}
    configure_and_build -DCMAKE_PREFIX_PATH="$work/prefix" -DCOMPONENTS="${programs// /;}"
    check_headers
    ;;
pkg_config)
    install_and_move
    PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name hocket.pc)")
    export PKG_CONFIG_PATH
    mkdir build
    # If the shared library was built, it is not in a folder that the loader searches.
    read -ra flags <<<"$(pkg-config --cflags --libs hocket) -Wl,-rpath,$(pkg-config --variable=libdir hocket)"
    "$CXX" -std=c++20 main.cpp "${flags[@]}" -o build/program
    ;;
add_subdirectory)
    ln -s "${HOCKET_SOURCE:?the folder of hocket\'s sources}" hocket
    sed -i 's/^find_package(hocket .*/add_subdirectory(hocket)/' CMakeLists.txt
    # This builds the whole library again. To build quickly, it is compiled in a few large pieces and not optimised.
    configure_and_build -DHOCKET_UNITY=ON -DCMAKE_BUILD_TYPE=Debug
    ;;
*)
    sed -n 2p "$0" >&2
    exit 2
    ;;
esac

for program in $programs; do
    output=$("build/$program")
    echo "$program: $output"
    [[ $output == "3 7" ]]
done
