// Counts the lines of all files below a folder, by the end of their names. One task walks the
// folders and puts paths into a queue; it waits while the queue is full, so that memory stays small
// however many files there are. Eight tasks read.
//
//     $ count_lines examples
//        60 files    4787 lines  .cpp
//        44 files    1662 lines  .hpp
//         1 files      41 lines  .txt

#include <algorithm>
#include <cstdio>
#include <hocket/hocket.hpp>
#include <map>
#include <string>

using hocket::Coro;

struct Count {
    long files = 0;
    long lines = 0;
};
using Counts = std::map<std::string, Count>;

std::string ending_of(const std::string& path) {
    const auto dot = path.rfind('.');
    const auto slash = path.rfind('/');
    const bool has_one = dot != path.npos && (slash == path.npos || dot > slash + 1);
    return has_one ? path.substr(dot) : "(none)";
}

Coro<> find_files(std::string folder, hocket::Queue<std::string>& paths) {
    auto tree = hocket::files::walk(folder);
    while (auto entry = co_await tree.next()) {
        for (const std::string& name : entry->filenames) {
            co_await paths.put(entry->dirpath + "/" + name);
        }
    }
    paths.shutdown(); // the counters still get what is in it
}

Coro<long> count_lines(std::string path) {
    const hocket::File file = co_await hocket::open(path);
    long count = 0;
    for (;;) {
        const std::string text = co_await file.read(64 * 1024);
        if (text.empty()) {
            break;
        }
        count += std::count(text.begin(), text.end(), '\n');
    }
    co_await file.close();
    co_return count;
}

Coro<> count_files(hocket::Queue<std::string>& paths, Counts& counts) {
    try {
        for (;;) {
            const std::string path = co_await paths.get();
            try {
                const long lines = co_await count_lines(path);
                Count& count = counts[ending_of(path)];
                count.files += 1;
                count.lines += lines;
            } catch (const std::system_error& error) {
                std::fprintf(stderr, "count_lines: %s\n", error.what());
            }
        }
    } catch (const hocket::QueueShutDown&) {
    }
}

Coro<> count_all(std::string folder) {
    hocket::Queue<std::string> paths(64);
    Counts counts;
    co_await hocket::with_task_group([&](hocket::TaskGroup& group) -> Coro<> {
        group.create_task(find_files(folder, paths));
        for (int i = 0; i < 8; ++i) {
            group.create_task(count_files(paths, counts));
        }
        co_return;
    });
    for (const auto& [ending, count] : counts) {
        std::printf("%5ld files %7ld lines  %s\n", count.files, count.lines, ending.c_str());
    }
}

int main(int argc, char** argv) { hocket::run(count_all(argc > 1 ? argv[1] : ".")); }
