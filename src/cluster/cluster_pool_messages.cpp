// What the bridge tells a pool on a cluster, and the workers that connect.

#include <charconv>
#include <system_error>
#include <utility>

#include <hocket/errors.hpp>

#include "cluster/cluster_pool.hpp"

namespace hocket::detail {

namespace {

template <class Number> Number number_in(const std::string& text) {
    Number number{};
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

} // namespace

void ClusterPool::on_message(const BridgeMessage& message) {
    const std::string& name = message[0];
    if (name == "joined" && message.size() == 2) {
        try {
            listen(message[1]);
        } catch (const std::exception& error) {
            break_down(error.what());
            return;
        }
        has_joined_ = true;
        set_timer(deadline_, options_.connect_timeout);
        set_timer(silence_, longest_silence);
        pool_.core().set_max_workers(options_.max_workers);
    } else if (name == "nodes" && message.size() >= 2) {
        take_nodes(message);
    } else if (name == "broken" && message.size() == 2) {
        break_down(message[1]);
    } else if (message.size() > 2) {
        const auto slot = slots_.find(number_in<int>(message[1]));
        if (slot != slots_.end()) {
            on_worker_message(message, *slot->second);
        }
    }
}

void ClusterPool::listen(const std::string& host) {
    const auto [name, port] = options_.host_and_port();
    const auto address = engine::SocketAddress::from_ip(host, port);
    if (!address) {
        throw ValueError("'" + host + "' is not a numeric address of this machine");
    }
    try {
        arrivals_.listen(*address);
    } catch (const std::system_error& error) {
        if (error.code() != std::errc::address_not_available) {
            throw;
        }
        // The address is another machine's, which passes connections on to this one.
        arrivals_.listen(
            *engine::SocketAddress::from_ip(address->family() == AF_INET ? "0.0.0.0" : "::", port));
    }
    const std::string shown = address->family() == AF_INET ? host : "[" + host + "]";
    owner_address_ = shown + ":" + std::to_string(arrivals_.address().port());
}

void ClusterPool::take_nodes(const BridgeMessage& message) {
    set_timer(silence_, longest_silence);
    for (std::size_t i = 2; i + 4 <= message.size();) {
        ClusterNode node{message[i], message[i + 1], number_in<std::size_t>(message[i + 2]), {}};
        const auto resources = number_in<std::size_t>(message[i + 3]);
        i += 4;
        for (std::size_t n = 0; n < resources && i + 2 <= message.size(); ++n, i += 2) {
            node.resources[message[i]] = number_in<double>(message[i + 1]);
        }
        arriving_nodes_.push_back(std::move(node));
    }
    if (message[1] != "1") {
        return; // there are more
    }
    const auto nodes = std::exchange(arriving_nodes_, {});
    std::size_t slots = 0;
    for (const ClusterNode& node : nodes) {
        slots += node.slots;
    }
    has_room_ |= slots > 0 || options_.max_workers > 0;
    if (options_.max_workers == 0 && slots != pool_.core().max_workers()) {
        pool_.core().set_max_workers(slots);
    }
    std::vector<Promise<std::vector<ClusterNode>>> waiting;
    {
        const std::scoped_lock lock(mutex_);
        nodes_ = nodes;
        knows_nodes_ = true;
        waiting.swap(waiting_);
    }
    for (auto& promise : waiting) {
        if (promise.set_running_or_notify_cancel()) {
            promise.set_result(nodes);
        }
    }
}

void ClusterPool::on_worker_message(const BridgeMessage& message, Slot& slot) {
    const std::string& name = message[0];
    engine::StreamWorker& worker = *slot.worker;
    if (name == "output" && message.size() == 4) {
        output_(worker.number(), message[2] == "1", message[3]);
    } else if (name == "started" && message.size() == 4) {
        worker.on_process_started("on node " + message[2], number_in<pid_t>(message[3]));
    } else if (name == "ended" && message.size() == 4) {
        worker.on_process_ended(number_in<int>(message[2]), message[3]);
    } else if (name == "unreachable" && !has_workers_) {
        break_down(message[2]); // others would not get here, either
    } else if (name == "failed" || name == "lost" || name == "unreachable") {
        worker.give_up(message[2]);
    }
}

void ClusterPool::on_arrival(const std::string& token, engine::FileDescriptor socket,
                             std::span<const char> received) {
    for (const auto& [number, slot] : slots_) {
        if (slot->options.hello.token == token) {
            has_workers_ = true;
            static_cast<void>(slot->worker->connect(std::move(socket), received));
            return;
        }
    }
}

} // namespace hocket::detail
