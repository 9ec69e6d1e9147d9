// Before version 13, g++ destroys some temporaries of a co_await expression twice (see
// made_of_temporary.hpp). The expressions that must not compile are in
// tests/compile_fail/temporary_*.cpp.

#include <gtest/gtest.h>

#include <atomic>
#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/hocket.hpp>

using namespace hocket;
using namespace std::chrono_literals;

namespace {

/// Counts its constructions and destructions, which to_thread makes on two threads.
struct Counted {
    static inline std::atomic<int> made = 0;
    static inline std::atomic<int> destroyed = 0;

    Counted() { ++made; }
    Counted(const Counted&) { ++made; }
    Counted& operator=(const Counted&) = default;
    ~Counted() { ++destroyed; }
};

struct Job {
    Counted counted;
};

class Functor {
public:
    explicit Functor(Counted counted) : counted_(std::move(counted)) {}
    Coro<> operator()() const { co_return; }

private:
    Counted counted_;
};

/// Runs `program`, and expects it to destroy every object that it constructs exactly once.
template <class F> void expect_balance(F program) {
    Counted::made = 0;
    Counted::destroyed = 0;
    run(program);
    EXPECT_GT(Counted::made.load(), 0);
    EXPECT_EQ(Counted::made.load(), Counted::destroyed.load());
}

// -- what to write instead ---------------------------------------------------------------------

TEST(Temporaries, ANamedLambdaIsDestroyedOnce) {
    expect_balance([]() -> Coro<> {
        const Counted counted;
        const auto coroutine = [counted]() -> Coro<> { co_return; };
        const auto function = [counted] {};
        const auto body = [counted](TaskGroup&) -> Coro<> { co_return; };
        const auto handler = [counted](StreamReader, StreamWriter) -> Coro<> { co_return; };
        co_await create_task(coroutine);
        co_await with_timeout(1s, coroutine);
        co_await gather(coroutine, coroutine);
        co_await wait_for(coroutine, 1s);
        co_await shield(coroutine);
        co_await to_thread(function);
        co_await with_task_group(body);
        Server server = co_await start_server(handler, "127.0.0.1", 0);
        server.close();
        co_await server.wait_closed();
    });
}

TEST(Temporaries, ALambdaOfATaskThatIsKeptInAVariableIsDestroyedOnce) {
    expect_balance([]() -> Coro<> {
        const Counted counted;
        auto task = create_task([counted]() -> Coro<> { co_return; });
        co_await task;
        auto future = to_thread([counted] {});
        co_await future;
        Coro<> limited = with_timeout(1s, [counted]() -> Coro<> { co_return; });
        co_await std::move(limited);
    });
}

TEST(Temporaries, AMovedLambdaIsDestroyedOnce) {
    expect_balance([]() -> Coro<> {
        auto work = [counted = std::make_unique<Counted>()]() -> Coro<> { co_return; };
        const Task<> task = create_task(std::move(work));
        co_await task;
        auto referred = [counted = std::make_unique<Counted>()]() -> Coro<> { co_return; };
        co_await with_timeout(1s, std::ref(referred));
    });
}

TEST(Temporaries, AnArgumentIsDestroyedOnce) {
    expect_balance([]() -> Coro<> {
        const Counted counted;
        const Job job;
        co_await create_task([](const Counted&) -> Coro<> { co_return; }, counted);
        co_await to_thread([](const Job&) {}, job);
        co_await create_task([](const Counted&) -> Coro<> { co_return; }, Counted());
    });
}

TEST(Temporaries, AFunctorWithAConstructorIsDestroyedOnce) {
    expect_balance([]() -> Coro<> {
        co_await create_task(Functor(Counted()));
        co_await create_task(std::function<Coro<>()>(Functor(Counted())));
    });
}

TEST(Temporaries, ALambdaThatCapturesByReferenceCanBeWrittenWhereItIsAwaited) {
    expect_balance([]() -> Coro<> {
        const Counted counted;
        const int seven = 7;
        const int number = co_await create_task([&counted, seven]() -> Coro<int> {
            const Counted copy = counted;
            co_return seven;
        });
        EXPECT_EQ(number, 7);
    });
}

// -- a task made from a temporary ---------------------------------------------------------------

TEST(Temporaries, ATaskOfALambdaIsATaskInEveryOtherRespect) {
    run([]() -> Coro<> {
        const std::string text = "text";
        const auto start = [&] {
            return create_task([text]() -> Coro<std::string> { co_return text; });
        };
        auto task = start();
        task = start();
        std::vector<Task<std::string>> tasks;
        tasks.push_back(start());
        tasks.push_back(task);
        const auto [first, second] = co_await gather(task, tasks[0]);
        EXPECT_EQ(first + second, "texttext");
        EXPECT_EQ(co_await wait_for(task, 1s), "text");
        EXPECT_EQ(co_await shield(task), "text");
        const auto all = co_await gather(tasks);
        EXPECT_EQ(all.size(), 2U);
    });
}

TEST(Temporaries, AShieldedFutureOfALambdaMakesNoTask) {
    run([]() -> Coro<> {
        const std::string text = "text";
        const auto shielded = shield(to_thread([text] { return text; }));
        static_assert(std::derived_from<std::remove_const_t<decltype(shielded)>,
                                        ShieldedFuture<std::string>>);
        EXPECT_EQ(co_await shielded, "text");
    });
}

// -- expressions that are refused --------------------------------------------------------------

constexpr bool affected = HOCKET_COAWAIT_DOUBLE_DESTROY != 0;

template <class A> constexpr bool refused = detail::is_made_of_temporary<A>;
/// Whether a temporary of type F is refused as a callable.
template <class F> constexpr bool refuses = refused<decltype(to_thread(std::declval<F>()))>;

using Closure = decltype([text = std::string()] {});
using MoveOnlyClosure = decltype([text = std::unique_ptr<int>()] {});
using MutableClosure = decltype([text = std::string()]() mutable {});
using PlainClosure = decltype([number = 0] { return number; });

static_assert(refuses<Closure> == affected);
static_assert(refuses<MoveOnlyClosure> == affected);
static_assert(refuses<MutableClosure> == affected);
static_assert(!refuses<Closure&>);
static_assert(!refuses<const Closure&>);
static_assert(!refuses<PlainClosure>);
static_assert(!refuses<void (*)()>);
static_assert(!refuses<void (&)()>);
static_assert(!refuses<std::function<void()>>);
static_assert(!refused<decltype(wait_for(std::declval<Lock&>().acquire(), 1s))>);
static_assert(!refuses<std::reference_wrapper<Closure>>);
static_assert(!refuses<decltype(std::bind_front([](const std::string&) {}, std::string()))>);

using Work = decltype([text = std::string()]() -> Coro<> { co_return; });
using Body = decltype([text = std::string()](Timeout&) -> Coro<> { co_return; });
using GroupBody = decltype([text = std::string()](TaskGroup&) -> Coro<> { co_return; });
using Handler = decltype([text = std::string()](StreamReader, StreamWriter) {});
using Factory = decltype([text = std::string()] { return std::unique_ptr<Protocol>(); });
using DatagramFactory =
    decltype([text = std::string()] { return std::unique_ptr<DatagramProtocol>(); });
using ProgramFactory =
    decltype([text = std::string()] { return std::unique_ptr<SubprocessProtocol>(); });
using OnLoop = decltype([text = std::string()](EventLoop&) {});
using Predicate = decltype([text = std::string()] { return true; });

struct Given {
    std::string text;
    MSGPACK_DEFINE(text)
};
[[maybe_unused]] void take(const Given&) {}

[[maybe_unused]] void check_that_temporaries_are_refused(EventLoop& loop, Executor& executor,
                                                         ProcessPoolExecutor& processes, Pool& pool,
                                                         TaskGroup& group, Condition& condition,
                                                         Server& server, FileDescriptor pipe,
                                                         Socket socket, std::vector<Socket> sockets,
                                                         const std::vector<std::string>& hosts) {
    using std::declval;
#define REFUSED(call) static_assert(refused<decltype(call)> == affected, #call)
    REFUSED(create_task(declval<Work>()));
    REFUSED(create_task({.name = "n"}, declval<Work>()));
    REFUSED(create_task([](const Given&) -> Coro<> { co_return; }, declval<Given>()));
    REFUSED(create_task(gather(declval<Work>())));
    REFUSED(group.create_task(declval<Work>()));
    REFUSED(group.create_task({.name = "n"}, declval<Work>()));
    REFUSED(group.create_task([](const Given&) -> Coro<> { co_return; }, declval<Given>()));
    REFUSED(with_timeout(1s, declval<Work>()));
    REFUSED(with_timeout(1s, declval<Body>()));
    REFUSED(with_timeout(std::nullopt, declval<Work>()));
    REFUSED(with_timeout_at(std::nullopt, declval<Work>()));
    REFUSED(with_task_group(declval<GroupBody>()));
    REFUSED(gather(declval<Work>(), sleep(0s)));
    REFUSED(gather_settled(declval<Work>()));
    REFUSED(wait_for(declval<Work>(), 1s));
    REFUSED(wait_for(declval<Work>(), std::nullopt));
    REFUSED(wait_for(create_task(declval<Work>()), 1s));
    REFUSED(shield(declval<Work>()));
    REFUSED(shield(create_task(declval<Work>())));
    REFUSED(run_coroutine_threadsafe(declval<Work>(), loop));
    REFUSED(to_thread(declval<Closure>()));
    REFUSED(to_thread(take, declval<Given>()));
    REFUSED(loop.run_in_executor(nullptr, declval<Closure>()));
    REFUSED(loop.run_in_executor(executor, take, declval<Given>()));
    REFUSED(executor.submit(declval<Closure>()));
    REFUSED(executor.submit({.name = "n"}, declval<Closure>()));
    REFUSED(processes.submit(take, declval<Given>()));
    REFUSED(processes.submit({.name = "n"}, take, declval<Given>()));
    REFUSED(pool.apply_async(take, declval<Given>()));
    REFUSED(start_server(declval<Handler>(), "", 0));
    REFUSED(start_server(declval<Handler>(), hosts, 0));
    REFUSED(start_server(declval<Handler>(), sockets));
    REFUSED(start_server(declval<Handler>(), std::move(socket)));
    REFUSED(start_unix_server(declval<Handler>(), ""));
    REFUSED(serve_on(declval<Handler>(), "", 0));
    REFUSED(serve_on(declval<Handler>(), hosts, 0));
    REFUSED(serve_on(declval<Handler>(), std::move(sockets)));
    REFUSED(serve_on_unix(declval<Handler>(), ""));
    REFUSED(loop.create_connection(declval<Factory>(), "", 0));
    REFUSED(loop.create_unix_connection(declval<Factory>(), ""));
    REFUSED(loop.create_server(declval<Factory>(), "", 0));
    REFUSED(loop.create_server(declval<Factory>(), hosts, 0));
    REFUSED(loop.create_server(declval<Factory>(), std::move(sockets)));
    REFUSED(loop.create_server(declval<Factory>(), std::move(socket)));
    REFUSED(loop.create_unix_server(declval<Factory>(), ""));
    REFUSED(loop.create_datagram_endpoint(declval<DatagramFactory>(), DatagramOptions()));
    REFUSED(loop.create_datagram_endpoint(declval<DatagramFactory>(), std::move(socket)));
    REFUSED(loop.connect_read_pipe(declval<Factory>(), std::move(pipe)));
    REFUSED(loop.connect_write_pipe(declval<Factory>(), std::move(pipe)));
    REFUSED(loop.subprocess_exec(declval<ProgramFactory>(), "true"));
    REFUSED(loop.subprocess_exec(declval<ProgramFactory>(), SubprocessOptions(), "true"));
    REFUSED(loop.subprocess_shell(declval<ProgramFactory>(), "true"));
    REFUSED(loop.subprocess_shell(declval<ProgramFactory>(), "true", {}));
    REFUSED(condition.wait_for(declval<Predicate>()));
    REFUSED(server.on_each_loop(declval<OnLoop>()));
#undef REFUSED
}

// -- options -----------------------------------------------------------------------------------

// Options are written in braces inside co_await expressions.
template <class... Options>
constexpr bool all_safe = (std::is_trivially_destructible_v<Options> && ...);
static_assert(all_safe<AddressInfoHints, ConnectOptions, DatagramOptions, OpenOptions, RunOptions,
                       SendfileOptions, ServeOnOptions, ServerOptions, ShutdownOptions,
                       StartTlsOptions, SubmitOptions, SubprocessOptions, WaitOptions,
                       files::WatchOptions, files::WriteOptions>);

} // namespace
