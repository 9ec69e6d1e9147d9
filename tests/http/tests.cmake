# tests/http/test_<name>.cpp are programs that use hocket::http.

if(NOT TARGET hocket_http)
    return()
endif()
file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/test_*.cpp)
if(HOCKET_SANITIZE STREQUAL thread)
    # The others are on one thread.
    list(FILTER sources INCLUDE REGEX "/test_http_(serving|server|static_files)[.]cpp$")
endif()
foreach(source IN LISTS sources)
    cmake_path(GET source STEM program)
    hocket_add_test(${program} ${source})
    target_link_libraries(${program} PRIVATE hocket_http)
    target_compile_definitions(${program} PRIVATE HOCKET_HTTP_TESTS_DIR="${CMAKE_CURRENT_LIST_DIR}")
endforeach()
