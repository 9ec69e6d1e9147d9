#include <hocket/http/access_record.hpp>

#include <memory>
#include <mutex>
#include <ostream>

#include "http/http_date.hpp"

namespace hocket::http {
namespace {

void append_escaped(std::string& line, std::string_view text) {
    static constexpr char digits[] = "0123456789abcdef";
    if (text.empty()) line += '-';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\') {
            line += c;
        } else {
            line += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
        }
    }
}

} // namespace

std::string combined_log_line(const AccessRecord& record) {
    // "Sun, 06 Nov 1994 08:49:37 GMT"
    const std::string date =
        detail::format_http_date(std::chrono::system_clock::to_time_t(record.when));
    const std::string time = date.substr(5, 2) + "/" + date.substr(8, 3) + "/" +
                             date.substr(12, 4) + ":" + date.substr(17, 8) + " +0000";

    std::string line;
    append_escaped(line, record.peer.host());
    line += " - - [" + time + "] \"";
    if (record.method.empty()) {
        line += '-';
    } else {
        append_escaped(line, record.method);
        line += ' ';
        append_escaped(line, record.target);
        line += record.minor_version == 0 ? " HTTP/1.0" : " HTTP/1.1";
    }
    line += "\" " + std::to_string(record.status) + ' ' + std::to_string(record.body_bytes) + " \"";
    append_escaped(line, record.referer);
    line += "\" \"";
    append_escaped(line, record.user_agent);
    line += '"';
    return line;
}

AccessLog log_to(std::ostream& out) {
    return [&out, mutex = std::make_shared<std::mutex>()](const AccessRecord& record) {
        const std::string line = combined_log_line(record) + "\n";
        const std::lock_guard lock(*mutex);
        out << line;
        out.flush();
    };
}

} // namespace hocket::http
