// libpq without a loop: SELECT 1 pipelined over four connections, and a result of 10,000 rows.

#include <poll.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include <libpq-fe.h>

#include "../../measure.hpp"

namespace {

constexpr int connections = 4;
constexpr int depth = 16;
constexpr int rounds = 2000;

struct Connection {
    PGconn* libpq = nullptr;
    int left = 0;     // rounds
    int expected = 0; // results of this round
    bool syncs_each = false;

    void send() {
        for (int i = 0; i < depth; ++i) {
            PQsendQueryPrepared(libpq, "one", 0, nullptr, nullptr, nullptr, 1);
            if (syncs_each) PQpipelineSync(libpq);
        }
        if (!syncs_each) PQpipelineSync(libpq);
        PQflush(libpq);
        expected = syncs_each ? 2 * depth : depth + 1;
    }
    void receive() {
        PQconsumeInput(libpq);
        for (int ends = 0; expected > 0 && PQisBusy(libpq) == 0 && ends < 2;) {
            PGresult* const result = PQgetResult(libpq);
            ends = result == nullptr ? ends + 1 : 0;
            if (result == nullptr) continue;
            if (PQresultStatus(result) == PGRES_TUPLES_OK) {
                std::int32_t value = 0;
                std::memcpy(&value, PQgetvalue(result, 0, 0), sizeof value);
                bench::keep(__builtin_bswap32(static_cast<std::uint32_t>(value)));
            }
            PQclear(result);
            --expected;
        }
    }
};

void select(const char* name, const char* dsn, bool syncs_each) {
    std::array<Connection, connections> pool;
    for (Connection& connection : pool) {
        connection.libpq = PQconnectdb(dsn);
        connection.syncs_each = syncs_each;
        PQclear(PQprepare(connection.libpq, "one", "SELECT 1", 0, nullptr));
        PQsetnonblocking(connection.libpq, 1);
        PQenterPipelineMode(connection.libpq);
    }
    bench::Best best(name, std::size_t{connections} * depth * rounds, 6, bench::Clock::wall,
                     {"queries/s", [](double time) { return 1e9 / time; }});
    while (best.next()) {
        std::array<pollfd, connections> polled{};
        for (int i = 0; i < connections; ++i) {
            pool[i].left = rounds;
            pool[i].send();
            polled[i] = {PQsocket(pool[i].libpq), POLLIN, 0};
        }
        for (int running = connections; running > 0;) {
            poll(polled.data(), connections, -1);
            for (int i = 0; i < connections; ++i) {
                if (polled[i].revents == 0) continue;
                pool[i].receive();
                if (pool[i].expected > 0) continue;
                if (--pool[i].left > 0) {
                    pool[i].send();
                } else {
                    polled[i].fd = -1;
                    --running;
                }
            }
        }
    }
    for (Connection& connection : pool) PQfinish(connection.libpq);
}

std::int32_t int4(const char* from) {
    std::uint32_t value = 0;
    std::memcpy(&value, from, sizeof value);
    return static_cast<std::int32_t>(__builtin_bswap32(value));
}
std::int64_t int8(const char* from) {
    std::uint64_t value = 0;
    std::memcpy(&value, from, sizeof value);
    return static_cast<std::int64_t>(__builtin_bswap64(value));
}

void read_rows(const char* dsn) {
    PGconn* const libpq = PQconnectdb(dsn);
    PQclear(PQprepare(libpq, "rows", "SELECT * FROM bench_rows", 0, nullptr));
    constexpr int results = 20;
    bench::Best best("rows", results, 6, bench::Clock::cpu, bench::in_milliseconds);
    while (best.next()) {
        for (int i = 0; i < results; ++i) {
            PGresult* const result = PQexecPrepared(libpq, "rows", 0, nullptr, nullptr, nullptr, 1);
            double sum = 0;
            const int rows = PQntuples(result);
            for (int r = 0; r < rows; ++r) {
                for (int c = 0; c < 3; ++c) sum += int4(PQgetvalue(result, r, c));
                for (int c = 3; c < 5; ++c)
                    sum += static_cast<double>(int8(PQgetvalue(result, r, c)));
                for (int c = 5; c < 7; ++c)
                    sum += std::bit_cast<double>(int8(PQgetvalue(result, r, c)));
                sum += *PQgetvalue(result, r, 7);
                for (int c = 8; c < 10; ++c) sum += PQgetlength(result, r, c);
            }
            bench::keep(sum);
            PQclear(result);
        }
    }
    PQfinish(libpq);
}

} // namespace

int main(int, char** arguments) {
    select("select_pipelined", arguments[1], false);
    select("select_alone", arguments[1], true);
    read_rows(arguments[1]);
}
