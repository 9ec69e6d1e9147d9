// The minimum cost of running a program: posix_spawn and waitpid, without any setup.

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../measure.hpp"

int main() {
    constexpr std::size_t rounds = 20;
    char path[] = "/bin/true";
    char* arguments[] = {path, nullptr};
    bench::Best best("true", rounds, 100, bench::Clock::wall);
    while (best.next()) {
        for (std::size_t i = 0; i < rounds; ++i) {
            pid_t pid = 0;
            int status = 0;
            if (posix_spawn(&pid, path, nullptr, nullptr, arguments, environ) != 0 ||
                waitpid(pid, &status, 0) != pid || status != 0)
                std::abort();
        }
    }
}
