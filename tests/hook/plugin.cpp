extern "C" int plugin_cube(int n) { return n * n * n; }
