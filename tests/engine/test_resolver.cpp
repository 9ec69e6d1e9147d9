#include <algorithm>
#include <memory>
#include <thread>
#include <vector>

#include <netdb.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <hocket/engine/sanitizers.hpp>

#include "engine/resolver.hpp"
#include "support/drive_reactor.hpp"

namespace hocket::engine {
namespace {

using namespace hocket::engine::testing;

struct Question final : ResolveRequest {
    std::vector<ResolvedAddress> addresses;
    std::optional<Failure> failure;
    int answers = 0;

    void on_resolved(std::vector<ResolvedAddress> found, const Failure* why) noexcept override {
        ++answers;
        addresses = std::move(found);
        if (why != nullptr) {
            failure = *why;
        }
    }
};

ResolveQuery stream_query(std::string host, std::string service) {
    return {std::move(host), std::move(service), AF_UNSPEC, SOCK_STREAM, 0, 0};
}

TEST(Resolver, ResolvesANameOnAnotherThread) {
    Reactor reactor;
    Resolver resolver(reactor);
    Question question;
    resolver.start(question, stream_query("localhost", "80"));
    EXPECT_TRUE(question.is_pending());
    ASSERT_TRUE(run_until(reactor, [&] { return question.answers == 1; }));
    ASSERT_FALSE(question.addresses.empty());
    EXPECT_FALSE(question.is_pending());
    EXPECT_EQ(question.addresses[0].address.port(), 80);
}

TEST(Resolver, ANameThatDoesNotExistIsAFailureWithTheNameInIt) {
    Reactor reactor;
    Resolver resolver(reactor);
    Question question;
    ResolveQuery query = stream_query("no-such-host.invalid", "80");
    query.flags = AI_NUMERICHOST; // no network access: the answer does not depend on the network
    resolver.start(question, query);
    ASSERT_TRUE(run_until(reactor, [&] { return question.answers == 1; }));
    ASSERT_TRUE(question.failure);
    EXPECT_EQ(question.failure->code, std::error_code(EAI_NONAME, resolver_category()));
    EXPECT_EQ(question.failure->message(),
              "getaddrinfo for no-such-host.invalid port 80: Name or service not known");
}

TEST(Resolver, MayBeClosedOverAnAnswerThatTheLoopHasNotTaken) {
    Reactor reactor;
    Resolver resolver(reactor);
    Question question;
    resolver.start(question, stream_query("localhost", "80"));
    while (reactor.ready().empty()) {
        reactor.poll(true); // receives what was posted but does not run it
    }
    resolver.close();
    reactor.discard_ready();
    EXPECT_FALSE(question.is_pending());
    EXPECT_EQ(question.answers, 0);
}

TEST(Resolver, AnswersDigitsWithoutAThread) {
    const auto v4 = Resolver::literal(stream_query("127.0.0.1", "8080"));
    ASSERT_TRUE(v4);
    EXPECT_EQ(v4->address.text(), "127.0.0.1 port 8080");
    EXPECT_EQ(v4->protocol, IPPROTO_TCP);
    const auto v6 = Resolver::literal(stream_query("::1", ""));
    ASSERT_TRUE(v6);
    EXPECT_EQ(v6->address.text(), "::1 port 0");

    EXPECT_FALSE(Resolver::literal(stream_query("localhost", "80")));
    EXPECT_FALSE(Resolver::literal(stream_query("127.0.0.1", "http")));
    EXPECT_FALSE(Resolver::literal(stream_query("127.0.0.1", "70000")));
    EXPECT_FALSE(Resolver::literal(stream_query("", "80")));
    ResolveQuery query = stream_query("127.0.0.1", "80");
    query.family = AF_INET6;
    EXPECT_FALSE(Resolver::literal(query));
    query = stream_query("127.0.0.1", "80");
    query.type = SOCK_RAW;
    EXPECT_FALSE(Resolver::literal(query));
}

TEST(Resolver, AnswersManyQuestionsOnFewThreads) {
    Reactor reactor;
    Resolver resolver(reactor);
    std::vector<Question> questions(200);
    for (Question& question : questions) {
        resolver.start(question, stream_query("localhost", "80"));
    }
    ASSERT_TRUE(run_until(reactor, [&] {
        return std::all_of(questions.begin(), questions.end(),
                           [](const Question& question) { return question.answers == 1; });
    }));
}

TEST(Resolver, AWithdrawnQuestionIsNotAnswered) {
    Reactor reactor;
    Resolver resolver(reactor);
    Question withdrawn;
    Question kept;
    resolver.start(withdrawn, stream_query("localhost", "80"));
    {
        Question dropped;
        resolver.start(dropped, stream_query("localhost", "80"));
    }
    resolver.start(kept, stream_query("localhost", "80"));
    resolver.cancel(withdrawn);
    ASSERT_TRUE(run_until(reactor, [&] { return kept.answers == 1; }));
    run_turns(reactor);
    EXPECT_EQ(withdrawn.answers, 0);
}

TEST(Resolver, AnAnswerMayWithdrawTheNextOne) {
    struct Withdrawer final : ResolveRequest {
        void on_resolved(std::vector<ResolvedAddress>, const Failure*) noexcept override {
            answered = true;
            if (other != nullptr) {
                resolver->cancel(*other);
            }
        }
        Resolver* resolver = nullptr;
        Withdrawer* other = nullptr;
        bool answered = false;
    };
    Reactor reactor;
    Resolver resolver(reactor);
    Withdrawer first;
    Withdrawer second;
    first.resolver = second.resolver = &resolver;
    first.other = &second;
    second.other = &first;
    resolver.start(first, stream_query("localhost", "80"));
    resolver.start(second, stream_query("localhost", "80"));
    ASSERT_TRUE(run_until(reactor, [&] { return first.answered || second.answered; }));
    run_turns(reactor);
    EXPECT_NE(first.answered, second.answered);
}

TEST(Resolver, MayGoAwayWithItsLoopWhileQuestionsAreOnTheirWay) {
    for (int i = 0; i < 100; ++i) {
        Question question;
        auto reactor = std::make_unique<Reactor>();
        auto resolver = std::make_unique<Resolver>(*reactor);
        resolver->start(question, stream_query("localhost", "80"));
        if (i % 2 == 0) {
            std::this_thread::yield(); // sometimes the answer arrives first
        }
        resolver.reset();
        reactor.reset();
        EXPECT_FALSE(question.is_pending());
        EXPECT_EQ(question.answers, 0);
    }
}

TEST(Resolver, WorksInLoopsOfSeveralThreadsAtOnce) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([] {
            Reactor reactor;
            Resolver resolver(reactor);
            for (int round = 0; round < 20; ++round) {
                Question question;
                resolver.start(question, stream_query("localhost", "80"));
                EXPECT_TRUE(run_until(reactor, [&] { return question.answers == 1; }));
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
}

TEST(Resolver, WorksInAForkedChild) {
    if (hocket::detail::thread_sanitized) {
        GTEST_SKIP()
            << "ThreadSanitizer ends a child that starts threads after a fork with threads";
    }
    {
        Reactor reactor;
        Resolver resolver(reactor);
        Question question;
        resolver.start(question, stream_query("localhost", "80"));
        ASSERT_TRUE(run_until(reactor, [&] { return question.answers == 1; }));
    }
    const pid_t child = ::fork();
    if (child == 0) {
        Reactor reactor;
        Resolver resolver(reactor);
        Question question;
        resolver.start(question, stream_query("localhost", "80"));
        ::_exit(run_until(reactor, [&] { return question.answers == 1; }) ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

} // namespace
} // namespace hocket::engine
