// expect: hocket: in a co_await expression, this compiler destroys a temporary
#include <hocket/thread_pool_executor.hpp>

struct Job {
    std::string name;
};

hocket::Coro<> work(hocket::ThreadPoolExecutor& pool) {
    co_await pool.submit([](const Job&) {}, Job{"a name that is too long for the small buffer"});
}
