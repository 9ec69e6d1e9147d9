# tests/gpu/test_gpu_<name>.cpp is built once for each component, as test_<name>_opencl and test_<name>_cuda. Without a
# device, its tests are skipped.

foreach(component opencl cuda)
    if(NOT TARGET hocket_${component})
        continue()
    endif()
    string(TOUPPER ${component} upper)
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/test_gpu_*.cpp ${CMAKE_CURRENT_LIST_DIR}/test_${component}.cpp)
    foreach(source IN LISTS sources)
        cmake_path(GET source STEM program)
        string(REGEX REPLACE "^test_gpu_(.*)" "test_\\1_${component}" program ${program})
        hocket_add_test(${program} ${source} PREFIX ${component}/)
        target_link_libraries(${program} PRIVATE hocket_${component})
        target_compile_definitions(${program} PRIVATE HOCKET_TEST_${upper})
    endforeach()
endforeach()
