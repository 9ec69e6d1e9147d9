#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <hocket/detail/file_descriptor.hpp>

namespace hocket::detail {

/// Whether others may make a memory file larger.
enum class Growth { forbidden, allowed };

/// A file of `size` zero bytes that exists only in memory and has no name, "hocket-" + `what` apart
/// in /proc. Nobody can make it smaller, which would kill whoever touches the missing part by
/// SIGBUS. Throws std::system_error.
[[nodiscard]] engine::FileDescriptor make_memory_file(const char* what, std::size_t size,
                                                      Growth growth);

/// Writes all of `bytes` at `offset` of a memory file. Throws std::system_error: no memory is left.
void write_memory_file(int fd, std::span<const char> bytes, std::uint64_t offset);
/// Reads as many bytes as there are in `space`. Throws RuntimeError when the file ends before.
void read_memory_file(int fd, std::span<char> space, std::uint64_t offset);

/// Memory of a memory file, shared with whoever else maps it. Never of zero bytes.
class MemoryMapping {
public:
    /// The first `size` bytes. Throws std::system_error.
    MemoryMapping(engine::FileDescriptor file, std::size_t size);
    /// All of a file that came from another process; where growth is allowed, its first `least`
    /// bytes. Throws RuntimeError when it has fewer than those, or can be made smaller.
    static MemoryMapping of_received(engine::FileDescriptor file, std::size_t least, Growth growth);
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
