#include "descriptor_watch.hpp"

#include "loop.hpp"

namespace hocket::python {

DescriptorWatch::~DescriptorWatch() {
    loop_.core->reactor.poller().remove(*this);
    for (HandleObject* const handle : {reader_, writer_}) {
        if (handle != nullptr) {
            handle->is_watching = false;
            release_handle(*handle);
        }
    }
}

// As asyncio: an error or a hang-up is for both.
void DescriptorWatch::on_ready(std::uint32_t events) noexcept {
    if ((events & ~writable) != 0 && reader_ != nullptr) {
        make_ready(readable);
    }
    if ((events & ~readable) != 0 && writer_ != nullptr) {
        make_ready(writable);
    }
}

void DescriptorWatch::make_ready(std::uint32_t event) noexcept {
    HandleObject*& place = handle_for(event);
    HandleObject& handle = *place;
    if (handle.is_cancelled) {
        // By handle.cancel(), which does not know the descriptor. If the kernel refuses, the
        // descriptor is gone, and no more events come.
        place = nullptr;
        handle.is_watching = false;
        std::ignore = loop_.core->reactor.poller().change(*this, interest() & ~event);
        release_handle(handle);
        return;
    }
    // It is still queued if the loop was stopped by an exception in the middle of a turn.
    if (!handle.is_queued) {
        Py_INCREF(&handle);
        python::make_ready(loop_, handle);
    }
}

int DescriptorWatches::find(PyObject* file) const noexcept {
    for (std::size_t i = 0; i < by_number_.size(); ++i) {
        if (by_number_[i] && by_number_[i]->file.get() == file) {
            return static_cast<int>(i);
        }
    }
    return -1;
}

void DescriptorWatches::add(int fd, std::unique_ptr<DescriptorWatch> watch) {
    const auto index = static_cast<std::size_t>(fd);
    if (index >= by_number_.size()) {
        by_number_.resize(index + 1);
    }
    by_number_[index] = std::move(watch);
}

} // namespace hocket::python
