#include "choose/recommended_code.hpp"

namespace hocket::choosing {

std::string recommended_code(const Choice& choice) {
    const std::string workers = std::to_string(choice.workers);
    const std::string chunksize =
        choice.chunksize > 1 ? ", {.chunksize = " + std::to_string(choice.chunksize) + "}" : "";
    switch (choice.answer) {
    case ConcurrencyModel::sequential:
        return "for (const auto& item : items) use(function(item));\n";
    case ConcurrencyModel::coroutines:
        return "hocket::Semaphore slots(" + workers + R"();
auto one = [&](auto& item) -> decltype(coroutine(item)) {
    const auto slot = co_await slots.scoped();
    co_return co_await coroutine(item);
};
auto all = [&]() -> hocket::Coro<> {
    std::vector<decltype(coroutine(items[0]))> calls;
    for (auto& item : items) calls.push_back(one(item));
    for (auto& result : co_await hocket::gather(std::move(calls))) use(result);
};
hocket::run(all);
)";
    case ConcurrencyModel::threads:
        return "hocket::ThreadPoolExecutor pool(" + workers +
               ");\nfor (auto& result : pool.map(function, items" + chunksize + ")) use(result);\n";
    case ConcurrencyModel::processes:
        return "hocket::ProcessPoolExecutor pool(" + workers +
               ");\nfor (auto& result : pool.map(function, items" + chunksize + ")) use(result);\n";
    case ConcurrencyModel::none: break;
    }
    return {};
}

} // namespace hocket::choosing
