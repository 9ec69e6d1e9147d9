# tests/cluster/test_<name>.cpp are programs like all others: they need no cluster. tests/cluster/on_cluster_<name>.cpp are
# one program, on_cluster, which scripts/cluster-test builds and runs with Ray and with Dask.

file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/test_*.cpp)
foreach(source IN LISTS sources)
    cmake_path(GET source STEM program)
    hocket_add_test(${program} ${source})
    target_link_libraries(${program} PRIVATE hocket_cluster)
endforeach()

file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/on_cluster_*.cpp)
add_executable(on_cluster EXCLUDE_FROM_ALL ${sources})
target_include_directories(on_cluster PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_compile_options(on_cluster PRIVATE ${test_options})
target_precompile_headers(on_cluster REUSE_FROM hocket_test_headers)
target_link_libraries(on_cluster PRIVATE remote_pool_tests hocket_cluster GTest::gmock GTest::gtest_main)
hocket_warnings(on_cluster)
add_library(cluster_plugin MODULE EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/plugin.cpp)
add_executable(cluster_stale_program EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/stale_program.cpp)
target_link_libraries(cluster_stale_program PRIVATE hocket)
add_dependencies(on_cluster cluster_plugin cluster_stale_program crawl serve)
target_compile_definitions(on_cluster PRIVATE HOCKET_EXAMPLES_DIR="${PROJECT_BINARY_DIR}/examples"
                                              CLUSTER_PLUGIN="$<TARGET_FILE:cluster_plugin>"
                                              CLUSTER_STALE_PROGRAM="$<TARGET_FILE:cluster_stale_program>")
