#include "http/static_cache.hpp"

#include <utility>

namespace hocket::http::detail {

StaticCache::Entry StaticCache::find(std::string_view path, const Folder& folder) {
    const auto found = files_.find(path);
    if (found == files_.end()) return nullptr;
    Kept& kept = found->second;
    const std::time_t now = std::time(nullptr);
    if (kept.checked != now) {
        const OpenedFile file = folder.open(path);
        if (file.status != 200 || file.version != kept.entry->version) {
            total_ -= kept.entry->body.size();
            files_.erase(found);
            return nullptr;
        }
        kept.checked = now;
    }
    return kept.entry;
}

StaticCache::Entry StaticCache::store(std::string_view path, StaticEntry entry,
                                      std::uint64_t limit) {
    const std::uint64_t size = entry.body.size();
    auto shared = std::make_shared<const StaticEntry>(std::move(entry));
    // Files that are asked for often are soon here again; keeping track of the order would cost
    // every request.
    if (total_ + size > limit) {
        files_.clear();
        total_ = 0;
    }
    if (size <= limit) {
        Kept& kept = files_[std::string(path)];
        if (kept.entry) total_ -= kept.entry->body.size();
        kept = {shared, std::time(nullptr)};
        total_ += size;
    }
    return shared;
}

} // namespace hocket::http::detail
