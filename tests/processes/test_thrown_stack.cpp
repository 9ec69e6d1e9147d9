#include <exception>
#include <stdexcept>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/errors.hpp>
#include <hocket/manager.hpp>
#include <hocket/pool.hpp>
#include <hocket/process.hpp>
#include <hocket/process_pool_executor.hpp>

using namespace hocket;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// Is not registered, so it becomes a RemoteError.
struct Spilt : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// These have external linkage, so that their names can be found.

[[gnu::noinline]] void throw_deep_inside() { throw Spilt("milk"); }

[[gnu::noinline]] void drop_a_plate() { throw std::runtime_error("plate"); }

/// Throws and catches another exception while one is being handled, then rethrows that one.
void clean_up_clumsily() {
    try {
        throw_deep_inside();
    } catch (...) {
        try {
            drop_a_plate();
        } catch (const std::runtime_error&) {
        }
        throw;
    }
}

void spill_on_another_thread() {
    std::exception_ptr error;
    std::thread([&error] {
        try {
            throw_deep_inside();
        } catch (...) {
            error = std::current_exception();
        }
    }).join();
    std::rethrow_exception(error);
}

void spill_without_a_throw() { std::rethrow_exception(std::make_exception_ptr(Spilt("milk"))); }

namespace {

/// In a build with NDEBUG the stack is always empty.
void expect_names(const std::string& stack, const std::string& function) {
#ifdef NDEBUG
    EXPECT_EQ(stack, "") << function;
#else
    EXPECT_THAT(stack, HasSubstr(function + "() + 0x"));
#endif
}

template <class F> RemoteError error_of(F&& call) {
    try {
        call();
    } catch (const RemoteError& error) {
        return error;
    }
    ADD_FAILURE() << "no RemoteError";
    return {"", "", ""};
}

TEST(ThrownStack, OfAWorkersExceptionNamesTheFunctionThatThrewIt) {
    ProcessPoolExecutor pool(1);
    const RemoteError error = error_of([&] { pool.submit(throw_deep_inside).result(); });
    expect_names(error.stack(), "throw_deep_inside");
    EXPECT_EQ(error.message(), "milk");
}

TEST(ThrownStack, IsShownByWhat) {
    const RemoteError with("Spilt", "milk", "process 1", "throw_deep_inside() + 0x1 (program)\n");
    EXPECT_STREQ(with.what(), "Spilt: milk (in process 1)\nthrow_deep_inside() + 0x1 (program)\n");
    const RemoteError without("Spilt", "milk", "process 1");
    EXPECT_STREQ(without.what(), "Spilt: milk (in process 1)");
}

TEST(ThrownStack, BeginsWhereTheExceptionWasThrown) {
    ProcessPoolExecutor pool(1);
    const std::string stack = error_of([&] { pool.submit(throw_deep_inside).result(); }).stack();
    expect_names(stack.substr(0, stack.find('\n')), "throw_deep_inside");
}

TEST(ThrownStack, BelongsToTheExceptionThatLeavesTheFunctionAmongSeveral) {
    ProcessPoolExecutor pool(1);
    const RemoteError error = error_of([&] { pool.submit(clean_up_clumsily).result(); });
    expect_names(error.stack(), "throw_deep_inside");
    EXPECT_THAT(error.stack(), Not(HasSubstr("drop_a_plate")));
}

TEST(ThrownStack, IsKnownOfExceptionsOfOtherThreads) {
    ProcessPoolExecutor pool(1);
    expect_names(error_of([&] { pool.submit(spill_on_another_thread).result(); }).stack(),
                 "throw_deep_inside");
}

TEST(ThrownStack, IsEmptyOfAnExceptionThatWasNeverThrown) {
    ProcessPoolExecutor pool(1);
    EXPECT_EQ(error_of([&] { pool.submit(spill_without_a_throw).result(); }).stack(), "");
}

TEST(ThrownStack, CrossesPoolsInsideOfPools) {
    ProcessPoolExecutor pool(1);
    const RemoteError error = error_of([&] {
        pool.submit([] { ProcessPoolExecutor(1).submit(throw_deep_inside).result(); }).result();
    });
    expect_names(error.stack(), "throw_deep_inside");
}

TEST(ThrownStack, ComesOutOfAPool) {
    Pool pool(1);
    expect_names(error_of([&] { pool.apply(throw_deep_inside); }).stack(), "throw_deep_inside");
}

TEST(ThrownStack, ComesOutOfAManager) {
    Manager manager;
    const auto list = manager.list<int>();
    list.append(1);
    const RemoteError error = error_of([&] { list.update(0, [](int&) { throw_deep_inside(); }); });
    expect_names(error.stack(), "throw_deep_inside");
}

TEST(ThrownStack, IsPrintedByAProcess) {
    Process process({.name = "Worm"}, throw_deep_inside);
    testing::internal::CaptureStderr();
    process.start();
    process.join();
    const std::string printed = testing::internal::GetCapturedStderr();
    constexpr auto* first_line = "Process Worm: Spilt: milk\n";
    EXPECT_THAT(printed, StartsWith(first_line));
    expect_names(printed.substr(std::string(first_line).size()), "throw_deep_inside");
}

} // namespace
