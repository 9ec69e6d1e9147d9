#pragma once

#include <string_view>

#include "engine/status_layout.hpp"

namespace hocket::engine {

/// This process's status page; created on first use. If it cannot be created, because descriptors
/// or memory have run out, a page that only this process sees. May be called from any thread.
[[nodiscard]] StatusPage& status_page() noexcept;

/// Claims a slot of the page; `close_status` frees it. If all slots are taken, returns one that
/// nobody sees. May be called from any thread. In the child of a fork, the slots of the parent can
/// still be written, without effect.
[[nodiscard]] LoopStatus& open_loop_status() noexcept;
[[nodiscard]] PoolStatus& open_pool_status(PoolStatus::Kind kind) noexcept;
void close_status(LoopStatus& status) noexcept;
void close_status(PoolStatus& status) noexcept;

/// A slot that is freed with this object.
class OwnLoopStatus {
public:
    OwnLoopStatus() noexcept : status_(open_loop_status()) {}
    ~OwnLoopStatus() { close_status(status_); }
    OwnLoopStatus(const OwnLoopStatus&) = delete;
    OwnLoopStatus& operator=(const OwnLoopStatus&) = delete;
    LoopStatus& operator*() const noexcept { return status_; }

private:
    LoopStatus& status_;
};
class OwnPoolStatus {
public:
    explicit OwnPoolStatus(PoolStatus::Kind kind) noexcept : status_(open_pool_status(kind)) {}
    ~OwnPoolStatus() { close_status(status_); }
    OwnPoolStatus(const OwnPoolStatus&) = delete;
    OwnPoolStatus& operator=(const OwnPoolStatus&) = delete;
    PoolStatus& operator*() const noexcept { return status_; }
    PoolStatus* operator->() const noexcept { return &status_; }

private:
    PoolStatus& status_;
};

void set_status_name(LoopStatus& status, std::string_view name) noexcept;
void set_status_name(PoolStatus& status, std::string_view name) noexcept;

} // namespace hocket::engine
