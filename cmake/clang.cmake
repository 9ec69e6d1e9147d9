# Toolchain file of the sanitizer presets: the oldest supported clang that is installed. GCC does not make the tail
# calls of symmetric transfer under sanitizers, and has no libFuzzer.
find_program(HOCKET_CLANG NAMES clang++-16 clang++-17 clang++-18 clang++-19 clang++)
if(NOT HOCKET_CLANG)
    message(FATAL_ERROR "No clang++ found; `scripts/install-deps sanitizers` installs one.")
endif()
set(CMAKE_CXX_COMPILER ${HOCKET_CLANG})
