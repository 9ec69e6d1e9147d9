# The component hocket::redis. It is left out, with a message, if hiredis is not found.

if(NOT HOCKET_REDIS)
    return()
endif()
# hiredis 0.14 (Debian 12) has no CMake package.
find_path(HOCKET_HIREDIS_INCLUDE hiredis/hiredis.h DOC "hiredis, for hocket::redis")
find_library(HOCKET_HIREDIS_LIBRARY hiredis DOC "hiredis, for hocket::redis")
if(NOT HOCKET_HIREDIS_INCLUDE OR NOT HOCKET_HIREDIS_LIBRARY)
    message(STATUS "hocket::redis is left out: hiredis was not found (on Debian: libhiredis-dev)")
    return()
endif()
file(GLOB redis_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/redis/*.cpp)
add_library(hocket_redis ${redis_sources})
add_library(hocket::redis ALIAS hocket_redis)
target_include_directories(hocket_redis PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_include_directories(hocket_redis SYSTEM PRIVATE ${HOCKET_HIREDIS_INCLUDE})
# By its name: the installed package must not contain a path of this machine.
target_link_libraries(
    hocket_redis
    PUBLIC hocket
    PRIVATE $<BUILD_INTERFACE:${HOCKET_HIREDIS_LIBRARY}> $<INSTALL_INTERFACE:hiredis>)
set_target_properties(hocket_redis PROPERTIES EXPORT_NAME redis VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
hocket_warnings(hocket_redis)
