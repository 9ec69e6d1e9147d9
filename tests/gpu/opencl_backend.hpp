#pragma once

#include <hocket/opencl.hpp>
#include <hocket/opencl/native.hpp>

namespace backend = hocket::opencl;

namespace gpu_test {

inline constexpr const char* preamble = R"(
#define KERNEL kernel void
#define GLOBAL global
#define INDEX ((int)get_global_id(0))
#define ATOMIC_INCREMENT(p) atomic_inc(p)
)";

/// Holds up a stream: the commands submitted after it start when it opens, which the destructor
/// does at the latest.
class Gate {
public:
    explicit Gate(hocket::gpu::Stream& stream)
        : event_(clCreateUserEvent(backend::native_context(stream.device()), nullptr)) {
        stream.wait_for(backend::adopt_event(stream.device(), event_));
    }
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;
    ~Gate() {
        open();
        clReleaseEvent(event_);
    }
    void open() { end(CL_COMPLETE); }
    /// Makes the commands that wait for it fail.
    void fail() { end(CL_OUT_OF_RESOURCES); }

private:
    void end(cl_int status) {
        if (!is_open_) {
            is_open_ = true;
            clSetUserEventStatus(event_, status);
        }
    }

    cl_event event_;
    bool is_open_ = false;
};

} // namespace gpu_test
