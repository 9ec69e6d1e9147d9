#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace serve {

/// A file opened for reading. Its functions may be called from any thread.
class File {
public:
    explicit File(const std::string& path);
    ~File();
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    bool is_open() const { return descriptor_ >= 0; }
    int fileno() const { return descriptor_; }

    /// Up to `size` bytes from `offset`, fewer only at the end of the file; nothing when it cannot
    /// be read.
    std::optional<std::string> read(std::uint64_t offset, std::size_t size) const;

private:
    int descriptor_;
};

} // namespace serve
