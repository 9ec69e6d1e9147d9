#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <hocket/http/handler.hpp>

namespace hocket::http {

/// What to do with symbolic links below a folder of static files.
enum class Symlinks {
    within, ///< Follow those that stay below the folder; refuse the others with 403.
    follow, ///< Follow all: they are the owner's.
    refuse, ///< Refuse all with 403.
};

/// Options of StaticFiles.
struct StaticFilesOptions {
    Symlinks symlinks = Symlinks::within;
    /// Files up to this size are kept in memory, and what they have in common is looked up at most
    /// once a second; larger files are sent by the kernel.
    std::uint64_t largest_cached = std::uint64_t{256} * 1024;
    /// The limit on that memory for each loop.
    std::uint64_t cache = std::uint64_t{64} * 1024 * 1024;
};

/// Serves the files below a folder. The file is that of the pattern's parameter `path`:
///
///     hocket::http::Router router;
///     router.get("/docs/{path:path}", hocket::http::StaticFiles("/usr/share/doc"));
///
/// A folder stands for its index.html; without a slash at its end, it is redirected to the path
/// with one. There are no lists of folders. Answers have Content-Type, by the file's extension,
/// Last-Modified and a strong ETag. Conditions (If-Match, If-None-Match, If-Modified-Since,
/// If-Unmodified-Since, If-Range) and a Range of one part are honoured; of several parts, the whole
/// file is sent, which RFC 9110 allows.
///
/// A path with a segment ".." is refused with 403, whether or not it would leave the folder. Hidden
/// files are served like others. Files are opened on the loop's thread, and so are small ones read
/// if they are in the page cache; otherwise they are read on a thread of the default executor.
class StaticFiles final : public Handler {
public:
    /// Throws std::system_error if `folder` cannot be opened or is not a folder.
    explicit StaticFiles(const std::string& folder, StaticFilesOptions options = {});

    bool answer_now(Request& request, Response& response) override;
    Coro<Response> answer(Request& request) override;

private:
    class State;
    std::shared_ptr<const State> state_;
};

} // namespace hocket::http
