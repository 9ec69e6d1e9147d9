#include <hocket/detail/processes/calls/message.hpp>

#include <limits>
#include <string_view>

#include <msgpack/unpack.hpp>

#include "engine/huge_pages.hpp"

namespace hocket::detail {

namespace {

thread_local Descriptors* current = nullptr;

} // namespace

DescriptorScope::DescriptorScope(Descriptors& descriptors) noexcept
    : outer_(std::exchange(current, &descriptors)) {}
DescriptorScope::~DescriptorScope() { current = outer_; }

std::uint32_t attach_descriptor(int fd) {
    if (current == nullptr) {
        throw RuntimeError(
            "shared memory, pipes and process locks can be packed only as part of a value that "
            "goes to another process of this program: an argument, a result or an item of a "
            "ProcessQueue");
    }
    current->push_back(engine::FileDescriptor::duplicate(fd));
    return static_cast<std::uint32_t>(current->size() - 1);
}

engine::FileDescriptor take_descriptor(std::uint32_t number) {
    if (current == nullptr || number >= current->size() || !(*current)[number].is_open()) {
        throw RuntimeError("descriptor " + std::to_string(number) +
                           " of a message is missing or was already taken");
    }
    return std::move((*current)[number]);
}

std::uint32_t block_size(std::size_t count, std::size_t element) {
    if (count > std::numeric_limits<std::uint32_t>::max() / element) {
        throw ValueError(
            "a vector of " + std::to_string(count) + " elements of " + std::to_string(element) +
            " bytes is too large to be sent by value (the limit is 4 GiB): pass a SharedArray");
    }
    return static_cast<std::uint32_t>(count * element);
}

void throw_wrong_block(std::size_t size, std::size_t element) {
    throw ValueError("a block of " + std::to_string(size) +
                     " bytes is not a vector of elements of " + std::to_string(element) + " bytes");
}

std::span<const char> unpack_block(const msgpack::object& object, std::size_t element) {
    if (object.type != msgpack::type::BIN) {
        throw msgpack::type_error();
    }
    const auto& block = object.via.bin;
    if (block.size % element != 0) {
        throw_wrong_block(block.size, element);
    }
    return {block.ptr, block.size};
}

void expect_to_fill(void* memory, std::size_t size) noexcept {
    engine::prefer_huge_pages(memory, size);
}

std::string unpack_text(const msgpack::object& object) {
    const bool is_text = object.type == msgpack::type::STR;
    if (!is_text && object.type != msgpack::type::BIN) {
        throw msgpack::type_error();
    }
    const std::string_view bytes = is_text
                                       ? std::string_view(object.via.str.ptr, object.via.str.size)
                                       : std::string_view(object.via.bin.ptr, object.via.bin.size);
    std::string text;
    text.reserve(bytes.size());
    expect_to_fill(text.data(), bytes.size());
    text.assign(bytes);
    return text;
}

msgpack::object unpack_object(msgpack::zone& zone, std::span<const char> bytes) {
    std::size_t offset = 0;
    return msgpack::unpack(zone, bytes.data(), bytes.size(), offset,
                           [](msgpack::type::object_type, std::size_t, void*) { return true; });
}

} // namespace hocket::detail
