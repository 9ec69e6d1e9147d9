#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <hocket/file_descriptor.hpp>
#include <hocket/http/static_files.hpp>

#include "http/file_version.hpp"

namespace hocket::http::detail {

/// The outcome of opening a path below a folder.
struct OpenedFile {
    int status =
        200; ///< 200, 301 (the path is a folder without a slash at its end), 400, 403 or 404.
    FileDescriptor file; ///< Where the status is 200.
    std::string name;    ///< What was opened: with index.html for a folder.
    FileVersion version;
};

/// A folder whose files are opened by paths that clients have chosen.
class Folder {
public:
    /// Throws std::system_error.
    Folder(const std::string& path, Symlinks symlinks);

    /// Opens the regular file that `path` stands for. `path` is decoded and relative.
    [[nodiscard]] OpenedFile open(std::string_view path) const;

private:
    [[nodiscard]] FileDescriptor open_below(const std::string& path, int& error) const;

    std::string path_;
    Symlinks symlinks_;
    FileDescriptor folder_;
};

} // namespace hocket::http::detail
