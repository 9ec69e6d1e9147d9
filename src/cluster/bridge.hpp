#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <system_error>

#include <hocket/engine/file_descriptor.hpp>

#include "cluster/bridge_message.hpp"
#include "engine/child_watcher.hpp"
#include "engine/poller.hpp"
#include "processes/start/worker_output.hpp"

namespace hocket::detail {

/// Receives what a bridge says.
class BridgeSink {
public:
    virtual void on_message(const BridgeMessage& message) = 0;
    /// Its process has ended: "was ended by SIGKILL".
    virtual void on_bridge_ended(const std::string& how) = 0;

protected:
    ~BridgeSink() = default;
};

/// The Python process that has joined a cluster for this program: src/cluster/python/. Belongs to
/// the thread of the poller, once it is started.
class Bridge final : private engine::Watcher {
public:
    Bridge(engine::Poller& poller, BridgeSink& sink)
        : poller_(poller), sink_(sink), child_(poller, *this) {}
    ~Bridge() { end(0); }

    /// Starts the interpreter `python`. Throws std::system_error.
    void start(const std::string& python);
    /// Sends a message, later if the bridge is busy.
    void send(const BridgeMessage& message);
    /// Makes the bridge leave the cluster. Nothing can be sent any more.
    void hang_up() noexcept;
    /// Makes the bridge leave the cluster, and waits until its process has ended; kills it after
    /// so many milliseconds. The sink is not called any more.
    void end(int milliseconds) noexcept;

private:
    struct Child final : engine::ChildWatcher {
        Child(engine::Poller& poller, Bridge& bridge)
            : engine::ChildWatcher(poller), bridge_(bridge) {}
        void on_exit(int status, std::error_code) noexcept override { bridge_.on_exit(status); }
        Bridge& bridge_;
    };

    void on_ready(std::uint32_t events) noexcept override;
    void on_exit(int status) noexcept;
    void receive();
    void write_some() noexcept;

    engine::Poller& poller_;
    BridgeSink& sink_;
    Child child_;
    engine::FileDescriptor control_;
    std::deque<std::string> outgoing_;
    const OutputSink ignore_ = [](int, bool, std::string_view) {};
    WorkerOutput output_{poller_, 0, ignore_}; // its last part explains why the process has ended
};

} // namespace hocket::detail
