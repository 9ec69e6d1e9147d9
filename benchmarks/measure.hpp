#pragma once

#include <time.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <string>

/// Shared by all benchmark programs: a stopwatch that keeps the fastest batch, and the line of JSON
/// that `benchmarks/run` collects.
namespace bench {

/// CPU time of the process is the default: it does not grow when another program takes the core.
/// Wall time is for rows in which a second thread works or the process sleeps on purpose.
enum class Clock : clockid_t { cpu = CLOCK_PROCESS_CPUTIME_ID, wall = CLOCK_MONOTONIC };

inline double nanoseconds(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

inline void print(const char* name, double value, const char* unit) {
    std::printf("{\"name\": \"%s\", \"value\": %.6g, \"unit\": \"%s\"}\n", name, value, unit);
    std::fflush(stdout);
}

/// The unit of a result: `of` converts nanoseconds per operation to it.
struct Unit {
    const char* name;
    double (*of)(double nanoseconds);
};
inline constexpr Unit in_nanoseconds{"ns", [](double time) { return time; }};
inline constexpr Unit in_milliseconds{"ms", [](double time) { return time / 1e6; }};
/// One operation is a byte.
inline constexpr Unit in_gigabytes_a_second{"GB/s", [](double time) { return 1 / time; }};

/// Times one operation in batches and keeps the fastest batch, because every disturbance makes a
/// run slower.
///
///     bench::Best best("await", rounds);
///     while (best.next()) { ... rounds operations ... }
///
/// next() may be called inside a coroutine: the time between two calls is one batch. The first
/// batch warms up and does not count. The result is printed when next() returns false.
class Best {
public:
    Best(const char* name, std::size_t operations, int batches = 6, Clock clock = Clock::cpu,
         Unit unit = in_nanoseconds)
        : name_(name),
          operations_(operations),
          left_(batches),
          clock_(static_cast<clockid_t>(clock)),
          unit_(unit) {}

    bool next() {
        if (running_) stop();
        if (left_-- == 0) {
            print(name_, unit_.of(best_ / static_cast<double>(operations_)), unit_.name);
            return false;
        }
        start();
        return true;
    }

private:
    void start() {
        running_ = true;
        began_ = nanoseconds(clock_);
    }

    void stop() {
        const double elapsed = nanoseconds(clock_) - began_;
        if (warm_) best_ = std::min(best_, elapsed);
        warm_ = true;
    }

    const char* name_;
    std::size_t operations_;
    int left_;
    clockid_t clock_;
    Unit unit_;
    bool running_ = false;
    bool warm_ = false;
    double began_ = 0;
    double best_ = std::numeric_limits<double>::infinity();
};

/// The fastest of several operations, each timed alone on the wall clock. For operations that do
/// not fit into a loop over Best::next(), because there is something to clean up in between, or
/// because they are measured in turns.
class Fastest {
public:
    template <class F> void time(F&& operation) {
        const double began = bench::nanoseconds(CLOCK_MONOTONIC);
        operation();
        fastest_ = std::min(fastest_, bench::nanoseconds(CLOCK_MONOTONIC) - began);
    }
    [[nodiscard]] double nanoseconds() const { return fastest_; }
    void report(const char* name, std::size_t operations, Unit unit = in_nanoseconds) const {
        print(name, unit.of(fastest_ / static_cast<double>(operations)), unit.name);
    }

private:
    double fastest_ = std::numeric_limits<double>::infinity();
};

/// Makes the compiler assume that `value` is read.
template <class T> void keep(const T& value) { asm volatile("" : : "r,m"(value) : "memory"); }

/// The resident anonymous memory of a process in bytes: heap and stacks, not the pages of its
/// executable.
inline std::size_t anonymous_bytes(const std::string& process = "self") {
    std::ifstream status("/proc/" + process + "/status");
    for (std::string line; std::getline(status, line);) {
        if (line.rfind("RssAnon:", 0) == 0)
            return std::strtoull(line.c_str() + 8, nullptr, 10) * 1024;
    }
    return 0;
}

/// Random numbers that take a nanosecond and are the same in every program, so that all use the
/// same deadlines.
class Random {
public:
    unsigned below(unsigned limit) {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return static_cast<unsigned>((state_ >> 32) * limit >> 32);
    }

private:
    unsigned long long state_ = 0x9e3779b97f4a7c15ULL;
};

} // namespace bench
