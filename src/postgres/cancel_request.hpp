#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include <hocket/engine/ready_queue.hpp>

#include "engine/blocking_threads.hpp"
#include "engine/reactor.hpp"
#include "postgres/libpq.hpp"

namespace hocket::detail::postgres {

/// Asks the server, over a connection of its own, to cancel what another connection executes.
/// libpq 15 does this only with calls that block, without limit if the server does not answer, so
/// it is done on one of the threads that are never joined.
class CancelRequest final : public std::enable_shared_from_this<CancelRequest>,
                            private engine::BlockingWork,
                            private engine::Runnable {
public:
    /// `when_done` is called on the loop's thread, once the server has received the request or
    /// cannot be reached. Returns nullptr if no thread can be started.
    static std::shared_ptr<CancelRequest> start(CancelPointer cancel, engine::Reactor& reactor,
                                                std::function<void()> when_done);

    CancelRequest(CancelPointer cancel, engine::Reactor& reactor, std::function<void()> when_done)
        : cancel_(std::move(cancel)), reactor_(&reactor), when_done_(std::move(when_done)) {}

    /// `when_done` will not be called.
    void forget() noexcept;

private:
    void perform() noexcept override;
    void run() noexcept override;
    void discard() noexcept override;

    CancelPointer cancel_;
    std::mutex mutex_;
    engine::Reactor* reactor_; // null when it is forgotten
    std::function<void()> when_done_;
    std::shared_ptr<CancelRequest> performing_; // keep this alive: on the thread,
    std::shared_ptr<CancelRequest> posted_;     // and in the loop's inbox
};

} // namespace hocket::detail::postgres
