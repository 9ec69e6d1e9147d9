#include "processes/start/start_stream_worker.hpp"

#include <utility>
#include <vector>

#include <sys/socket.h>

#include <hocket/engine/made_once.hpp>

#include "engine/build_id.hpp"
#include "engine/last_error.hpp"
#include "processes/calls/call_runner.hpp"
#include "processes/calls/module_table.hpp"
#include "processes/start/spawn_program.hpp"
#include "processes/start/start_worker.hpp"

namespace hocket::detail {

namespace {

/// The modules of this process whose functions were sent somewhere.
class OwnModules final : public engine::ModuleList {
public:
    [[nodiscard]] std::size_t size() const noexcept override { return ModuleTable::size(); }
    [[nodiscard]] std::string describe(std::size_t number) const override {
        const auto packed = pack_module(ModuleTable::get(static_cast<std::uint32_t>(number)));
        return {packed.data(), packed.size()};
    }
};

} // namespace

engine::StreamPeer start_stream_worker(const std::string& token) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        engine::throw_errno("socketpair for a worker");
    }
    engine::StreamPeer peer{engine::FileDescriptor(ends[0])};
    const engine::FileDescriptor theirs(ends[1]);
    std::vector<std::string> variables{"HOCKET_WORKER=stream:" + std::to_string(socket_of_spawned)};
    if (!token.empty()) {
        variables.push_back("HOCKET_WORKER_TOKEN=" + token);
    }
    peer.pid = spawn_program(theirs.fileno(), variables);
    peer.pidfd = open_pidfd(peer.pid);
    return peer;
}

engine::StreamOptions stream_options(const std::string& token) {
    static constinit engine::MadeOnce<const OwnModules> modules;
    engine::StreamOptions options;
    options.hello.build = engine::program_build();
    options.hello.token = token;
    options.modules = &modules.get();
    return options;
}

} // namespace hocket::detail
