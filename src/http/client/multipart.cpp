#include <hocket/http/multipart.hpp>

#include <hocket/errors.hpp>

#include "http/ascii.hpp"

namespace hocket::http {
namespace {

void check(std::string_view what, std::string_view text) {
    for (const char c : text) {
        if (detail::is_control(c)) {
            throw ValueError("the " + std::string(what) + " " + detail::quoted(text) +
                             " of a form's part contains the control character " +
                             detail::quoted({&c, 1}));
        }
    }
}

void check_no_zero(std::string_view what, std::string_view text) {
    if (text.find('\0') != text.npos) {
        throw ValueError("the " + std::string(what) + " " + detail::quoted(text) +
                         " of a form's part contains a zero byte");
    }
}

} // namespace

void Multipart::add_field(std::string_view name, std::string_view value) {
    check_no_zero("name", name);
    parts_.push_back(
        {std::string(name), std::string(value), std::nullopt, std::string(), /*is_file=*/false});
}

void Multipart::add_bytes(std::string_view name, std::string_view content,
                          const FileOptions& options) {
    check_no_zero("name", name);
    check_no_zero("file name", options.filename);
    check("content type", options.content_type);
    parts_.push_back({std::string(name), std::string(content), options.filename,
                      options.content_type, /*is_file=*/false});
}

void Multipart::add_file(std::string_view name, std::string_view path) {
    add_file(name, path, FileOptions{});
}

void Multipart::add_file(std::string_view name, std::string_view path, const FileOptions& options) {
    check_no_zero("name", name);
    check_no_zero("file name", options.filename);
    check_no_zero("path", path);
    check("content type", options.content_type);
    const auto slash = path.rfind('/');
    const std::string_view last = slash == path.npos ? path : path.substr(slash + 1);
    parts_.push_back({std::string(name), std::string(path),
                      options.filename.empty() ? std::string(last) : options.filename,
                      options.content_type, /*is_file=*/true});
}

} // namespace hocket::http
