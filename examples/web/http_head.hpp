#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

/// What the heads of requests and responses have in common.
namespace web {

struct HttpLimits {
    std::size_t start_line = 8 * 1024; ///< request line or status line, bytes
    std::size_t head = 16 * 1024;      ///< start line and all fields, bytes
    std::size_t fields = 100;          ///< number of header fields
    std::uint64_t body = 1024 * 1024;  ///< bytes of the body
};

struct HeaderField {
    std::string_view name;
    std::string_view value; ///< without the white space around it
};

enum class LineEnds {
    strict,   ///< CR LF only: a request with anything else may be an attempt at smuggling
    tolerant, ///< a bare LF too: old servers send it, and RFC 9112 2.2 lets a client accept it
};

/// How long the head at the start of `bytes` is, the empty line included; nothing while it is not
/// complete. `from` is where to start looking: what an earlier call has seen need not be seen
/// again. Throws HttpError when start line or head exceed their limits.
std::optional<std::size_t> find_head_end(std::string_view bytes, std::size_t from,
                                         const HttpLimits& limits);

/// Takes the next line off the front of `head`, without its line end. Throws HttpError for a bare
/// LF where `ends` is strict.
std::string_view take_line(std::string_view& head, LineEnds ends);

/// What the header fields say about the message's length and the connection.
struct Framing {
    std::optional<std::uint64_t> content_length;
    bool chunked = false;
    bool has_transfer_encoding = false;
    bool connection_close = false;
    bool connection_keep_alive = false;
    int hosts = 0; ///< number of Host fields

    bool keep_alive(int minor_version) const {
        return minor_version >= 1 ? !connection_close : connection_keep_alive && !connection_close;
    }
};

/// Reads the field lines of `head` up to the empty line into `fields` (views into `head`) and
/// what they say into the result. Throws HttpError: a name that is not a token, a folded line, a
/// control character, Content-Length values that disagree, too many fields.
Framing parse_fields(std::string_view head, LineEnds ends, const HttpLimits& limits,
                     std::vector<HeaderField>& fields);

bool is_token(std::string_view text);

/// The first field of that name, its value; nothing when there is none.
std::optional<std::string_view> find_field(const std::vector<HeaderField>& fields,
                                           std::string_view name);

} // namespace web
