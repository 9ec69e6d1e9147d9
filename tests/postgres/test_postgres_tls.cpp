// TLS, passwords and client certificates.

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <hocket/hocket.hpp>
#include <hocket/postgres.hpp>

#include "postgres/server.hpp"
#include "support/certificates.hpp"
#include "support/end_of.hpp"

namespace {

namespace postgres = hocket::postgres;
using hocket::Coro;
using postgres::AuthorizationError;
using postgres::ConnectionLostError;
using postgres_test::Server;
using testing::HasSubstr;
using testing::Not;

/// A server that takes connections with TLS only, except over its Unix socket: postgres without a
/// password, ada with one, and carol with a certificate.
struct TlsServer {
    certificates::Identity authority = certificates::make_authority();
    certificates::Identity stranger = certificates::make_authority("another authority");
    certificates::Identity identity =
        certificates::make({.common_name = "localhost", .hosts = "DNS:localhost"}, &authority);
    certificates::Folder folder;
    std::string ca = folder.file("ca.pem", certificates::pem_of(authority.certificate));
    std::string other_ca = folder.file("other.pem", certificates::pem_of(stranger.certificate));
    Server server{{"fsync = off", "ssl = on", "ssl_ca_file = 'ca.crt'"},
                  {{"server.crt", certificates::pem_of(identity.certificate)},
                   {"server.key", certificates::pem_of(identity.key)},
                   {"ca.crt", certificates::pem_of(authority.certificate)},
                   {"pg_hba.conf", "local all all trust\n"
                                   "hostssl all postgres 127.0.0.1/32 trust\n"
                                   "hostssl all ada 127.0.0.1/32 scram-sha-256\n"
                                   "hostssl all carol 127.0.0.1/32 cert\n"}}};

    TlsServer() { // without a loop, because a test may already run one
        PGconn* const db = ::PQconnectdb(server.dsn().c_str());
        PGresult* const made = ::PQexec(db, "CREATE ROLE ada LOGIN PASSWORD 'it''s secret';"
                                            "CREATE ROLE carol LOGIN");
        EXPECT_EQ(::PQresultStatus(made), PGRES_COMMAND_OK) << ::PQerrorMessage(db);
        ::PQclear(made);
        ::PQfinish(db);
    }

    /// A DSN for TCP. `more` are further parameters of libpq.
    [[nodiscard]] std::string dsn(const std::string& more) const {
        return "hostaddr=127.0.0.1 dbname=postgres port=" + std::to_string(server.port()) + " " +
               more;
    }
    /// Parameters for a certificate of `name` that `issuer` has signed.
    [[nodiscard]] std::string certificate_of(const std::string& name,
                                             const certificates::Identity& issuer) const {
        const auto client = certificates::make({.common_name = name}, &issuer);
        const std::string key = folder.file(name + ".key", certificates::pem_of(client.key));
        std::filesystem::permissions(key, std::filesystem::perms::owner_read |
                                              std::filesystem::perms::owner_write);
        return " sslcert=" + folder.file(name + ".crt", certificates::pem_of(client.certificate)) +
               " sslkey=" + key;
    }

    static TlsServer& shared() {
        static TlsServer server;
        return server;
    }
};

class PostgresTls : public postgres_test::PostgresTest {};

/// The error of type E with which connecting ends.
template <class E> Coro<postgres::ErrorFields> refusal(postgres::ConnectOptions options) {
    try {
        co_await postgres::connect(options);
    } catch (const E& error) {
        co_return error.fields();
    }
    ADD_FAILURE() << "connected with " << options.dsn.str();
    co_return postgres::ErrorFields();
}
template <class E> Coro<postgres::ErrorFields> refusal(std::string dsn) {
    co_return co_await refusal<E>(postgres::ConnectOptions{.dsn = dsn});
}

Coro<std::string> user_over_tls(postgres::ConnectOptions options) {
    auto db = co_await postgres::connect(options);
    const auto row = co_await db.fetchrow("SELECT ssl, current_user FROM pg_stat_ssl "
                                          "WHERE pid = pg_backend_pid()");
    const auto [is_encrypted, user] = row.value().as<bool, std::string>();
    EXPECT_TRUE(is_encrypted);
    co_return user;
}
Coro<std::string> user_over_tls(std::string dsn) {
    co_return co_await user_over_tls(postgres::ConnectOptions{.dsn = dsn});
}

TEST_F(PostgresTls, RequireEncryptsWhateverTheCertificate) {
    const TlsServer& tls = TlsServer::shared();
    auto main = [&]() -> Coro<> {
        const std::string dsn = tls.dsn("user=postgres sslmode=require");
        EXPECT_EQ(co_await user_over_tls(dsn), "postgres");
        EXPECT_EQ(co_await user_over_tls(dsn + " host=other.test"), "postgres");
        EXPECT_EQ(co_await user_over_tls(tls.dsn("user=postgres")), "postgres"); // "prefer"
    };
    hocket::run(main);
}

TEST_F(PostgresTls, VerifyFullTakesTheRightCertificateForTheRightHost) {
    const TlsServer& tls = TlsServer::shared();
    auto main = [&]() -> Coro<> {
        const std::string dsn = tls.dsn("user=postgres sslmode=verify-full sslrootcert=" + tls.ca);
        EXPECT_EQ(co_await user_over_tls(dsn + " host=localhost"), "postgres");
        // The loop looks the name up, and libpq still compares it with the certificate.
        const std::string url =
            "postgresql://postgres@localhost:" + std::to_string(tls.server.port()) +
            "/postgres?sslmode=verify-full&sslrootcert=" + tls.ca;
        EXPECT_EQ(co_await user_over_tls(url), "postgres");
    };
    hocket::run(main);
}

TEST_F(PostgresTls, VerifyFullRefusesAnotherHost) {
    const TlsServer& tls = TlsServer::shared();
    auto main = [&]() -> Coro<> {
        const std::string to = " sslrootcert=" + tls.ca + " host=other.test user=postgres";
        const auto error =
            co_await refusal<ConnectionLostError>(tls.dsn("sslmode=verify-full" + to));
        EXPECT_THAT(error.message, HasSubstr("\"localhost\" does not match host name "
                                             "\"other.test\""));
        EXPECT_EQ(error.sqlstate, "08006");
        EXPECT_EQ(co_await user_over_tls(tls.dsn("sslmode=verify-ca" + to)), "postgres");
    };
    hocket::run(main);
}

TEST_F(PostgresTls, VerifyRefusesACertificateOfAnotherAuthority) {
    const TlsServer& tls = TlsServer::shared();
    auto main = [&]() -> Coro<> {
        for (const std::string mode : {"verify-ca", "verify-full"}) {
            const auto dsn = tls.dsn("user=postgres host=localhost sslmode=" + mode);
            const auto error =
                co_await refusal<ConnectionLostError>(dsn + " sslrootcert=" + tls.other_ca);
            EXPECT_THAT(error.message, HasSubstr("certificate verify failed"));
            EXPECT_EQ(error.sqlstate, "08006");
            const auto missing =
                co_await refusal<ConnectionLostError>(dsn + " sslrootcert=/nowhere/ca.pem");
            EXPECT_THAT(missing.message, HasSubstr("\"/nowhere/ca.pem\" does not exist"));
        }
    };
    hocket::run(main);
}

TEST_F(PostgresTls, WhereOnlyOneSideWantsItIsAClearError) {
    auto main = [&]() -> Coro<> {
        const auto without = co_await refusal<ConnectionLostError>(
            "hostaddr=127.0.0.1 user=postgres dbname=postgres sslmode=require port=" +
            std::to_string(Server::shared().port()));
        EXPECT_THAT(without.message, HasSubstr("does not support SSL, but SSL was required"));
        const auto dsn = TlsServer::shared().dsn("user=postgres sslmode=disable");
        const auto with = co_await refusal<AuthorizationError>(dsn);
        EXPECT_THAT(with.message, HasSubstr("no encryption"));
        EXPECT_EQ(with.sqlstate, "28000");
    };
    hocket::run(main);
}

TEST_F(PostgresTls, CarriesMuchInBothDirections) {
    auto main = [&]() -> Coro<> {
        auto db = co_await postgres::connect(TlsServer::shared().dsn("user=postgres"));
        const std::string megabyte(std::size_t{1} << 20, 'x');
        std::vector<Coro<std::string>> queries;
        for (int i = 0; i < 8; ++i) {
            queries.push_back(db.fetchval<std::string>("SELECT $1 || 'y'", megabyte));
        }
        for (const std::string& answer : co_await hocket::gather(std::move(queries))) {
            EXPECT_TRUE(answer == megabyte + 'y');
        }
        co_await db.execute("CREATE TEMP TABLE lines (line text)");
        EXPECT_EQ(co_await db.copy_to_table("lines", megabyte + "\n" + megabyte + "\n"), "COPY 2");
        std::size_t copied = 0;
        auto pieces = db.copy_from_table("lines");
        while (const auto piece = co_await pieces.next()) {
            copied += piece->size();
        }
        EXPECT_EQ(copied, 2 * (megabyte.size() + 1));
    };
    hocket::run(main);
}

/// Copies what comes to its end. With an `ending`, it passes on nothing before that has come.
Coro<> pump(hocket::StreamReader from, hocket::StreamWriter to, std::string ending = "") {
    std::string held;
    for (;;) {
        const std::string piece = co_await from.read(std::size_t{1} << 20);
        if (piece.empty()) {
            break;
        }
        held += piece;
        if (held.ends_with(ending)) {
            to.write(held);
            held.clear();
            co_await to.drain();
        }
    }
    to.close();
}

TEST_F(PostgresTls, LeavesNothingOfAFullRecordUnread) {
    // PostgreSQL 15 sends records of at most 8 KiB. Newer servers and proxies fill them up to 16,
    // and then libpq does not always take a whole one. This proxy writes replies as a whole.
    const TlsServer& tls = TlsServer::shared();
    auto context = hocket::create_default_context(hocket::Purpose::CLIENT_AUTH);
    context.load_cert_chain(tls.server.data() + "/server.crt", tls.server.data() + "/server.key");
    auto proxy = [&](hocket::StreamReader reader, hocket::StreamWriter writer) -> Coro<> {
        co_await reader.readexactly(8); // SSLRequest
        writer.write("S");
        co_await writer.start_tls(context);
        auto [from_server, to_server] =
            co_await hocket::open_connection("127.0.0.1", Server::shared().port());
        const std::string ready_for_query("Z\0\0\0\5I", 6);
        co_await hocket::gather(pump(reader, to_server),
                                pump(from_server, writer, ready_for_query));
    };
    auto main = [&]() -> Coro<> {
        const auto listening = co_await hocket::start_server(proxy, "127.0.0.1", 0);
        const std::string dsn =
            "hostaddr=127.0.0.1 user=postgres dbname=postgres sslmode=require port=" +
            std::to_string(listening.sockets().front().port());
        auto db = co_await postgres::connect(dsn);
        // The last record is full with one of these sizes.
        for (int size = 0; size < 1000; size += 8) {
            const auto rows = co_await db.fetch("SELECT repeat('x', CASE i WHEN 1 THEN $1 ELSE 25 "
                                                "END) FROM generate_series(1, 900) AS i",
                                                size);
            EXPECT_EQ(rows.size(), 900U);
        }
        co_await db.close();
    };
    hocket::run(main);
}

TEST_F(PostgresTls, CancelsAQuery) {
    const TlsServer& tls = TlsServer::shared();
    auto main = [&]() -> Coro<> {
        auto db = co_await postgres::connect(tls.dsn("user=postgres"));
        auto other = co_await postgres::connect(tls.server.dsn());
        auto query = hocket::create_task(db.fetch("SELECT pg_sleep(600)"));
        while (!co_await other.fetchval<bool>(
            "SELECT state = 'active' FROM pg_stat_activity WHERE pid = $1", db.backend_pid())) {
        }
        query.cancel();
        co_await end_of(query);
        EXPECT_TRUE(query.cancelled());
        EXPECT_EQ(co_await db.fetchval<int>("SELECT 7"), 7); // once the server has cancelled it
    };
    hocket::run(main);
}

TEST_F(PostgresTls, AServerThatIsKilledIsAClearError) {
    TlsServer tls;
    auto main = [&]() -> Coro<> {
        auto pool = co_await postgres::create_pool(tls.dsn("user=postgres"));
        {
            auto db = co_await pool.acquire();
            tls.server.kill();
            EXPECT_THROW(co_await db->fetch("SELECT 1"), ConnectionLostError);
        }
        tls.server.start();
        EXPECT_EQ(co_await pool.fetchval<int>("SELECT 7"), 7);
    };
    hocket::run(main);
}

TEST_F(PostgresTls, APasswordIsCheckedBySCRAM) {
    const TlsServer& tls = TlsServer::shared();
    auto main = [&]() -> Coro<> {
        const std::string dsn = tls.dsn("user=ada sslmode=require");
        EXPECT_EQ(co_await user_over_tls(dsn + " password='it\\'s secret'"), "ada");
        EXPECT_EQ(co_await user_over_tls({.dsn = dsn, .password = "it's secret"}), "ada");
        // Bound to the server's certificate, so that nobody in between can pass the password on.
        const std::string bound = dsn + " channel_binding=require";
        EXPECT_EQ(co_await user_over_tls({.dsn = bound, .password = "it's secret"}), "ada");

        const auto wrong = co_await refusal<AuthorizationError>({.dsn = dsn, .password = "mellon"});
        EXPECT_EQ(wrong.sqlstate, "28P01");
        EXPECT_THAT(wrong.message, HasSubstr("password authentication failed for user \"ada\""));
        EXPECT_THAT(wrong.message, Not(HasSubstr("mellon")));
        EXPECT_THAT(wrong.message, Not(HasSubstr("28P01"))); // which what() adds
        EXPECT_THAT(wrong.message, Not(HasSubstr("LOCATION")));
        const auto none = co_await refusal<AuthorizationError>(dsn);
        EXPECT_EQ(none.sqlstate, "28P01");
        EXPECT_THAT(none.message, HasSubstr("no password supplied"));
    };
    hocket::run(main);
}

TEST_F(PostgresTls, OtherRefusalsKeepTheirSqlstate) {
    const TlsServer& tls = TlsServer::shared();
    auto main = [&]() -> Coro<> {
        const auto no_database = co_await refusal<ConnectionLostError>(
            {.dsn = tls.dsn("user=ada"), .password = "it's secret", .database = "nowhere"});
        EXPECT_EQ(no_database.sqlstate, "3D000");
        EXPECT_THAT(no_database.message, HasSubstr("FATAL:  database \"nowhere\" does not exist"));
        const auto no_user = co_await refusal<AuthorizationError>(tls.server.dsn() + " user=eve");
        EXPECT_EQ(no_user.sqlstate, "28000");
        EXPECT_THAT(no_user.message, HasSubstr("role \"eve\" does not exist"));
    };
    hocket::run(main);
}

TEST_F(PostgresTls, AClientCertificateIsTheRightOne) {
    const TlsServer& tls = TlsServer::shared();
    auto main = [&]() -> Coro<> {
        const std::string dsn = tls.dsn("user=carol sslmode=require");
        EXPECT_EQ(co_await user_over_tls(dsn + tls.certificate_of("carol", tls.authority)),
                  "carol");
        const auto none = co_await refusal<AuthorizationError>(dsn);
        EXPECT_EQ(none.sqlstate, "28000");
        EXPECT_THAT(none.message, HasSubstr("requires a valid client certificate"));
        const auto other =
            co_await refusal<AuthorizationError>(dsn + tls.certificate_of("dave", tls.authority));
        EXPECT_EQ(other.sqlstate, "28000");
        EXPECT_THAT(other.message,
                    HasSubstr("certificate authentication failed for user \"carol\""));
        const auto forged =
            co_await refusal<ConnectionLostError>(dsn + tls.certificate_of("carol", tls.stranger));
        EXPECT_THAT(forged.message, HasSubstr("unknown ca"));
    };
    hocket::run(main);
}

} // namespace
