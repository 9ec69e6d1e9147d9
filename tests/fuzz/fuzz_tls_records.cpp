// Two TlsSessions talk to each other, including the handshake. The input determines the chunks in
// which their ciphertext arrives; the received text must equal the sent text. A peer that sends the
// input itself must be rejected.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "support/tls_pair.hpp"

namespace {

using hocket::engine::TlsSession;
using namespace hocket::engine::testing;

struct Contexts {
    Contexts() {
        const auto authority = certificates::make_authority();
        server.show(certificates::make_server(authority));
        client.trust(authority);
    }
    Ctx server{TLS_server_method()};
    Ctx client{TLS_client_method()};
};

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

/// The input as numbers; zeros after its end.
class Numbers {
public:
    Numbers(const std::uint8_t* data, std::size_t size) : data_(data), end_(data + size) {}
    [[nodiscard]] bool empty() const { return data_ == end_; }
    unsigned next() { return empty() ? 0 : *data_++; }
    /// A length: mostly short, sometimes longer than a record.
    std::size_t length() {
        const unsigned first = next();
        return first < 240 ? first + 1 : 1 + (first - 239) * 1300;
    }

private:
    const std::uint8_t* data_;
    const std::uint8_t* end_;
};

void deliver(End& from, End& to, Numbers& numbers) {
    std::string flight;
    std::swap(flight, from.sent);
    for (std::string_view rest = flight; !rest.empty();) {
        // Without further numbers, the rest arrives at once.
        const std::size_t size = numbers.empty() ? rest.size() : numbers.length();
        to.take(rest.substr(0, size));
        rest.remove_prefix(std::min(size, rest.size()));
    }
}

void converse(const Contexts& contexts, Numbers numbers) {
    End server(contexts.server.accepting());
    End client(contexts.client.connecting("example.test"));
    std::string said[2];
    client.take({});
    while (!client.sent.empty() || !server.sent.empty()) {
        deliver(client, server, numbers);
        deliver(server, client, numbers);
    }
    require(client.is_open && server.is_open);
    for (int words = 0; words < 8 && !numbers.empty(); ++words) {
        const bool from_client = numbers.next() % 2 == 0;
        End& speaker = from_client ? client : server;
        const std::string word(numbers.length(), static_cast<char>('a' + words));
        require(speaker.session.write(word) == TlsSession::Status::done);
        said[from_client ? 0 : 1] += word;
        if (numbers.next() % 2 == 0) {
            deliver(client, server, numbers);
            deliver(server, client, numbers);
        }
    }
    client.session.close_notify();
    deliver(client, server, numbers);
    deliver(server, client, numbers);
    require(server.plaintext == said[0] && client.plaintext == said[1]);
    require(server.status == TlsSession::Status::closed);
    require(!client.session.error() && !server.session.error());
}

void attack(hocket::engine::SslPointer ssl, std::string_view input) {
    End victim(std::move(ssl));
    victim.take({});
    victim.take(input);
    victim.session.feed_eof();
    victim.take({});
    require(!victim.is_open && victim.plaintext.empty());
    require(victim.status == TlsSession::Status::failed);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Contexts contexts;
    converse(contexts, {data, size});
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    attack(contexts.server.accepting(), input);
    attack(contexts.client.connecting("example.test"), input);
    return 0;
}
