#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include <hocket/detail/processes/calls/message.hpp>

namespace hocket::detail {

/// A packed value received from another process.
struct ReceivedMessage {
    std::unique_ptr<char[]> space;
    std::size_t size = 0;
    Descriptors descriptors;

    template <class T> T unpack() { return unpack_message<T>({space.get(), size}, descriptors); }
};

} // namespace hocket::detail
