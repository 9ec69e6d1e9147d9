#include "choose/usage.hpp"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <system_error>
#include <utility>

#include <sys/resource.h>
#include <unistd.h>

#include "choose/cpus.hpp"

namespace hocket::choosing {

namespace {

double clock_seconds(clockid_t clock) {
    timespec time{};
    return ::clock_gettime(clock, &time) == 0
               ? static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9
               : 0;
}

double cpu_seconds_of(pid_t process) {
    clockid_t clock = 0;
    return ::clock_getcpuclockid(process, &clock) == 0 ? clock_seconds(clock) : 0;
}

// schedstat: time on a CPU, time ready without a CPU, time slices.
double schedstat_delay(const std::filesystem::path& thread) {
    std::ifstream file(thread / "schedstat");
    double ran = 0;
    double delayed = 0;
    return file >> ran >> delayed ? delayed * 1e-9 : 0;
}

// Threads that have ended are not counted.
double delay_of(const std::string& process) {
    double total = 0;
    std::error_code ended; // the process, or the thread
    auto thread = std::filesystem::directory_iterator("/proc/" + process + "/task", ended);
    for (; !ended && thread != std::filesystem::directory_iterator(); thread.increment(ended)) {
        total += schedstat_delay(thread->path());
    }
    return total;
}

double reaped_cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_CHILDREN, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// CPU time that anything used on the CPUs of this thread, including what the hypervisor took.
double machine_cpu_seconds() {
    const cpu_set_t cpus = affinity();
    const auto tick = 1.0 / static_cast<double>(::sysconf(_SC_CLK_TCK));
    double total = 0;
    std::ifstream file("/proc/stat");
    for (std::string name; file >> name && name.starts_with("cpu");) {
        double user, nice, system, idle, iowait, irq, softirq, steal;
        file >> user >> nice >> system >> idle >> iowait >> irq >> softirq >> steal;
        if (name != "cpu" && CPU_ISSET(std::stoul(name.substr(3)), &cpus)) {
            total += user + nice + system + irq + softirq + steal;
        }
        file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
    }
    return total * tick;
}

// The number in a line such as "Pss: 1234 kB", in bytes.
std::size_t kilobytes_in(const std::string& path, const std::string& wanted) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with(wanted)) {
            return std::stoul(line.substr(wanted.size())) * 1024;
        }
    }
    return 0;
}

} // namespace

Meter::Meter(std::vector<pid_t> workers) : workers_(std::move(workers)) {
    // The own counters last, and first in `stop`: on a busy machine this thread may lose its CPU
    // while it reads those of others.
    read_others(before_);
    read_own(before_);
}

void Meter::read_others(Counters& counters) const {
    for (const pid_t worker : workers_) {
        counters.workers_cpu += cpu_seconds_of(worker);
        counters.workers_delay += delay_of(std::to_string(worker));
    }
    counters.reaped_cpu = reaped_cpu_seconds();
    counters.machine_cpu = machine_cpu_seconds();
}

void Meter::read_own(Counters& counters) {
    counters.delay = delay_of("self");
    counters.caller_delay = schedstat_delay("/proc/thread-self");
    counters.process_cpu = clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
    counters.caller_cpu = clock_seconds(CLOCK_THREAD_CPUTIME_ID);
    counters.wall = clock_seconds(CLOCK_MONOTONIC);
}

Usage Meter::stop() const {
    Counters now;
    // In the reverse order of read_own, so that reading is not counted.
    now.wall = clock_seconds(CLOCK_MONOTONIC);
    now.caller_cpu = clock_seconds(CLOCK_THREAD_CPUTIME_ID);
    now.process_cpu = clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
    now.caller_delay = schedstat_delay("/proc/thread-self");
    now.delay = delay_of("self");
    read_others(now);

    const auto since = [&](double Counters::*counter) {
        return std::max(now.*counter - before_.*counter, 0.0);
    };
    Usage usage;
    usage.wall = std::max(since(&Counters::wall), 1e-9);
    usage.process_cpu = since(&Counters::process_cpu);
    usage.caller_cpu = since(&Counters::caller_cpu);
    usage.caller_delay = since(&Counters::caller_delay);
    usage.delay = since(&Counters::delay) + since(&Counters::workers_delay);
    usage.reaped_cpu = since(&Counters::reaped_cpu);
    usage.cpu = usage.process_cpu + usage.reaped_cpu + since(&Counters::workers_cpu);
    const cpu_set_t cpus = affinity();
    usage.others =
        std::max(since(&Counters::machine_cpu) - usage.cpu, 0.0) / (usage.wall * CPU_COUNT(&cpus));
    return usage;
}

std::size_t memory_of(const std::vector<pid_t>& workers) {
    std::size_t total = kilobytes_in("/proc/self/smaps_rollup", "Pss:");
    for (const pid_t worker : workers) {
        total += kilobytes_in("/proc/" + std::to_string(worker) + "/smaps_rollup", "Pss:");
    }
    return total;
}

std::size_t available_memory() {
    const std::size_t available = kilobytes_in("/proc/meminfo", "MemAvailable:");
    return available != 0 ? available : std::numeric_limits<std::size_t>::max();
}

} // namespace hocket::choosing
