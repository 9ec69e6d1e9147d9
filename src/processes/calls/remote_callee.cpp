#include <hocket/detail/processes/calls/remote_callee.hpp>

#include <map>
#include <mutex>
#include <tuple>

#include "engine/per_process.hpp"
#include "processes/calls/module_table.hpp"

namespace hocket::detail {

namespace {

/// The libraries that contain functions received from other processes.
class KnownModules {
public:
    const void* resolve(const Module& module, std::uint64_t offset) {
        const std::scoped_lock lock(mutex_);
        if (module.path.empty()) {
            return modules_.resolve({0, offset});
        }
        // The build id is part of the key: a wrong build id from one sender must not affect other
        // senders.
        const auto [found, is_new] = numbers_.try_emplace(
            module.path + '\n' + module.build_id, static_cast<std::uint32_t>(numbers_.size() + 1));
        if (is_new) {
            modules_.add(module);
        }
        return modules_.resolve({found->second, offset});
    }

private:
    std::mutex mutex_;
    ForeignModules modules_; // the program, number 0, is known from the start
    std::map<std::string, std::uint32_t> numbers_;
};

KnownModules& known_modules() {
    static PerProcess<KnownModules> modules;
    return modules.get();
}

} // namespace

PortableFunction::PortableFunction(FunctionRef where) : offset_(where.offset) {
    if (where.module != 0) {
        Module module = ModuleTable::get(where.module);
        path_ = std::move(module.path);
        build_id_ = std::move(module.build_id);
    }
}

void PortableFunction::msgpack_unpack(const msgpack::object& object) {
    std::tie(offset_, path_, build_id_) =
        object.as<std::tuple<std::uint64_t, std::string, std::string>>();
}

const void* PortableFunction::resolve() const {
    return known_modules().resolve({path_, build_id_, 0}, offset_);
}

// The lowest bit distinguishes a virtual function's index in the table from an address. On machines
// where addresses may be odd, that bit is in the adjustment.
#if defined(__aarch64__) || defined(__arm__)
#define HOCKET_VIRTUAL_MARK adjustment
#else
#define HOCKET_VIRTUAL_MARK pointer
#endif

void PortableMember::pack(const Words& words) {
    adjustment_ = words.adjustment;
    if ((words.HOCKET_VIRTUAL_MARK & 1) != 0) {
        pointer_ = words.pointer;
        is_virtual_ = true;
    } else {
        function_ = PortableFunction(reinterpret_cast<const void*>(words.pointer));
    }
}

void PortableMember::msgpack_unpack(const msgpack::object& object) {
    std::tie(is_virtual_, function_, pointer_, adjustment_) =
        object.as<std::tuple<bool, PortableFunction, std::uintptr_t, std::ptrdiff_t>>();
}

PortableMember::Words PortableMember::unpack() const {
    if (is_virtual_) {
        return {pointer_, adjustment_};
    }
    return {reinterpret_cast<std::uintptr_t>(function_.resolve()), adjustment_};
}

} // namespace hocket::detail
