// However a stream is cut into chunks, StreamReader must return what a simple model returns for the
// whole stream.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/event_loop.hpp>
#include <hocket/run.hpp>
#include <hocket/sleep.hpp>
#include <hocket/stream_reader.hpp>

namespace {

using hocket::Coro;

void require(bool condition, const char* what) {
    if (!condition) {
        std::fprintf(stderr, "StreamReader and the model disagree: %s\n", what);
        std::abort();
    }
}

/// Makes decisions from the fuzzer's bytes; returns zeros when they are used up.
class Decisions {
public:
    explicit Decisions(std::string_view bytes) : bytes_(bytes) {}
    std::size_t below(std::size_t limit) {
        if (bytes_.empty()) {
            return 0;
        }
        const auto byte = static_cast<unsigned char>(bytes_.front());
        bytes_.remove_prefix(1);
        return byte % limit;
    }
    std::string_view rest() const { return bytes_; }

private:
    std::string_view bytes_;
};

/// The whole stream, and how much of it has been read.
struct Model {
    std::string_view data;
    std::size_t position = 0;

    std::string_view left() const { return data.substr(position); }
    std::string_view take(std::size_t count) {
        const std::string_view taken = left().substr(0, count);
        position += taken.size();
        return taken;
    }
    /// The end of the separator that ends first, and the beginning of the shortest one ending
    /// there.
    std::optional<std::pair<std::size_t, std::size_t>>
    find(const std::vector<std::string>& separators) const {
        for (std::size_t end = 1; end <= left().size(); ++end) {
            const std::string_view head = left().substr(0, end);
            std::size_t shortest = 0;
            for (const std::string& separator : separators) {
                if (head.ends_with(separator) && (shortest == 0 || separator.size() < shortest)) {
                    shortest = separator.size();
                }
            }
            if (shortest != 0) {
                return std::pair(end - shortest, end);
            }
        }
        return std::nullopt;
    }
};

Coro<> check_readuntil(hocket::StreamReader& reader, Model& model, std::size_t limit,
                       std::vector<std::string> separators) {
    const auto match = model.find(separators);
    std::optional<std::size_t> overrun;
    try {
        std::string read;
        if (separators.size() == 1) {
            read = co_await reader.readuntil(separators[0]);
        } else {
            read = co_await reader.readuntil(separators);
        }
        require(match.has_value() && match->first <= limit, "readuntil found a separator");
        require(read == model.take(match->second), "readuntil's bytes");
    } catch (const hocket::IncompleteReadError& error) {
        require(!match && !error.expected(), "readuntil found no separator");
        require(error.partial() == model.take(model.left().size()), "readuntil's partial bytes");
    } catch (const hocket::LimitOverrunError& error) {
        overrun = error.consumed();
    }
    if (overrun) {
        require(*overrun > limit, "readuntil ran over the limit");
        require(!match || (match->first > limit && *overrun <= match->first),
                "readuntil's consumed");
        const std::string skipped = co_await reader.readexactly(*overrun);
        require(skipped == model.take(*overrun), "what readuntil left behind");
    }
}

Coro<> check_readline(hocket::StreamReader& reader, Model& model, std::size_t limit, bool& go_on) {
    const auto match = model.find({"\n"});
    try {
        const std::string line = co_await reader.readline();
        require(!match || match->first <= limit, "readline kept to the limit");
        require(line == model.take(match ? match->second : model.left().size()),
                "readline's bytes");
    } catch (const hocket::ValueError&) {
        require((match ? match->first : model.left().size()) > limit,
                "readline ran over the limit");
        go_on = false; // the dropped part of the line depends on how much had arrived
    }
}

Coro<> check_readexactly(hocket::StreamReader& reader, Model& model, std::size_t size) {
    try {
        const std::string read = co_await reader.readexactly(size);
        require(read.size() == size && read == model.take(size), "readexactly's bytes");
    } catch (const hocket::IncompleteReadError& error) {
        require(model.left().size() < size && error.expected() == size, "readexactly met the end");
        require(error.partial() == model.take(size), "readexactly's partial bytes");
    }
}

Coro<> check_read(hocket::StreamReader& reader, Model& model, std::size_t size) {
    const std::string read = co_await reader.read(static_cast<std::ptrdiff_t>(size));
    require(read.size() <= size && read == model.take(read.size()), "read's bytes");
    require(!read.empty() || size == 0 || model.left().empty(), "read before the end");
}

Coro<> check_read_into(hocket::StreamReader& reader, Model& model, std::size_t size) {
    std::vector<char> space(size);
    const std::size_t count = co_await reader.read_into(space);
    require(std::string_view(space.data(), count) == model.take(count), "read_into's bytes");
    require(count != 0 || size == 0 || model.left().empty(), "read_into before the end");
}

Coro<> feed(hocket::StreamReader reader, std::string_view data, Decisions decisions) {
    while (!data.empty()) {
        const std::size_t chunk =
            std::min(data.size(), decisions.below(9) * decisions.below(9) + 1);
        reader.feed_data(data.substr(0, chunk));
        data.remove_prefix(chunk);
        if (decisions.below(3) != 0) {
            co_await hocket::sleep(std::chrono::seconds(0));
        }
    }
    reader.feed_eof();
}

Coro<> check(std::string_view input) {
    Decisions decisions(input.substr(0, input.size() / 2));
    Model model{input.substr(input.size() / 2)};
    const std::size_t limit = decisions.below(8) == 0 ? 100'000 : decisions.below(40) + 1;
    hocket::StreamReader reader(limit);
    const std::size_t half = decisions.rest().size() / 2;
    const hocket::Task<> feeding =
        hocket::create_task(feed(reader, model.data, Decisions(decisions.rest().substr(half))));
    Decisions reads(decisions.rest().substr(0, half));
    const std::vector<std::vector<std::string>> separators{
        {"\n"}, {"ab"}, {"aab", "b"}, {"\r\n", "\n"}, {std::string("\0\0", 2), "aaa", "ba"}};
    for (bool go_on = true; go_on && !reader.at_eof();) {
        switch (reads.below(6)) {
        case 0: co_await check_readuntil(reader, model, limit, separators[reads.below(5)]); break;
        case 1: co_await check_readline(reader, model, limit, go_on); break;
        case 2: co_await check_readexactly(reader, model, reads.below(60)); break;
        case 3: co_await check_read(reader, model, reads.below(30)); break;
        case 4: co_await check_read_into(reader, model, reads.below(30)); break;
        default: {
            // A cancelled read, perhaps cancelled as its bytes arrive, consumes no bytes.
            hocket::Task<> cancelled = hocket::create_task(
                [](hocket::StreamReader r) -> Coro<> { co_await r.read(7); }(reader));
            co_await hocket::sleep(std::chrono::seconds(0));
            if (cancelled.cancel()) {
                try {
                    co_await cancelled;
                } catch (const hocket::CancelledError&) {
                }
            } else {
                go_on = false; // it read some bytes, but the model does not know how many
            }
        }
        }
        if (reads.rest().empty()) {
            // No decisions are left, so read the rest at once.
            const std::string rest = co_await reader.read();
            require(!go_on || rest == model.take(rest.size()), "the rest");
            require(!go_on || model.left().empty(), "all of the rest");
            break;
        }
    }
    co_await feeding;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    static hocket::Runner runner;
    runner.run(check({reinterpret_cast<const char*>(bytes), size}));
    return 0;
}
