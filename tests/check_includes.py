#!/usr/bin/env python3
"""Checks that the library's files include the standard headers that are precompiled, if they use what those declare.

Where the headers are precompiled, a source without such an #include compiles, and fails where they are not. A header may
come by way of another header of hocket.
"""

import functools
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent
# What a program uses of each header, as a regular expression behind "std::". Unlisted: what every other header brings.
declared = {
    "algorithm": r"(?:ranges::)?(?:sort|find_if|all_of|any_of|none_of|copy_n|fill_n|clamp|min_element|max_element|lower_bound|upper_bound|count_if|reverse|rotate|stable_sort)\(",
    "array": r"array<",
    "atomic": r"atomic(?:_\w+)?<|atomic_(?:ref|flag)\b|memory_order_",
    "charconv": r"(?:from|to)_chars\b",
    "chrono": r"chrono::",
    "coroutine": r"coroutine_handle\b|suspend_(?:always|never)\b|noop_coroutine\b",
    "cstring": r"(?:mem(?:cpy|move|set|cmp|chr)|str(?:len|error|chr|rchr|cmp|ncmp))\(",
    "deque": r"deque<",
    "exception": r"exception_ptr\b|current_exception\b|rethrow_exception\b|exception\b|terminate\b|make_exception_ptr\b",
    "functional": r"function<|(?:not_fn|bind_front|invoke)\(",
    "map": r"(?:multi)?map<",
    "memory": r"(?:unique|shared|weak)_ptr<|make_(?:unique|shared)\b|addressof\(|construct_at\(|destroy_at\(",
    "mutex": r"(?:recursive_)?mutex\b|(?:scoped|unique)_lock\b|lock_guard\b|once_flag\b",
    "optional": r"optional<|nullopt\b",
    "span": r"span<|as_(?:writable_)?bytes\(",
    "string": r"string\b|to_string\(",
    "string_view": r"string_view\b",
    "system_error": r"system_error\b|error_code\b|(?:system|generic)_category\b|errc\b",
    "thread": r"(?:j)?thread\b|this_thread::",
    "tuple": r"tuple<|make_tuple\(|forward_as_tuple\(|apply\(",
    "type_traits": r"(?:is_\w+_v|decay_t|invoke_result_t|remove_cvref_t|conditional_t|enable_if_t)<",
    "utility": r"(?:move|forward<[^;]*?>|exchange|swap|pair<[^;]*?>|as_const|declval<[^;]*?>)\(|pair<|index_sequence",
    "vector": r"vector<",
}


@functools.cache
def text_of(path):
    """The code without comments and literals."""
    return re.sub(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', "", path.read_text(), flags=re.S)


@functools.cache
def includes(path):
    """The files of hocket that a file includes, and the other headers."""
    own, others = set(), set()
    for angled, quoted in re.findall(r'^#include (?:<([\w/.]+)>|"([\w/.]+)")', path.read_text(), re.M):
        header = root / "include" / angled if angled else root / "src" / quoted
        own.add(header) if header.exists() else others.add(angled)
    return own, others


@functools.cache
def included_by(path):
    """The standard headers that a file includes, itself or by way of hocket's headers, which may include each other."""
    files, left, found = {path}, [path], set()
    while left:
        own, others = includes(left.pop())
        found |= others
        left += own - files
        files |= own
    return found


precompiled = re.search(r"target_precompile_headers\(\s*hocket\s+PRIVATE([^)]*)\)", (root / "CMakeLists.txt").read_text())[1]
headers = [h for h in re.findall(r"<([\w/.]+)>", precompiled) if "." not in h]
wrong = [f"{header} is precompiled: say in this script what it declares" for header in headers if header not in declared]
files = sorted(path for folder in ("include", "src") for path in (root / folder).rglob("*.[ch]pp"))
for path in files:
    for header in headers:
        used = re.search(rf"\bstd::(?:{declared.get(header, '$^')})", text_of(path))
        if used and header not in included_by(path):
            line = text_of(path)[: used.start()].count("\n") + 1
            wrong.append(f"{path.relative_to(root)}:~{line}: {used[0]} without #include <{header}>")
print("\n".join(wrong) or f"{len(files)} files include what they use of {len(headers)} standard headers")
sys.exit(bool(wrong) or not files)
