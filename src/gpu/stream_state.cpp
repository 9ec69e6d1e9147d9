#include <hocket/detail/gpu/stream_state.hpp>

#include <string>
#include <utility>

#include <hocket/errors.hpp>

namespace hocket::detail::gpu {

namespace {

void require_room(std::size_t bytes, std::size_t room) {
    if (bytes > room) {
        throw ValueError("cannot copy " + std::to_string(bytes) + " bytes to memory of " +
                         std::to_string(room) + " bytes");
    }
}

std::string named(const KernelState& kernel) { return "kernel '" + kernel.name() + "'"; }

void require_launchable(const KernelState& kernel, const hocket::gpu::Grid& grid) {
    for (unsigned d = 0; d < 3; ++d) {
        const std::size_t items = grid.items()[d];
        const std::size_t group = grid.group()[d];
        if (items == 0) {
            throw ValueError(named(kernel) + " was launched for no items");
        }
        if (grid.has_groups() && (group == 0 || items % group != 0)) {
            throw ValueError(named(kernel) + " was launched for " + std::to_string(items) +
                             " items in groups of " + std::to_string(group) +
                             ", which does not divide them");
        }
    }
}

/// Commands that have ended. Lets go of them and of what they kept when it is destroyed, which must
/// happen without the stream's lock.
class EndedCommands {
public:
    EndedCommands() = default;
    EndedCommands(const EndedCommands&) = delete;
    EndedCommands& operator=(const EndedCommands&) = delete;
    ~EndedCommands() {
        while (EventState* event = events_.pop_front()) {
            event->kept.clear();
            event->unref();
        }
    }
    void take_first(engine::IntrusiveList<EventState>& commands) noexcept {
        events_.push_back(*commands.pop_front());
    }

private:
    engine::IntrusiveList<EventState> events_;
};

} // namespace

StreamState::~StreamState() = default;

EventPointer StreamState::write(std::shared_ptr<HostMemory> from, std::shared_ptr<DeviceMemory> to,
                                std::size_t bytes) {
    require_same_device(driver_, from->driver(), "the HostBuffer");
    require_same_device(driver_, to->driver(), "the Buffer");
    require_room(bytes, to->bytes());
    HostMemory& source = *from;
    DeviceMemory& target = *to;
    Kept kept{std::move(from)};
    if (!driver_keeps()) {
        kept.push_back(std::move(to));
    }
    return submit(std::move(kept), [&] { return submit_write(source, target, bytes); });
}

EventPointer StreamState::read(std::shared_ptr<DeviceMemory> from, std::shared_ptr<HostMemory> to,
                               std::size_t bytes) {
    require_same_device(driver_, from->driver(), "the Buffer");
    require_same_device(driver_, to->driver(), "the HostBuffer");
    require_room(bytes, to->bytes());
    DeviceMemory& source = *from;
    HostMemory& target = *to;
    Kept kept{std::move(to)};
    if (!driver_keeps()) {
        kept.push_back(std::move(from));
    }
    return submit(std::move(kept), [&] { return submit_read(source, target, bytes); });
}

EventPointer StreamState::copy(std::shared_ptr<DeviceMemory> from, std::shared_ptr<DeviceMemory> to,
                               std::size_t bytes) {
    require_same_device(driver_, from->driver(), "the first Buffer");
    require_same_device(driver_, to->driver(), "the second Buffer");
    require_room(bytes, to->bytes());
    if (from == to) {
        throw ValueError("cannot copy a Buffer to itself");
    }
    DeviceMemory& source = *from;
    DeviceMemory& target = *to;
    Kept kept;
    if (!driver_keeps()) {
        kept.push_back(std::move(from));
        kept.push_back(std::move(to));
    }
    return submit(std::move(kept), [&] { return submit_copy(source, target, bytes); });
}

EventPointer StreamState::launch(const std::shared_ptr<KernelState>& kernel,
                                 const hocket::gpu::Grid& grid,
                                 std::span<const Argument> arguments) {
    require_launchable(*kernel, grid);
    if (&kernel->driver() != &driver_) {
        require_same_device(driver_, kernel->driver(), named(*kernel));
    }
    Kept kept;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        if (arguments[i].way != Argument::Way::buffer) {
            continue;
        }
        const auto& memory = *arguments[i].memory;
        if (&memory->driver() != &driver_) {
            require_same_device(driver_, memory->driver(),
                                "argument " + std::to_string(i + 1) + " of " + named(*kernel));
        }
        if (!driver_keeps()) {
            kept.push_back(memory);
        }
    }
    if (!driver_keeps()) {
        kept.push_back(kernel);
    }
    return submit(std::move(kept), [&] { return submit_kernel(kernel, grid, arguments); });
}

EventPointer StreamState::wait_for(const EventPointer& event) {
    require_same_device(driver_, event->driver(), "the Event");
    return submit({}, [&] { return submit_wait(*event); });
}

EventPointer StreamState::last() {
    {
        const std::scoped_lock lock(mutex_);
        if (last_) {
            return last_;
        }
    }
    return submit({}, [&] { return submit_marker(); });
}

template <class Submit> EventPointer StreamState::submit(Kept kept, Submit&& submit_command) {
    EndedCommands ended;
    const std::scoped_lock lock(mutex_);
    while (!in_flight_.empty() && in_flight_.front()->poll().done) {
        ended.take_first(in_flight_);
    }
    last_ = submit_command();
    EventState& event = *last_;
    event.stream = shared_from_this();
    event.number = ++last_number_;
    if (!kept.empty() || must_keep_events()) {
        event.kept = std::move(kept);
        event.ref();
        in_flight_.push_back(event);
    }
    return last_;
}

void StreamState::ended(std::uint64_t number) noexcept {
    EndedCommands ended;
    const std::scoped_lock lock(mutex_);
    while (!in_flight_.empty() && in_flight_.front()->number <= number) {
        ended.take_first(in_flight_);
    }
}

void StreamState::close() noexcept {
    EventPointer last;
    {
        const std::scoped_lock lock(mutex_);
        last = std::move(last_);
        if (in_flight_.empty()) {
            return;
        }
    }
    try {
        last->watch(); // it lets go of everything when it ends
    } catch (...) {
        static_cast<void>(last->block());
        ended(last->number);
    }
}

} // namespace hocket::detail::gpu
