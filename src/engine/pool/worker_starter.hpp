#pragma once

#include <memory>
#include <string>

#include "engine/pool/pool_worker.hpp"

namespace hocket::engine {

class PoolCore;

/// How the workers of a pool start, and what carries their calls. Called by the supervisor.
class WorkerStarter {
public:
    /// Starts a worker. It reports its end with PoolCore::on_worker_ended, later. Throws an
    /// exception if it cannot be started, whose text is reported when the pool gives up.
    virtual std::unique_ptr<PoolWorker> start_worker(PoolCore& pool, int number) = 0;
    /// A call that each worker makes first, and its content; nullptr if there is none.
    virtual PoolCall* make_first_call(std::string& body) {
        static_cast<void>(body);
        return nullptr;
    }
    /// The pool was shut down, and all workers have ended. Nothing is called after this.
    virtual void end() noexcept {}

protected:
    ~WorkerStarter() = default;
};

} // namespace hocket::engine
