#include "web/response_parser.hpp"

#include <algorithm>

#include "web/ascii.hpp"
#include "web/http_error.hpp"

namespace web {
namespace {

constexpr std::string_view magic = "HTTP/";

[[noreturn]] void malformed(const std::string& message) {
    throw HttpError(HttpFault::malformed, 400, message);
}

} // namespace

const std::string* Response::field(std::string_view name) const {
    for (const auto& [key, value] : fields)
        if (key == name) return &value;
    return nullptr;
}

std::size_t ResponseParser::feed(std::string_view bytes) {
    std::size_t used = 0;
    while (!body_ && used < bytes.size()) {
        const std::size_t before = head_.size();
        head_ += bytes.substr(used);
        // A peer that speaks something else may never send an end of line: tell at once.
        if (head_.size() < magic.size()) return bytes.size();
        if (!head_.starts_with(magic))
            malformed("not an HTTP response: it begins with " +
                      quoted(std::string_view(head_).substr(0, magic.size())));
        const auto end = find_head_end(head_, before, limits_);
        if (!end) return bytes.size();
        used += *end - before;
        head_.resize(*end);
        parse_head();
        head_.clear();
    }
    if (body_) used += body_->feed(bytes.substr(used), &response_.body);
    return used;
}

void ResponseParser::parse_head() {
    std::string_view head = head_;
    parse_status_line(take_line(head, LineEnds::tolerant));
    std::vector<HeaderField> fields;
    const Framing framing = parse_fields(head, LineEnds::tolerant, limits_, fields);
    // 100 Continue and its like announce the real response, which follows.
    if (response_.status < 200) return;
    for (const HeaderField& field : fields)
        response_.fields.emplace_back(to_lower(field.name), field.value);
    response_.keep_alive = framing.keep_alive(response_.minor_version);
    body_ = body_for(framing);
    // Room for the body at once; a length that is a lie costs no more than this.
    response_.body.reserve(std::min<std::uint64_t>(framing.content_length.value_or(0), 1 << 20));
}

void ResponseParser::parse_status_line(std::string_view line) {
    const bool well_formed = line.size() >= 12 && line.starts_with("HTTP/1.") &&
                             is_digit(line[7]) && line[8] == ' ' && is_digit(line[9]) &&
                             is_digit(line[10]) && is_digit(line[11]) &&
                             (line.size() == 12 || line[12] == ' ');
    if (!well_formed) malformed("status line " + quoted(line) + ": expected HTTP/1.1 CODE REASON");
    response_.minor_version = line[7] - '0';
    response_.status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
    response_.reason = line.size() > 13 ? line.substr(13) : std::string_view{};
    if (response_.status < 100 || response_.status > 599)
        malformed("status code " + std::to_string(response_.status) +
                  ": expected one from 100 to 599");
    if (response_.status == 101)
        throw HttpError(HttpFault::unsupported, 400,
                        "status 101: the server switches protocols, which nobody asked for");
}

BodyDecoder ResponseParser::body_for(const Framing& framing) {
    const int status = response_.status;
    if (asked_ == Asked::head || status == 204 || status == 304)
        return BodyDecoder::of_length(0, limits_.body);
    if (framing.has_transfer_encoding) {
        // RFC 9112, 6.3: the coding wins over a length, but such a connection is not to be trusted.
        if (framing.content_length) response_.keep_alive = false;
        return BodyDecoder::chunked(limits_.body);
    }
    if (framing.content_length)
        return BodyDecoder::of_length(*framing.content_length, limits_.body);
    response_.keep_alive = false;
    return BodyDecoder::until_close(limits_.body);
}

void ResponseParser::finish() {
    if (body_) return body_->finish();
    throw HttpError(HttpFault::cut_off, 400,
                    head_.empty()
                        ? "the connection ended without a response"
                        : "cut off: the connection ended in the middle of the head, after " +
                              std::to_string(head_.size()) + " bytes");
}

} // namespace web
