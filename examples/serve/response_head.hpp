#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "serve/file_lookup.hpp"

namespace serve {

/// What becomes of the connection after a response.
enum class Connection {
    stays_open,            ///< as HTTP/1.1 does when nothing is said
    stays_open_explicitly, ///< said to an HTTP/1.0 client that asked for it
    closes,
};

/// Builds the head of a response line by line.
class ResponseHead {
public:
    explicit ResponseHead(int status);
    ResponseHead& field(std::string_view name, std::string_view value);
    ResponseHead& date(std::string_view date) { return field("Date", date); }
    ResponseHead& file(const std::string& path, const FileVersion& version);
    ResponseHead& length(std::uint64_t bytes);
    ResponseHead& connection(Connection connection);
    /// The head with its empty line.
    std::string finish() { return std::move(text_ += "\r\n"); }

private:
    std::string text_;
};

} // namespace serve
