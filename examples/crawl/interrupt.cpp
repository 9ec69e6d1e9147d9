#include "crawl/interrupt.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

namespace crawl {
namespace {

// A signal handler can reach nothing but globals.
std::atomic<bool> interrupt_requested{false};
int event_descriptor = -1;

extern "C" void on_signal(int) {
    const int saved = errno;
    interrupt_requested = true;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(event_descriptor, &one, sizeof one);
    errno = saved;
}

} // namespace

Interrupt::Interrupt() {
    event_descriptor = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (event_descriptor < 0)
        throw std::system_error(errno, std::generic_category(), "eventfd for Ctrl-C");
    interrupt_requested = false;
    std::signal(SIGINT, on_signal);
    std::signal(SIGTERM, on_signal);
}

Interrupt::~Interrupt() {
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
    ::close(event_descriptor);
    event_descriptor = -1;
}

bool Interrupt::requested() const { return interrupt_requested; }
int Interrupt::fileno() const { return event_descriptor; }

} // namespace crawl
