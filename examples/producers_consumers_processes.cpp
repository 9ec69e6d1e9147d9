// Producers and consumers, each a process of its own, between two queues: numbers on their way to
// the consumers, answers on their way back. A queue's items are in the order in which they were
// put, so an empty item behind everything, one for each consumer, says that there are no more: what
// None does in Python.
//
//     $ producers_consumers_processes
//     3 producers made 3000 numbers
//     2 consumers found 430 primes among them
//     3000 numbers were looked at once, 0 never, 0 more than once

#include <algorithm>
#include <cstdio>
#include <hocket/process.hpp>
#include <hocket/process_queue.hpp>
#include <optional>
#include <vector>

constexpr int producers = 3;
constexpr int consumers = 2;
constexpr int numbers_each = 1000;

struct Answer {
    int number = 0;
    bool is_prime = false;
    MSGPACK_DEFINE(number, is_prime)
};
using Numbers = hocket::ProcessQueue<std::optional<int>>;
using Answers = hocket::ProcessQueue<std::optional<Answer>>;

bool is_prime(int number) {
    for (int divisor = 2; divisor * divisor <= number; ++divisor)
        if (number % divisor == 0) return false;
    return number > 1;
}

void produce(int first, const Numbers& numbers) {
    for (int i = 0; i < numbers_each; ++i) numbers.put(first + i); // waits while the queue is full
}

void consume(const Numbers& numbers, const Answers& answers) {
    while (const auto number = numbers.get()) answers.put(Answer{*number, is_prime(*number)});
    answers.put(std::nullopt); // this one is done
}

int main() {
    const Numbers numbers(100);
    const Answers answers;
    std::vector<hocket::Process> making;
    std::vector<hocket::Process> looking;
    for (int i = 0; i < producers; ++i) making.emplace_back(produce, i * numbers_each, numbers);
    for (int i = 0; i < consumers; ++i) looking.emplace_back(consume, numbers, answers);
    for (auto& process : looking) process.start();
    for (auto& process : making) process.start();

    for (auto& process : making) process.join();
    std::printf("%d producers made %d numbers\n", producers, producers * numbers_each);
    for (int i = 0; i < consumers; ++i) numbers.put(std::nullopt);

    std::vector<int> times(producers * numbers_each);
    int primes = 0;
    for (int left = consumers; left > 0;) {
        if (const auto answer = answers.get()) {
            ++times.at(answer->number);
            primes += answer->is_prime ? 1 : 0;
        } else {
            --left;
        }
    }
    for (auto& process : looking) process.join();
    const auto once = std::ranges::count(times, 1);
    const auto never = std::ranges::count(times, 0);
    std::printf("%d consumers found %d primes among them\n", consumers, primes);
    std::printf("%ld numbers were looked at once, %ld never, %ld more than once\n", once, never,
                static_cast<long>(times.size()) - once - never);
}
