#include <hocket/hocket.hpp>

#include <vector>

#include "../big_file.hpp"

namespace {

hocket::Coro<> reader(hocket::File file, bench::BigFile& big, long& left) {
    std::vector<std::byte> page(bench::BigFile::page);
    while (left > 0) {
        --left;
        const std::size_t count = co_await file.pread_into(page, big.random_offset());
        if (count != page.size()) std::abort();
    }
}

hocket::Coro<> read_all(hocket::File file, bench::BigFile& big) {
    long left = bench::reads;
    std::vector<hocket::Task<>> readers;
    for (int i = 0; i < bench::reads_in_flight; ++i) {
        readers.push_back(hocket::create_task(reader(file, big, left)));
    }
    for (auto& task : readers) co_await task;
}

} // namespace

int main() {
    bench::BigFile big;
    hocket::Runner runner;
    const hocket::File file = runner.run(hocket::open(big.path()));
    bench::measure_reads([&] { runner.run(read_all(file, big)); });
}
