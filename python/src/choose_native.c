/* What Python cannot measure or ask for itself: who holds the GIL while a thread uses the CPU, and to be killed with the parent
   process. */

#define _GNU_SOURCE
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* glibc 2.36 has no name for this member. */
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

/* One thread is sampled at a time: the one that called start_sampling. A signal arrives whenever it has used a period of CPU
   time. Python's own handlers are not involved, so the GIL is never taken. */
static atomic_ulong samples_total;
static atomic_ulong samples_held;
static PyThreadState *sampled_thread;
static int perf_descriptor = -1;
static timer_t cpu_timer;
static int has_timer;

static int sample_signal(void) {
    return SIGRTMIN + 7;
}

static int sampled_thread_holds_gil(void) {
#if PY_VERSION_HEX >= 0x030D0000
    return PyThreadState_GetUnchecked() == sampled_thread;
#else
    /* 3.11 returns the holder of the GIL, whichever thread that is; 3.12 the state attached to this thread. Both equal
       sampled_thread exactly when it holds the GIL. Only the pointer is compared: another thread's state may be freed. */
    return _PyThreadState_UncheckedGet() == sampled_thread;
#endif
}

static void take_sample(int signal_number, siginfo_t *info, void *context) {
    (void)signal_number;
    (void)info;
    (void)context;
    atomic_fetch_add_explicit(&samples_total, 1, memory_order_relaxed);
    if (sampled_thread_holds_gil())
        atomic_fetch_add_explicit(&samples_held, 1, memory_order_relaxed);
}

static pid_t thread_id(void) {
    return (pid_t)syscall(SYS_gettid);
}

/* The task clock has the precision of a high-resolution timer. Kernel time must be included, because system calls are what
   releases the GIL; perf_event_paranoid above 1 forbids that to ordinary users. */
static int start_task_clock(long period_ns) {
    struct perf_event_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.size = sizeof attributes;
    attributes.type = PERF_TYPE_SOFTWARE;
    attributes.config = PERF_COUNT_SW_TASK_CLOCK;
    attributes.sample_period = (unsigned long)period_ns;
    attributes.disabled = 1;
    int descriptor = (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
    if (descriptor < 0)
        return 0;
    struct f_owner_ex owner = {F_OWNER_TID, thread_id()};
    if (fcntl(descriptor, F_SETOWN_EX, &owner) == 0 && fcntl(descriptor, F_SETSIG, sample_signal()) == 0 &&
        fcntl(descriptor, F_SETFL, O_ASYNC | O_NONBLOCK) == 0 && ioctl(descriptor, PERF_EVENT_IOC_ENABLE, 0) == 0) {
        perf_descriptor = descriptor;
        return 1;
    }
    close(descriptor);
    return 0;
}

/* The thread's CPU clock needs no permission, but fires at the kernel's ticks only, every 1 to 10 ms. */
static int start_cpu_timer(long period_ns) {
    struct sigevent event;
    memset(&event, 0, sizeof event);
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = sample_signal();
    event.sigev_notify_thread_id = thread_id();
    if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &cpu_timer) != 0)
        return 0;
    has_timer = 1;
    struct itimerspec period = {{0, period_ns}, {0, period_ns}};
    return timer_settime(cpu_timer, 0, &period, NULL) == 0;
}

static void stop_sources(void) {
    if (perf_descriptor >= 0) {
        ioctl(perf_descriptor, PERF_EVENT_IOC_DISABLE, 0);
        close(perf_descriptor);
        perf_descriptor = -1;
    }
    if (has_timer) {
        timer_delete(cpu_timer);
        has_timer = 0;
    }
}

static PyObject *start_sampling(PyObject *self, PyObject *args) {
    (void)self;
    long period_ns = 0;
    const char *source = "any";
    if (!PyArg_ParseTuple(args, "l|s", &period_ns, &source))
        return NULL;
    if (period_ns < 10000 || period_ns >= 1000000000) {
        PyErr_SetString(PyExc_ValueError, "the period must be between 10 microseconds and one second");
        return NULL;
    }
    stop_sources();
    atomic_store(&samples_total, 0);
    atomic_store(&samples_held, 0);
    sampled_thread = PyThreadState_Get();
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = take_sample;
    action.sa_flags = SA_RESTART | SA_SIGINFO;
    sigaction(sample_signal(), &action, NULL);
    if (strcmp(source, "timer") != 0 && start_task_clock(period_ns))
        return PyUnicode_FromString("task clock");
    if (start_cpu_timer(period_ns))
        return PyUnicode_FromString("timer");
    int error = errno;
    stop_sources();
    errno = error;
    return PyErr_SetFromErrno(PyExc_OSError);
}

static PyObject *stop_sampling(PyObject *self, PyObject *unused) {
    (void)self;
    (void)unused;
    stop_sources();
    return Py_BuildValue("kk", atomic_load(&samples_held), atomic_load(&samples_total));
}

static PyObject *die_with_parent(PyObject *self, PyObject *unused) {
    (void)self;
    (void)unused;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return PyErr_SetFromErrno(PyExc_OSError);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"start_sampling", start_sampling, METH_VARARGS,
     "start_sampling(period_ns, source='any'): sample whether the calling thread holds the GIL, once for each period of CPU "
     "time that it uses. Returns the source of the signal: 'task clock' or 'timer'."},
    {"stop_sampling", stop_sampling, METH_NOARGS, "stop_sampling() -> (samples with the GIL held, all samples)"},
    {"die_with_parent", die_with_parent, METH_NOARGS, "Have the kernel kill this process when its parent thread ends."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
#if PY_VERSION_HEX >= 0x030C0000
    /* The sampler's state is the process's, and is used by the main interpreter only. */
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
    {0, NULL},
};

static struct PyModuleDef module = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "hocket.choose._native",
    .m_doc = "Who holds the GIL, and dying with the parent process.",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__native(void) {
    return PyModuleDef_Init(&module);
}
