# The tests of hocket::sqlite, with real files.

if(NOT TARGET hocket_sqlite)
    return()
endif()
file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/test_*.cpp)
foreach(source IN LISTS sources)
    cmake_path(GET source STEM program)
    hocket_add_test(${program} ${source})
    target_link_libraries(${program} PRIVATE hocket_sqlite)
endforeach()
