// The minimum cost of communication with another process: a bare round trip by a futex, by
// spinning, and by a socket; and a copy.

#include <atomic>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <thread>

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../measure.hpp"

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;
constexpr std::size_t rounds = 1'000; // short, to fit between the time slices of other processes
constexpr int batches = 60;

void* shared(std::size_t size) {
    void* const memory =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    return memory;
}

void pause_briefly() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

/// Two processes that take turns: at even numbers it is the parent's turn.
struct Turn {
    alignas(64) std::atomic<std::uint32_t> number{0};

    void pass(std::uint32_t next, bool wake) {
        number.store(next, std::memory_order_release);
        if (wake) ::syscall(SYS_futex, &number, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
    }
    void sleep_until(std::uint32_t wanted) {
        for (std::uint32_t now; (now = number.load(std::memory_order_acquire)) != wanted;)
            ::syscall(SYS_futex, &number, FUTEX_WAIT, now, nullptr, nullptr, 0);
    }
    void spin_until(std::uint32_t wanted) const {
        while (number.load(std::memory_order_acquire) != wanted) pause_briefly();
    }
};

template <class Child> pid_t start(Child child) {
    const pid_t pid = ::fork();
    if (pid < 0) std::abort();
    if (pid == 0) {
        child();
        ::_exit(0);
    }
    return pid;
}

void turns(const char* name, bool sleeping, std::uint32_t rounds) {
    Turn& turn = *::new (shared(sizeof(Turn))) Turn;
    const std::uint32_t all = batches * rounds;
    const pid_t child = start([&] {
        for (std::uint32_t i = 0; i < all; ++i) {
            sleeping ? turn.sleep_until(2 * i + 1) : turn.spin_until(2 * i + 1);
            turn.pass(2 * i + 2, sleeping);
        }
    });
    std::uint32_t i = 0;
    bench::Best best(name, rounds, batches, bench::Clock::wall);
    while (best.next()) {
        for (std::uint32_t round = 0; round < rounds; ++round, ++i) {
            turn.pass(2 * i + 1, sleeping);
            sleeping ? turn.sleep_until(2 * i + 2) : turn.spin_until(2 * i + 2);
        }
    }
    ::waitpid(child, nullptr, 0);
}

void socket_round_trips(const char* name) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
    const pid_t child = start([&] {
        ::close(ends[0]);
        char byte = 0;
        while (::recv(ends[1], &byte, 1, 0) == 1) ::send(ends[1], &byte, 1, 0);
    });
    ::close(ends[1]);
    bench::Best best(name, rounds, batches, bench::Clock::wall);
    while (best.next()) {
        for (std::size_t round = 0; round < rounds; ++round) {
            char byte = 'x';
            if (::send(ends[0], &byte, 1, 0) != 1 || ::recv(ends[0], &byte, 1, 0) != 1)
                std::abort();
        }
    }
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
}

void copy(const char* name, std::size_t size, std::size_t times) {
    const auto* const from = static_cast<char*>(std::memset(shared(size), 'x', size));
    auto* const to = static_cast<char*>(std::memset(shared(size), 'y', size));
    bench::Best best(name, times * size, 8, bench::Clock::wall, bench::in_gigabytes_a_second);
    while (best.next()) {
        for (std::size_t i = 0; i < times; ++i) {
            std::memcpy(to, from, size);
            bench::keep(to);
        }
    }
}

} // namespace

int main() {
    turns("one_parked", true, rounds);
    // Few turns: on one processor, or a busy one, each turn takes a whole time slice.
    if (std::thread::hardware_concurrency() > 1) turns("one_spinning", false, 100);
    socket_round_trips("manager_get");
    copy("argument_1m", mebibyte, 50);
    copy("argument_100m", 100 * mebibyte, 2);
}
