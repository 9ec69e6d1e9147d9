// Uses every public name as its documentation spells it. The tests named after the names check what
// they do; this test fails if a program written according to the documentation no longer compiles.

#include <hocket/hocket.hpp>

#include <csignal>
#include <sstream>
#include <string>
#include <vector>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace hocket;
using namespace std::chrono_literals;

namespace {

Coro<int> twice(int x) {
    co_await sleep(0s);
    co_return 2 * x;
}
Coro<> nothing() { co_return; }
AsyncGenerator<int> count_to(int n) {
    for (int i = 1; i <= n; ++i) {
        co_yield i;
    }
}
int square(int x) { return x * x; }

struct Tally {
    int total = 0;
    int add(int n) { return total += n; }
    MSGPACK_DEFINE(total)
};

struct Refused : std::runtime_error {
    using std::runtime_error::runtime_error;
};
HOCKET_REMOTE_EXCEPTION(Refused);

} // namespace

TEST(Api, Running) {
    EXPECT_EQ(run(twice(2)), 4);
    EXPECT_EQ(run([] { return twice(3); }, RunOptions{.debug = true, .name = "api"}), 6);
    run(nothing(), {.name = "api"});
    Runner runner;
    EXPECT_EQ(runner.run(twice(4)), 8);
    EXPECT_EQ(runner.run(twice(5)), 10);
    runner.close();
}

TEST(Api, CoroutinesAndTasks) {
    const auto main = []() -> Coro<> {
        Task<int> task = create_task(twice(1), {.name = "one", .eager_start = true});
        Task<int> of_callable = create_task([](int x) { return twice(x); }, 2);
        Task<int> with_options = create_task(TaskOptions{.name = "three"}, twice, 3);
        EXPECT_EQ(task.name(), "one");
        task.set_name("first");
        EXPECT_FALSE(task.done());
        EXPECT_FALSE(task.cancelled());
        EXPECT_EQ(task.cancelling(), 0);
        const auto id = task.add_done_callback([](Task<int>) {});
        task.remove_done_callback(id);
        const int first = co_await task;
        EXPECT_EQ(first + co_await of_callable + co_await with_options, 12);
        EXPECT_EQ(task.result(), 2);
        EXPECT_EQ(task.exception(), nullptr);
        EXPECT_NE(task.created_at().line(), 0U);
        AnyTask self = current_task();
        EXPECT_EQ(all_tasks().size(), 1U);
        std::ostringstream out;
        self.print_stack(out);
        static_cast<void>(self.waiting_at());

        Task<> sleeper = create_task(sleep(1h));
        co_await sleep(0s);
        EXPECT_TRUE(sleeper.cancel("enough"));
        EXPECT_EQ(sleeper.cancelling(), 1);
        EXPECT_EQ(sleeper.uncancel(), 0);
        try {
            co_await sleeper;
            ADD_FAILURE();
        } catch (const CancelledError& error) {
            EXPECT_EQ(error.message(), "enough");
        }

        const int late = co_await sleep(1ms, 5);
        EXPECT_EQ(late, 5);
        co_await sleep_until(std::chrono::steady_clock::now() + 1ms);

        auto gen = count_to(2);
        int sum = 0;
        while (auto value = co_await gen.next()) {
            sum += *value;
        }
        EXPECT_EQ(sum, 3);
    };
    run(main());
}

TEST(Api, Combinators) {
    const auto main = []() -> Coro<> {
        auto [a, none, b] = co_await gather(twice(1), nothing(), create_task(twice(2)));
        static_assert(std::is_same_v<decltype(none), std::monostate>);
        EXPECT_EQ(a + b, 6);
        std::vector<Coro<int>> coros;
        coros.push_back(twice(1));
        coros.push_back(twice(2));
        const std::vector<int> all = co_await gather(std::move(coros));
        EXPECT_THAT(all, testing::ElementsAre(2, 4));
        auto [good, bad] = co_await gather_settled(twice(1), []() -> Coro<int> {
            throw std::runtime_error("no");
            co_return 0;
        }());
        EXPECT_TRUE(good.has_value());
        EXPECT_EQ(good.value(), 2);
        EXPECT_FALSE(bad.has_value());
        EXPECT_NE(bad.error(), nullptr);

        std::vector<Task<int>> tasks{create_task(twice(1)), create_task(twice(2))};
        auto [done, pending] = co_await wait(
            tasks, WaitOptions{.timeout = 10s, .return_when = ReturnWhen::ALL_COMPLETED});
        EXPECT_EQ(done.size(), 2U);
        EXPECT_EQ(pending.size(), 0U);
        auto completed = as_completed(tasks, 10s);
        int sum = 0;
        while (auto task = co_await completed.next()) {
            sum += task->result();
        }
        EXPECT_EQ(sum, 6);

        const int waited = co_await wait_for(twice(4), 10s);
        EXPECT_EQ(waited, 8);
        const auto body = [](Timeout& timeout) -> Coro<int> {
            timeout.reschedule(std::chrono::steady_clock::now() + 1h);
            EXPECT_TRUE(timeout.when().has_value());
            EXPECT_FALSE(timeout.expired());
            co_return co_await twice(5);
        };
        const int timed = co_await with_timeout(10s, body);
        EXPECT_EQ(timed, 10);
        const int plain = co_await with_timeout(10s, [] { return twice(6); });
        EXPECT_EQ(plain, 12);
        const auto group = [](TaskGroup& tg) -> Coro<int> {
            Task<int> one = tg.create_task(twice(1));
            Task<int> two = tg.create_task(twice, 2);
            co_return co_await one + co_await two;
        };
        const int grouped = co_await with_task_group(group);
        EXPECT_EQ(grouped, 6);
        const int shielded = co_await shield(twice(7));
        EXPECT_EQ(shielded, 14);
        EventLoop& loop = get_running_loop();
        auto ask = [&loop] { return run_coroutine_threadsafe(twice(8), loop).result(10s); };
        const int from_thread = co_await to_thread(ask);
        EXPECT_EQ(from_thread, 16);
    };
    run(main());
}

TEST(Api, ContextVariables) {
    static ContextVar<int> depth{"depth", 1};
    EXPECT_EQ(depth.get(), 1);
    auto token = depth.set(2);
    Context copy = copy_context();
    depth.reset(token);
    EXPECT_EQ(copy.run([] { return depth.get(); }), 2);
}

TEST(Api, Synchronisation) {
    const auto main = []() -> Coro<> {
        Lock lock;
        {
            auto guard = co_await lock.scoped();
            EXPECT_TRUE(lock.locked());
        }
        co_await lock.acquire();
        lock.release();
        Event event;
        event.set();
        co_await event.wait();
        event.clear();
        EXPECT_FALSE(event.is_set());
        Condition condition;
        {
            auto guard = co_await condition.scoped();
            condition.notify();
            condition.notify_all();
            co_await condition.wait_for([] { return true; });
        }
        Semaphore semaphore(2);
        co_await semaphore.acquire();
        semaphore.release();
        BoundedSemaphore bounded(1);
        EXPECT_THROW(bounded.release(), ValueError);
        Barrier barrier(1);
        const auto index = co_await barrier.wait();
        EXPECT_EQ(index, 0U);

        Queue<int> queue(2);
        co_await queue.put(1);
        queue.put_nowait(2);
        EXPECT_TRUE(queue.full());
        EXPECT_THROW(queue.put_nowait(3), QueueFull);
        const int item = co_await queue.get();
        EXPECT_EQ(item + queue.get_nowait(), 3);
        queue.task_done();
        queue.task_done();
        co_await queue.join();
        EXPECT_THROW(queue.get_nowait(), QueueEmpty);
        queue.shutdown();
        EXPECT_THROW(queue.put_nowait(1), QueueShutDown);
        PriorityQueue<int> least;
        least.put_nowait(2);
        least.put_nowait(1);
        EXPECT_EQ(least.get_nowait(), 1);
        LifoQueue<int> last;
        last.put_nowait(1);
        last.put_nowait(2);
        EXPECT_EQ(last.get_nowait(), 2);
    };
    run(main());
}

TEST(Api, StreamsAndServers) {
    const auto main = []() -> Coro<> {
        const auto echo = [](StreamReader reader, StreamWriter writer) -> Coro<> {
            const std::string line = co_await reader.readline();
            writer.write(line);
            writer.writelines(std::vector<std::string>{"a", "b"});
            co_await writer.drain();
            EXPECT_TRUE(writer.can_write_eof());
            writer.write_eof();
            co_await reader.read();
            EXPECT_TRUE(reader.at_eof());
            writer.close();
            co_await writer.wait_closed();
        };
        Server server = co_await start_server(echo, "127.0.0.1", 0, ServerOptions{.backlog = 10});
        EXPECT_TRUE(server.is_serving());
        const ServerSocket socket = server.sockets().front();
        EXPECT_EQ(socket.address(), "127.0.0.1");
        EXPECT_EQ(socket.family(), AF_INET);
        EXPECT_GE(socket.fileno(), 0);
        auto [reader, writer] = co_await open_connection(
            "127.0.0.1", socket.port(), ConnectOptions{.happy_eyeballs_delay = 250ms});
        writer.write("hello\n");
        const std::string hello = co_await reader.readuntil("\n");
        const std::string two = co_await reader.readexactly(2);
        EXPECT_EQ(hello + two, "hello\nab");
        std::byte space[4];
        const std::size_t none = co_await reader.read_into(std::span(space));
        EXPECT_EQ(none, 0U);
        static_cast<void>(writer.peername());
        static_cast<void>(writer.sockname());
        static_cast<void>(writer.socket());
        writer.close();
        co_await writer.wait_closed();
        server.close();
        server.close_clients();
        server.abort_clients();
        co_await server.wait_closed();

        const std::string path = "/tmp/hocket-api-" + std::to_string(::getpid());
        Server local = co_await start_unix_server(echo, path);
        auto connection = co_await open_unix_connection(path);
        connection.writer.close();
        local.close();
    };
    run(main());
}

TEST(Api, TheLoop) {
    const auto main = []() -> Coro<> {
        EventLoop& loop = get_running_loop();
        int calls = 0;
        Handle soon = loop.call_soon([&calls](int n) { calls += n; }, 1);
        Handle safe = loop.call_soon_threadsafe([&calls] { ++calls; });
        Handle later = loop.call_later(1h, [] {});
        Handle at = loop.call_at(loop.time() + 1h, [] {});
        later.cancel();
        at.cancel();
        EXPECT_TRUE(later.cancelled());
        ThreadPoolExecutor executor(1);
        const int nine = co_await loop.run_in_executor(executor, square, 3);
        EXPECT_EQ(nine, 9);
        loop.set_default_executor(std::make_shared<ThreadPoolExecutor>(1));
        const int four = co_await loop.run_in_executor(nullptr, square, 2);
        EXPECT_EQ(four, 4);
        loop.add_signal_handler(SIGUSR1, [] {});
        EXPECT_TRUE(loop.remove_signal_handler(SIGUSR1));
        std::string message;
        loop.set_exception_handler([&message](EventLoop&, const ExceptionContext& context) {
            message = context.message;
            static_cast<void>(context.exception);
            static_cast<void>(context.task);
            static_cast<void>(context.created_at);
        });
        loop.call_soon([] { throw std::runtime_error("oops"); });
        co_await sleep(0s);
        EXPECT_EQ(calls, 2);
        EXPECT_NE(message, "");
        loop.set_debug(false);
        loop.slow_callback_duration = 100ms;
        const auto addresses = co_await loop.getaddrinfo("127.0.0.1", "80");
        EXPECT_FALSE(addresses.empty());
        std::ostringstream out;
        loop.print_tasks(out);
        EXPECT_TRUE(loop.is_running());
    };
    run(main());
}

TEST(Api, FuturesAndThreadPools) {
    Promise<int> promise;
    Future<int> future = promise.get_future();
    EXPECT_FALSE(future.done());
    EXPECT_TRUE(promise.set_running_or_notify_cancel());
    EXPECT_TRUE(future.running());
    int seen = 0;
    future.add_done_callback([&seen](Future<int> done) { seen = done.result(); });
    promise.set_result(7);
    EXPECT_EQ(seen, 7);
    EXPECT_FALSE(future.cancel());
    EXPECT_EQ(future.exception(), nullptr);

    ThreadPoolExecutor pool(2, {.thread_name_prefix = "api", .initializer = [] {}});
    EXPECT_EQ(pool.submit(square, 3).result(10s), 9);
    EXPECT_EQ(
        pool.submit(SubmitOptions{.timeout = 10s, .priority = 1, .name = "s"}, square, 4).result(),
        16);
    std::vector<int> squares;
    for (int value : pool.map(square, std::vector<int>{1, 2, 3},
                              MapOptions{.timeout = 10s, .chunksize = 2, .buffersize = 4})) {
        squares.push_back(value);
    }
    EXPECT_THAT(squares, testing::ElementsAre(1, 4, 9));
    std::vector<Future<int>> futures{pool.submit(square, 1), pool.submit(square, 2)};
    DoneNotDone<int> waited = wait(futures, WaitOptions{.timeout = 10s});
    EXPECT_EQ(waited.done.size(), 2U);
    EXPECT_EQ(waited.not_done.size(), 0U);
    int sum = 0;
    for (auto& done : as_completed(futures, 10s)) {
        sum += done.result();
    }
    EXPECT_EQ(sum, 5);
    std::atomic<int> total{0};
    parallel_for(pool, 0, 100, [&total](int i) { total += i; });
    EXPECT_EQ(total, 4950);
    parallel_for(
        pool, 0, 100, [&total](int i) { total -= i; }, 10);
    EXPECT_EQ(parallel_reduce(
                  pool, 0, 100, 0, [](int i) { return i; }, std::plus<>()),
              4950);
    Executor& any = pool;
    EXPECT_EQ(any.submit(square, 5).result(), 25);
    pool.shutdown({.wait = true, .cancel_futures = true});

    const auto main = []() -> Coro<> {
        ThreadPoolExecutor executor(1);
        auto results = executor.map(square, std::vector<int>{2, 3});
        int product = 1;
        while (auto value = co_await results.next()) {
            product *= *value;
        }
        EXPECT_EQ(product, 36);
        const int later = co_await executor.submit(square, 2);
        EXPECT_EQ(later, 4);
    };
    run(main());
}

TEST(Api, Threads) {
    int result = 0;
    Thread thread(
        {.name = "worker", .daemon = false}, [&result](int x) { result = square(x); }, 3);
    thread.start();
    EXPECT_EQ(thread.name(), "worker");
    EXPECT_TRUE(thread.ident().has_value());
    EXPECT_TRUE(thread.native_id().has_value());
    thread.join();
    EXPECT_TRUE(thread.join(1s));
    EXPECT_FALSE(thread.is_alive());
    EXPECT_EQ(result, 9);
    Timer timer(1h, [] {});
    timer.start();
    timer.cancel();
    ThreadLocal<int> local;
    ThreadsafeQueue<int> queue;
    queue.put_blocking(1);
    EXPECT_EQ(queue.get_blocking(), 1);
    ThreadsafeEvent event;
    event.set();
    event.wait_blocking();
    ThreadsafeLock lock;
    lock.acquire_blocking();
    lock.release();
    ThreadsafeSemaphore semaphore(1);
    semaphore.acquire_blocking();
    semaphore.release();
    const auto main = [&]() -> Coro<> {
        co_await queue.put(2);
        const int two = co_await queue.get();
        EXPECT_EQ(two, 2);
        co_await event.wait();
        co_await lock.acquire();
        lock.release();
        co_await semaphore.acquire();
        semaphore.release();
    };
    run(main());
}

TEST(Api, ProcessPools) {
    ProcessPoolExecutor pool(2, {.initializer = [] {}, .max_tasks_per_child = 100});
    EXPECT_EQ(pool.submit(square, 3).result(), 9);
    EXPECT_EQ(pool.submit(
                      SubmitOptions{.timeout = 60s, .name = "s"}, [](int x) { return x + 1; }, 1)
                  .result(),
              2);
    std::vector<int> squares;
    for (int value : pool.map(square, std::vector<int>{1, 2, 3}, MapOptions{.chunksize = 2})) {
        squares.push_back(value);
    }
    EXPECT_THAT(squares, testing::ElementsAre(1, 4, 9));
    EXPECT_THROW(pool.submit([] { throw Refused("no"); }).result(), Refused);
    EXPECT_THROW(pool.submit([] { ::_exit(3); }).result(), WorkerDied);
    pool.shutdown();

    Pool classic(2);
    EXPECT_EQ(classic.apply(square, 2), 4);
    EXPECT_EQ(classic.apply_async(square, 3).result(), 9);
    EXPECT_THAT(classic.map(square, std::vector<int>{1, 2}), testing::ElementsAre(1, 4));
    EXPECT_EQ(classic.map_async(square, std::vector<int>{3}).result().front(), 9);
    for (int value : classic.imap(square, std::vector<int>{5})) {
        EXPECT_EQ(value, 25);
    }
    for (int value : classic.imap_unordered(square, std::vector<int>{5})) {
        EXPECT_EQ(value, 25);
    }
    EXPECT_EQ(
        classic
            .starmap([](int a, int b) { return a + b; }, std::vector<std::pair<int, int>>{{1, 2}})
            .front(),
        3);
    classic.close();
    classic.join();
    classic.terminate();
}

TEST(Api, Processes) {
    auto [mine, theirs] = Pipe<int>();
    SharedArray<double> field(10);
    SharedValue<int> counter;
    ProcessQueue<std::string> queue;
    ProcessLock lock;
    ProcessSemaphore semaphore(1);
    ProcessEvent event;
    ProcessBarrier barrier(1);
    const auto work = [](auto pipe, SharedArray<double> a, SharedValue<int> n,
                         ProcessQueue<std::string> q, ProcessLock l, ProcessSemaphore s,
                         ProcessEvent e, ProcessBarrier b) {
        {
            auto guard = l.scoped();
            a[0] = static_cast<double>(a.size());
            n.fetch_add(2);
        }
        s.acquire();
        s.release();
        b.wait();
        q.put("done");
        pipe.send(pipe.recv() + 1);
        e.set();
    };
    using End = std::decay_t<decltype(theirs)>;
    void (*const function)(End, SharedArray<double>, SharedValue<int>, ProcessQueue<std::string>,
                           ProcessLock, ProcessSemaphore, ProcessEvent, ProcessBarrier) = work;
    Process process({.name = "api", .daemon = false}, function, theirs, field, counter, queue, lock,
                    semaphore, event, barrier);
    process.start();
    EXPECT_TRUE(process.pid().has_value());
    mine.send(41);
    EXPECT_EQ(mine.recv(), 42);
    event.wait();
    EXPECT_EQ(queue.get(), "done");
    EXPECT_EQ(field[0], 10.0);
    EXPECT_EQ(field.data(), field.span().data());
    EXPECT_EQ(counter.load(), 2);
    counter.store(3);
    EXPECT_GE(process.sentinel(), 0);
    EXPECT_EQ(run([&process] { return process.wait(); }), 0);
    process.join();
    EXPECT_TRUE(process.join(1s));
    EXPECT_EQ(process.exitcode(), 0);
    EXPECT_FALSE(process.is_alive());
    process.terminate();
    process.kill();
    EXPECT_GE(cpu_count(), 1U);
}

TEST(Api, Managers) {
    Manager manager;
    ManagedDict<std::string, int> dict = manager.dict<std::string, int>();
    dict.set("a", 1);
    dict.update("a", [](int& n) { ++n; });
    EXPECT_EQ(dict.get("a"), 2);
    ManagedList<int> list = manager.list<int>();
    list.append(1);
    ManagedValue<int> value = manager.value(1);
    EXPECT_EQ(value.get(), 1);
    ManagedQueue<int> queue = manager.queue<int>();
    queue.put(1);
    EXPECT_EQ(queue.get(), 1);
    ManagedLock lock = manager.lock();
    lock.acquire();
    lock.release();
    auto tally = manager.create<Tally>();
    EXPECT_EQ(tally.call(&Tally::add, 3), 3);
    ProcessPoolExecutor pool(1);
    pool.submit([](ManagedDict<std::string, int> shared) { shared.set("b", 5); }, dict).result();
    EXPECT_EQ(dict.get("b"), 5);
}

TEST(Api, Errors) {
    const ExceptionGroup group("two", {std::make_exception_ptr(ValueError("a")),
                                       std::make_exception_ptr(TimeoutError("b"))});
    EXPECT_EQ(group.exceptions().size(), 2U);
    const auto [values, rest] = group.split<ValueError>();
    EXPECT_TRUE(values.has_value());
    EXPECT_TRUE(rest.has_value());
    EXPECT_TRUE(group.subgroup<TimeoutError>().has_value());
    static_assert(!std::is_base_of_v<std::exception, CancelledError>);
    static_assert(!std::is_base_of_v<std::exception, KeyboardInterrupt>);
    static_assert(std::is_base_of_v<std::exception, InvalidStateError>);
    static_assert(std::is_base_of_v<std::exception, BrokenBarrierError>);
    static_assert(std::is_base_of_v<std::exception, BrokenExecutor>);
    const IncompleteReadError incomplete("abc", 5);
    EXPECT_EQ(incomplete.partial(), "abc");
    EXPECT_EQ(incomplete.expected(), 5U);
    EXPECT_EQ(LimitOverrunError("too long", 7).consumed(), 7U);
    EXPECT_EQ(RemoteError("Type", "message", "where").type_name(), "Type");
}

TEST(Api, Datagrams) {
    struct Answers final : DatagramProtocol {
        DatagramTransport* out = nullptr;
        void connection_made(DatagramTransport& transport) override { out = &transport; }
        void datagram_received(std::string_view data, const SocketAddress& address) override {
            out->sendto(data, address);
        }
        void error_received(const std::system_error&) override {}
        void connection_lost(std::exception_ptr) override {}
    };
    const auto main = []() -> Coro<> {
        EventLoop& loop = get_running_loop();
        const auto make = [] { return std::make_unique<Answers>(); };
        auto [transport, protocol] =
            co_await loop.create_datagram_endpoint(make, {.local_addr = HostPort{"127.0.0.1"}});
        const DatagramEndpoint endpoint = co_await open_datagram_endpoint(
            {.remote_addr = HostPort{"127.0.0.1", transport->sockname().port()}});
        endpoint.send("ping");
        const Datagram answer = co_await endpoint.recv();
        EXPECT_EQ(answer.data, "ping");
        endpoint.close();
        co_await endpoint.wait_closed();
        transport->close();
    };
    run(main());
}

TEST(Api, Subprocesses) {
    const auto main = []() -> Coro<> {
        subprocess::Process cat = co_await create_subprocess_exec(
            {.stdin = subprocess::PIPE, .stdout = subprocess::PIPE}, "cat");
        const auto [out, err] = co_await cat.communicate("hello");
        EXPECT_EQ(out, "hello");
        EXPECT_EQ(err, "");
        subprocess::Process shell = co_await create_subprocess_shell("exit 3");
        const int status = co_await shell.wait();
        EXPECT_EQ(status, 3);
        EXPECT_EQ(shell.returncode(), 3);
    };
    run(main());
}

TEST(Api, Files) {
    const auto main = []() -> Coro<> {
        const std::string path = "/tmp/hocket-api-file-" + std::to_string(::getpid());
        co_await files::write_text(path, "one\ntwo\n");
        File file = co_await hocket::open(path);
        const std::string first = co_await file.readline();
        EXPECT_EQ(first, "one\n");
        const std::string rest = co_await file.read();
        EXPECT_EQ(rest, "two\n");
        const std::string middle = co_await file.pread(2, 1);
        EXPECT_EQ(middle, "ne");
        co_await file.close();
        const std::string text = co_await files::read_text(path);
        EXPECT_EQ(text.size(), 8U);
        co_await files::unlink(path);
    };
    run(main());
}

TEST(Api, Choosing) {
    const std::vector<int> items{1, 2, 3};
    Choice choice = choose(items, square, {.budget = 200ms});
    choice = choose(
        items, [](int x) { return 2 * x; }, twice,
        ChooseOptions{.budget = 200ms, .cores = 1, .p99 = 1s, .check_results = true});
    EXPECT_EQ(to_string(ConcurrencyModel::none), "none");
    EXPECT_NE(choice.row(ConcurrencyModel::sequential).items_per_second, std::nullopt);
    EXPECT_FALSE(choice.text().empty());
    EXPECT_FALSE(choice.json().empty());
    EXPECT_THROW(static_cast<void>(choose(std::vector<int>(), square)), ValueError);
    try {
        static_cast<void>(choose(items, [](int) { throw Refused("no"); }));
    } catch (const WorkloadError& error) {
        EXPECT_EQ(error.item(), 0U);
    }
}
