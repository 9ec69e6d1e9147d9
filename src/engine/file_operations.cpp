#include "engine/file_operations.hpp"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>

#include "engine/thread_file_operations.hpp"
#include "engine/uring_file_operations.hpp"

namespace hocket::engine {

std::unique_ptr<FileOperations> FileOperations::create(Reactor& reactor) {
    const char* const environment = std::getenv("HOCKET_FILES");
    const std::string_view wanted = environment != nullptr ? environment : "";
    if (!wanted.empty() && wanted != "io_uring" && wanted != "threads") {
        throw std::system_error(EINVAL, std::system_category(),
                                "HOCKET_FILES is \"" + std::string(wanted) +
                                    "\"; \"io_uring\" and \"threads\" are allowed");
    }
    if (wanted != "threads") {
        std::error_code error;
        if (auto by_uring = UringFileOperations::create(reactor, error)) {
            return by_uring;
        }
        if (wanted == "io_uring") {
            throw std::system_error(error, "HOCKET_FILES asks for io_uring, which the kernel "
                                           "refuses here");
        }
    }
    return std::make_unique<ThreadFileOperations>(reactor);
}

} // namespace hocket::engine
