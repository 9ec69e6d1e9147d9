#pragma once

#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "http/application.hpp"
#include "http/folder.hpp"
#include "http/static_entry.hpp"

namespace hocket::http::detail {

/// The small files that a StaticFiles has read on one loop.
class StaticCache final : public LoopData {
public:
    using Entry = std::shared_ptr<const StaticEntry>;

    /// The file that `path` stands for; nullptr if it is not here or has changed. Whether it has
    /// changed is looked up at most once a second.
    [[nodiscard]] Entry find(std::string_view path, const Folder& folder);

    /// Keeps a file; `limit` is the size of all in bytes.
    Entry store(std::string_view path, StaticEntry entry, std::uint64_t limit);

private:
    struct Kept {
        Entry entry;
        std::time_t checked;
    };
    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };

    std::unordered_map<std::string, Kept, Hash, std::equal_to<>> files_;
    std::uint64_t total_ = 0;
};

} // namespace hocket::http::detail
