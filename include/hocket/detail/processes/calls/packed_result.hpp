#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include <hocket/detail/processes/calls/message.hpp>

namespace hocket::detail {

using ResultPacker = msgpack::packer<msgpack::sbuffer>;

/// What a call returned, packed: `head`, and `block` after it. A large text or vector is not
/// copied: it is kept, and the block is its content.
struct PackedResult {
    msgpack::sbuffer head;
    std::span<const char> block{};
    std::shared_ptr<const void> kept{}; // whose content the block is

    [[nodiscard]] std::array<std::span<const char>, 2> pieces() const noexcept {
        return {std::span<const char>(head.data(), head.size()), block};
    }
    [[nodiscard]] std::size_t size() const noexcept { return head.size() + block.size(); }
    void clear() noexcept {
        head.clear();
        block = {};
        kept.reset();
    }
};

/// Packs the result of a call.
template <class T> void pack_result(PackedResult& result, T&& value) {
    ResultPacker packer(result.head);
    if constexpr (std::is_same_v<T, std::string> || is_plain_vector<T>) {
        constexpr std::size_t least_kept = std::size_t{64} << 10;
        const std::size_t size = value.size() * sizeof(typename T::value_type);
        if (size >= least_kept && size <= std::numeric_limits<std::uint32_t>::max()) {
            if constexpr (is_plain_vector<T>) {
                packer.pack_bin(static_cast<std::uint32_t>(size));
            } else {
                packer.pack_str(static_cast<std::uint32_t>(size));
            }
            const auto kept = std::make_shared<const T>(std::move(value));
            result.block = {reinterpret_cast<const char*>(kept->data()), size};
            result.kept = kept;
            return;
        }
    }
    pack_value(packer, value);
}

} // namespace hocket::detail
