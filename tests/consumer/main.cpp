#include <chrono>
#include <cstdio>

#include <hocket/hocket.hpp>

int main() {
    const int answer = hocket::run([]() -> hocket::Coro<int> {
        co_await hocket::sleep(std::chrono::milliseconds(1));
        co_return 42;
    });
    std::printf("%d\n", answer);
    return answer == 42 ? 0 : 1;
}
