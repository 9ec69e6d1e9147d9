#include "serve/response_head.hpp"

#include "serve/content_type.hpp"
#include "web/http_date.hpp"
#include "web/http_status.hpp"

namespace serve {

ResponseHead::ResponseHead(int status)
    : text_("HTTP/1.1 " + web::status_text(status) + "\r\nServer: hocket-serve\r\n") {}

ResponseHead& ResponseHead::field(std::string_view name, std::string_view value) {
    text_ += name;
    text_ += ": ";
    text_ += value;
    text_ += "\r\n";
    return *this;
}

ResponseHead& ResponseHead::file(const std::string& path, const FileVersion& version) {
    field("Content-Type", content_type(path));
    return field("Last-Modified", web::format_http_date(version.modified()));
}

ResponseHead& ResponseHead::length(std::uint64_t bytes) {
    return field("Content-Length", std::to_string(bytes));
}

ResponseHead& ResponseHead::connection(Connection connection) {
    switch (connection) {
    case Connection::stays_open: return *this;
    case Connection::stays_open_explicitly: return field("Connection", "keep-alive");
    case Connection::closes: break;
    }
    return field("Connection", "close");
}

} // namespace serve
