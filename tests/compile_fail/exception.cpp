// expect: hocket: HOCKET_REMOTE_EXCEPTION(Type) needs
#include <hocket/remote_exception.hpp>

struct NotAnException {
    int* pointer;
};
HOCKET_REMOTE_EXCEPTION(NotAnException);
