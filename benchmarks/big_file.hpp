#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "measure.hpp"

namespace bench {

/// A file of 1 GiB that exists only in the page cache. It has no name from the start, so that
/// nothing is left however the program ends. It consists of holes, so that nothing has to be
/// written. Reading still copies from the page cache.
class BigFile {
public:
    static constexpr std::size_t size = std::size_t{1} << 30;
    static constexpr std::size_t page = 4096;

    BigFile() {
        const char* folder = std::getenv("TMPDIR");
        std::string name = std::string(folder != nullptr ? folder : "/tmp") + "/hocket-XXXXXX";
        fd_ = ::mkostemp(name.data(), O_CLOEXEC);
        if (fd_ < 0 || ::unlink(name.c_str()) != 0 || ::ftruncate(fd_, size) != 0) {
            std::perror(name.c_str());
            std::exit(1);
        }
        std::vector<char> bytes(std::size_t{1} << 20);
        while (::read(fd_, bytes.data(), bytes.size()) > 0) {
        }
    }
    ~BigFile() { ::close(fd_); }
    BigFile(const BigFile&) = delete;
    BigFile& operator=(const BigFile&) = delete;

    int fileno() const { return fd_; }
    std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }
    /// The offset of the next read.
    long random_offset() { return static_cast<long>(random_.below(size / page) * page); }

private:
    int fd_;
    Random random_;
};

constexpr int reads_in_flight = 64;
constexpr long reads = 50'000;

/// Measures `read_all()`, which makes `reads` reads, with both clocks, because a thread pool may be
/// fast but use much CPU time.
template <class ReadAll> void measure_reads(ReadAll read_all) {
    for (const auto& [name, clock] :
         {std::pair("read_64", Clock::wall), std::pair("read_64_cpu", Clock::cpu)}) {
        Best best(name, reads, 6, clock);
        while (best.next()) read_all();
    }
}

} // namespace bench
