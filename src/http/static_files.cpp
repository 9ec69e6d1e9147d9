#include <hocket/http/static_files.hpp>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <hocket/event_loop.hpp>
#include <hocket/future.hpp>
#include <hocket/http/status_error.hpp>
#include <hocket/thread_pool_executor.hpp>

#include "http/conditions.hpp"
#include "http/connection.hpp"
#include "http/content_type.hpp"
#include "http/folder.hpp"
#include "http/http_date.hpp"
#include "http/static_cache.hpp"
#include "http/static_entry.hpp"

namespace hocket::http {

using detail::Folder;
using detail::OpenedFile;
using detail::StaticCache;
using detail::StaticEntry;

class StaticFiles::State {
public:
    State(const std::string& path, const StaticFilesOptions& chosen)
        : folder(path, chosen.symlinks), options(chosen) {}

    Folder folder;
    StaticFilesOptions options;
};

namespace {

/// Reads what is in the page cache; the rest is left to a thread. Returns the number of bytes.
std::size_t read_cached(int file, std::string& content) {
    iovec part{content.data(), content.size()};
    const ssize_t count = ::preadv2(file, &part, 1, 0, RWF_NOWAIT);
    return count > 0 ? static_cast<std::size_t>(count) : 0;
}

/// Reads the rest of a file. On a thread, which may go on after the request has been cancelled.
std::string read_rest(const FileDescriptor& file, std::string content, std::size_t filled) {
    while (filled < content.size()) {
        const ssize_t count = ::pread(file.fileno(), content.data() + filled,
                                      content.size() - filled, static_cast<off_t>(filled));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        filled += static_cast<std::size_t>(count);
    }
    content.resize(filled);
    return content;
}

/// Returns the content of a file that has `size` bytes, or fewer bytes if it has become shorter.
Coro<std::string> read_file(int file, std::size_t size) {
    std::string content(size, '\0');
    const std::size_t cached = read_cached(file, content);
    if (cached == size) co_return content;
    const auto own = std::make_shared<FileDescriptor>(::fcntl(file, F_DUPFD_CLOEXEC, 0));
    const auto read = [own, cached](std::string bytes) {
        return read_rest(*own, std::move(bytes), cached);
    };
    auto rest = get_running_loop().run_in_executor(nullptr, read, std::move(content));
    co_return co_await rest;
}

std::string field_lines(const OpenedFile& file) {
    std::string lines = "Content-Type: ";
    lines += detail::content_type(file.name);
    lines += "\r\nLast-Modified: " + detail::format_http_date(file.version.modified());
    lines += "\r\nETag: " + file.version.etag() + "\r\nAccept-Ranges: bytes\r\n";
    return lines;
}

void add_fields(Response& response, const detail::FileVersion& version) {
    response.headers.set("Last-Modified", detail::format_http_date(version.modified()));
    response.headers.set("ETag", version.etag());
    response.headers.set("Accept-Ranges", "bytes");
}

/// The same path with a slash at its end. Several slashes at the front become one, because "//x/"
/// would name another host.
std::string with_slash(const Request& request) {
    std::string_view path = request.path();
    path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
    std::string location = "/" + std::string(path) + "/";
    if (!request.query().empty()) location += "?" + std::string(request.query());
    return location;
}

} // namespace

StaticFiles::StaticFiles(const std::string& folder, StaticFilesOptions options)
    : state_(std::make_shared<const State>(folder, options)) {}

bool StaticFiles::answer_now(Request& request, Response& response) {
    auto& cache = detail::Connection::loop_of(request).data<StaticCache>(state_.get());
    const auto entry = cache.find(request.param("path"), state_->folder);
    if (!entry || detail::is_conditional(request.headers())) return false;
    response = Response();
    response.body_ = entry;
    return true;
}

Coro<Response> StaticFiles::answer(Request& request) {
    const std::string_view path = request.param("path");
    OpenedFile file = state_->folder.open(path);
    switch (file.status) {
    case 200: break;
    case 301: co_return Response::redirect(with_slash(request), 301);
    case 400: throw StatusError(400, "the path is not valid");
    case 403: throw StatusError(403, "this may not be read");
    case 404: throw StatusError(404, "there is no such file");
    default: throw StatusError(file.status);
    }
    const detail::FileVersion version = file.version;
    const auto condition = detail::evaluate_conditions(request.headers(), version);
    if (condition != detail::Condition::send) {
        Response response(condition == detail::Condition::failed ? 412 : 304);
        add_fields(response, version);
        co_return response;
    }
    const auto range = detail::requested_range(request.headers(), version);
    if (range && range->size == 0) {
        Headers headers{{"Content-Range", "bytes */" + std::to_string(version.size)}};
        throw StatusError(416, "the range is not in the file", std::move(headers));
    }
    if (!range && version.size <= state_->options.largest_cached) {
        std::string content = co_await read_file(file.file.fileno(), version.size);
        if (content.size() != version.size) throw StatusError(503, "the file is being changed");
        auto& cache = detail::Connection::loop_of(request).data<StaticCache>(state_.get());
        Response response;
        response.body_ =
            cache.store(path, StaticEntry{field_lines(file), std::move(content), version},
                        state_->options.cache);
        co_return response;
    }
    const std::uint64_t offset = range ? range->offset : 0;
    const std::uint64_t size = range ? range->size : version.size;
    Response response = Response::file(FileBody{std::move(file.file), offset, size},
                                       detail::content_type(file.name));
    add_fields(response, version);
    if (range) {
        response.status = 206;
        response.headers.set("Content-Range", "bytes " + std::to_string(offset) + "-" +
                                                  std::to_string(offset + size - 1) + "/" +
                                                  std::to_string(version.size));
    }
    co_return response;
}

} // namespace hocket::http
