#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/engine/intrusive_list.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/http/router.hpp>
#include <hocket/http/serve_options.hpp>

namespace hocket::http::detail {

class Connection;

/// What all loops of a server share.
struct Application {
    std::shared_ptr<const RouteTable> routes;
    ServeLimits limits;
    AccessLog access_log; // may be empty
};

/// What a handler keeps for each loop of a server.
class LoopData {
public:
    virtual ~LoopData() = default;
};

/// What the connections of one loop share. Their time is counted in ticks, so that a request needs
/// no timer of its own.
class LoopState : public std::enable_shared_from_this<LoopState> {
public:
    using Tick = std::uint64_t;

    LoopState(EventLoop& loop, std::shared_ptr<const Application> application);
    ~LoopState();

    [[nodiscard]] EventLoop& loop() const noexcept { return loop_; }
    [[nodiscard]] const Application& application() const noexcept { return *application_; }
    [[nodiscard]] const ServeLimits& limits() const noexcept { return application_->limits; }

    void add(Connection& connection);
    void remove(Connection& connection) noexcept;

    [[nodiscard]] Tick tick() const noexcept { return tick_; }
    /// The tick by which `time` has passed.
    [[nodiscard]] Tick after(std::chrono::nanoseconds time) const noexcept;
    /// How long a number of ticks is, in seconds.
    [[nodiscard]] double seconds(Tick ticks) const noexcept;

    /// "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", with the present time.
    [[nodiscard]] std::string_view date_line();

    /// A string that keeps its memory, for one head at a time.
    std::string scratch;

    /// What `owner` keeps for this loop: made by the first call.
    template <class T> T& data(const void* owner) {
        for (const auto& [key, kept] : data_) {
            if (key == owner) return static_cast<T&>(*kept);
        }
        data_.emplace_back(owner, std::make_unique<T>());
        return static_cast<T&>(*data_.back().second);
    }

private:
    void start_timer();
    void on_tick();

    EventLoop& loop_;
    std::shared_ptr<const Application> application_;
    std::chrono::nanoseconds period_;
    Tick tick_ = 0;
    Handle timer_;
    bool is_ticking_ = false;
    engine::IntrusiveList<Connection> connections_;
    std::time_t date_time_ = 0;
    std::string date_line_;
    std::vector<std::pair<const void*, std::unique_ptr<LoopData>>> data_;
};

} // namespace hocket::http::detail
