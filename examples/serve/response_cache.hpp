#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "serve/clock.hpp"
#include "serve/file_lookup.hpp"

namespace serve {

/// A small file as the whole answer to a GET on a connection that stays open: one write sends it.
struct CachedResponse {
    std::string bytes; ///< head and body
    std::size_t head_size = 0;
    FileVersion version;

    std::string_view head() const { return std::string_view(bytes).substr(0, head_size); }
    std::string_view body() const { return std::string_view(bytes).substr(head_size); }
};

/// Ready answers by request target. Whether a file has changed is looked up at most once a second.
class ResponseCache {
public:
    static constexpr std::size_t max_file = 256 * 1024;
    static constexpr std::size_t max_total = 64 * 1024 * 1024;

    explicit ResponseCache(const Clock& clock) : clock_(clock) {}

    /// The answer for this target, or null. Valid until the next call of find() or store().
    const CachedResponse* find(std::string_view target);

    /// Keeps `body`, the content of `file`, as the answer for this target and returns it.
    const CachedResponse& store(std::string_view target, const FileLookup& file,
                                std::string_view body);

private:
    struct Entry {
        CachedResponse response;
        std::string path;
        std::size_t date_position = 0;
        std::uint64_t checked = 0; // Clock::seconds
    };
    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };

    bool refresh(Entry& entry) const;

    const Clock& clock_;
    std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries_;
    std::size_t total_ = 0;
};

} // namespace serve
