# Warnings are for hocket's own targets; they never reach whoever links hocket.
function(hocket_warnings target)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Woverloaded-virtual)
    if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
        # g++ 12 and 13 see overlapping copies in std::string's operator+ (GCC bug 105651).
        target_compile_options(${target} PRIVATE -Wno-restrict)
    endif()
    if(HOCKET_WERROR)
        target_compile_options(${target} PRIVATE -Werror)
    endif()
endfunction()
