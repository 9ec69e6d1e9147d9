#pragma once

namespace crawl {

/// Ctrl-C for code that blocks: from construction to destruction SIGINT and SIGTERM only set a
/// flag and make a descriptor readable, which a poll() can watch beside its socket.
class Interrupt {
public:
    Interrupt();
    ~Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;

    bool requested() const;
    /// Becomes readable, and stays so, when an interrupt was requested.
    int fileno() const;
};

/// Thrown out of a blocking call that an interrupt ended.
struct Interrupted {};

} // namespace crawl
