#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <hocket/detail/processes/shared/atomic_word.hpp>
#include <hocket/shared_memory.hpp>

namespace hocket {

/// A number, enumeration or small struct that is shared between processes and changed atomically:
/// Python's multiprocessing.Value, which needs a lock for that.
///
///     hocket::SharedValue<int> done(0);
///     done.fetch_add(1); // in any process
///
/// All operations have a single total order (memory_order_seq_cst). This is a handle: copies refer
/// to the same value, and even a const handle can change it. Each uses a page of memory and a
/// descriptor, so keep many values in a SharedArray instead. May be used from any thread.
template <class T> class SharedValue {
    static_assert(detail::is_lock_free<T>(),
                  "hocket: a SharedValue must be of a type that this machine changes atomically: a "
                  "number, an enumeration, a trivially copyable struct of 1, 2, 4 or 8 bytes. Keep "
                  "anything else in a SharedArray, and a ProcessLock beside it");

public:
    using value_type = T;

    /// Throws std::system_error if no memory or descriptors are left.
    explicit SharedValue(T value = T()) : memory_(sizeof(T)) { store(value); }

    [[nodiscard]] T load() const noexcept { return std::bit_cast<T>(atomic().load()); }
    void store(T value) const noexcept { atomic().store(std::bit_cast<Word>(value)); }
    /// Stores `value` and returns the previous one.
    T exchange(T value) const noexcept {
        return std::bit_cast<T>(atomic().exchange(std::bit_cast<Word>(value)));
    }
    /// Adds `difference` and returns the previous value; fetch_sub subtracts it.
    T fetch_add(T difference) const noexcept requires detail::is_number<T> {
        return atomic().fetch_add(difference);
    }
    T fetch_sub(T difference) const noexcept requires detail::is_number<T> {
        return atomic().fetch_sub(difference);
    }
    /// Stores `desired` if the value equals `expected` byte by byte; otherwise copies the value
    /// into `expected`. Returns whether it stored.
    bool compare_exchange(T& expected, T desired) const noexcept {
        auto before = std::bit_cast<Word>(expected);
        const bool stored = atomic().compare_exchange_strong(before, std::bit_cast<Word>(desired));
        expected = std::bit_cast<T>(before);
        return stored;
    }

    /// Packs the value for another process. Throws RuntimeError outside of a value that is being
    /// sent.
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
    using Word = typename detail::AtomicWord<T>::type;
    [[nodiscard]] std::atomic_ref<Word> atomic() const noexcept {
        return std::atomic_ref<Word>(*reinterpret_cast<Word*>(memory_.data()));
    }

    SharedMemory memory_;
};

} // namespace hocket
