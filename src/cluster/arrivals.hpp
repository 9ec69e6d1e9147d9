#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <system_error>

#include <hocket/engine/file_descriptor.hpp>
#include <hocket/engine/socket.hpp>

#include "engine/listener.hpp"
#include "engine/pool/frame_reader.hpp"
#include "engine/reactor.hpp"

namespace hocket::detail {

/// Receives the connections of workers.
class ArrivalSink {
public:
    /// A worker with this token has connected. `received` is what it has sent so far.
    virtual void on_arrival(const std::string& token, engine::FileDescriptor socket,
                            std::span<const char> received) = 0;

protected:
    ~ArrivalSink() = default;
};

/// Accepts connections and reads the workers' hellos, which say who has connected. Closes a
/// connection on which something else comes, or nothing in time. Belongs to the reactor's thread.
class Arrivals final : public engine::AcceptSink {
public:
    Arrivals(engine::Reactor& reactor, ArrivalSink& sink) : reactor_(reactor), sink_(sink) {}

    /// Listens at this address. Throws std::system_error.
    void listen(const engine::SocketAddress& address);
    [[nodiscard]] engine::SocketAddress address() const {
        return listener_->socket().local_address();
    }
    [[nodiscard]] bool is_listening() const noexcept { return listener_ != nullptr; }
    void stop() noexcept;

private:
    /// A connection that has not said hello.
    class Arrival final : public engine::Watcher, public engine::Timer {
    public:
        Arrival(Arrivals& owner, engine::Socket socket);
        ~Arrival();

    private:
        friend class Arrivals;
        void on_ready(std::uint32_t events) noexcept override;
        void expire() noexcept override { owner_.forget(*this); }

        Arrivals& owner_;
        engine::Socket socket_;
        std::string received_;
        engine::FrameReader reader_;
    };

    void on_accept(engine::Socket socket, const engine::SocketAddress& peer) noexcept override;
    void on_accept_failed(const engine::Failure&) noexcept override {}
    void forget(Arrival& arrival) noexcept;
    void introduce(Arrival& arrival, const engine::Frame& hello);

    engine::Reactor& reactor_;
    ArrivalSink& sink_;
    std::unique_ptr<engine::Listener> listener_;
    std::list<std::unique_ptr<Arrival>> arrivals_;
};

} // namespace hocket::detail
