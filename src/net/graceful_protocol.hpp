#pragma once

#include <hocket/protocol.hpp>

namespace hocket::detail {

/// A protocol that knows where its messages end, and so can shut its connection down between two of
/// them.
class GracefulProtocol : public Protocol {
public:
    /// Called when the server drains, in place of ending the input: close the transport as soon as
    /// no message is in progress.
    virtual void finish() noexcept = 0;
};

} // namespace hocket::detail
