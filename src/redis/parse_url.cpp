#include <charconv>
#include <string>

#include <hocket/errors.hpp>
#include <hocket/redis/options.hpp>

namespace hocket::redis {

namespace {

[[noreturn]] void refuse(std::string_view url, const std::string& why) {
    // Without the password, because errors are logged.
    const std::size_t at = url.rfind('@');
    const std::size_t start = url.find("://");
    std::string shown(url);
    if (at != std::string_view::npos && start != std::string_view::npos && start < at) {
        shown = std::string(url.substr(0, start + 3)) + "..." + std::string(url.substr(at));
    }
    throw ValueError("'" + shown + "' is not a URL of a Redis server: " + why);
}

int parse_number(std::string_view url, std::string_view digits, int most, const char* what) {
    int number = 0;
    const char* const end = digits.data() + digits.size();
    const auto [last, error] = std::from_chars(digits.data(), end, number);
    if (error != std::errc() || last != end || number < 0 || number > most) {
        refuse(url, std::string("the ") + what + " must be a number from 0 to " +
                        std::to_string(most) + ", not '" + std::string(digits) + "'");
    }
    return number;
}

std::string unescape(std::string_view url, std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            plain += text[i];
            continue;
        }
        unsigned code = 0;
        const std::string_view digits = text.substr(i + 1, 2);
        const char* const end = digits.data() + digits.size();
        const auto [last, error] = std::from_chars(digits.data(), end, code, 16);
        if (digits.size() != 2 || error != std::errc() || last != end) {
            refuse(url, "a '%' must be followed by two hexadecimal digits");
        }
        plain += static_cast<char>(code);
        i += 2;
    }
    return plain;
}

/// Removes "user:password@" from the front of `rest`.
void take_credentials(std::string_view url, std::string_view& rest, ClientOptions& options) {
    const std::size_t at = rest.substr(0, rest.find('/')).rfind('@');
    if (at == std::string_view::npos) {
        return;
    }
    const std::string_view credentials = rest.substr(0, at);
    rest.remove_prefix(at + 1);
    const std::size_t colon = credentials.find(':');
    options.username = unescape(url, credentials.substr(0, colon));
    if (colon != std::string_view::npos) {
        options.password = unescape(url, credentials.substr(colon + 1));
    }
}

constexpr int most_databases = 1'000'000;

void take_unix(std::string_view url, std::string_view rest, ClientOptions& options) {
    const std::size_t query = rest.find('?');
    options.path = unescape(url, rest.substr(0, query));
    if (options.path.empty()) {
        refuse(url, "the path of the socket is missing");
    }
    if (query != std::string_view::npos) {
        const std::string_view setting = rest.substr(query + 1);
        if (!setting.starts_with("db=")) {
            refuse(url, "only 'db=' may follow the '?'");
        }
        options.db = parse_number(url, setting.substr(3), most_databases, "database");
    }
}

void take_host(std::string_view url, std::string_view rest, ClientOptions& options) {
    const std::size_t slash = rest.find('/');
    std::string_view host = rest.substr(0, slash);
    if (slash != std::string_view::npos && slash + 1 < rest.size()) {
        options.db = parse_number(url, rest.substr(slash + 1), most_databases, "database");
    }
    const std::size_t bracket = host.rfind(']');
    const std::size_t colon = host.rfind(':');
    if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
        options.port = parse_number(url, host.substr(colon + 1), 65535, "port");
        host = host.substr(0, colon);
    }
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    }
    if (!host.empty()) {
        options.host = host;
    }
}

} // namespace

ClientOptions parse_url(std::string_view url, ClientOptions options) {
    const std::size_t colon = url.find("://");
    const std::string_view scheme = url.substr(0, colon);
    if (colon == std::string_view::npos ||
        (scheme != "redis" && scheme != "rediss" && scheme != "unix")) {
        refuse(url, "it must begin with redis://, rediss:// or unix://");
    }
    std::string_view rest = url.substr(colon + 3);
    take_credentials(url, rest, options);
    if (scheme == "unix") {
        take_unix(url, rest, options);
        return options;
    }
    if (scheme == "rediss" && !options.ssl.is_set()) {
        options.ssl = true;
    }
    take_host(url, rest, options);
    return options;
}

} // namespace hocket::redis
