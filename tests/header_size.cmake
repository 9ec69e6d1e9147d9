# Fails if the preprocessed SOURCE has more than LIMIT lines.
execute_process(
    COMMAND ${COMPILER} -std=c++20 -E -P -I${INCLUDE} ${SOURCE}
    OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "\n" ends "${text}")
list(LENGTH ends lines)
message("${lines} lines")
if(lines GREATER LIMIT)
    message(FATAL_ERROR "hocket.hpp brings more than ${LIMIT} lines: g++ -H shows which header is new")
endif()
