include(CMakeFindDependencyMacro)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_dependency(Threads)
# liburing comes without a package of its own.
list(APPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})
find_dependency(Uring)
find_dependency(OpenSSL 3)
include(${CMAKE_CURRENT_LIST_DIR}/hocketTargets.cmake)
