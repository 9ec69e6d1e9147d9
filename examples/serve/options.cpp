#include "serve/options.hpp"

#include <charconv>
#include <stdexcept>
#include <string_view>

namespace serve {

const char* const usage =
    "usage: serve DIR [--port N] [--host H] [--delay 20ms] [--idle-timeout SECONDS]\n"
    "             [--head-timeout SECONDS] [--certificate FILE [--key FILE]]\n"
    "\n"
    "Serves the files below DIR over HTTP/1.1 until Ctrl-C.\n"
    "  --port N          listen there; 0 takes a free port (default 8000)\n"
    "  --host H          listen on this address (default 127.0.0.1)\n"
    "  --delay 20ms      answer every request after this time, as a distant site would\n"
    "  --idle-timeout S  close connections that are silent for so long (default 60)\n"
    "  --head-timeout S  and those whose request head takes longer to come (default 20)\n"
    "  --certificate F   serve https:// with the certificate in this file (PEM), followed by\n"
    "                    those that lead to an authority\n"
    "  --key F           the certificate's key, if it is not in the same file\n";

namespace {

/// All of `text` as a number from `least` to `most`.
long parse_number(const std::string& option, std::string_view text, long least, long most) {
    long value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most)
        throw std::invalid_argument(option + " is \"" + std::string(text) +
                                    "\": expected a whole number from " + std::to_string(least) +
                                    " to " + std::to_string(most));
    return value;
}

std::chrono::milliseconds parse_delay(const std::string& option, std::string_view text) {
    if (text.ends_with("ms")) text.remove_suffix(2);
    return std::chrono::milliseconds(parse_number(option, text, 0, 60'000));
}

} // namespace

Options parse_options(const std::vector<std::string>& arguments) {
    Options options;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& argument = arguments[i];
        const auto value = [&]() -> const std::string& {
            if (i + 1 == arguments.size()) throw std::invalid_argument(argument + " needs a value");
            return arguments[++i];
        };
        if (argument == "--help" || argument == "-h") {
            options.help = true;
        } else if (argument == "--port") {
            options.port = static_cast<std::uint16_t>(parse_number(argument, value(), 0, 65535));
        } else if (argument == "--host") {
            options.host = value();
        } else if (argument == "--delay") {
            options.delay = parse_delay(argument, value());
        } else if (argument == "--idle-timeout") {
            options.idle_timeout = std::chrono::seconds(parse_number(argument, value(), 1, 86'400));
        } else if (argument == "--head-timeout") {
            options.head_timeout = std::chrono::seconds(parse_number(argument, value(), 1, 86'400));
        } else if (argument == "--certificate") {
            options.certificate = value();
        } else if (argument == "--key") {
            options.key = value();
        } else if (argument.starts_with("-")) {
            throw std::invalid_argument("there is no option " + argument);
        } else if (options.directory.empty()) {
            options.directory = argument;
        } else {
            throw std::invalid_argument("one directory is enough, \"" + argument +
                                        "\" is the second");
        }
    }
    if (options.help) return options;
    if (options.directory.empty()) throw std::invalid_argument("which directory?");
    if (!options.key.empty() && options.certificate.empty())
        throw std::invalid_argument("--key belongs to --certificate");
    return options;
}

} // namespace serve
