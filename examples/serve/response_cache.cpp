#include "serve/response_cache.hpp"

#include "serve/response_head.hpp"

namespace serve {

const CachedResponse* ResponseCache::find(std::string_view target) {
    const auto found = entries_.find(target);
    if (found == entries_.end()) return nullptr;
    Entry& entry = found->second;
    if (entry.checked == clock_.seconds || refresh(entry)) return &entry.response;
    total_ -= entry.response.bytes.size();
    entries_.erase(found);
    return nullptr;
}

/// Once a second: false when the file is not what it was, else the date becomes the present one.
bool ResponseCache::refresh(Entry& entry) const {
    struct stat status {};
    if (::stat(entry.path.c_str(), &status) != 0 || version_of(status) != entry.response.version)
        return false;
    entry.response.bytes.replace(entry.date_position, clock_.date.size(), clock_.date);
    entry.checked = clock_.seconds;
    return true;
}

const CachedResponse& ResponseCache::store(std::string_view target, const FileLookup& file,
                                           std::string_view body) {
    Entry entry;
    entry.response.bytes = ResponseHead(200)
                               .date(clock_.date)
                               .file(file.path, file.version)
                               .length(body.size())
                               .finish();
    entry.response.head_size = entry.response.bytes.size();
    entry.response.bytes += body;
    entry.response.version = file.version;
    entry.date_position = entry.response.bytes.find(clock_.date);
    entry.path = file.path;
    entry.checked = clock_.seconds;

    // Hot files are back within one request each; a list of who was used last would cost every one.
    if (total_ + entry.response.bytes.size() > max_total) {
        entries_.clear();
        total_ = 0;
    }
    total_ += entry.response.bytes.size();
    return entries_.insert_or_assign(std::string(target), std::move(entry)).first->second.response;
}

} // namespace serve
