#pragma once

#include <memory>

#include <hocket/engine/intrusive_list.hpp>

namespace hocket::detail {

class LoopNetwork;

/// Something that a loop keeps alive until the loop is closed: a connection, a server, a child
/// process.
class LoopResource : public engine::ListLink {
public:
    /// Called when the loop is being closed: release everything that belongs to it without making
    /// callbacks.
    virtual void drop() noexcept = 0;

protected:
    ~LoopResource() = default;

    /// Adds this to the loop's open resources. `self` keeps this alive until `leave_loop`.
    void enter_loop(LoopNetwork& network, std::shared_ptr<void> self) noexcept;
    /// Removes it again. Returns the reference that kept this alive, which may be the last one.
    [[nodiscard]] std::shared_ptr<void> leave_loop() noexcept;

    std::shared_ptr<void> self_; // keeps this alive

private:
    LoopNetwork* network_ = nullptr;
};

} // namespace hocket::detail
