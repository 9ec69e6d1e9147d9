# HOCKET_SANITIZE instruments everything in this directory and below, and nothing of a parent project.

if(HOCKET_BUILD_FUZZERS)
    if(NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
        message(FATAL_ERROR "HOCKET_BUILD_FUZZERS needs clang (libFuzzer); the compiler is ${CMAKE_CXX_COMPILER}. "
                            "Use `cmake --preset asan`.")
    endif()
    # A fuzzer without a sanitizer finds only crashes.
    if(NOT HOCKET_SANITIZE)
        set(HOCKET_SANITIZE address,undefined)
    endif()
    # Coverage feedback for the library's own code, without libFuzzer's main().
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

if(HOCKET_SANITIZE)
    # The first error ends the process: an error that is only printed is an error that no test reports.
    add_compile_options(-fsanitize=${HOCKET_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${HOCKET_SANITIZE})
    # There are 160 programs to link, and lld needs a fifth of the time of GNU ld for each.
    find_program(HOCKET_LLD ld.lld)
    if(HOCKET_LLD AND CMAKE_CXX_COMPILER_ID MATCHES Clang)
        add_link_options(-fuse-ld=lld)
    endif()
    if(HOCKET_SANITIZE MATCHES undefined)
        # To look at an object's type UBSan opens a pipe, and takes it for a broken one when descriptors have run out,
        # which some tests see to.
        add_compile_options(-fno-sanitize=vptr)
    endif()
endif()

# Where the kernel randomises more address bits than the sanitizers' shadow memory allows for (vm.mmap_rnd_bits=32, as on
# Ubuntu 24.04), programs instrumented by clang 16 or g++ 12 die at start, now and then or always. Tests run them with
# randomisation off, where the machine permits that (containers may not).
execute_process(COMMAND setarch -R true RESULT_VARIABLE setarch_refused OUTPUT_QUIET ERROR_QUIET)
function(hocket_run_without_aslr program)
    if(setarch_refused EQUAL 0)
        set_target_properties(${program} PROPERTIES CROSSCOMPILING_EMULATOR "setarch;-R")
    endif()
endfunction()
