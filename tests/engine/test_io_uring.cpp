// Tests that only apply to io_uring, and tests of choosing it.
#include "engine/uring_file_operations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/drive_reactor.hpp"
#include "support/open_descriptors.hpp"

namespace hocket::engine {
namespace {

using ::testing::HasSubstr;
using testing::run_until;

class Read final : public FileOperation {
public:
    std::int64_t result = 1 << 20;

private:
    void on_complete(std::int64_t how) noexcept override { result = how; }
};

/// Makes the kernel refuse a system call of this process from now on.
void forbid(unsigned call) {
    const sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog filter{static_cast<unsigned short>(std::size(program)),
                            const_cast<sock_filter*>(program)};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
        std::_Exit(77);
    }
}

/// Runs `body` in a child, because a filter cannot be removed; its result is the exit code.
template <class Body> int in_child(Body body) {
    const pid_t child = ::fork();
    if (child == 0) {
        std::_Exit(body());
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool is_refused_here() {
    Reactor reactor;
    std::error_code error;
    return UringFileOperations::create(reactor, error) == nullptr;
}

/// Reads a byte of this program. Returns 0 on success.
int read_a_byte(Reactor& reactor, FileOperations& operations) {
    const FileDescriptor fd(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    char byte = 0;
    Read read;
    operations.start(read, FileRequest::read(fd.fileno(), &byte, 1, 1));
    const bool is_done = run_until(reactor, [&] { return !read.is_pending(); });
    return is_done && read.result == 1 && byte == 'E' ? 0 : 1;
}

/// The descriptor of the process's only ring, or -1.
int descriptor_of_ring() {
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code ended; // the iterator's own
        if (std::filesystem::read_symlink(entry.path(), ended) == "anon_inode:[io_uring]") {
            return std::stoi(entry.path().filename());
        }
    }
    return -1;
}

class IoUring : public ::testing::Test {
protected:
    void SetUp() override {
        ::unsetenv("HOCKET_FILES");
        if (is_refused_here()) {
            GTEST_SKIP() << "the kernel refuses io_uring here";
        }
    }
};

TEST_F(IoUring, IsUsedWhereItWorks) {
    Reactor reactor;
    EXPECT_STREQ(FileOperations::create(reactor)->name(), "io_uring");
}

TEST_F(IoUring, TheEnvironmentForcesOneOrTheOther) {
    Reactor reactor;
    ::setenv("HOCKET_FILES", "threads", 1);
    EXPECT_STREQ(FileOperations::create(reactor)->name(), "threads");
    ::setenv("HOCKET_FILES", "io_uring", 1);
    EXPECT_STREQ(FileOperations::create(reactor)->name(), "io_uring");
    ::setenv("HOCKET_FILES", "floppy", 1);
    try {
        static_cast<void>(FileOperations::create(reactor));
        ADD_FAILURE() << "nothing was thrown";
    } catch (const std::system_error& error) {
        EXPECT_THAT(error.what(), HasSubstr("HOCKET_FILES is \"floppy\""));
    }
    ::unsetenv("HOCKET_FILES");
}

TEST_F(IoUring, WhereRingsAreForbiddenThreadsDoTheWork) {
    EXPECT_EQ(in_child([] {
                  forbid(__NR_io_uring_setup);
                  Reactor reactor;
                  const auto operations = FileOperations::create(reactor);
                  return operations->name() == std::string("threads")
                             ? read_a_byte(reactor, *operations)
                             : 2;
              }),
              0);
}

TEST_F(IoUring, WhereRingsMayBeMadeAndNotUsedThreadsDoTheWork) {
    EXPECT_EQ(in_child([] {
                  const std::size_t before = open_descriptors();
                  forbid(__NR_io_uring_enter);
                  Reactor reactor;
                  const std::size_t with_reactor = open_descriptors();
                  const auto operations = FileOperations::create(reactor);
                  const bool is_clean = open_descriptors() == with_reactor && with_reactor > before;
                  return is_clean && operations->name() == std::string("threads")
                             ? read_a_byte(reactor, *operations)
                             : 2;
              }),
              0);
}

TEST_F(IoUring, WhatIsForcedAndRefusedIsAnErrorThatSaysSo) {
    EXPECT_EQ(in_child([] {
                  forbid(__NR_io_uring_setup);
                  ::setenv("HOCKET_FILES", "io_uring", 1);
                  Reactor reactor;
                  try {
                      static_cast<void>(FileOperations::create(reactor));
                  } catch (const std::system_error& error) {
                      const std::string what = error.what();
                      return error.code() == std::errc::operation_not_permitted &&
                                     what.find("HOCKET_FILES asks for io_uring") == 0
                                 ? 0
                                 : 2;
                  }
                  return 1;
              }),
              0);
}

TEST_F(IoUring, AProgramThatForbidsItToItselfGoesOnWithThreads) {
    EXPECT_EQ(in_child([] {
                  Reactor reactor;
                  const auto operations = FileOperations::create(reactor);
                  if (read_a_byte(reactor, *operations) != 0) {
                      return 2;
                  }
                  forbid(__NR_io_uring_enter);
                  // The first read finds out in the middle of its submission.
                  for (int i = 0; i < 3; ++i) {
                      if (read_a_byte(reactor, *operations) != 0) {
                          return 3;
                      }
                  }
                  operations->close();
                  return 0;
              }),
              0);
}

TEST_F(IoUring, ClosesItsDescriptorAndDoesNotPassItToChildren) {
    Reactor reactor;
    const std::size_t before = open_descriptors();
    const auto operations = FileOperations::create(reactor);
    ASSERT_EQ(open_descriptors(), before + 1);
    EXPECT_EQ(::fcntl(descriptor_of_ring(), F_GETFD), FD_CLOEXEC);
    operations->close();
    EXPECT_EQ(open_descriptors(), before);
}

} // namespace
} // namespace hocket::engine
