/// When a command fails, PoCL 3.1 locks the events that depend on it in an order that differs from
/// that of its other functions. Reports whose stacks do not contain PoCL are not suppressed. Linked
/// only with the tests of OpenCL under ThreadSanitizer.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() { return "deadlock:libpocl.so\n"; }
