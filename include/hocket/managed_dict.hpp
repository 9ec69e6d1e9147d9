#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include <hocket/detail/processes/manager/managed_update.hpp>

namespace hocket {

/// A dict that lives at a Manager; this is a proxy of it. Each call is atomic, blocks for the
/// round trip, and throws WorkerDied when the manager has ended. A handle: copies, and what arrives
/// in another process, are the same dict, which lives as long as any of them. Any thread.
///
/// The keys are in their own order (operator<), not in that of insertion as in Python.
template <class K, class V> class ManagedDict : public detail::ManagedReference {
    using Map = std::map<K, V>;

public:
    ManagedDict() noexcept = default; ///< Refers to none.
    explicit ManagedDict(detail::ManagedReference reference) noexcept
        : ManagedReference(std::move(reference)) {}

    /// A copy of the value. std::out_of_range, Python's KeyError, when there is none.
    [[nodiscard]] V get(const K& key) const {
        return this->ask<Map>(
            [](Map& map, const K& at) -> const V& {
                const auto found = map.find(at);
                require(found != map.end());
                return found->second;
            },
            key);
    }
    /// The same, or `otherwise`.
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
    /// The value, which is set to `value` first when there is none.
    V setdefault(const K& key, const V& value) const {
        return this->ask<Map>([](Map& map, const K& at,
                                 V to) { return map.try_emplace(at, std::move(to)).first->second; },
                              key, value);
    }
    [[nodiscard]] bool contains(const K& key) const {
        return this->ask<Map>([](Map& map, const K& at) { return map.contains(at); }, key);
    }
    /// Takes the value out. std::out_of_range when there is none.
    V pop(const K& key) const {
        return this->ask<Map>(
            [](Map& map, const K& at) {
                auto node = map.extract(at);
                require(!node.empty());
                return std::move(node.mapped());
            },
            key);
    }
    /// Returns false when there was none.
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
    /// A copy of everything.
    [[nodiscard]] std::map<K, V> items() const {
        return this->ask<Map>([](Map& map) -> const Map& { return map; });
    }

    /// Sets each of `others`.
    void update(const std::map<K, V>& others) const {
        this->ask<Map>(
            [](Map& map, Map from) {
                from.merge(map);
                map.swap(from);
            },
            others);
    }
    /// Calls `function(value, args...)` at the manager, in one step with nothing in between:
    /// `function` takes a V& and returns nothing, or takes a V and returns the new one, which
    /// update returns too. An absent value is V() first. What may cross is what a
    /// ProcessPoolExecutor takes. When it throws, what it has changed by reference stays changed.
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
