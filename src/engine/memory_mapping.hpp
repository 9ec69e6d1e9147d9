#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <hocket/engine/file_descriptor.hpp>

namespace hocket::engine {

/// Whether others may make a memory file larger.
enum class Growth { forbidden, allowed };

/// A file of `size` zero bytes that exists only in memory and has no name, "hocket-" + `what` apart
/// in /proc. Nobody can make it smaller, which would kill whoever touches the missing part by
/// SIGBUS. Throws std::system_error.
[[nodiscard]] FileDescriptor make_memory_file(const char* what, std::size_t size, Growth growth);

/// Writes all of `bytes` at `offset` of a memory file. Throws std::system_error: no memory is left.
void write_memory_file(int fd, std::span<const char> bytes, std::uint64_t offset);
/// Reads as many bytes as there are in `space`. Throws RuntimeError when the file ends before.
void read_memory_file(int fd, std::span<char> space, std::uint64_t offset);

/// Memory of a memory file, shared with whoever else maps it. Never of zero bytes, unless empty.
class MemoryMapping {
public:
    MemoryMapping() noexcept = default; ///< Empty.
    /// Of a new file that cannot grow (make_memory_file). Throws std::system_error.
    static MemoryMapping create(const char* what, std::size_t size);
    /// The first `size` bytes. Throws std::system_error.
    MemoryMapping(FileDescriptor file, std::size_t size);
    /// All of a file that came from another process; where growth is allowed, its first `least`
    /// bytes. Throws RuntimeError when it has fewer than those, or can be made smaller.
    static MemoryMapping of_received(FileDescriptor file, std::size_t least = 1,
                                     Growth growth = Growth::forbidden);
    MemoryMapping(MemoryMapping&& other) noexcept;
    MemoryMapping& operator=(MemoryMapping&& other) noexcept;
    ~MemoryMapping();

    [[nodiscard]] int fileno() const noexcept { return file_.fileno(); }
    [[nodiscard]] std::byte* data() const noexcept { return data_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    FileDescriptor file_;
    std::byte* data_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace hocket::engine

namespace hocket::detail {
using engine::Growth;
using engine::make_memory_file;
using engine::MemoryMapping;
using engine::read_memory_file;
using engine::write_memory_file;
} // namespace hocket::detail
