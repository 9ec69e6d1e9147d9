#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hocket::http {

/// A form with files, sent as multipart/form-data: httpx's `files` and `data`.
///
///     hocket::http::Multipart form;
///     form.add_field("title", "Summer");
///     form.add_file("picture", "/home/me/beach.jpg");
///
/// Names and file names may contain any bytes; quotes and line ends are escaped as browsers do.
/// Content types must not contain control characters (ValueError).
class Multipart {
public:
    /// Settings of a file part. If `filename` is empty, the last part of the path is used.
    struct FileOptions {
        std::string filename = {};
        std::string content_type = {}; ///< Empty: what libcurl derives from the name, if it can.
    };

    void add_field(std::string_view name, std::string_view value);
    /// A file whose content is in memory.
    void add_bytes(std::string_view name, std::string_view content, const FileOptions& options);
    /// A file that is read while it is sent. It is opened when the request starts.
    void add_file(std::string_view name, std::string_view path);
    void add_file(std::string_view name, std::string_view path, const FileOptions& options);

    /// Internal.
    struct Part {
        std::string name;
        std::string content; // or the path
        std::optional<std::string> filename;
        std::string content_type;
        bool is_file = false;
    };
    [[nodiscard]] const std::vector<Part>& parts() const noexcept { return parts_; }

private:
    std::vector<Part> parts_;
};

} // namespace hocket::http
