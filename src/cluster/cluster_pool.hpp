#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <hocket/cluster_node.hpp>
#include <hocket/future.hpp>

#include "cluster/arrivals.hpp"
#include "cluster/bridge.hpp"
#include "cluster/cluster_options.hpp"
#include "engine/pool/stream_worker.hpp"
#include "processes/pool/process_pool.hpp"

namespace hocket::detail {

/// A process pool whose workers are on the nodes of a cluster. A Python process, the bridge, joins
/// the cluster and has the workers started there; they connect to this process.
///
///     start_worker ──> bridge ──> Ray or Dask ──> node.py ──> the program as a worker
///     StreamWorker <────────────── TCP ────────────────────────────┘
///
/// All functions but `start`, `pool` and `nodes` are for the supervisor.
class ClusterPool final : public std::enable_shared_from_this<ClusterPool>,
                          private engine::WorkerStarter,
                          private BridgeSink,
                          private ArrivalSink {
public:
    /// Throws ValueError and std::system_error.
    [[nodiscard]] static std::shared_ptr<ClusterPool> start(ClusterOptions options);
    explicit ClusterPool(ClusterOptions options);

    [[nodiscard]] std::shared_ptr<ProcessPool> pool() { return {shared_from_this(), &pool_}; }
    [[nodiscard]] Future<std::vector<ClusterNode>> nodes();

private:
    static constexpr std::chrono::nanoseconds longest_silence = std::chrono::seconds(20);

    /// A worker and what it needs to be found.
    struct Slot {
        engine::StreamOptions options;
        engine::StreamWorker* worker = nullptr;
    };

    std::unique_ptr<engine::PoolWorker> start_worker(engine::PoolCore& pool, int number) override;
    engine::PoolCall* make_first_call(std::string& body) override {
        return pool_.make_initializer_call(body);
    }
    void end() noexcept override;
    void on_message(const BridgeMessage& message) override;
    void on_bridge_ended(const std::string& how) override;
    void on_arrival(const std::string& token, engine::FileDescriptor socket,
                    std::span<const char> received) override;

    void listen(const std::string& host);
    void take_nodes(const BridgeMessage& message);
    void on_worker_message(const BridgeMessage& message, Slot& slot);
    void on_worker_ended(int number);
    void set_timer(engine::Timer& timer, std::chrono::nanoseconds time);
    void on_silence();
    void on_deadline();
    void give_up_joining(const std::string& how);
    void break_down(const std::string& why);
    void fail_waiting(std::exception_ptr why) noexcept;

    const ClusterOptions options_;
    const OutputSink output_;
    ProcessPool pool_;
    Bridge bridge_;
    Arrivals arrivals_;
    std::string owner_address_; // where workers connect to
    std::map<int, std::shared_ptr<Slot>> slots_;
    std::vector<ClusterNode> arriving_nodes_; // the rest comes in other messages
    bool is_late_ = false;                    // it has not joined in time
    bool has_joined_ = false;
    bool is_broken_ = false;
    bool has_workers_ = false; // or had them
    bool has_room_ = false;    // for a worker, or had it
    engine::SupervisorTimer<ClusterPool> deadline_{*this, &ClusterPool::on_deadline};
    engine::SupervisorTimer<ClusterPool> silence_{*this, &ClusterPool::on_silence};

    std::mutex mutex_; // guards what follows
    std::vector<ClusterNode> nodes_;
    std::vector<Promise<std::vector<ClusterNode>>> waiting_; // until there are nodes
    bool knows_nodes_ = false;
    std::exception_ptr broken_;
};

} // namespace hocket::detail
