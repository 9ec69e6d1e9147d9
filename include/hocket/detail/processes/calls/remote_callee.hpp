#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>

#include <hocket/detail/processes/calls/function_ref.hpp>
#include <hocket/detail/processes/calls/remote_function.hpp>

namespace hocket::detail {

/// Identifies a function to every process of this program, regardless of the sender. In a
/// FunctionRef, by contrast, the module is a number that only one sender and one receiver agree on.
class PortableFunction {
public:
    PortableFunction() noexcept = default;
    explicit PortableFunction(FunctionRef where);
    explicit PortableFunction(const void* address) : PortableFunction(locate_function(address)) {}

    /// Its address in this process. Throws RuntimeError if its library is not loaded and cannot be,
    /// or is another build.
    [[nodiscard]] const void* resolve() const;

    template <class Packer> void msgpack_pack(Packer& packer) const {
        packer.pack_array(3);
        packer.pack(offset_);
        packer.pack(path_);
        packer.pack(build_id_);
    }
    void msgpack_unpack(const msgpack::object& object);

private:
    std::uint64_t offset_ = 0;
    std::string path_; // of its module; empty for the program
    std::string build_id_;
};

/// A pointer to a member function, as the two words that it consists of in the Itanium C++ ABI.
class PortableMember {
public:
    PortableMember() noexcept = default;
    template <class M> requires std::is_member_function_pointer_v<M>
    explicit PortableMember(M member) {
        static_assert(sizeof member == sizeof(Words));
        Words words{};
        std::memcpy(&words, &member, sizeof words);
        pack(words);
    }
    template <class M> [[nodiscard]] M get() const {
        const Words words = unpack();
        M member = nullptr;
        std::memcpy(&member, &words, sizeof member);
        return member;
    }

    template <class Packer> void msgpack_pack(Packer& packer) const {
        packer.pack_array(4);
        packer.pack(is_virtual_);
        packer.pack(function_);
        packer.pack(pointer_);
        packer.pack(adjustment_);
    }
    void msgpack_unpack(const msgpack::object& object);

private:
    struct Words {
        std::uintptr_t pointer;
        std::ptrdiff_t adjustment;
    };
    void pack(const Words& words);
    [[nodiscard]] Words unpack() const;

    bool is_virtual_ = false;
    PortableFunction function_;
    std::uintptr_t pointer_ = 0; // of a virtual function: its offset in the vtable
    std::ptrdiff_t adjustment_ = 0;
};

template <class F>
concept PortableCallable = RemoteCallable<F> || std::is_member_function_pointer_v<F>;

/// A callable as an argument that can be sent to any process of the program. A pool's own calls use
/// a CarriedFunction instead; the reason is given there.
template <class F> class RemoteCallee {
    static_assert(PortableCallable<F>,
                  "hocket: this cannot cross to another process: pass a free function, a member "
                  "function or a lambda without captures, and what it needs as arguments");

public:
    RemoteCallee() noexcept = default;
    explicit RemoteCallee(const F& function) : callee_(make(function)) {}

    template <class... Args> std::invoke_result_t<F&, Args...> operator()(Args&&... args) const {
        if constexpr (std::is_member_function_pointer_v<F>) {
            return std::invoke(callee_.template get<F>(), std::forward<Args>(args)...);
        } else if constexpr (FunctionPointer<F>) {
            const auto function = reinterpret_cast<F>(const_cast<void*>(callee_.resolve()));
            return function(std::forward<Args>(args)...);
        } else {
            F function;
            return std::invoke(function, std::forward<Args>(args)...);
        }
    }

    template <class Packer> void msgpack_pack(Packer& packer) const {
        if constexpr (Captureless<F>) {
            packer.pack_nil();
        } else {
            packer.pack(callee_);
        }
    }
    void msgpack_unpack(const msgpack::object& object) {
        if constexpr (!Captureless<F>) {
            object.convert(callee_);
        }
    }

private:
    struct Nothing {};
    using Callee =
        std::conditional_t<std::is_member_function_pointer_v<F>, PortableMember,
                           std::conditional_t<FunctionPointer<F>, PortableFunction, Nothing>>;

    static Callee make(const F& function) {
        if constexpr (std::is_member_function_pointer_v<F>) {
            return PortableMember(function);
        } else if constexpr (FunctionPointer<F>) {
            return PortableFunction(reinterpret_cast<const void*>(function));
        } else {
            return {};
        }
    }

    [[no_unique_address]] Callee callee_;
};

/// Calls its first argument, a RemoteCallee, with the others.
struct CallCallee {
    template <class F, class... Args>
    std::invoke_result_t<F&, Args...> operator()(const RemoteCallee<F>& function,
                                                 Args&&... args) const {
        return function(std::forward<Args>(args)...);
    }
};

/// The same, but drops the result, so that its type need not cross.
struct CallAndDrop {
    template <class F, class... Args>
    void operator()(const RemoteCallee<F>& function, Args&&... args) const {
        static_cast<void>(function(std::forward<Args>(args)...));
    }
};

} // namespace hocket::detail
