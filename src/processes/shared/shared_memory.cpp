#include <hocket/shared_memory.hpp>

#include <utility>

#include "engine/memory_mapping.hpp"

namespace hocket {

using detail::MemoryMapping;

SharedMemory::SharedMemory(std::shared_ptr<const MemoryMapping> mapping) noexcept
    : mapping_(std::move(mapping)), data_(mapping_->data()), size_(mapping_->size()) {}

SharedMemory::SharedMemory(std::size_t size) {
    if (size != 0) {
        *this = SharedMemory(std::make_shared<const MemoryMapping>(
            detail::make_memory_file("memory", size, detail::Growth::forbidden), size));
    }
}

std::uint32_t SharedMemory::attach() const {
    return mapping_ ? detail::attach_descriptor(mapping_->fileno()) : detail::no_descriptor;
}

void SharedMemory::msgpack_unpack(const msgpack::object& object) {
    const auto number = object.as<std::uint32_t>();
    *this = number == detail::no_descriptor
                ? SharedMemory()
                : SharedMemory(std::make_shared<const MemoryMapping>(MemoryMapping::of_received(
                      detail::take_descriptor(number), 1, detail::Growth::forbidden)));
}

} // namespace hocket
