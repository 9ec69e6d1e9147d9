#include <algorithm>
#include <deque>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/engine/intrusive_list.hpp>

namespace hocket::engine {
namespace {

struct Item : ListLink {
    int id = 0;
};

std::vector<int> ids(const IntrusiveList<Item>& list) {
    std::vector<int> all;
    for (const Item* item = list.front(); item != nullptr; item = list.after(*item)) {
        all.push_back(item->id);
    }
    return all;
}

TEST(IntrusiveList, IsOnePointerWide) { EXPECT_EQ(sizeof(IntrusiveList<Item>), sizeof(void*)); }

TEST(IntrusiveList, PopsInTheOrderOfPushing) {
    IntrusiveList<Item> list;
    EXPECT_EQ(list.pop_front(), nullptr);
    Item a;
    Item b;
    list.push_back(a);
    list.push_back(b);
    EXPECT_EQ(list.pop_front(), &a);
    EXPECT_FALSE(a.is_linked());
    EXPECT_EQ(list.pop_front(), &b);
    EXPECT_TRUE(list.empty());
}

TEST(IntrusiveList, TakesAllFromAnother) {
    IntrusiveList<Item> from;
    IntrusiveList<Item> to;
    Item a;
    from.push_back(a);
    to.take(from);
    EXPECT_TRUE(from.empty());
    EXPECT_EQ(to.front(), &a);
    to.erase(a);
}

TEST(IntrusiveList, DoesAsADequeDoesUnderRandomUse) {
    std::mt19937 random(4711);
    IntrusiveList<Item> list;
    std::deque<int> model;
    std::vector<std::unique_ptr<Item>> items;
    for (int i = 0; i < 40; ++i) {
        items.push_back(std::make_unique<Item>());
        items.back()->id = i;
    }
    for (int step = 0; step < 50'000; ++step) {
        Item& item = *items[random() % items.size()];
        if (item.is_linked()) {
            list.erase(item);
            model.erase(std::find(model.begin(), model.end(), item.id));
        } else if (random() % 3 == 0) {
            list.push_front(item);
            model.push_front(item.id);
        } else if (random() % 3 != 0) {
            list.push_back(item);
            model.push_back(item.id);
        } else if (Item* first = list.pop_front()) {
            ASSERT_EQ(first->id, model.front());
            model.pop_front();
        }
        ASSERT_EQ(list.empty(), model.empty());
        ASSERT_EQ(ids(list), std::vector<int>(model.begin(), model.end()));
    }
    while (list.pop_front() != nullptr) {
    }
}

} // namespace
} // namespace hocket::engine
