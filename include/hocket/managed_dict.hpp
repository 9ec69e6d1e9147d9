#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include <hocket/detail/processes/manager/managed_update.hpp>

namespace hocket {

/// A proxy for a dict held by a Manager. Each call is atomic, blocks for the round trip, and throws
/// WorkerDied if the manager has exited. Proxies are handles: copies, including those sent to other
/// processes, refer to the same dict, which lives until the last of them is destroyed. May be used
/// from any thread.
///
/// The keys are sorted (operator<), not in the order of insertion as in Python.
template <class K, class V> class ManagedDict : public detail::ManagedReference {
    using Map = std::map<K, V>;

public:
    ManagedDict() noexcept = default; ///< Refers to no dict.
    explicit ManagedDict(detail::ManagedReference reference) noexcept
        : ManagedReference(std::move(reference)) {}

    /// Returns a copy of the value. Throws std::out_of_range (Python: KeyError) if the key is
    /// missing.
    [[nodiscard]] V get(const K& key) const {
        return this->ask<Map>(
            [](Map& map, const K& at) -> const V& {
                const auto found = map.find(at);
                require(found != map.end());
                return found->second;
            },
            key);
    }
    /// Returns a copy of the value, or `otherwise` if the key is missing.
    [[nodiscard]] V get_or(const K& key, const V& otherwise) const {
        return this->ask<Map>(
            [](Map& map, const K& at, const V& other) {
                const auto found = map.find(at);
                return found == map.end() ? other : found->second;
            },
            key, otherwise);
    }
    void set(const K& key, const V& value) const {
        this->ask<Map>([](Map& map, const K& at, V to) { map.insert_or_assign(at, std::move(to)); },
                       key, value);
    }
    /// Returns the value; if the key is missing, sets it to `value` first.
    V setdefault(const K& key, const V& value) const {
        return this->ask<Map>([](Map& map, const K& at,
                                 V to) { return map.try_emplace(at, std::move(to)).first->second; },
                              key, value);
    }
    [[nodiscard]] bool contains(const K& key) const {
        return this->ask<Map>([](Map& map, const K& at) { return map.contains(at); }, key);
    }
    /// Removes the key and returns its value. Throws std::out_of_range if the key is missing.
    V pop(const K& key) const {
        return this->ask<Map>(
            [](Map& map, const K& at) {
                auto node = map.extract(at);
                require(!node.empty());
                return std::move(node.mapped());
            },
            key);
    }
    /// Removes the key; returns false if it was missing.
    bool erase(const K& key) const {
        return this->ask<Map>([](Map& map, const K& at) { return map.erase(at) != 0; }, key);
    }
    void clear() const {
        this->ask<Map>([](Map& map) { map.clear(); });
    }
    [[nodiscard]] std::size_t size() const {
        return this->ask<Map>([](Map& map) { return map.size(); });
    }
    [[nodiscard]] std::vector<K> keys() const {
        return this->ask<Map>([](Map& map) {
            std::vector<K> all;
            for (const auto& [key, value] : map) {
                all.push_back(key);
            }
            return all;
        });
    }
    /// Returns a copy of the whole dict.
    [[nodiscard]] std::map<K, V> items() const {
        return this->ask<Map>([](Map& map) -> const Map& { return map; });
    }

    /// Sets all keys of `others`.
    void update(const std::map<K, V>& others) const {
        this->ask<Map>(
            [](Map& map, Map from) {
                from.merge(map);
                map.swap(from);
            },
            others);
    }
    /// Calls `function(value, args...)` in the manager, as one atomic step. `function` either takes
    /// a V& and returns nothing, or takes a V and returns the new value, which `update` returns as
    /// well. A missing key starts as V(). The function and arguments must be of kinds that a
    /// ProcessPoolExecutor accepts. If the function throws, changes it made through the reference
    /// remain.
    template <class F, class... Args>
    detail::UpdateResult<F, V, Args...> update(const K& key, const F& function,
                                               const Args&... args) const {
        return this->ask<Map>(
            [](Map& map, const K& at, const detail::RemoteCallee<std::decay_t<F>>& call,
               auto&&... values) {
                return detail::update_value(map[at], call, std::move(values)...);
            },
            key, detail::RemoteCallee<std::decay_t<F>>(function), args...);
    }

private:
    static void require(bool is_there) {
        if (!is_there) {
            throw std::out_of_range("the managed dict has no such key");
        }
    }
};

} // namespace hocket
