// Workers in another network namespace, which connect over TCP. The test makes both namespaces, and
// nothing of them is left when it ends.

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/engine/socket_address.hpp>
#include <hocket/errors.hpp>

#include "support/start_methods.hpp"
#include "support/stream_pool.hpp"

using namespace hocket;
using namespace std::chrono_literals;

namespace {

int add(int a, int b) { return a + b; }

int sleep_for(int milliseconds) {
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    return milliseconds;
}

bool succeeds(const std::string& command) { return std::system(command.c_str()) == 0; }

/// This thread's network namespace with 10.0.0.1, and another one with 10.0.0.2. The threads that
/// this one starts are in the same namespace.
class TwoNetworks {
public:
    TwoNetworks() {
        if (::geteuid() != 0) {
            why_not_ = "only root may make network namespaces";
        } else if (::unshare(CLONE_NEWNET) != 0) {
            why_not_ = "the kernel or the container forbids network namespaces";
        } else if (!succeeds("ip link set lo up 2>/dev/null")) {
            why_not_ = "there is no ip command";
        } else {
            connect();
        }
    }
    ~TwoNetworks() {
        if (holder_ > 0) {
            ::kill(holder_, SIGKILL);
            ::waitpid(holder_, nullptr, 0);
        }
    }
    TwoNetworks(const TwoNetworks&) = delete;
    TwoNetworks& operator=(const TwoNetworks&) = delete;

    /// Empty if they could be made.
    [[nodiscard]] const std::string& why_not() const { return why_not_; }
    /// The process that keeps the other one.
    [[nodiscard]] pid_t other() const { return holder_; }
    static void set_cable(const char* up_or_down) {
        ASSERT_TRUE(succeeds(std::string("ip link set here ") + up_or_down));
    }

private:
    void connect() {
        int ready[2];
        if (::pipe2(ready, O_CLOEXEC) != 0) {
            return;
        }
        holder_ = ::fork();
        if (holder_ == 0) {
            const char done = ::unshare(CLONE_NEWNET) == 0 ? 'y' : 'n';
            static_cast<void>(::write(ready[1], &done, 1));
            for (;;) {
                ::pause();
            }
        }
        char done = 'n';
        static_cast<void>(::read(ready[0], &done, 1));
        ::close(ready[0]);
        ::close(ready[1]);
        const std::string other = std::to_string(holder_);
        const std::string there = "nsenter -n -t " + other + " ";
        if (done != 'y' ||
            !succeeds("ip link add here type veth peer name there netns " + other +
                      " && ip address add 10.0.0.1/24 dev here && ip link set here up && " + there +
                      "ip address add 10.0.0.2/24 dev there && " + there +
                      "ip link set there up")) {
            why_not_ = "a virtual network cable (veth) cannot be made here";
        }
    }

    std::string why_not_;
    pid_t holder_ = 0;
};

/// Starts workers of this program in the other namespace.
class Network : public testing::Test {
protected:
    void SetUp() override {
        if (!networks_.why_not().empty()) {
            GTEST_SKIP() << networks_.why_not();
        }
        const auto address = *engine::SocketAddress::from_ip("10.0.0.1", 0);
        listener_ = engine::FileDescriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        ASSERT_EQ(::bind(listener_.fileno(), address.native(), address.native_size()), 0);
        ASSERT_EQ(::listen(listener_.fileno(), 8), 0);
    }
    void TearDown() override {
        for (const pid_t worker : workers_) {
            ::kill(worker, SIGKILL);
            ::waitpid(worker, nullptr, 0);
        }
    }

    engine::StreamPeer start(const std::string& token = "secret") {
        const std::string where =
            "HOCKET_WORKER=connect:10.0.0.1:" +
            std::to_string(engine::SocketAddress::local_of(listener_.fileno()).port());
        const std::string secret = "HOCKET_WORKER_TOKEN=" + token;
        std::array<char, 4096> program{};
        if (::readlink("/proc/self/exe", program.data(), program.size() - 1) < 0) {
            throw std::runtime_error("readlink");
        }
        const std::string other = std::to_string(networks_.other());
        const pid_t worker = ::fork();
        if (worker == 0) {
            ::execlp("nsenter", "nsenter", "-n", "-t", other.c_str(), "env", where.c_str(),
                     secret.c_str(), program.data(), nullptr);
            ::_exit(127);
        }
        workers_.push_back(worker);
        pollfd waiting{listener_.fileno(), POLLIN, 0};
        if (::poll(&waiting, 1, 10'000) <= 0) {
            throw std::runtime_error("no worker has connected within 10 seconds");
        }
        engine::StreamPeer peer{
            engine::FileDescriptor(::accept4(listener_.fileno(), nullptr, nullptr, SOCK_CLOEXEC))};
        peer.name = "at " + engine::SocketAddress::peer_of(peer.socket.fileno()).host();
        return peer;
    }
    engine::StreamOptions options() {
        auto options = detail::stream_options("secret");
        options.silence_limit = 3'000'000'000;
        return options;
    }

    std::vector<pid_t> workers_; // by start

private:
    TwoNetworks networks_;
    engine::FileDescriptor listener_;
};

TEST_F(Network, WorkersMakeCallsOverIt) {
    StreamPool pool(2, options(), [this] { return start(); });
    std::vector<Future<int>> results;
    for (int i = 0; i < 2000; ++i) {
        results.push_back(pool.submit(add, i, i));
    }
    for (int i = 0; i < 2000; ++i) {
        ASSERT_EQ(results[static_cast<std::size_t>(i)].result(), 2 * i);
    }
}

TEST_F(Network, LargeArgumentsAndResultsCrossIt) {
    StreamPool pool(1, options(), [this] { return start(); });
    const std::string large(std::size_t{sanitized ? 20U : 100U} << 20, 'x');
    EXPECT_TRUE(pool.submit([](std::string text) { return text; }, large).result() == large);
}

TEST_F(Network, AWorkerThatIsKilledTakesOneCallWithIt) {
    StreamPool pool(1, options(), [this] { return start(); });
    EXPECT_EQ(pool.submit(add, 1, 1).result(), 2);
    const auto victim = pool.submit(sleep_for, 60'000);
    const auto next = pool.submit(add, 2, 2);
    while (!victim.running()) {
        std::this_thread::sleep_for(1ms);
    }
    ::kill(workers_.at(0), SIGKILL);
    try {
        victim.result();
        ADD_FAILURE() << "the call survived";
    } catch (const WorkerDied& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr(
                                      "worker 1 at 10.0.0.2 closed the connection, while running"));
    }
    EXPECT_EQ(next.result(), 4);
}

TEST_F(Network, ARunningCallCanBeCancelledOverIt) {
    StreamPool pool(1, options(), [this] { return start(); });
    auto endless = pool.submit(sleep_for, 60'000);
    const auto next = pool.submit(add, 2, 2);
    while (!endless.running()) {
        std::this_thread::sleep_for(1ms);
    }
    EXPECT_TRUE(endless.cancel());
    EXPECT_EQ(next.result(), 4);
}

TEST_F(Network, ACableThatIsPulledFailsWhatMayHaveRunAndWorkGoesOnWhenItIsBack) {
    StreamPool pool(1, options(), [this] { return start(); });
    EXPECT_EQ(pool.submit(add, 1, 1).result(), 2);
    const auto victim = pool.submit(sleep_for, 60'000);
    while (!victim.running()) {
        std::this_thread::sleep_for(1ms);
    }
    TwoNetworks::set_cable("down");
    try {
        victim.result();
        ADD_FAILURE() << "the call survived";
    } catch (const WorkerDied& error) {
        EXPECT_THAT(error.what(),
                    testing::HasSubstr("worker 1 at 10.0.0.2 has sent nothing for 3.000 seconds"));
    }
    TwoNetworks::set_cable("up");
    EXPECT_EQ(pool.submit(add, 2, 2).result(), 4);
}

TEST_F(Network, AWorkerWithoutTheTokenIsRefused) {
    StreamPool pool(1, options(), [this] { return start("guess"); });
    const auto refused = pool.submit(add, 1, 1);
    EXPECT_THROW(refused.result(), BrokenExecutor);
}

} // namespace
