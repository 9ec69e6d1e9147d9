#include "serve/file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace serve {

File::File(const std::string& path) : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}

File::~File() {
    if (is_open()) ::close(descriptor_);
}

std::optional<std::string> File::read(std::uint64_t offset, std::size_t size) const {
    if (!is_open()) return std::nullopt;
    std::string bytes(size, '\0');
    std::size_t filled = 0;
    while (filled < size) {
        const ssize_t got = ::pread(descriptor_, bytes.data() + filled, size - filled,
                                    static_cast<off_t>(offset + filled));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return std::nullopt;
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
    }
    bytes.resize(filled);
    return bytes;
}

} // namespace serve
