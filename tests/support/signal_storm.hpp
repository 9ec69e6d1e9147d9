#pragma once

#include <csignal>

#include <sys/time.h>

/// As long as it exists, a signal arrives every 200 microseconds and interrupts every interruptible
/// system call. Only for a process with one thread.
class SignalStorm {
public:
    SignalStorm() {
        struct sigaction action {};
        action.sa_handler = [](int) {}; // without SA_RESTART
        ::sigaction(SIGALRM, &action, nullptr);
        set(200);
    }
    ~SignalStorm() { set(0); }
    SignalStorm(const SignalStorm&) = delete;
    SignalStorm& operator=(const SignalStorm&) = delete;

private:
    static void set(long microseconds) {
        const itimerval every{{0, microseconds}, {0, microseconds}};
        ::setitimer(ITIMER_REAL, &every, nullptr);
    }
};
