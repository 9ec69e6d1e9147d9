// tail -f: prints the last ten lines of a file and goes on printing what is written to it, as it is
// written. A file that is truncated is read from its beginning again; one that is removed ends it.
//
//     $ tail server.log
//     GET /one 200
//     GET /two 404

#include <cstdio>
#include <deque>
#include <hocket/hocket.hpp>

using hocket::Coro;
using Kind = hocket::files::WatchEvent::Kind;

Coro<> print_rest(hocket::File file) {
    const auto position = co_await file.tell();
    const auto status = co_await file.stat();
    if (status.size < position) {
        co_await file.seek(0);
    }
    const std::string text = co_await file.read();
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

Coro<> follow(std::string path) {
    // First the watch, then the look: what is written in between is not missed.
    auto changes = co_await hocket::files::watch(path);
    const hocket::File file = co_await hocket::open(path);
    std::deque<std::string> last;
    auto lines = file.lines();
    while (auto line = co_await lines.next()) {
        last.push_back(std::move(*line));
        if (last.size() > 10) {
            last.pop_front();
        }
    }
    for (const std::string& line : last) {
        std::fputs(line.c_str(), stdout);
    }
    std::fflush(stdout);
    while (auto change = co_await changes.next()) {
        co_await print_rest(file);
        // A removed file is still there as long as it is open, but has one name less.
        const auto status = co_await file.stat();
        if (status.nlink == 0) {
            co_return;
        }
    }
}

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: tail FILE\n");
        return 2;
    }
    try {
        hocket::run(follow(argv[1]));
    } catch (const std::system_error& error) {
        std::fprintf(stderr, "tail: %s\n", error.what());
        return 1;
    } catch (const hocket::KeyboardInterrupt&) {
    }
}
