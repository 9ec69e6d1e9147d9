# The component hocket::postgres. It is left out, with a message, if libpq is not found.

if(NOT HOCKET_POSTGRES)
    return()
endif()
find_package(PostgreSQL QUIET)
if(NOT TARGET PostgreSQL::PostgreSQL)
    message(STATUS "hocket::postgres is left out: libpq was not found (on Debian: libpq-dev)")
    return()
endif()

file(GLOB postgres_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/postgres/*.cpp)
add_library(hocket_postgres ${postgres_sources})
add_library(hocket::postgres ALIAS hocket_postgres)
target_include_directories(hocket_postgres PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(
    hocket_postgres
    PUBLIC hocket
    PRIVATE PostgreSQL::PostgreSQL OpenSSL::SSL)
set_target_properties(hocket_postgres PROPERTIES EXPORT_NAME postgres VERSION ${PROJECT_VERSION}
                                                 SOVERSION ${PROJECT_VERSION_MAJOR})
hocket_warnings(hocket_postgres)
