# The engine alone, without the coroutine layer, as a static library for modules of other languages: hocket_engine. What
# is built only here is built only if something links it.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(Uring REQUIRED)
find_package(OpenSSL 3 REQUIRED)

cmake_path(GET CMAKE_CURRENT_LIST_DIR PARENT_PATH hocket_root)
file(GLOB engine_sources CONFIGURE_DEPENDS ${hocket_root}/src/engine/*.cpp ${hocket_root}/src/engine/pool/*.cpp)
add_library(hocket_engine STATIC EXCLUDE_FROM_ALL ${engine_sources})
target_include_directories(hocket_engine PUBLIC ${hocket_root}/include ${hocket_root}/src)
target_compile_features(hocket_engine PUBLIC cxx_std_20)
target_link_libraries(hocket_engine PUBLIC Threads::Threads PRIVATE OpenSSL::SSL OpenSSL::Crypto Uring::uring)
set_target_properties(
    hocket_engine PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
hocket_warnings(hocket_engine)
