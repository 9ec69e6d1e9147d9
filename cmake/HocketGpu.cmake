# The components hocket::opencl and hocket::cuda. Each is left out, with a message, if what it needs is not found.

# hocket_gpu_component(<name> <libraries>...): the library hocket_<name> from src/<name>/.
function(hocket_gpu_component name)
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
    add_library(hocket_${name} ${sources})
    add_library(hocket::${name} ALIAS hocket_${name})
    target_include_directories(hocket_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(hocket_${name} PUBLIC hocket ${ARGN})
    set_target_properties(hocket_${name} PROPERTIES EXPORT_NAME ${name} VERSION ${PROJECT_VERSION}
                                                    SOVERSION ${PROJECT_VERSION_MAJOR})
    hocket_warnings(hocket_${name})
endfunction()

if(HOCKET_OPENCL)
    find_package(OpenCL QUIET)
    if(OpenCL_FOUND)
        hocket_gpu_component(opencl OpenCL::OpenCL)
    else()
        message(STATUS "hocket::opencl is left out: OpenCL was not found (on Debian: ocl-icd-opencl-dev, opencl-headers)")
    endif()
endif()

if(HOCKET_CUDA)
    find_package(CUDAToolkit 13 QUIET)
    if(CUDAToolkit_FOUND AND TARGET CUDA::nvrtc)
        # The file of NVRTC, because its target adds the driver's library, which no program needs that is linked
        # with cudart, and which only machines with a driver have.
        hocket_gpu_component(cuda CUDA::cudart_static $<TARGET_FILE:CUDA::nvrtc>)
    else()
        message(STATUS "hocket::cuda is left out: the CUDA toolkit 13 with NVRTC was not found")
    endif()
endif()
