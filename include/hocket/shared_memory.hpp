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

/// A block of memory that processes share: Python's multiprocessing.shared_memory, without names
/// and without anything to unlink. Pass it to another process (as an argument, in a Pipe or a
/// ProcessQueue): no byte is copied, and what one writes, all see. It is gone with the last handle
/// in any process, however those end.
///
///     hocket::SharedMemory memory(1 << 20);
///     memory.span()[0] = std::byte{1};
///
/// A handle: copies refer to the same memory, constant ones can write to it, too. Pages cost memory
/// only once they are touched. Nothing here orders accesses: use a ProcessLock, a SharedValue or
/// the passing of messages for that. Any thread.
class SharedMemory {
public:
    SharedMemory() noexcept = default; ///< Of no bytes; takes no descriptor.
    /// `size` bytes, all zero. Throws std::system_error (the size in the text) when there is no
    /// room for them, or when out of descriptors.
    explicit SharedMemory(std::size_t size);

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// At a page's beginning; nullptr when there are no bytes. In each process at another address.
    [[nodiscard]] std::byte* data() const noexcept { return data_; }
    [[nodiscard]] std::span<std::byte> span() const noexcept { return {data_, size_}; }

    /// How it crosses; only as a part of what crosses to another process (RuntimeError).
    template <class Packer> void msgpack_pack(Packer& packer) const { packer.pack(attach()); }
    void msgpack_unpack(const msgpack::object& object);

private:
    explicit SharedMemory(std::shared_ptr<const engine::MemoryMapping> mapping) noexcept;
    [[nodiscard]] std::uint32_t attach() const;

    std::shared_ptr<const engine::MemoryMapping> mapping_; // none when there are no bytes
    std::byte* data_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace hocket
