#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/crossing.hpp>
#include <hocket/engine/file_descriptor.hpp>
#include <hocket/errors.hpp>

namespace hocket::detail {

/// The descriptors sent along with a message's bytes: those of the shared memory, pipes and locks
/// in it.
using Descriptors = std::vector<engine::FileDescriptor>;

/// While it lives, packing on this thread adds descriptors to the given list, and unpacking takes
/// them from it.
class DescriptorScope {
public:
    explicit DescriptorScope(Descriptors& descriptors) noexcept;
    ~DescriptorScope();
    DescriptorScope(const DescriptorScope&) = delete;
    DescriptorScope& operator=(const DescriptorScope&) = delete;

private:
    Descriptors* outer_;
};

/// For the `msgpack_pack` of shared objects: sends a duplicate of `fd` with the message that is
/// being packed and returns its number in the message. Throws RuntimeError if no message to a
/// process is being packed.
[[nodiscard]] std::uint32_t attach_descriptor(int fd);
/// For `msgpack_unpack`: takes the descriptor with that number out of the message.
[[nodiscard]] engine::FileDescriptor take_descriptor(std::uint32_t number);

/// The number used if there is no descriptor, as in an empty SharedMemory.
inline constexpr std::uint32_t no_descriptor = 0xFFFFFFFF;

/// The size of a block in bytes. Throws ValueError if it exceeds the 4 GiB that msgpack allows.
[[nodiscard]] std::uint32_t block_size(std::size_t count, std::size_t element);

template <class T> inline constexpr bool is_plain_vector = false;
template <class T>
inline constexpr bool is_plain_vector<std::vector<T>> =
    std::is_arithmetic_v<T> && !std::is_same_v<T, bool>;

/// A view of a vector of bytes. Larger elements are excluded because they may not be aligned in a
/// message.
template <class T> inline constexpr bool is_byte_span = false;
template <class T>
inline constexpr bool is_byte_span<std::span<const T>> = std::is_arithmetic_v<T> && sizeof(T) == 1;

/// Enumerations, durations and std::monostate, which msgpack does not pack by itself.
template <class T>
inline constexpr bool is_unknown_to_msgpack =
    std::is_enum_v<T> || std::is_same_v<T, std::monostate> || requires(const T& value) {
        typename T::period;
        value.count();
    };
template <class T> inline constexpr bool is_vector_unknown_to_msgpack = false;
template <class T>
inline constexpr bool is_vector_unknown_to_msgpack<std::vector<T>> = is_unknown_to_msgpack<T>;

/// Packs a value for another process. A vector of numbers is packed as one block of bytes, which is
/// possible because both ends are the same program on the same machine.
template <class Stream, class T> void pack_value(msgpack::packer<Stream>& packer, const T& value) {
    static_assert(crosses<T>,
                  "hocket: a value of this type cannot cross to another process. Give the class "
                  "MSGPACK_DEFINE(its members...), or pass one that can: a number, a string, "
                  "a SharedArray ...");
    if constexpr (std::is_enum_v<T>) {
        packer.pack(static_cast<std::underlying_type_t<T>>(value));
    } else if constexpr (requires {
                             typename T::period;
                             value.count();
                         }) {
        packer.pack(value.count());
    } else if constexpr (is_plain_vector<T>) {
        const std::uint32_t size = block_size(value.size(), sizeof(typename T::value_type));
        packer.pack_bin(size);
        packer.pack_bin_body(reinterpret_cast<const char*>(value.data()), size);
    } else if constexpr (std::is_same_v<T, std::monostate>) {
        packer.pack_nil();
    } else if constexpr (is_vector_unknown_to_msgpack<T>) {
        packer.pack_array(block_size(value.size(), 1));
        for (const auto& element : value) {
            pack_value(packer, element);
        }
    } else {
        packer.pack(value);
    }
}

/// Thrown when a value is unpacked as a type other than the one packed.
[[noreturn]] void throw_wrong_block(std::size_t size, std::size_t element);
/// The bytes of a vector; they point into the message.
[[nodiscard]] std::span<const char> unpack_block(const msgpack::object& object,
                                                 std::size_t element);

/// Call it before memory that was just allocated is filled: prepares large memory.
void expect_to_fill(void* memory, std::size_t size) noexcept;
[[nodiscard]] std::string unpack_text(const msgpack::object& object);

/// The reverse of pack_value. Throws msgpack::type_error if the object is of another type.
template <class T> T unpack_value(const msgpack::object& object) {
    if constexpr (std::is_enum_v<T>) {
        return static_cast<T>(object.as<std::underlying_type_t<T>>());
    } else if constexpr (requires(const T& value) {
                             typename T::period;
                             value.count();
                         }) {
        return T(object.as<typename T::rep>());
    } else if constexpr (is_byte_span<T>) {
        const auto block = unpack_block(object, 1); // not copied
        return T(reinterpret_cast<typename T::pointer>(block.data()), block.size());
    } else if constexpr (is_plain_vector<T>) {
        const auto block = unpack_block(object, sizeof(typename T::value_type));
        const std::size_t size = block.size() / sizeof(typename T::value_type);
        T value;
        value.reserve(size);
        expect_to_fill(value.data(), block.size());
        if constexpr (sizeof(typename T::value_type) == 1) {
            value.assign(block.begin(), block.end());
        } else if (size > 0) {
            value.resize(size);
            std::memcpy(value.data(), block.data(), block.size());
        }
        return value;
    } else if constexpr (std::is_same_v<T, std::string>) {
        return unpack_text(object);
    } else if constexpr (std::is_same_v<T, std::monostate>) {
        return {};
    } else if constexpr (is_vector_unknown_to_msgpack<T>) {
        const auto elements = object.as<std::vector<msgpack::object>>();
        T value;
        value.reserve(elements.size());
        for (const msgpack::object& element : elements) {
            value.push_back(unpack_value<typename T::value_type>(element));
        }
        return value;
    } else {
        return object.as<T>();
    }
}

/// The size of the first chunk of a zone for `bytes`. malloc caches small chunks; one of msgpack's
/// default 8 KiB costs more than the rest of unpacking a short message.
[[nodiscard]] inline std::size_t zone_size(std::span<const char> bytes) noexcept {
    constexpr std::size_t is_short = 256;
    constexpr std::size_t kept_at_hand = 1000;
    return bytes.size() <= is_short ? kept_at_hand : MSGPACK_ZONE_CHUNK_SIZE;
}

/// Unpacks `bytes`, which must stay valid while the object is used: strings and blocks are not
/// copied. The object is stored in `zone`.
[[nodiscard]] msgpack::object unpack_object(msgpack::zone& zone, std::span<const char> bytes);

/// A packed value and the descriptors sent along with it.
struct Message {
    msgpack::sbuffer bytes;
    Descriptors descriptors;
};

template <class T> Message pack_message(const T& value) {
    Message message;
    const DescriptorScope scope(message.descriptors);
    msgpack::packer<msgpack::sbuffer> packer(message.bytes);
    pack_value(packer, value);
    return message;
}

/// Takes the descriptors it needs out of `descriptors`.
template <class T> T unpack_message(std::span<const char> bytes, Descriptors& descriptors) {
    const DescriptorScope scope(descriptors);
    msgpack::zone zone(zone_size(bytes));
    return unpack_value<T>(unpack_object(zone, bytes));
}

} // namespace hocket::detail
