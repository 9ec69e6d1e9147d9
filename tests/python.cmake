# Builds the Python package from its source distribution, as pip does, installs it into a virtual environment, and runs
# its tests there.

# The system's Python, to which scripts/install-deps adds what the installation needs.
set(python /usr/bin/python3)
set(needed "import ensurepip, os, setuptools, sysconfig, wheel; os.stat(sysconfig.get_path('include') + '/Python.h')")
execute_process(COMMAND ${python} -c ${needed} RESULT_VARIABLE missing ERROR_VARIABLE why OUTPUT_QUIET)
if(missing)
    message(NOTICE "The Python package is not tested: ${missing} ${why}")
    return()
endif()

set(folder ${CMAKE_CURRENT_BINARY_DIR}/python)
add_test(NAME python/install COMMAND ${PROJECT_SOURCE_DIR}/python/tests/install.sh ${python} ${folder})
set_tests_properties(python/install PROPERTIES TIMEOUT 600 FIXTURES_SETUP python_package)

file(GLOB python_tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/python/tests/test_*.py)
foreach(test IN LISTS python_tests)
    cmake_path(GET test STEM name)
    string(REGEX REPLACE "^test_" "python/" test_name ${name})
    add_test(
        NAME ${test_name}
        COMMAND ${folder}/venv/bin/python -m unittest -v ${name}
        WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}/python/tests)
    set_tests_properties(${test_name} PROPERTIES TIMEOUT 600 FIXTURES_REQUIRED python_package
                                                 ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)
endforeach()
# These say which model is the fastest.
set_tests_properties(python/answers python/interface PROPERTIES RUN_SERIAL TRUE)
