#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include <hocket/detail/loop/ensure_task.hpp>
#include <hocket/detail/processes/manager/manager_request.hpp>
#include <hocket/engine/made_once.hpp>

namespace hocket::detail {

class ManagerLink; // src/processes/manager/manager_link.hpp

/// A request as it is sent.
struct PackedManagerRequest {
    std::string bytes;
    Descriptors descriptors;
};

/// The common part of all proxies of an object in a manager: a counted reference, through which
/// functions are called on the object there. May be used from any thread; calls from several
/// threads reach the manager in parallel. Can be sent to other processes of the program.
class ManagedReference {
public:
    /// Refers to no object; calls throw RuntimeError.
    ManagedReference() noexcept = default;
    [[nodiscard]] explicit operator bool() const noexcept { return hold_ != nullptr; }

    template <class Packer> void msgpack_pack(Packer& packer) const {
        if (hold_ == nullptr) {
            packer.pack_nil();
            return;
        }
        const Sent to_send = sent();
        packer.pack_array(3);
        packer.pack(to_send.address);
        packer.pack(to_send.manager);
        packer.pack(to_send.id);
    }
    void msgpack_unpack(const msgpack::object& object);

    /// Takes over a reference to the object with this number.
    ManagedReference(std::shared_ptr<ManagerLink> link, std::uint64_t id);

protected:
    // Call `function(object, args...)` at the manager, where `object` is an Object, and return its
    // result. A Coro is awaited there. They throw what the function threw, and WorkerDied when the
    // manager has ended.
    /// Blocks.
    template <class Object, class F, class... Args>
    ManagedResult<Object, F, Args...> call_held(const F&, const Args&... args) const {
        using R = ManagedResult<Object, F, Args...>;
        GatherBuffer request;
        Descriptors descriptors;
        pack_call<Object, F>(request, descriptors, args...);
        std::optional<Unvoid<R>> result;
        exchange(request, descriptors, &result, &unpack_into<R>);
        if constexpr (!std::is_void_v<R>) {
            return *std::move(result);
        }
    }
    /// Suspends the task. Packs the arguments before it returns.
    template <class Object, class F, class... Args>
    Coro<ManagedResult<Object, F, Args...>> call_held_async(const F&, const Args&... args) const {
        return await_result<ManagedResult<Object, F, Args...>>(hold_,
                                                               pack_call<Object, F>(args...));
    }

    // The same for member functions of held objects.
    template <auto Function, class... Args> auto ask(const Args&... args) const {
        using Method = HeldMethod<Function>;
        return call_held<typename Method::Object>(Method(), args...);
    }
    template <auto Function, class... Args> auto ask_async(const Args&... args) const {
        using Method = HeldMethod<Function>;
        return call_held_async<typename Method::Object>(Method(), args...);
    }
    /// For calls that must be undone when the task is cancelled: suspends the task, cannot be
    /// cancelled, and yields the CancelledError that it should have thrown. `result` is empty when
    /// the manager has withdrawn the call.
    template <auto Function, class R, class... Args>
    Coro<std::exception_ptr> ask_into(std::optional<R>& result, const Args&... args) const {
        using Method = HeldMethod<Function>;
        return exchange_async(hold_, pack_call<typename Method::Object, Method>(args...), &result,
                              &unpack_into<R>);
    }

private:
    /// Drops the reference when the last copy in this process is destroyed.
    class Hold {
    public:
        Hold(std::shared_ptr<ManagerLink> link, std::uint64_t id) noexcept;
        ~Hold();
        Hold(const Hold&) = delete;
        Hold& operator=(const Hold&) = delete;
        [[nodiscard]] const std::shared_ptr<ManagerLink>& link() const noexcept { return link_; }
        [[nodiscard]] std::uint64_t id() const noexcept { return id_; }

    private:
        const std::shared_ptr<ManagerLink> link_;
        const std::uint64_t id_;
    };
    struct Sent {
        std::string address;
        int manager = 0;
        std::uint64_t id = 0;
    };
    using UnpackResult = void (*)(void* to, const msgpack::object& object);

    [[nodiscard]] const Hold& hold() const;
    [[nodiscard]] std::uint64_t id() const;
    /// Counts the reference while it is being sent.
    [[nodiscard]] Sent sent() const;
    void exchange(const GatherBuffer& request, const Descriptors& descriptors, void* result,
                  UnpackResult unpack) const;
    /// See `ask_into`.
    static Coro<std::exception_ptr> exchange_async(std::shared_ptr<const Hold> hold,
                                                   PackedManagerRequest request, void* result,
                                                   UnpackResult unpack);

    template <class Object, class F, class... Args>
    void pack_call(GatherBuffer& request, Descriptors& descriptors, const Args&... args) const {
        require_managed_call<F, ManagedResult<Object, F, Args...>, Args...>();
        static constinit engine::MadeOnce<const PortableFunction> thunk;
        const DescriptorScope scope(descriptors);
        msgpack::packer<GatherBuffer> packer(request);
        packer.pack_array(2 + sizeof...(Args));
        packer.pack(thunk.get([] {
            return PortableFunction(locate_function(&call_at_manager<Object, F, Carried<Args>...>));
        }));
        packer.pack(id());
        (pack_argument(packer, args), ...);
    }
    template <class Object, class F, class... Args>
    [[nodiscard]] PackedManagerRequest pack_call(const Args&... args) const {
        PackedManagerRequest request;
        GatherBuffer bytes;
        pack_call<Object, F>(bytes, request.descriptors, args...);
        request.bytes.resize(bytes.size());
        bytes.copy_to(reinterpret_cast<std::byte*>(request.bytes.data()));
        return request;
    }
    template <class R>
    static Coro<R> await_result(std::shared_ptr<const Hold> hold, PackedManagerRequest request) {
        std::optional<Unvoid<R>> result;
        if (auto cancelled = co_await exchange_async(std::move(hold), std::move(request), &result,
                                                     &unpack_into<R>)) {
            std::rethrow_exception(cancelled);
        }
        if constexpr (!std::is_void_v<R>) {
            co_return *std::move(result);
        }
    }
    /// `to`: a std::optional<Unvoid<R>>.
    template <class R> static void unpack_into(void* to, const msgpack::object& object) {
        auto& result = *static_cast<std::optional<Unvoid<R>>*>(to);
        if constexpr (std::is_void_v<R> || std::is_same_v<R, std::monostate>) {
            result.emplace();
        } else {
            result.emplace(unpack_value<R>(object));
        }
    }

    std::shared_ptr<const Hold> hold_; // shared by all copies in this process
};

/// A reference to the manager itself.
class ManagerReference : public ManagedReference {
public:
    explicit ManagerReference(std::shared_ptr<ManagerLink> link);

    /// Makes a T from `args` and takes a reference to it. Returns its number.
    template <class T, class... Args>
    [[nodiscard]] std::uint64_t create(const Args&... args) const {
        return ask<&ManagerControl::create<T, Carried<Args>...>>(args...);
    }
    void add_reference(std::uint64_t id) const;
    void adopt_reference(std::uint64_t id) const;
    void drop_reference(std::uint64_t id) const;
};

} // namespace hocket::detail
