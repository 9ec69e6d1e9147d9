#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <type_traits>

#include <hocket/errors.hpp>
#include <hocket/shared_memory.hpp>

namespace hocket {

/// An array shared between processes: Python's multiprocessing.Array, without a lock. Passing it to
/// another process does not copy the elements, whatever its size.
///
///     void simulate(hocket::SharedArray<double> field);
///     hocket::ProcessPoolExecutor pool;
///     hocket::SharedArray<double> field(1'000'000);
///     pool.submit(simulate, field).result(); // writes to it
///
/// This is a handle to SharedMemory: copies refer to the same elements, and even a const handle can
/// write to them. As with a std::vector, different elements may be written at the same time, but
/// accesses to the same element must be synchronised. `T` must be trivially copyable and should
/// contain no pointers, which are meaningless in another process.
template <class T> class SharedArray {
    static_assert(std::is_trivially_copyable_v<T>,
                  "hocket: the elements of a SharedArray must be trivially copyable: what they "
                  "point to (a std::string's characters, say) would stay in one process");
    static_assert(!std::is_pointer_v<T>,
                  "hocket: a pointer means nothing in another process: keep an index");

public:
    using value_type = T;
    using iterator = T*;

    SharedArray() noexcept = default; ///< An array without elements.
    /// Creates `size` elements filled with zero bytes; the cost does not depend on the size. Throws
    /// ValueError if the size in bytes overflows, and std::system_error if there is not enough
    /// memory or no descriptors are left.
    explicit SharedArray(std::size_t size) : memory_(bytes(size)) {}
    /// Creates `size` copies of `value`.
    SharedArray(std::size_t size, const T& value) : SharedArray(size) {
        std::fill(begin(), end(), value);
    }

    [[nodiscard]] std::size_t size() const noexcept { return memory_.size() / sizeof(T); }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    /// The elements; nullptr if there are none. The address differs between processes.
    [[nodiscard]] T* data() const noexcept { return reinterpret_cast<T*>(memory_.data()); }
    [[nodiscard]] std::span<T> span() const noexcept { return {data(), size()}; }
    /// The index is not checked, as in a std::vector.
    [[nodiscard]] T& operator[](std::size_t index) const noexcept { return data()[index]; }
    [[nodiscard]] iterator begin() const noexcept { return data(); }
    [[nodiscard]] iterator end() const noexcept { return data() + size(); }

    /// Packs the array for another process. Throws RuntimeError outside of a value that is being
    /// sent.
    template <class Packer> void msgpack_pack(Packer& packer) const {
        memory_.msgpack_pack(packer);
    }
    void msgpack_unpack(const msgpack::object& object) {
        memory_.msgpack_unpack(object);
        if (memory_.size() % sizeof(T) != 0) {
            detail::throw_wrong_block(memory_.size(), sizeof(T));
        }
    }

private:
    static std::size_t bytes(std::size_t size) {
        if (size > std::numeric_limits<std::size_t>::max() / sizeof(T)) {
            throw ValueError("a SharedArray of " + std::to_string(size) + " elements of " +
                             std::to_string(sizeof(T)) + " bytes is too large to be counted");
        }
        return size * sizeof(T);
    }

    SharedMemory memory_;
};

} // namespace hocket
