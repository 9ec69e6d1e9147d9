#include <hocket/manager.hpp>

#include <csignal>
#include <string>

#include <hocket/run.hpp>

#include "processes/manager/manager_link.hpp"
#include "processes/manager/manager_server.hpp"

namespace hocket {

namespace {

constexpr auto grace = std::chrono::seconds(5);

/// A descriptor that can be passed as an argument.
struct PassedDescriptor {
    engine::FileDescriptor descriptor;

    template <class Packer> void msgpack_pack(Packer& packer) const {
        packer.pack(detail::attach_descriptor(descriptor.fileno()));
    }
    void msgpack_unpack(const msgpack::object& object) {
        descriptor = detail::take_descriptor(object.as<std::uint32_t>());
    }
};

void serve(PassedDescriptor listener, const std::string& address) {
    std::signal(SIGINT, SIG_IGN); // the owner decides what Ctrl-C means
    detail::ManagerServer server(std::move(listener.descriptor), address);
    run(server.serve());
}

// The listener is open in the manager only, so that clients do not wait for an answer after it has
// died.
Process start_manager(StartMethod start_method, const std::string& address) {
    const PassedDescriptor listener{detail::listen_at(address)};
    Process process({.name = "Manager", .daemon = true, .start_method = start_method}, serve,
                    listener, address);
    process.start();
    return process;
}

} // namespace

Manager::Manager(StartMethod start_method) : Manager(start_method, detail::random_address()) {}

Manager::Manager(StartMethod start_method, const std::string& address)
    : process_(start_manager(start_method, address)),
      link_(detail::ManagerLink::find(address, process_.pid().value())) {
    link_->set_process(process_.child_);
}

Manager::~Manager() = default;

ManagedLock Manager::lock() const { return ManagedLock(create_object<detail::HeldLock>()); }

void Manager::shutdown() {
    process_.terminate();
    if (!process_.join(grace)) {
        process_.kill();
        process_.join();
    }
}

} // namespace hocket
