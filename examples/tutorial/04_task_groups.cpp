// A task group waits for all of its tasks. When one fails, the others are cancelled, and what
// failed comes out as one ExceptionGroup.
//
//     $ 04_task_groups
//     fetched page 1
//     fetched page 2
//     page 9 was not needed any more
//     page 3 does not exist

#include <chrono>
#include <cstdio>
#include <exception>
#include <hocket/hocket.hpp>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;
using hocket::Coro;

Coro<> fetch(int page) {
    try {
        co_await hocket::sleep(page * 20ms);
    } catch (const hocket::CancelledError&) {
        std::printf("page %d was not needed any more\n", page);
        throw;
    }
    if (page == 3) throw std::runtime_error("page 3 does not exist");
    std::printf("fetched page %d\n", page);
}

Coro<> fetch_all() {
    try {
        co_await hocket::with_task_group([](hocket::TaskGroup& group) -> Coro<> {
            for (int page : {1, 2, 3, 9}) group.create_task(fetch(page));
            co_return; // the group waits for its tasks
        });
    } catch (const hocket::ExceptionGroup& failures) {
        for (const std::exception_ptr& failure : failures.exceptions()) {
            try {
                std::rethrow_exception(failure);
            } catch (const std::runtime_error& error) {
                std::puts(error.what());
            }
        }
    }
}

int main() { hocket::run(fetch_all()); }
