#include "postgres/connect_parameters.hpp"

#include <cstdlib>
#include <memory>
#include <system_error>

#include <sys/socket.h>

#include <hocket/errors.hpp>
#include <hocket/event_loop.hpp>

#include "postgres/errors.hpp"
#include "postgres/libpq.hpp"
#include "postgres/split.hpp"

namespace hocket::detail::postgres {

namespace {

void add(std::string& list, const std::string& part, bool is_first) {
    list += (is_first ? "" : ",") + part;
}

} // namespace

ConnectParameters::ConnectParameters(const hocket::postgres::ConnectOptions& options) {
    if (!options.dsn.empty()) {
        char* error = nullptr;
        const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> parsed(
            ::PQconninfoParse(options.dsn.str().c_str(), &error), ::PQconninfoFree);
        if (!parsed) {
            std::string text = error != nullptr ? error : "out of memory";
            ::PQfreemem(error);
            while (text.ends_with('\n')) {
                text.pop_back();
            }
            throw ValueError("the DSN of a PostgreSQL server is not valid: " + text);
        }
        for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
            if (option->val != nullptr) {
                set(option->keyword, option->val);
            }
        }
    }
    const std::pair<const char*, OptionString> named[] = {{"host", options.host},
                                                          {"user", options.user},
                                                          {"password", options.password},
                                                          {"dbname", options.database}};
    for (const auto& [name, value] : named) {
        if (!value.empty()) {
            set(name, value.str());
        }
    }
    if (options.port != 0) {
        set("port", std::to_string(options.port));
    }
}

std::string ConnectParameters::get(std::string_view name, const char* variable) const {
    for (const auto& [key, value] : list_) {
        if (key == name) {
            return value;
        }
    }
    const char* const value = std::getenv(variable); // NOLINT(concurrency-mt-unsafe)
    return value != nullptr ? value : "";
}

void ConnectParameters::set(std::string_view name, std::string value) {
    for (auto& [key, old] : list_) {
        if (key == name) {
            old = std::move(value);
            return;
        }
    }
    list_.emplace_back(name, std::move(value));
}

Coro<ConnectParameters> resolve(ConnectParameters parameters) {
    const std::string host_list = parameters.get("host", "PGHOST");
    if (host_list.empty() || !parameters.get("hostaddr", "PGHOSTADDR").empty()) {
        co_return parameters;
    }
    const auto hosts = split(host_list);
    const auto ports = split(parameters.get("port", "PGPORT"));
    std::string new_hosts;
    std::string addresses;
    std::string new_ports;
    std::exception_ptr failure;
    bool is_first = true;
    bool has_names = false;
    for (std::size_t i = 0; i < hosts.size(); ++i) {
        const std::string& port = ports.size() > 1 ? ports[i % ports.size()] : ports[0];
        const auto add_host = [&](const std::string& address) {
            add(new_hosts, hosts[i], is_first);
            add(addresses, address, is_first);
            add(new_ports, port, is_first);
            is_first = false;
        };
        if (hosts[i].empty() || hosts[i][0] == '/' || hosts[i][0] == '@') {
            add_host(""); // a Unix socket
            continue;
        }
        has_names = true;
        try {
            const auto found =
                co_await get_running_loop().getaddrinfo(hosts[i], "", {.type = SOCK_STREAM});
            for (const AddressInfo& info : found) {
                add_host(std::string(info.address.host()));
            }
        } catch (const std::system_error& error) { // another host may work
            failure = connection_lost(error.what());
        }
    }
    if (is_first) {
        std::rethrow_exception(failure);
    }
    if (has_names) {
        parameters.set("host", new_hosts);
        parameters.set("hostaddr", addresses);
        parameters.set("port", new_ports);
    }
    co_return parameters;
}

} // namespace hocket::detail::postgres
