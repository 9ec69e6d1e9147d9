// A library that a test loads and sends to the nodes.

extern "C" int times_three(int number) { return 3 * number; }
