#include "cluster/cluster_options.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <set>
#include <utility>

#include <unistd.h>

#include <hocket/engine/socket_address.hpp>
#include <hocket/errors.hpp>

namespace hocket::detail {

namespace {

std::string lower_case(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
    return text;
}

} // namespace

std::pair<std::string, std::uint16_t> ClusterOptions::host_and_port() const {
    if (host.empty() || engine::SocketAddress::from_ip(host, 0)) {
        return {host, 0};
    }
    const std::size_t colon = host.rfind(':');
    std::string name = host.substr(0, colon);
    if (name.starts_with('[') && name.ends_with(']')) {
        name = name.substr(1, name.size() - 2);
    }
    std::uint16_t port = 0;
    const char* const end = host.data() + host.size();
    bool is_valid = colon != std::string::npos && engine::SocketAddress::from_ip(name, port);
    if (is_valid) {
        const auto parsed = std::from_chars(host.data() + colon + 1, end, port);
        is_valid = parsed.ec == std::errc() && parsed.ptr == end;
    }
    if (!is_valid) {
        throw ValueError("the option .host is '" + host +
                         "'; it must be a numeric address, with a port or without one, as in "
                         "10.0.0.9 or 10.0.0.9:7000");
    }
    return {name, port};
}

void ClusterOptions::check() const {
    if (python.empty()) {
        throw ValueError("the option .python is empty; it must name the interpreter in which " +
                         engine + " is installed");
    }
    if (connect_timeout <= std::chrono::nanoseconds::zero()) {
        throw ValueError("the option .connect_timeout must be positive");
    }
    for (const auto& [name, amount] : resources) {
        if (name.empty() || !(amount >= 0) || !std::isfinite(amount)) {
            throw ValueError("the option .resources has " + std::to_string(amount) + " of '" +
                             name + "'; each resource needs a name and an amount");
        }
    }
    std::set<std::string> names{"program", "complete"}; // the names of other files on the nodes
    for (const std::string& file : files) {
        if (::access(file.c_str(), R_OK) != 0) {
            throw std::system_error(errno, std::system_category(),
                                    "cannot read '" + file + "' (the option .files)");
        }
        if (!names.insert(file.substr(file.rfind('/') + 1)).second) {
            throw ValueError("the option .files has two files of the same name as '" + file + "'");
        }
    }
    static_cast<void>(host_and_port());
    check_tls();
}

void ClusterOptions::check_tls() const {
    const std::pair<const char*, const std::string&> tls[] = {
        {".tls_ca_file", tls_ca_file}, {".tls_cert", tls_cert}, {".tls_key", tls_key}};
    const auto given =
        std::ranges::count_if(tls, [](const auto& each) { return !each.second.empty(); });
    if (given == 0) {
        return;
    }
    if (given != 3 || !address.starts_with("tls://")) {
        throw ValueError("the options .tls_ca_file, .tls_cert and .tls_key belong together, and to "
                         "an address that begins with tls://; it is '" +
                         address + "'");
    }
    for (const auto& [option, file] : tls) {
        if (::access(file.c_str(), R_OK) != 0) {
            throw std::system_error(errno, std::system_category(),
                                    "cannot read '" + file + "' (the option " + option + ")");
        }
    }
}

BridgeMessage ClusterOptions::describe() const {
    BridgeMessage message{
        "engine=" + lower_case(engine),
        "address=" + address,
        "max_workers=" + std::to_string(max_workers),
        "connect_timeout=" + std::to_string(std::chrono::duration<double>(connect_timeout).count()),
        "auth_token=" + auth_token,
        "tls_ca_file=" + tls_ca_file,
        "tls_cert=" + tls_cert,
        "tls_key=" + tls_key,
        "host=" + host_and_port().first,
        "executable=/proc/" + std::to_string(::getpid()) + "/exe",
        std::string("name=") + ::program_invocation_name};
    for (const auto& [name, amount] : resources) {
        message.push_back("resource=" + name + "=" + std::to_string(amount));
    }
    for (const std::string& file : files) {
        message.push_back("file=" + file);
    }
    return message;
}

} // namespace hocket::detail
