# The component hocket::cluster. It links nothing but hocket: Ray and Dask are Python's, and a process runs their part.

set(cluster_folder ${PROJECT_SOURCE_DIR}/src/cluster)
set(script)
foreach(part node ray_cluster dask_cluster guard bridge) # the last one starts
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${cluster_folder}/python/${part}.py)
    file(READ ${cluster_folder}/python/${part}.py text)
    string(APPEND script "${text}\n\n")
endforeach()
# The compiler need not accept literals of more than 64 KiB.
string(LENGTH "${script}" script_length)
if(script_length GREATER 65000)
    message(FATAL_ERROR "The bridge's script has ${script_length} bytes: split the literal in bridge_script.cpp.in")
endif()
configure_file(${cluster_folder}/bridge_script.cpp.in ${PROJECT_BINARY_DIR}/bridge_script.cpp @ONLY)

file(GLOB cluster_sources CONFIGURE_DEPENDS ${cluster_folder}/*.cpp)
add_library(hocket_cluster ${cluster_sources} ${PROJECT_BINARY_DIR}/bridge_script.cpp)
add_library(hocket::cluster ALIAS hocket_cluster)
target_include_directories(hocket_cluster PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(hocket_cluster PUBLIC hocket)
set_target_properties(hocket_cluster PROPERTIES EXPORT_NAME cluster VERSION ${PROJECT_VERSION}
                                                SOVERSION ${PROJECT_VERSION_MAJOR})
hocket_warnings(hocket_cluster)
