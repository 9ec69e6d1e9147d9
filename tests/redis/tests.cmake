# The tests of hocket::redis. Each starts a server of its own, or is skipped if redis-server is not installed.

if(NOT TARGET hocket_redis)
    return()
endif()
file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/test_*.cpp)
foreach(source IN LISTS sources)
    cmake_path(GET source STEM program)
    hocket_add_test(${program} ${source})
    target_link_libraries(${program} PRIVATE hocket_redis)
endforeach()
if(TARGET redis_visits)
    add_dependencies(test_redis_example redis_visits)
endif()
