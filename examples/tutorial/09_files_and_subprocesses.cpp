// Files that do not block the loop, and another program with a pipe to read what it writes.
//
//     $ 09_files_and_subprocesses
//     line 1: milk
//     line 2: bread
//     sort wrote:
//     bread
//     milk
//     sort ended with exit status 0

#include <cstdio>
#include <filesystem>
#include <hocket/hocket.hpp>
#include <string>

using hocket::Coro;
namespace files = hocket::files;
namespace subprocess = hocket::subprocess;

Coro<> print_lines(std::string path) {
    const hocket::File file = co_await hocket::open(path);
    auto lines = file.lines();
    int number = 0;
    while (auto line = co_await lines.next()) std::printf("line %d: %s", ++number, line->c_str());
    co_await file.close();
}

Coro<> print_sorted(std::string path) {
    auto sort = co_await hocket::create_subprocess_exec({.stdout = subprocess::PIPE}, "sort", path);
    const auto [output, errors] = co_await sort.communicate();
    std::printf("sort wrote:\n%s", output.c_str());
    std::printf("sort ended with exit status %d\n", *sort.returncode());
}

Coro<> program() {
    const std::string path = std::filesystem::temp_directory_path() / "hocket_shopping_list";
    co_await files::write_text(path, "milk\nbread\n"); // readers see all of it or nothing
    co_await print_lines(path);
    co_await print_sorted(path);
    co_await files::unlink(path);
}

int main() { hocket::run(program()); }
