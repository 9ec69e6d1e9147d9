#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/choose.hpp>

#include "choose/format_quantity.hpp"

using namespace hocket;
using hocket::choosing::format_duration;
using hocket::choosing::format_rate;
using testing::HasSubstr;
using testing::Not;

namespace {

Choice threads_win() {
    Choice choice;
    choice.answer = ConcurrencyModel::threads;
    choice.workers = 4;
    choice.chunksize = 8;
    choice.speedup = 3.5;
    choice.interval = {3.25, 3.75};
    choice.reason = "all CPUs are busy";
    choice.cores = 4;
    choice.needs.cpu = Choice::Seconds(2e-3);
    choice.models = {
        {.model = ConcurrencyModel::sequential,
         .workers = 1,
         .items_per_second = 500,
         .interval = {490, 510},
         .p99 = Choice::Seconds(2.5e-3),
         .cpu_per_item = Choice::Seconds(2e-3),
         .memory = 10 << 20,
         .reason = "one item after the other"},
        {.model = ConcurrencyModel::coroutines, .reason = "needs a \"coroutine\" version"},
        {.model = ConcurrencyModel::threads,
         .workers = 4,
         .chunksize = 8,
         .items_per_second = 1750,
         .interval = {1700, 1800},
         .cpu_per_item = Choice::Seconds(2.1e-3),
         .memory = 12 << 20,
         .start_time = Choice::Seconds(0.5),
         .reason = "all CPUs are busy"},
        {.model = ConcurrencyModel::processes, .reason = "not measured"},
    };
    choice.on_cores = {{1, ConcurrencyModel::sequential, 1, 500},
                       {16, ConcurrencyModel::threads, 16, 7000}};
    return choice;
}

} // namespace

TEST(Formats, DurationsAndRatesHaveThreeDigits) {
    EXPECT_EQ(format_duration(12.34), "12.3 s");
    EXPECT_EQ(format_duration(0.0205), "20.5 ms");
    EXPECT_EQ(format_duration(3.214e-6), "3.21 µs");
    EXPECT_EQ(format_duration(2e-9), "2 ns");
    EXPECT_EQ(format_rate(1.5), "1.5");
    EXPECT_EQ(format_rate(999), "999");
    EXPECT_EQ(format_rate(1234567), "1,234,567");
}

TEST(ChoiceText, ShowsATable) {
    EXPECT_THAT(
        threads_win().text(),
        HasSubstr(
            "model       workers  items/s  95 % interval     p99  CPU an item  memory  reason\n"
            "sequential        1      500        490–510  2.5 ms         2 ms  10 MiB  one "
            "item after the other\n"
            "coroutines        –        –              –       –            –       –  needs "
            "a \"coroutine\" version\n"
            "threads           4    1,750    1,700–1,800       –       2.1 ms  12 MiB  all "
            "CPUs are busy\n"));
}

TEST(ChoiceText, ShowsTheAnswerTheCodeAndOtherNumbersOfCpus) {
    const std::string text = threads_win().text();
    EXPECT_THAT(text, HasSubstr("Use threads with 4 workers: 3.50× sequential (95 % interval "
                                "3.25–3.75); all CPUs are busy.\n"));
    EXPECT_THAT(text, HasSubstr("which pays off from 350 items on"));
    EXPECT_THAT(text, HasSubstr("    hocket::ThreadPoolExecutor pool(4);\n"
                                "    for (auto& result : pool.map(function, items, {.chunksize = "
                                "8})) use(result);\n"));
    EXPECT_THAT(text, HasSubstr("     1 CPU:  sequential, 500 items/s\n"
                                "    16 CPUs: threads × 16, 7,000 items/s\n"));
}

TEST(ChoiceText, RecommendsNothingWithoutAnAnswer) {
    Choice choice = threads_win();
    choice.answer = ConcurrencyModel::none;
    choice.reason = "no clear winner";
    const std::string text = choice.text();
    EXPECT_THAT(text, HasSubstr("No answer: no clear winner.\n"));
    EXPECT_THAT(text, Not(HasSubstr("Executor")));
}

TEST(ChoiceJson, IsOneObject) {
    EXPECT_EQ(
        threads_win().json(),
        R"({"answer": "threads", "workers": 4, "speedup": 3.5, "interval": [3.25, 3.75], )"
        R"("reason": "all CPUs are busy", "models": [)"
        R"({"model": "sequential", "workers": 1, "items_per_s": 500, "interval": [490, 510], )"
        R"("p99_ms": 2.5, "cpu_us_per_item": 2000, "memory_mib": 10, "reason": "one item after the other"}, )"
        R"({"model": "coroutines", "workers": null, "items_per_s": null, "interval": null, )"
        R"("p99_ms": null, "cpu_us_per_item": null, "memory_mib": null, "reason": "needs a \"coroutine\" version"}, )"
        R"({"model": "threads", "workers": 4, "items_per_s": 1750, "interval": [1700, 1800], )"
        R"("p99_ms": null, "cpu_us_per_item": 2100, "memory_mib": 12, "reason": "all CPUs are busy"}, )"
        R"({"model": "processes", "workers": null, "items_per_s": null, "interval": null, )"
        R"("p99_ms": null, "cpu_us_per_item": null, "memory_mib": null, "reason": "not measured"}], )"
        R"("cores": 4, "notes": []})");
}

TEST(ChoiceJson, HasNoNumbersWithoutAnAnswer) {
    Choice choice;
    choice.reason = "line\nbreak";
    EXPECT_EQ(choice.json(),
              R"({"answer": "none", "workers": null, "speedup": null, "interval": null, )"
              R"("reason": "line\u000abreak", "models": [], "cores": 0, "notes": []})");
}

TEST(Choice, HasARowForEachModelThatWasConsidered) {
    EXPECT_EQ(threads_win().row(ConcurrencyModel::processes).reason, "not measured");
    EXPECT_THROW(static_cast<void>(threads_win().row(ConcurrencyModel::none)), ValueError);
}
