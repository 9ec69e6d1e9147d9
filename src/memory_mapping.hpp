#pragma once

#include <cstddef>

#include <hocket/detail/file_descriptor.hpp>

namespace hocket::detail {

/// Whether others may make a memory file larger.
enum class Growth { forbidden, allowed };

/// A file of `size` zero bytes that exists only in memory and has no name, "hocket-" + `what` apart
/// in /proc. Nobody can make it smaller, which would kill whoever touches the missing part by
/// SIGBUS. Throws std::system_error.
[[nodiscard]] engine::FileDescriptor make_memory_file(const char* what, std::size_t size,
                                                      Growth growth);

/// Memory of a memory file, shared with whoever else maps it. Never of zero bytes.
class MemoryMapping {
public:
    /// The first `size` bytes. Throws std::system_error.
    MemoryMapping(engine::FileDescriptor file, std::size_t size);
    /// All of a file that came from another process. Throws RuntimeError when it has fewer than
    /// `least` bytes, or can be made smaller.
    static MemoryMapping of_received(engine::FileDescriptor file, std::size_t least);
    MemoryMapping(MemoryMapping&& other) noexcept;
    MemoryMapping& operator=(MemoryMapping&&) = delete;
    ~MemoryMapping();

    [[nodiscard]] int fd() const noexcept { return file_.get(); }
    [[nodiscard]] std::byte* data() const noexcept { return data_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    engine::FileDescriptor file_;
    std::byte* data_ = nullptr;
    std::size_t size_;
};

} // namespace hocket::detail
