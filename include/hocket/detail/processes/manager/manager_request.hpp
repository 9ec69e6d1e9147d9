#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/task_state.hpp>
#include <hocket/detail/processes/calls/remote_callee.hpp>

namespace hocket::detail {

/// An object of any type in a manager.
class HeldObject {
public:
    HeldObject() = default;
    HeldObject(const HeldObject&) = delete;
    HeldObject& operator=(const HeldObject&) = delete;
    virtual ~HeldObject() = default;
    /// The process `pid`, which used the manager, has ended.
    virtual void client_ended(int pid) noexcept = 0;
};

/// Implemented by held objects that are to be notified when a client process ends.
class ClientObserver {
public:
    virtual void client_ended(int process) noexcept = 0;

protected:
    ~ClientObserver() = default;
};

template <class T> class Held final : public HeldObject {
public:
    template <class... Args> explicit Held(Args&&... args) : value(std::forward<Args>(args)...) {}
    void client_ended([[maybe_unused]] int pid) noexcept override {
        if constexpr (std::is_base_of_v<ClientObserver, T>) {
            value.client_ended(pid);
        }
    }
    T value;
};

class ManagerServer; // src/processes/manager/manager_server.hpp

constexpr std::uint64_t manager_object = 0; // the number of its ManagerControl
constexpr int no_process = 0;               // no process has this number
constexpr std::int64_t no_timeout = -1;

/// The requests to the manager itself. See ManagerServer.
class ManagerControl {
public:
    explicit ManagerControl(ManagerServer& server) noexcept : server_(server) {}
    /// Makes a T; returns its number, with a reference of the caller's.
    template <class T, class... Args> std::uint64_t create(Args... args) {
        return hold(std::make_shared<Held<T>>(std::move(args)...));
    }
    std::uint64_t hold(std::shared_ptr<HeldObject> object);
    void add_reference(std::uint64_t id);
    void adopt_reference(std::uint64_t id);
    void drop_reference(std::uint64_t id);

private:
    ManagerServer& server_;
};

/// The process whose request the manager is currently handling.
[[nodiscard]] int calling_process() noexcept;
/// Thrown when a request is for an object of another type than its proxy has.
[[noreturn]] void throw_wrong_object();

/// The packed result of a request.
struct ManagerResult {
    msgpack::sbuffer bytes;
    Descriptors descriptors;
};

/// A request in the manager. Its answer is in `result`, or will be in `later_result` once the
/// coroutine `later` is done.
struct ManagerRequest {
    HeldObject& object;
    const msgpack::object* arguments;
    Descriptors& argument_descriptors;
    ManagerResult& result;
    std::optional<Coro<>> later = {};
    std::shared_ptr<ManagerResult> later_result = {};
};
using ManagerThunk = void (*)(ManagerRequest& request);

/// A member function of a held object, as a function object without captures.
template <auto Function> struct HeldMethod;
template <class T, class R, class... Args, R (T::*Function)(Args...)> struct HeldMethod<Function> {
    using Object = T;
    R operator()(T& object, Args... args) const {
        return (object.*Function)(std::forward<Args>(args)...);
    }
};
template <class T, class R, class... Args, R (T::*Function)(Args...) const>
struct HeldMethod<Function> {
    using Object = T;
    R operator()(const T& object, Args... args) const {
        return (object.*Function)(std::forward<Args>(args)...);
    }
};

template <class R> struct AwaitedResult {
    using type = R;
};
template <class R> struct AwaitedResult<Coro<R>> {
    using type = R;
};

/// The type that a proxy's call returns: a copy of the function's result; for a coroutine, of the
/// result it produces.
template <class Object, class F, class... Args>
using ManagedResult =
    std::decay_t<typename AwaitedResult<std::invoke_result_t<F&, Object&, Carried<Args>...>>::type>;

template <class F, class R, class... Args> consteval void require_managed_call() {
    static_assert(Captureless<F>);
    static_assert((crosses<Carried<Args>> && ...),
                  "hocket: an argument's type cannot cross to a manager. Give the class "
                  "MSGPACK_DEFINE(its members...), or pass a type that can");
    static_assert(std::is_void_v<R> || crosses<R>,
                  "hocket: the result's type cannot cross from a manager. Give the class "
                  "MSGPACK_DEFINE(its members...), or return a type that can");
}

template <class T> void pack_managed_result(ManagerResult& result, const T& value) {
    const DescriptorScope scope(result.descriptors);
    ResultPacker packer(result.bytes);
    pack_value(packer, value);
}

template <class R> Coro<> pack_when_done(Coro<R> answering, std::shared_ptr<ManagerResult> result) {
    if constexpr (std::is_void_v<R>) {
        co_await std::move(answering);
        ResultPacker(result->bytes).pack_nil();
    } else {
        const R value = co_await std::move(answering);
        pack_managed_result(*result, value);
    }
}

/// Runs in the manager: calls F with the object and the arguments.
template <class Object, class F, class... Stored> void call_at_manager(ManagerRequest& request) {
    auto* const held = dynamic_cast<Held<Object>*>(&request.object);
    if (held == nullptr) {
        throw_wrong_object();
    }
    auto values = [&]<std::size_t... Is>(std::index_sequence<Is...>) {
        const DescriptorScope scope(request.argument_descriptors);
        return std::tuple<Stored...>{unpack_value<Stored>(request.arguments[Is])...};
    }(std::index_sequence_for<Stored...>());
    const auto call = [held](Stored&... each) -> decltype(auto) {
        F function;
        return function(held->value, std::move(each)...);
    };
    using R = std::invoke_result_t<F&, Object&, Stored...>;
    if constexpr (is_coro<R>) {
        request.later_result = std::make_shared<ManagerResult>();
        request.later.emplace(pack_when_done(std::apply(call, values), request.later_result));
    } else if constexpr (std::is_void_v<R>) {
        std::apply(call, values);
        ResultPacker(request.result.bytes).pack_nil();
    } else {
        const std::decay_t<R> value = std::apply(call, values);
        pack_managed_result(request.result, value);
    }
}

} // namespace hocket::detail
