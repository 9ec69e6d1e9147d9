#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <hocket/detail/processes/manager/manager_request.hpp>

namespace hocket::detail {

class ManagerLink; // src/processes/manager/manager_link.hpp

/// What every proxy of an object at a manager is: a counted reference, and the way to call
/// functions of it there. Any thread; calls of several threads run beside each other up to the
/// manager. Crosses to other processes of the program.
class ManagedReference {
public:
    /// Refers to nothing: calls throw RuntimeError.
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
    /// Calls `function(object, args...)` at the manager, where `object` is an Object, and returns
    /// its result; a Coro is awaited there. Blocks. Throws what the function threw; WorkerDied when
    /// the manager has ended.
    template <class Object, class F, class... Args>
    ManagedResult<Object, F, Args...> ask(const F&, const Args&... args) const {
        using R = ManagedResult<Object, F, Args...>;
        require_managed_call<F, R, Args...>();
        static const PortableFunction thunk(
            locate_function(&call_at_manager<Object, F, Carried<Args>...>));
        GatherBuffer request;
        Descriptors descriptors;
        {
            const DescriptorScope scope(descriptors);
            msgpack::packer<GatherBuffer> packer(request);
            packer.pack_array(2 + sizeof...(Args));
            packer.pack(thunk);
            packer.pack(id());
            (pack_argument(packer, args), ...);
        }
        if constexpr (std::is_void_v<R>) {
            exchange(request, descriptors, nullptr, [](void*, const msgpack::object&) {});
        } else {
            std::optional<R> result;
            exchange(request, descriptors, &result, [](void* to, const msgpack::object& object) {
                static_cast<std::optional<R>*>(to)->emplace(unpack_value<R>(object));
            });
            return *std::move(result);
        }
    }

private:
    /// Drops the reference when the last copy in this process is gone.
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
    /// Counts the reference that is on its way.
    [[nodiscard]] Sent sent() const;
    void exchange(const GatherBuffer& request, const Descriptors& descriptors, void* result,
                  UnpackResult unpack) const;

    std::shared_ptr<const Hold> hold_; // one for all copies in this process
};

/// The manager itself, as an object of its own.
class ManagerReference : public ManagedReference {
public:
    explicit ManagerReference(std::shared_ptr<ManagerLink> link);

    /// Makes a T of `args`; returns its number, with a reference.
    template <class T, class... Args>
    [[nodiscard]] std::uint64_t create(const Args&... args) const {
        return ask<ManagerControl>(
            [](ManagerControl& manager, auto&&... values) {
                return manager.hold(std::make_shared<Held<T>>(std::move(values)...));
            },
            args...);
    }
    void add_reference(std::uint64_t id) const;
    void adopt_reference(std::uint64_t id) const;
    void drop_reference(std::uint64_t id) const;
};

} // namespace hocket::detail
