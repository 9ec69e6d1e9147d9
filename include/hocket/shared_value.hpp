#pragma once

#include <atomic>
#include <type_traits>

#include <hocket/shared_memory.hpp>

namespace hocket {

namespace detail {

template <class T> consteval bool is_lock_free() {
    if constexpr (std::is_trivially_copyable_v<T>) {
        return std::atomic_ref<T>::is_always_lock_free;
    } else {
        return false;
    }
}

template <class T>
concept is_number = std::is_arithmetic_v<T> && !std::is_same_v<T, bool>;

} // namespace detail

/// A number (or an enumeration, or a small struct) that processes share and change atomically:
/// Python's multiprocessing.Value, which needs a lock for that.
///
///     hocket::SharedValue<int> done(0);
///     done.fetch_add(1);                    // in any process
///
/// All operations are in one order that everybody sees (memory_order_seq_cst). A handle: copies
/// refer to the same value, constant ones can change it, too. Takes a page of memory and a
/// descriptor: many values are better kept in a SharedArray. Any thread.
template <class T> class SharedValue {
    static_assert(detail::is_lock_free<T>(),
                  "hocket: a SharedValue must be of a type that this machine changes atomically: a "
                  "number, an enumeration, a trivially copyable struct of up to 8 bytes. Keep "
                  "anything larger in a SharedArray, and a ProcessLock beside it");

public:
    using value_type = T;

    /// Throws std::system_error when out of memory or descriptors.
    explicit SharedValue(T value = T()) : memory_(sizeof(T)) { store(value); }

    [[nodiscard]] T load() const noexcept { return atomic().load(); }
    void store(T value) const noexcept { atomic().store(value); }
    /// Stores `value` and returns the one before.
    T exchange(T value) const noexcept { return atomic().exchange(value); }
    /// Adds and returns the value before.
    T fetch_add(T difference) const noexcept requires detail::is_number<T> {
        return atomic().fetch_add(difference);
    }
    T fetch_sub(T difference) const noexcept requires detail::is_number<T> {
        return atomic().fetch_sub(difference);
    }
    /// Stores `desired` if the value is `expected`; else puts the value into `expected`. Returns
    /// whether it stored.
    bool compare_exchange(T& expected, T desired) const noexcept {
        return atomic().compare_exchange_strong(expected, desired);
    }

    /// How it crosses; only as a part of what crosses to another process (RuntimeError).
    template <class Packer> void msgpack_pack(Packer& packer) const {
        memory_.msgpack_pack(packer);
    }
    void msgpack_unpack(const msgpack::object& object) {
        SharedMemory memory;
        memory.msgpack_unpack(object);
        if (memory.size() != sizeof(T)) {
            detail::throw_wrong_block(memory.size(), sizeof(T));
        }
        memory_ = memory;
    }

private:
    [[nodiscard]] std::atomic_ref<T> atomic() const noexcept {
        return std::atomic_ref<T>(*reinterpret_cast<T*>(memory_.data()));
    }

    SharedMemory memory_;
};

} // namespace hocket
