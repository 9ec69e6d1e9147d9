# The component hocket::http. It is left out, with a message, if what it needs is not found.

if(NOT HOCKET_HTTP)
    return()
endif()

# Boost.Beast parses requests. It is headers alone, and no public header includes it.
find_path(HOCKET_BEAST_INCLUDE boost/beast/http/basic_parser.hpp DOC "Boost.Beast, which parses HTTP requests")
mark_as_advanced(HOCKET_BEAST_INCLUDE)

# The client is libcurl's, with the hook into OpenSSL's contexts; wslay knows the frames of WebSocket.
find_package(CURL 7.88)
find_path(HOCKET_WSLAY_INCLUDE wslay/wslay.h DOC "wslay, the frames of WebSocket")
find_library(HOCKET_WSLAY_LIBRARY wslay)
mark_as_advanced(HOCKET_WSLAY_INCLUDE HOCKET_WSLAY_LIBRARY)

set(http_missing)
if(NOT HOCKET_BEAST_INCLUDE)
    list(APPEND http_missing "Boost.Beast (on Debian: libboost-dev)")
endif()
if(NOT CURL_FOUND)
    list(APPEND http_missing "libcurl 7.88 (on Debian: libcurl4-openssl-dev)")
endif()
if(NOT HOCKET_WSLAY_INCLUDE OR NOT HOCKET_WSLAY_LIBRARY)
    list(APPEND http_missing "wslay (on Debian: libwslay-dev)")
endif()
if(http_missing)
    list(JOIN http_missing ", " http_missing)
    message(STATUS "hocket::http is left out; not found: ${http_missing}")
    return()
endif()

file(GLOB_RECURSE http_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/http/*.cpp)
add_library(hocket_http ${http_sources})
add_library(hocket::http ALIAS hocket_http)
target_include_directories(hocket_http PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_include_directories(hocket_http SYSTEM PRIVATE ${HOCKET_BEAST_INCLUDE})
target_include_directories(hocket_http SYSTEM PRIVATE ${HOCKET_WSLAY_INCLUDE})
target_compile_definitions(hocket_http PRIVATE HOCKET_VERSION="${PROJECT_VERSION}")
# wslay by its name: the installed package must not contain a path of this machine.
target_link_libraries(
    hocket_http
    PUBLIC hocket
    PRIVATE CURL::libcurl $<BUILD_INTERFACE:${HOCKET_WSLAY_LIBRARY}> $<INSTALL_INTERFACE:wslay> OpenSSL::SSL
            OpenSSL::Crypto)
set_target_properties(hocket_http PROPERTIES EXPORT_NAME http VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
hocket_warnings(hocket_http)
