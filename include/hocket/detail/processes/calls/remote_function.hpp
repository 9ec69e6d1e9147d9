#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <hocket/detail/processes/calls/function_ref.hpp>
#include <hocket/detail/processes/calls/gather_buffer.hpp>
#include <hocket/detail/processes/calls/message.hpp>
#include <hocket/detail/processes/calls/packed_result.hpp>
#include <hocket/engine/made_once.hpp>

namespace hocket::detail {

/// The function called in the other process: it unpacks the arguments, calls the user's function
/// and packs its result. The descriptors of arguments and result are passed separately.
using Thunk = void (*)(const msgpack::object& arguments, PackedResult& result,
                       Descriptors& argument_descriptors, Descriptors& result_descriptors);

/// Called in a worker: returns the address, in this process, of a function of the pool's owner.
[[nodiscard]] const void* resolve_function(FunctionRef function);

/// The type that an argument is packed as; text is packed as a std::string.
template <class A>
using Carried =
    std::conditional_t<std::is_convertible_v<const std::decay_t<A>&, std::string_view> &&
                           !std::is_same_v<std::decay_t<A>, std::string>,
                       std::string, std::decay_t<A>>;

/// The parameters of a function, or of a function object whose operator() is not a template.
template <class F> struct Parameters {
    using types = std::tuple<>;
};
template <class R, class... P> struct Parameters<R (*)(P...)> {
    using types = std::tuple<std::decay_t<P>...>;
};
template <class R, class... P> struct Parameters<R (*)(P...) noexcept> : Parameters<R (*)(P...)> {};
template <class M> struct MemberParameters;
template <class R, class C, class... P>
struct MemberParameters<R (C::*)(P...) const> : Parameters<R (*)(P...)> {};
template <class R, class C, class... P>
struct MemberParameters<R (C::*)(P...) const noexcept> : Parameters<R (*)(P...)> {};
template <class R, class C, class... P>
struct MemberParameters<R (C::*)(P...)> : Parameters<R (*)(P...)> {};
template <class F> requires requires { &F::operator(); }
struct Parameters<F> : MemberParameters<decltype(&F::operator())> {};

/// The type that an argument packed as `Carried` is unpacked as. Text and bytes are not copied if
/// the function takes a view of them (std::string_view, std::span<const char>).
template <class F, std::size_t I, class Carried> consteval auto received_as() {
    using Types = typename Parameters<F>::types;
    if constexpr (I < std::tuple_size_v<Types>) {
        using Parameter = std::tuple_element_t<I, Types>;
        if constexpr (std::is_same_v<Carried, std::string> &&
                      std::is_same_v<Parameter, std::string_view>) {
            return std::type_identity<std::string_view>();
        } else if constexpr (is_plain_vector<Carried> && is_byte_span<Parameter>) {
            if constexpr (std::is_same_v<typename Carried::value_type,
                                         typename Parameter::value_type>) {
                return std::type_identity<Parameter>();
            } else {
                return std::type_identity<Carried>();
            }
        } else {
            return std::type_identity<Carried>();
        }
    } else {
        return std::type_identity<Carried>();
    }
}
template <class F, std::size_t I, class Carried>
using ReceivedAs = typename decltype(received_as<F, I, Carried>())::type;

/// A function object without captures. The other process default-constructs its own, so nothing is
/// sent.
template <class F>
concept Captureless = std::is_empty_v<F> && std::is_default_constructible_v<F>;

/// Also true for functions that clang knows never return, which is part of their type in clang.
template <class F>
concept FunctionPointer = std::is_pointer_v<F> && std::is_function_v<std::remove_pointer_t<F>>;

template <class F>
concept RemoteCallable = Captureless<F> || FunctionPointer<F>;

template <class F, class... A>
using RemoteResult = std::decay_t<std::invoke_result_t<F&, Carried<A>...>>;

/// The function of a pool's call. If it has no captures, the worker default-constructs it; if it is
/// a pointer, it is sent as two numbers, a module and an offset. Only a pool and its worker
/// understand these, because they have agreed on the modules' numbers; finding the function is one
/// addition. A RemoteCallee can be sent to any process, but the module's path and build id are then
/// packed, unpacked and looked up under a lock in every call.
template <RemoteCallable F> class CarriedFunction {
public:
    CarriedFunction() = default;
    explicit CarriedFunction(const F& function) {
        if constexpr (FunctionPointer<F>) {
            where_ = locate_function(reinterpret_cast<const void*>(function));
        }
    }

    template <class Packer> void msgpack_pack(Packer& packer) const {
        packer.pack_array(2);
        packer.pack(where_.module);
        packer.pack(where_.offset);
    }
    void msgpack_unpack(const msgpack::object& object) {
        const auto parts = object.as<std::array<std::uint64_t, 2>>();
        where_ = {static_cast<std::uint32_t>(parts[0]), parts[1]};
    }
    /// Called in the other process.
    [[nodiscard]] F get() const {
        if constexpr (FunctionPointer<F>) {
            return reinterpret_cast<F>(const_cast<void*>(resolve_function(where_)));
        } else {
            return F();
        }
    }

private:
    FunctionRef where_;
};

template <class F, class... Args> consteval void require_crossing() {
    static_assert(RemoteCallable<F>,
                  "hocket: this cannot cross to another process: pass a free function, a static "
                  "member function "
                  "or a lambda without captures, and what it needs as arguments");
    static_assert((crosses<Carried<Args>> && ...),
                  "hocket: an argument's type cannot cross to another process. Give the class "
                  "MSGPACK_DEFINE(its "
                  "members...), or pass a type that can: a number, a string, a SharedArray ...");
    using R = RemoteResult<F, Args...>;
    static_assert(std::is_void_v<R> || crosses<R>,
                  "hocket: the result's type cannot cross from another process. Give the class "
                  "MSGPACK_DEFINE(its "
                  "members...), or return a type that can: a number, a string, a SharedArray ...");
}

/// The arguments and the result of a call, in the process that executes it.
struct CallFrame {
    const msgpack::object* arguments;
    PackedResult& result;
    Descriptors& argument_descriptors;
    Descriptors& result_descriptors;
};

/// Unpacks the arguments, calls `function` with them and packs its result.
template <class... Stored, class F, std::size_t... Is>
void call_with(F function, const CallFrame& frame, std::index_sequence<Is...>) {
    using R = std::invoke_result_t<F&, ReceivedAs<F, Is, Stored>...>;
    auto values = [&] {
        const DescriptorScope scope(frame.argument_descriptors);
        return std::tuple<ReceivedAs<F, Is, Stored>...>{
            unpack_value<ReceivedAs<F, Is, Stored>>(frame.arguments[Is])...};
    }();
    if constexpr (std::is_void_v<R>) {
        std::invoke(function, std::get<Is>(std::move(values))...);
        ResultPacker(frame.result.head).pack_nil();
    } else {
        std::decay_t<R> value = std::invoke(function, std::get<Is>(std::move(values))...);
        const DescriptorScope scope(frame.result_descriptors);
        pack_result(frame.result, std::move(value));
    }
}

/// The thunk of F for arguments packed as Stored.
template <class F, class... Stored>
void call_remotely(const msgpack::object& arguments, PackedResult& result,
                   Descriptors& argument_descriptors, Descriptors& result_descriptors) {
    CallFrame frame{arguments.via.array.ptr, result, argument_descriptors, result_descriptors};
    constexpr std::index_sequence_for<Stored...> indices;
    const auto function = unpack_value<CarriedFunction<F>>(*frame.arguments++).get();
    call_with<Stored...>(function, frame, indices);
}

/// Packs one argument.
template <class A> void pack_argument(msgpack::packer<GatherBuffer>& packer, const A& argument) {
    if constexpr (std::is_same_v<Carried<A>, A>) {
        pack_value(packer, argument);
    } else {
        const std::string_view text(argument);
        packer.pack_str(static_cast<std::uint32_t>(text.size()));
        packer.pack_str_body(text.data(), static_cast<std::uint32_t>(text.size()));
    }
}

/// Packs a call into `buffer`, which only refers to large arguments. Returns the location of the
/// call's thunk. The descriptors in the arguments go to `descriptors`.
template <class F, class... Args>
FunctionRef pack_call(GatherBuffer& buffer, Descriptors& descriptors, const F& function,
                      const Args&... args) {
    require_crossing<F, Args...>();
    static constinit engine::MadeOnce<const FunctionRef> thunk;
    const DescriptorScope scope(descriptors);
    msgpack::packer<GatherBuffer> packer(buffer);
    const CarriedFunction<F> carried(function);
    packer.pack_array(sizeof...(Args) + 1);
    packer.pack(carried);
    (pack_argument(packer, args), ...);
    return thunk.get([] { return locate_function(&call_remotely<F, Carried<Args>...>); });
}

} // namespace hocket::detail
