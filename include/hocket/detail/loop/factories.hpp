#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <hocket/detail/loop/input_range.hpp>
#include <hocket/detail/loop/made_of_temporary.hpp>

// What LoopIo and LoopPipes need for their declarations of functions that take factories and
// commands. The definitions come with the protocols (protocol.hpp, datagram_protocol.hpp,
// subprocess_protocol.hpp), so that programs that use none of these do not compile them.

namespace hocket {

template <class T> class Coro;
class BaseProtocol;
class DatagramProtocol;
class DatagramTransport;
class SubprocessProtocol;
class SubprocessTransport;
class ReadTransport;
class WriteTransport;
class Transport;

namespace detail {

/// A callable that returns a shared_ptr or unique_ptr to a P or a class derived from P.
template <class F, class P>
concept FactoryOf =
    std::invocable<std::decay_t<F>&> && requires(std::invoke_result_t<std::decay_t<F>&> made) {
        { *made } -> std::convertible_to<const P&>;
    };
template <class F>
concept ProtocolFactory = FactoryOf<F, BaseProtocol>;
template <class F>
concept DatagramProtocolFactory = FactoryOf<F, DatagramProtocol>;
template <class F>
concept SubprocessProtocolFactory = FactoryOf<F, SubprocessProtocol>;

/// The type of object that the factory F makes.
template <class F>
using Made =
    std::remove_reference_t<decltype(*std::declval<std::invoke_result_t<std::decay_t<F>&>>())>;

/// A transport and the object that the factory F made.
template <class T, class F>
using WithMade = std::pair<std::shared_ptr<T>, std::shared_ptr<Made<F>>>;

/// The awaitable that connects a transport T to the object made by a factory, which is passed as
/// F&&.
template <class T, class F> using Connecting = MadeOf<Coro<WithMade<T, F>>, F>;

/// A word of a command: a string or a path.
template <class T>
concept CommandWord =
    std::convertible_to<const T&, std::string_view> || std::convertible_to<const T&, std::string>;
/// A word, or a range of words, which is expanded like Python's *words.
template <class T>
concept CommandPart = CommandWord<T> || (InputRange<const T> && CommandWord<RangeValue<const T>>);

/// A copyable function that calls a factory, which may be move-only.
template <class F> auto share_factory(F factory) {
    return [factory = std::make_shared<F>(std::move(factory))] {
        return std::shared_ptr<Made<F>>((*factory)());
    };
}

} // namespace detail

} // namespace hocket
