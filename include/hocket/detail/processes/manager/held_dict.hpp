#pragma once

#include <cstddef>
#include <map>
#include <stdexcept>
#include <utility>
#include <vector>

#include <hocket/detail/processes/manager/managed_update.hpp>

namespace hocket::detail {

/// The dict inside the manager. ManagedDict says what the functions do.
template <class K, class V> class HeldDict {
public:
    [[nodiscard]] const V& get(const K& key) const {
        const auto found = map_.find(key);
        require(found != map_.end());
        return found->second;
    }
    [[nodiscard]] V get_or(const K& key, V otherwise) const {
        const auto found = map_.find(key);
        return found == map_.end() ? std::move(otherwise) : found->second;
    }
    void set(const K& key, V value) { map_.insert_or_assign(key, std::move(value)); }
    const V& setdefault(const K& key, V value) {
        return map_.try_emplace(key, std::move(value)).first->second;
    }
    [[nodiscard]] bool contains(const K& key) const { return map_.contains(key); }
    V pop(const K& key) {
        auto node = map_.extract(key);
        require(!node.empty());
        return std::move(node.mapped());
    }
    bool erase(const K& key) { return map_.erase(key) != 0; }
    void clear() { map_.clear(); }
    [[nodiscard]] std::size_t size() const { return map_.size(); }
    [[nodiscard]] std::vector<K> keys() const {
        std::vector<K> all;
        for (const auto& [key, value] : map_) {
            all.push_back(key);
        }
        return all;
    }
    [[nodiscard]] const std::map<K, V>& items() const { return map_; }
    void merge(std::map<K, V> others) {
        others.merge(map_);
        map_.swap(others);
    }
    template <class F, class... Args>
    UpdateResult<F, V, Args...> update(const K& key, const RemoteCallee<F>& function,
                                       Args... args) {
        return update_value(map_[key], function, std::move(args)...);
    }

private:
    static void require(bool is_there) {
        if (!is_there) {
            throw std::out_of_range("the managed dict has no such key");
        }
    }

    std::map<K, V> map_;
};

} // namespace hocket::detail
