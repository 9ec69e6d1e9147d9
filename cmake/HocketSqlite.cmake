# The component hocket::sqlite. It is left out, with a message, if SQLite is not found.

if(NOT HOCKET_SQLITE)
    return()
endif()
find_package(SQLite3 3.38 QUIET)
if(NOT SQLite3_FOUND)
    message(STATUS "hocket::sqlite is left out: SQLite 3.38 or newer was not found (on Debian: libsqlite3-dev)")
    return()
endif()
file(GLOB sqlite_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/sqlite/*.cpp)
add_library(hocket_sqlite ${sqlite_sources})
add_library(hocket::sqlite ALIAS hocket_sqlite)
target_include_directories(hocket_sqlite PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(
    hocket_sqlite
    PUBLIC hocket
    PRIVATE SQLite::SQLite3)
set_target_properties(hocket_sqlite PROPERTIES EXPORT_NAME sqlite VERSION ${PROJECT_VERSION}
                                               SOVERSION ${PROJECT_VERSION_MAJOR})
hocket_warnings(hocket_sqlite)
