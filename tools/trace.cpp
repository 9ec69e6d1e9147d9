#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>
#include <list>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "engine/status_reading.hpp"
#include "engine/ticks.hpp"
#include "format.hpp"
#include "timeline.hpp"
#include "traced_process.hpp"
#include "verbs.hpp"

namespace hocket::tool {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// So often are the rings read, and new worker processes looked for. A ring holds 65,536 events of
/// its thread.
constexpr auto reading_interval = 5ms;
/// So often are names asked for.
constexpr auto asking_interval = 100ms;
/// More are not kept: they take 24 bytes each here, and about as many in the file.
constexpr std::uint64_t most_events = 50'000'000;

std::atomic<bool> is_interrupted{false};

void end_on_signals() {
    struct sigaction action {};
    action.sa_handler = [](int) { is_interrupted.store(true); };
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
}

/// A process and those that descend from it, as far as they have observers.
class Recorder {
public:
    Recorder(pid_t process, bool looks_back) : looks_back_(looks_back) {
        processes_.push_back(attach(process));
        look_for_descendants();
    }

    /// Reads until `seconds` have passed, the user interrupts it, or the process has ended.
    void record(double seconds) {
        const auto began = Clock::now();
        auto asked = began;
        while (!is_interrupted.load() && !is_full()) {
            const auto now = Clock::now();
            const std::chrono::duration<double> passed = now - began;
            if (passed.count() >= seconds || has_ended(processes_.front().pid())) {
                break;
            }
            look_for_descendants();
            if (now - asked >= asking_interval) {
                asked = now;
                ask_names();
                show_progress(passed.count());
            }
            std::this_thread::sleep_for(reading_interval);
            read();
        }
        if (is_terminal()) {
            std::cerr << "\r\033[K";
        }
    }

    void read() {
        for (TracedProcess& process : processes_) {
            process.read();
        }
    }
    void ask_names() {
        for (TracedProcess& process : processes_) {
            process.ask_names();
        }
    }

    [[nodiscard]] const std::list<TracedProcess>& processes() const noexcept { return processes_; }
    [[nodiscard]] std::uint64_t events() const noexcept {
        std::uint64_t sum = 0;
        for (const TracedProcess& process : processes_) {
            sum += process.events();
        }
        return sum;
    }
    [[nodiscard]] bool is_full() const noexcept { return events() >= most_events; }

private:
    TracedProcess attach(pid_t process) const {
        return looks_back_ ? TracedProcess::look_back(process) : TracedProcess::record(process);
    }

    void look_for_descendants() {
        for (const pid_t process : observed_processes(processes_.front().pid())) {
            if (!is_known(process) && descends(process)) {
                try {
                    processes_.push_back(attach(process));
                } catch (const Problem&) { // it has just ended
                }
            }
        }
    }
    [[nodiscard]] bool is_known(pid_t process) const {
        return std::any_of(processes_.begin(), processes_.end(),
                           [process](const auto& known) { return known.pid() == process; });
    }
    [[nodiscard]] bool descends(pid_t process) const {
        const std::vector<pid_t> ancestors = ancestors_of(process);
        return std::find(ancestors.begin(), ancestors.end(), processes_.front().pid()) !=
               ancestors.end();
    }

    void show_progress(double seconds) const {
        if (is_terminal()) {
            std::cerr << fmt::format("\r\033[Krecording: {:.1f} s, {} events", seconds, events());
        }
    }

    bool looks_back_;
    std::list<TracedProcess> processes_;
};

void report(const Recorder& recorder, const TimelineSummary& summary, const std::string& file) {
    std::size_t threads = 0;
    std::uint64_t lost = 0;
    std::uint32_t left_out = 0;
    for (const TracedProcess& process : recorder.processes()) {
        threads += process.threads().size();
        left_out += process.threads_left_out();
        for (const auto& [number, thread] : process.threads()) {
            lost += thread.lost_events;
        }
    }
    std::cout << fmt::format(
        "{}: {} of {} and {}, {} slices, {} arrows, {:.1f} MB\n", file,
        format_duration(summary.seconds),
        recorder.processes().size() == 1 ? "1 process"
                                         : fmt::format("{} processes", recorder.processes().size()),
        threads == 1 ? "1 thread" : fmt::format("{} threads", threads), summary.slices,
        summary.arrows, static_cast<double>(summary.bytes) / 1e6);
    if (lost > 0) {
        std::cout << fmt::format("{} events were overwritten before they could be read: there are "
                                 "gaps.\n",
                                 lost);
    }
    if (left_out > 0) {
        std::cout << fmt::format("{} threads are missing: only {} at a time are recorded.\n",
                                 left_out, engine::TraceArea::max_rings);
    }
    if (recorder.is_full()) {
        std::cout << fmt::format("It ends early: more than {} events.\n", most_events);
    }
    if (summary.slices == 0) {
        std::cout << "Nothing happened meanwhile: the loops slept.\n";
    }
    std::cout << "Open it at https://ui.perfetto.dev\n";
}

void require_writable(const std::string& path) {
    // Before anything is recorded, and without harm to a file that is there.
    const bool existed = std::filesystem::exists(path);
    if (!std::ofstream(path, std::ios::app)) {
        throw Problem(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
    }
    if (!existed) {
        std::error_code ignored;
        std::filesystem::remove(path, ignored);
    }
}

} // namespace

void trace(const TraceOptions& options) {
    require_writable(options.file);
    end_on_signals();
    Recorder recorder(options.process, options.last.has_value());
    Period period{.begin = engine::ticks()};
    if (options.last) {
        const engine::TickLength tick((*recorder.processes().front().page()).header);
        const double ago = *options.last * 1e9 / tick.nanoseconds();
        period.begin -= std::min(period.begin, static_cast<std::uint64_t>(ago));
    } else {
        std::cout << fmt::format("Recording process {}; Ctrl-C ends it.\n", options.process)
                  << std::flush;
        recorder.record(options.seconds.value_or(std::numeric_limits<double>::infinity()));
    }
    period.end = engine::ticks(); // the rings are read one after the other
    recorder.read();
    recorder.ask_names();
    report(recorder, write_timeline(recorder.processes(), period, options.file), options.file);
}

} // namespace hocket::tool
