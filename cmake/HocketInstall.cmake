# Installs the library, its headers, and the two ways to find them: find_package(hocket) and pkg-config.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/hocket)

install(TARGETS hocket EXPORT hocketTargets)
if(TARGET hocket_command)
    install(TARGETS hocket_command)
endif()
install(EXPORT hocketTargets NAMESPACE hocket:: DESTINATION ${config_dir})
# Each component has a file of its own, because only its users need it and what it depends on.
foreach(component opencl cuda cluster postgres)
    if(TARGET hocket_${component})
        install(TARGETS hocket_${component} EXPORT hocket_${component}Targets)
        install(EXPORT hocket_${component}Targets NAMESPACE hocket:: DESTINATION ${config_dir})
    endif()
endforeach()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/hocket DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/hocketConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_SOURCE_DIR}/cmake/hocketConfig.cmake ${PROJECT_SOURCE_DIR}/cmake/FindUring.cmake
              ${PROJECT_BINARY_DIR}/hocketConfigVersion.cmake DESTINATION ${config_dir})

# The .pc file finds the prefix from where it lies itself, so that an installed tree can be moved.
file(RELATIVE_PATH pc_to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" pc_to_prefix ${pc_to_prefix})
# Whoever links the static library links what it needs, too.
get_target_property(hocket_type hocket TYPE)
set(pc_requires Requires.private)
if(hocket_type STREQUAL STATIC_LIBRARY)
    set(pc_requires Requires)
endif()
configure_file(${PROJECT_SOURCE_DIR}/cmake/hocket.pc.in ${PROJECT_BINARY_DIR}/hocket.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/hocket.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
