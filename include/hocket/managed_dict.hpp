#pragma once

#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include <hocket/detail/processes/manager/held_dict.hpp>
#include <hocket/detail/processes/manager/managed_reference.hpp>

namespace hocket {

/// A proxy for a dict held by a Manager. Each call is atomic, and throws WorkerDied if the manager
/// has exited. Proxies are handles: copies, including those sent to other processes, refer to the
/// same dict, which lives until the last of them is destroyed. May be used from any thread.
///
/// A function blocks the thread for the round trip. Its twin with the suffix `_async` suspends the
/// task instead, so that the loop goes on:
///
///     hocket::Coro<> count(hocket::ManagedDict<std::string, int> visits) {
///         co_await visits.set_async("home", 1);
///     }
///
/// A task that is cancelled meanwhile gets CancelledError once the manager has either withdrawn the
/// call or carried it out. Each pending call of a twin needs one descriptor. Destroying the last
/// proxy of a process, and sending one to another process, block for a round trip.
///
/// The keys are sorted (operator<), not in the order of insertion as in Python.
template <class K, class V> class ManagedDict : public detail::ManagedReference {
    using Held = detail::HeldDict<K, V>;

public:
    ManagedDict() noexcept = default; ///< Refers to no dict.
    explicit ManagedDict(detail::ManagedReference reference) noexcept
        : ManagedReference(std::move(reference)) {}

    /// Returns a copy of the value. Throws std::out_of_range (Python: KeyError) if the key is
    /// missing.
    [[nodiscard]] V get(const K& key) const { return ask<&Held::get>(key); }
    [[nodiscard]] Coro<V> get_async(const K& key) const { return ask_async<&Held::get>(key); }

    /// Returns a copy of the value, or `otherwise` if the key is missing.
    [[nodiscard]] V get_or(const K& key, const V& otherwise) const {
        return ask<&Held::get_or>(key, otherwise);
    }
    [[nodiscard]] Coro<V> get_or_async(const K& key, const V& otherwise) const {
        return ask_async<&Held::get_or>(key, otherwise);
    }

    void set(const K& key, const V& value) const { ask<&Held::set>(key, value); }
    [[nodiscard]] Coro<> set_async(const K& key, const V& value) const {
        return ask_async<&Held::set>(key, value);
    }

    /// Returns the value; if the key is missing, sets it to `value` first.
    V setdefault(const K& key, const V& value) const { return ask<&Held::setdefault>(key, value); }
    [[nodiscard]] Coro<V> setdefault_async(const K& key, const V& value) const {
        return ask_async<&Held::setdefault>(key, value);
    }

    [[nodiscard]] bool contains(const K& key) const { return ask<&Held::contains>(key); }
    [[nodiscard]] Coro<bool> contains_async(const K& key) const {
        return ask_async<&Held::contains>(key);
    }

    /// Removes the key and returns its value. Throws std::out_of_range if the key is missing.
    V pop(const K& key) const { return ask<&Held::pop>(key); }
    [[nodiscard]] Coro<V> pop_async(const K& key) const { return ask_async<&Held::pop>(key); }

    /// Removes the key; returns false if it was missing.
    bool erase(const K& key) const { return ask<&Held::erase>(key); }
    [[nodiscard]] Coro<bool> erase_async(const K& key) const {
        return ask_async<&Held::erase>(key);
    }

    void clear() const { ask<&Held::clear>(); }
    [[nodiscard]] Coro<> clear_async() const { return ask_async<&Held::clear>(); }

    [[nodiscard]] std::size_t size() const { return ask<&Held::size>(); }
    [[nodiscard]] Coro<std::size_t> size_async() const { return ask_async<&Held::size>(); }

    [[nodiscard]] std::vector<K> keys() const { return ask<&Held::keys>(); }
    [[nodiscard]] Coro<std::vector<K>> keys_async() const { return ask_async<&Held::keys>(); }

    /// Returns a copy of the whole dict.
    [[nodiscard]] std::map<K, V> items() const { return ask<&Held::items>(); }
    [[nodiscard]] Coro<std::map<K, V>> items_async() const { return ask_async<&Held::items>(); }

    /// Sets all keys of `others`.
    void update(const std::map<K, V>& others) const { ask<&Held::merge>(others); }
    [[nodiscard]] Coro<> update_async(const std::map<K, V>& others) const {
        return ask_async<&Held::merge>(others);
    }

    /// Calls `function(value, args...)` in the manager, as one atomic step. `function` either takes
    /// a V& and returns nothing, or takes a V and returns the new value, which `update` returns as
    /// well. A missing key starts as V(). The function and arguments must be of kinds that a
    /// ProcessPoolExecutor accepts. If the function throws, changes it made through the reference
    /// remain.
    template <class F, class... Args>
    detail::UpdateResult<F, V, Args...> update(const K& key, const F& function,
                                               const Args&... args) const {
        return ask<&Held::template update<std::decay_t<F>, detail::Carried<Args>...>>(
            key, detail::RemoteCallee<std::decay_t<F>>(function), args...);
    }
    template <class F, class... Args>
    [[nodiscard]] Coro<detail::UpdateResult<F, V, Args...>>
    update_async(const K& key, const F& function, const Args&... args) const {
        return ask_async<&Held::template update<std::decay_t<F>, detail::Carried<Args>...>>(
            key, detail::RemoteCallee<std::decay_t<F>>(function), args...);
    }
};

} // namespace hocket
