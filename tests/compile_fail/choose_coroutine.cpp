// expect: hocket: choose needs a plain function
#include <hocket/choose.hpp>

hocket::Coro<int> fetch(int page);

hocket::Choice choose_for_a_coroutine_alone(const std::vector<int>& pages) {
    return hocket::choose(pages, fetch);
}
