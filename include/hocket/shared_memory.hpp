#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include <hocket/detail/processes/calls/message.hpp>

namespace hocket {

namespace engine {
class MemoryMapping; // src/engine/memory_mapping.hpp
} // namespace engine

/// A block of memory shared between processes: Python's multiprocessing.shared_memory, without
/// names and without a need to unlink. Pass it to another process as an argument, in a Pipe or in a
/// ProcessQueue: nothing is copied, and writes are visible to all. The memory is freed with the
/// last handle in any process, however those processes end.
///
///     hocket::SharedMemory memory(1 << 20);
///     memory.span()[0] = std::byte{1};
///
/// This is a handle: copies refer to the same memory, and even a const handle can write to it.
/// Pages use memory only once they are touched. Accesses are not synchronised: use a ProcessLock, a
/// SharedValue or messages for that. May be used from any thread.
class SharedMemory {
public:
    SharedMemory() noexcept = default; ///< An empty block, which uses no descriptor.
    /// Creates `size` bytes, all zero. Throws std::system_error, with the size in the text, if
    /// there is not enough memory or no descriptors are left.
    explicit SharedMemory(std::size_t size);

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// The memory, aligned to a page; nullptr if it has no bytes. The address differs between
    /// processes.
    [[nodiscard]] std::byte* data() const noexcept { return data_; }
    [[nodiscard]] std::span<std::byte> span() const noexcept { return {data_, size_}; }

    /// Packs the memory for another process. Throws RuntimeError outside of a value that is being
    /// sent.
    template <class Packer> void msgpack_pack(Packer& packer) const { packer.pack(attach()); }
    void msgpack_unpack(const msgpack::object& object);

private:
    explicit SharedMemory(std::shared_ptr<const engine::MemoryMapping> mapping) noexcept;
    [[nodiscard]] std::uint32_t attach() const;

    std::shared_ptr<const engine::MemoryMapping> mapping_; // nullptr if there are no bytes
    std::byte* data_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace hocket
