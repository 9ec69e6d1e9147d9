#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <hocket/engine/file_descriptor.hpp>

namespace hocket::engine {

/// Whether other processes may enlarge a memory file.
enum class Growth { forbidden, allowed };

/// Creates a file of `size` zero bytes that exists only in memory and has no path (/proc shows it
/// as "hocket-" + `what`). It cannot be shrunk, because processes that access the missing part
/// would be killed by SIGBUS. Throws std::system_error.
[[nodiscard]] FileDescriptor make_memory_file(const char* what, std::size_t size, Growth growth);

/// Writes all of `bytes` at `offset` of a memory file. Throws std::system_error if no memory is
/// left.
void write_memory_file(int fd, std::span<const char> bytes, std::uint64_t offset);
/// Reads exactly `space.size()` bytes. Throws RuntimeError if the file is too short.
void read_memory_file(int fd, std::span<char> space, std::uint64_t offset);

/// A mapping of a memory file, shared with all other processes that map it.
class MemoryMapping {
public:
    MemoryMapping() noexcept = default; ///< Empty.
    /// Maps a new file that cannot grow (make_memory_file). Throws std::system_error.
    static MemoryMapping create(const char* what, std::size_t size);
    /// Maps the first `size` bytes. Throws std::system_error.
    MemoryMapping(FileDescriptor file, std::size_t size);
    /// Maps a whole file received from another process; if growth is allowed, only its first
    /// `least` bytes. Throws RuntimeError if it has fewer bytes than that or can be shrunk.
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
