# Each program starts a PostgreSQL server of its own. Where there is none, its tests are skipped.

# ThreadSanitizer: all is on one thread, and libpq is not instrumented.
if(NOT TARGET hocket_postgres OR HOCKET_SANITIZE STREQUAL thread)
    return()
endif()
file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/test_*.cpp)
foreach(source IN LISTS sources)
    cmake_path(GET source STEM program)
    hocket_add_test(${program} ${source})
    target_link_libraries(${program} PRIVATE hocket_postgres PostgreSQL::PostgreSQL)
endforeach()
if(TARGET postgres_accounts)
    add_dependencies(test_postgres_examples postgres_accounts)
endif()
