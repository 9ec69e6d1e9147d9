#include "processes/manager/manager_message.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "engine/descriptor_passing.hpp"

namespace hocket::detail {

namespace {

constexpr std::size_t largest_in_socket = std::size_t{32} * 1024;
constexpr std::size_t largest_on_stack = 512;
constexpr char in_memory_file = '\xc1'; // msgpack never uses this as a first byte

template <class CopyTo>
std::error_code send(int socket, std::size_t size, const Descriptors& descriptors, CopyTo copy_to) {
    if (size <= largest_on_stack) {
        std::array<char, largest_on_stack> bytes;
        copy_to(reinterpret_cast<std::byte*>(bytes.data()));
        return engine::send_message(socket, {bytes.data(), size}, descriptors);
    }
    if (size <= largest_in_socket) {
        const auto bytes = std::make_unique_for_overwrite<char[]>(size);
        copy_to(reinterpret_cast<std::byte*>(bytes.get()));
        return engine::send_message(socket, {bytes.get(), size}, descriptors);
    }
    const auto region = engine::MemoryMapping::create("manager", size);
    copy_to(region.data());
    Descriptors all;
    for (const auto& descriptor : descriptors) {
        all.push_back(engine::FileDescriptor::duplicate(descriptor.fileno()));
    }
    all.push_back(engine::FileDescriptor::duplicate(region.fileno()));
    return engine::send_message(socket, {&in_memory_file, 1}, all);
}

} // namespace

ManagerMessage::ManagerMessage()
    : space_(std::make_unique_for_overwrite<char[]>(largest_in_socket)) {}

std::error_code ManagerMessage::receive(int socket, int flags) {
    region_ = {};
    const auto received =
        engine::receive_message(socket, {space_.get(), largest_in_socket}, descriptors_, flags);
    if (received.error) {
        return received.error;
    }
    if (received.size == 0) {
        return std::make_error_code(std::errc::broken_pipe);
    }
    bytes_ = {space_.get(), received.size};
    if (received.size == 1 && space_[0] == in_memory_file && !descriptors_.empty()) {
        region_ = engine::MemoryMapping::of_received(std::move(descriptors_.back()));
        descriptors_.pop_back();
        bytes_ = {reinterpret_cast<const char*>(region_.data()), region_.size()};
    }
    return {};
}

std::error_code send_manager_message(int socket, const GatherBuffer& message,
                                     const Descriptors& descriptors) {
    return send(socket, message.size(), descriptors, [&](std::byte* to) { message.copy_to(to); });
}

std::error_code send_manager_message(int socket, std::span<const char> message,
                                     const Descriptors& descriptors) {
    if (message.size() <= largest_in_socket) {
        return engine::send_message(socket, message, descriptors);
    }
    return send(socket, message.size(), descriptors,
                [&](std::byte* to) { std::memcpy(to, message.data(), message.size()); });
}

} // namespace hocket::detail
